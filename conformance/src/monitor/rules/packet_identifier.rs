//! A new message of the Server takes a Packet Identifier that is not in use (5.0 section 2.2.1).

use pushspec_wire::mqtt::QoS;

use crate::monitor::history::InFlight;
use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const FREE: Cited = Cited::all("X31-47", "MQTT-2.3.1-4", "MQTT-2.2.1-4");
const FREE_QOS_2: Cited = Cited::all("X31-47", "MQTT-4.3.3-1", "MQTT-4.3.3-1");

pub(super) const RULE: Rule = Rule { judges: &[FREE, FREE_QOS_2], relies_on_us: true, check };

fn check(arrived: &Arrived<'_>, findings: &mut Findings) {
    let Some(publish) = arrived.publish() else { return };
    let Some(id) = publish.delivery.packet_id() else { return };
    let message = InFlight::new(arrived.link.topic_of(publish), publish);
    let Some(flying) = arrived.session.in_flight.get(&id) else { return };
    if arrived.session.in_doubt || flying.content == message.content {
        return;
    }
    let cited = if message.qos == QoS::ExactlyOnce { FREE_QOS_2 } else { FREE };
    let found = "PUBLISH with the Packet Identifier of another message that is in flight";
    findings.add(cited, found);
}

#[cfg(test)]
mod tests {
    use pushspec_wire::mqtt::Version;

    use crate::monitor::script::{ALL_VERSIONS, Script, assert_breaks, assert_fair};

    #[test]
    fn identifiers_are_used_for_one_message_at_a_time() {
        for (version, requirements) in ALL_VERSIONS.into_iter().zip([
            ["X31-47", "X31-47"],
            ["MQTT-2.3.1-4", "MQTT-4.3.3-1"],
            ["MQTT-2.2.1-4", "MQTT-4.3.3-1"],
        ]) {
            let mut script = Script::connected(version);
            script.subscribes(1, "a");
            assert_fair(&script.receives_publish(1, 5, false, "a", "first"));
            assert_breaks(&script.receives_publish(1, 5, false, "a", "second"), &requirements[..1]);
            assert_breaks(&script.receives_publish(2, 5, false, "a", "third"), &requirements[1..]);
            script.sends(&[0x40, 2, 0, 5]);
            assert_fair(&script.receives_publish(1, 5, false, "a", "fourth"));
        }
    }

    #[test]
    fn at_qos_2_they_are_free_after_pubcomp_or_a_refusal() {
        let mut script = Script::connected(Version::V5);
        script.subscribes(1, "a");
        assert_fair(&script.receives_publish(2, 5, false, "a", "first"));
        script.sends(&[0x50, 2, 0, 5]);
        assert_breaks(&script.receives_publish(2, 5, false, "a", "second"), &["MQTT-4.3.3-1"]);
        script.sends(&[0x70, 2, 0, 5]);
        assert_fair(&script.receives_publish(2, 5, false, "a", "third"));
        script.sends(&[0x50, 3, 0, 5, 0x80]);
        assert_fair(&script.receives_publish(2, 5, false, "a", "fourth"));
    }
}
