//! SUBACK and UNSUBACK answer a request, with one code for each of its Topic Filters (5.0 sections
//! 3.8.4, 3.9, 3.10.4 and 3.11).

use pushspec_wire::mqtt::{Packet, Version};

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const SUBACK: Cited = Cited::all("X31-45", "MQTT-3.8.4-2", "MQTT-3.8.4-2");
const UNSUBACK: Cited = Cited::all("X31-45", "MQTT-2.3.1-7", "MQTT-2.2.1-6");
const CODES: Cited = Cited::since_v311("MQTT-3.8.4-5", "MQTT-3.8.4-6");
const UNSUBACK_CODES: Cited = Cited::v5("MQTT-3.11.3-1");

pub(super) const RULE: Rule =
    Rule { judges: &[SUBACK, UNSUBACK], relies_on_us: true, check: answers };

pub(super) const COUNT: Rule =
    Rule { judges: &[CODES, UNSUBACK_CODES], relies_on_us: true, check: codes };

fn answers(arrived: &Arrived<'_>, findings: &mut Findings) {
    match arrived.packet() {
        Some(Packet::SubAck(packet)) => findings.check(
            arrived.link.subscribes.contains_key(&packet.packet_id),
            SUBACK,
            "SUBACK with a Packet Identifier that no open SUBSCRIBE has",
        ),
        Some(Packet::UnsubAck(packet)) => findings.check(
            arrived.link.unsubscribes.contains_key(&packet.packet_id),
            UNSUBACK,
            "UNSUBACK with a Packet Identifier that no open UNSUBSCRIBE has",
        ),
        _ => {}
    }
}

fn codes(arrived: &Arrived<'_>, findings: &mut Findings) {
    let (asked, came, cited) = match arrived.packet() {
        Some(Packet::SubAck(packet)) => {
            (arrived.link.subscribes.get(&packet.packet_id), packet.reasons.len(), CODES)
        }
        Some(Packet::UnsubAck(packet)) if arrived.link.version == Version::V5 => {
            let asked = arrived.link.unsubscribes.get(&packet.packet_id);
            (asked, packet.reasons.len(), UNSUBACK_CODES)
        }
        _ => return,
    };
    let found = format!("{} with more or fewer codes than Topic Filters", arrived.name());
    findings.check(asked.is_none_or(|asked| *asked == came), cited, found);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::script::{ALL_VERSIONS, Script, assert_breaks, assert_fair};

    #[test]
    fn answers_name_what_they_answer() {
        for (version, requirements) in ALL_VERSIONS.into_iter().zip([
            ["X31-45", "X31-45"],
            ["MQTT-3.8.4-2", "MQTT-2.3.1-7"],
            ["MQTT-3.8.4-2", "MQTT-2.2.1-6"],
        ]) {
            let v5 = version == Version::V5;
            let suback = |id| if v5 { vec![0x90, 4, 0, id, 0, 0] } else { vec![0x90, 3, 0, id, 0] };
            let unsuback = |id| if v5 { vec![0xB0, 4, 0, id, 0, 0] } else { vec![0xB0, 2, 0, id] };
            let mut script = Script::connected(version);
            script.subscribes(1, "a");
            script.unsubscribes(2, "a");
            assert_breaks(&script.receives(&suback(2)), &requirements[..1]);
            assert_breaks(&script.receives(&unsuback(1)), &requirements[1..]);
            assert_fair(&script.receives(&suback(1)));
            assert_fair(&script.receives(&unsuback(2)));
            assert_breaks(&script.receives(&suback(1)), &requirements[..1]);
        }
    }

    #[test]
    fn there_is_a_code_for_each_filter() {
        for (version, bytes, requirement) in [
            (Version::V311, &[0x90, 4, 0, 1, 0, 0][..], "MQTT-3.8.4-5"),
            (Version::V5, &[0x90, 5, 0, 1, 0, 0, 0], "MQTT-3.8.4-6"),
        ] {
            let mut script = Script::connected(version);
            script.subscribes(1, "a");
            assert_breaks(&script.receives(bytes), &[requirement]);
        }
        let mut script = Script::connected(Version::V5);
        script.unsubscribes(1, "a");
        assert_breaks(&script.receives(&[0xB0, 5, 0, 1, 0, 0, 0]), &["MQTT-3.11.3-1"]);
    }
}
