//! The codecs of pushspec against their peers: the same work, in the same process and run, each pass
//! counted. Full validation stays on; nothing is skipped that a user would get.

pub mod contest;
pub mod decode_mqtt;
pub mod decode_sse;
pub mod encode_mqtt;
pub mod floors;
pub mod packets;
pub mod streams;
pub mod table;

use contest::Contest;

/// Every contest, in the order of the table.
pub fn contests() -> Vec<Contest> {
    let mut all = decode_mqtt::contests();
    all.extend(encode_mqtt::contests());
    all.extend(decode_sse::contests());
    all
}
