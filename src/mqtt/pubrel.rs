//! PUBREL (section 3.6 of 5.0 and 3.1.1).

use super::acknowledgement::acknowledgement;

acknowledgement! {
    /// A QoS 2 message is released: part 2 of its acknowledgement.
    PubRel, "PUBREL", "MQTT-3.6.2-1"
}
