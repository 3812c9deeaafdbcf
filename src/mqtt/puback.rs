//! PUBACK (section 3.4 of 5.0 and 3.1.1).

use super::acknowledgement::acknowledgement;

acknowledgement! {
    /// A QoS 1 PUBLISH is acknowledged.
    PubAck, "PUBACK", "MQTT-3.4.2-1"
}
