//! Receive Maximum (5.0 sections 3.1.2.11.3 and 4.9).

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const WINDOW: Cited = Cited::v5("MQTT-3.3.4-9");

pub(super) const RULE: Rule = Rule { judges: &[WINDOW], relies_on_us: true, check };

fn check(arrived: &Arrived<'_>, findings: &mut Findings) {
    let (Some(asked), Some(publish)) = (arrived.asked(), arrived.publish()) else { return };
    let Some(id) = publish.delivery.packet_id() else { return };
    let others = arrived.link.window.iter().filter(|flying| **flying != id).count();
    findings.check(
        others < usize::from(asked.receive_maximum),
        WINDOW,
        "PUBLISH beyond the Client's Receive Maximum",
    );
}

#[cfg(test)]
mod tests {
    use pushspec_wire::mqtt::{Property, Version};

    use crate::monitor::script::{Script, assert_breaks, assert_fair};

    #[test]
    fn no_more_messages_are_in_flight_than_the_client_takes() {
        let mut script = Script::opened(Version::V5);
        script.connects_with("c", true, Some(Property::ReceiveMaximum(2)));
        assert_fair(&script.receives_connack(false));
        script.subscribes(1, "a");
        assert_fair(&script.receives_publish(1, 1, false, "a", "1"));
        assert_fair(&script.receives_publish(2, 2, false, "a", "2"));
        assert_fair(&script.receives_publish(0, 0, false, "a", "3"));
        assert_breaks(&script.receives_publish(1, 3, false, "a", "4"), &["MQTT-3.3.4-9"]);
        for acknowledgement in [[0x40, 2, 0, 1], [0x50, 2, 0, 2], [0x40, 2, 0, 3]] {
            script.sends(&acknowledgement);
        }
        assert_fair(&script.receives_publish(1, 4, false, "a", "5"));
        // PUBREC does not end a delivery.
        assert_breaks(&script.receives_publish(1, 5, false, "a", "6"), &["MQTT-3.3.4-9"]);
        script.sends(&[0x70, 2, 0, 2]);
        script.sends(&[0x40, 2, 0, 5]);
        assert_fair(&script.receives_publish(1, 6, false, "a", "7"));
    }
}
