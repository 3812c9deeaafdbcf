//! PUBREC (section 3.5 of 5.0 and 3.1.1).

use super::acknowledgement::acknowledgement;

acknowledgement! {
    /// A QoS 2 PUBLISH is received: part 1 of its acknowledgement.
    PubRec, "PUBREC", "MQTT-3.5.2-1"
}
