//! PUBACK (5.0 section 3.4, 3.1.1 section 3.4).

use super::{PacketId, Properties, ReasonCode};

/// PUBACK.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PubAck<'a> {
    /// The Packet Identifier of the PUBLISH.
    pub packet_id: PacketId,
    /// The reason code, 0 in 3.x.
    pub reason: ReasonCode,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
}
