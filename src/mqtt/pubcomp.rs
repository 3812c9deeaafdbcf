//! PUBCOMP (section 3.7 of 5.0 and 3.1.1).

use super::acknowledgement::acknowledgement;

acknowledgement! {
    /// A QoS 2 delivery is complete: part 3 of its acknowledgement.
    PubComp, "PUBCOMP", "MQTT-3.7.2-1"
}
