//! CONNACK comes first (5.0 and 3.1.1 section 3.2), and behind one that refuses nothing.

use pushspec_wire::mqtt::{Packet, Version};

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const FIRST: Cited = Cited::since_v311("MQTT-3.2.0-1", "MQTT-3.2.0-1");
const NO_DISCONNECT: Cited = Cited::v5("MQTT-3.14.0-1");
const CLOSES: Cited = Cited::since_v311("MQTT-3.2.2-5", "MQTT-3.2.2-7");

pub(super) const RULE: Rule =
    Rule { judges: &[FIRST, NO_DISCONNECT], relies_on_us: false, check: first };

pub(super) const BEHIND_REFUSAL: Rule =
    Rule { judges: &[CLOSES], relies_on_us: true, check: behind_refusal };

fn first(arrived: &Arrived<'_>, findings: &mut Findings) {
    let Some(packet) = arrived.packet() else { return };
    let accepted = arrived.link.connack.is_some_and(|reason| reason.0 == 0);
    match packet {
        Packet::Disconnect(_) if !accepted && arrived.link.version == Version::V5 => {
            findings.add(NO_DISCONNECT, "DISCONNECT without a CONNACK that accepts before it");
        }
        Packet::ConnAck(_) | Packet::Auth(_) => {}
        _ if arrived.link.connack.is_none() && !arrived.link.lawless => {
            findings.add(FIRST, format!("{} before CONNACK", arrived.name()));
        }
        _ => {}
    }
}

fn behind_refusal(arrived: &Arrived<'_>, findings: &mut Findings) {
    let refused = arrived.link.connack.is_some_and(|reason| reason.0 != 0);
    // Another CONNACK, or a DISCONNECT, breaks what other rules say.
    let other = !matches!(arrived.packet, Ok(Packet::ConnAck(_) | Packet::Disconnect(_)));
    findings.check(
        !(refused && other),
        CLOSES,
        format!("{} behind a CONNACK that refuses", arrived.name()),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::script::{Script, assert_breaks, assert_fair};

    const PINGRESP: [u8; 2] = [0xD0, 0];

    #[test]
    fn connack_comes_first() {
        for version in [Version::V311, Version::V5] {
            let mut script = Script::opened(version);
            script.connects("c", true);
            assert_breaks(&script.receives(&PINGRESP), &["MQTT-3.2.0-1"]);
            assert_fair(&script.receives_connack(false));
            assert_fair(&script.receives(&PINGRESP));
        }
    }

    #[test]
    fn disconnect_does_not_come_before_connack() {
        let mut script = Script::opened(Version::V5);
        script.connects("c", true);
        assert_breaks(&script.receives(&[0xE0, 0]), &["MQTT-3.14.0-1"]);
        let mut illegal = Script::opened(Version::V5);
        illegal.sends(&[0xC0, 0]);
        assert_breaks(&illegal.receives(&[0xE0, 1, 0x82]), &["MQTT-3.14.0-1"]);
        assert_fair(&Script::connected(Version::V5).receives(&[0xE0, 1, 0x8B]));
    }

    #[test]
    fn nothing_comes_behind_a_refusal() {
        let mut script = Script::opened(Version::V5);
        script.connects("c", true);
        assert_fair(&script.receives(&[0x20, 3, 0, 0x88, 0]));
        assert_breaks(&script.receives(&PINGRESP), &["MQTT-3.2.2-7"]);
        let mut script = Script::opened(Version::V311);
        script.connects("c", true);
        assert_fair(&script.receives(&[0x20, 2, 0, 3]));
        assert_breaks(&script.receives(&PINGRESP), &["MQTT-3.2.2-5"]);
    }
}
