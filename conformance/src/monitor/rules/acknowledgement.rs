//! PUBACK, PUBREC, PUBREL and PUBCOMP belong to a message (5.0 sections 2.2.1 and 4.3).

use pushspec_wire::mqtt::{Packet, PacketId, Version};

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const BELONGS: Cited = Cited::all("X31-45", "MQTT-2.3.1-6", "MQTT-2.2.1-5");
const ONE_PUBACK: Cited = Cited::v5("MQTT-4.3.2-4");
const ONE_PUBREC: Cited = Cited::v5("MQTT-4.3.3-8");
const ONE_PUBCOMP: Cited = Cited::v5("MQTT-4.3.3-11");

pub(super) const RULE: Rule = Rule { judges: &[BELONGS], relies_on_us: true, check: belongs };

/// Only 5.0 forbids to send things again on a connection that lives (MQTT-4.4.0-1).
pub(super) const COUNT: Rule = Rule {
    judges: &[ONE_PUBACK, ONE_PUBREC, ONE_PUBCOMP],
    relies_on_us: true,
    check: one_for_each,
};

pub(super) const PUBREL: Rule = Rule { judges: &[BELONGS], relies_on_us: true, check: pubrel };

fn belongs(arrived: &Arrived<'_>, findings: &mut Findings) {
    if arrived.session.in_doubt {
        return;
    }
    let ours = |id: &PacketId| arrived.session.ours.get(id).copied().unwrap_or_default();
    let (holds, what) = match arrived.packet() {
        Some(Packet::PubAck(packet)) => (ours(&packet.packet_id).at_qos_1 > 0, "PUBLISH at QoS 1"),
        Some(Packet::PubRec(packet)) => (ours(&packet.packet_id).at_qos_2 > 0, "PUBLISH at QoS 2"),
        Some(Packet::PubComp(packet)) => (ours(&packet.packet_id).pubrels > 0, "PUBREL"),
        _ => return,
    };
    findings.check(
        holds,
        BELONGS,
        format!("{} with a Packet Identifier that no {what} had", arrived.name()),
    );
}

fn one_for_each(arrived: &Arrived<'_>, findings: &mut Findings) {
    if arrived.session.in_doubt || arrived.link.version != Version::V5 {
        return;
    }
    let ours = |id: &PacketId| arrived.session.ours.get(id).copied().unwrap_or_default();
    let (came, due, cited) = match arrived.packet() {
        Some(Packet::PubAck(packet)) => {
            let ours = ours(&packet.packet_id);
            (ours.pubacks, ours.at_qos_1, ONE_PUBACK)
        }
        Some(Packet::PubRec(packet)) => {
            let ours = ours(&packet.packet_id);
            (ours.pubrecs, ours.at_qos_2, ONE_PUBREC)
        }
        Some(Packet::PubComp(packet)) => {
            let ours = ours(&packet.packet_id);
            (ours.pubcomps, ours.pubrels, ONE_PUBCOMP)
        }
        _ => return,
    };
    // None due is the matter of the rule above.
    findings.check(
        due == 0 || came < due,
        cited,
        format!("one {} more than packets to be answered", arrived.name()),
    );
}

fn pubrel(arrived: &Arrived<'_>, findings: &mut Findings) {
    let Some(Packet::PubRel(packet)) = arrived.packet() else { return };
    findings.check(
        arrived.session.in_doubt || arrived.session.pubrec_sent.contains(&packet.packet_id),
        BELONGS,
        "PUBREL with a Packet Identifier that no PUBREC of ours had",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::script::{ALL_VERSIONS, Script, assert_breaks, assert_fair};

    fn belongs_in(version: Version) -> [&'static str; 1] {
        match version {
            Version::V31 => ["X31-45"],
            Version::V311 => ["MQTT-2.3.1-6"],
            Version::V5 => ["MQTT-2.2.1-5"],
        }
    }

    #[test]
    fn acknowledgements_name_what_they_acknowledge() {
        for version in ALL_VERSIONS {
            let mut script = Script::connected(version);
            script.publishes_qos_1(1);
            script.publishes_qos_2(2);
            for wrong in [[0x40, 2, 0, 2], [0x50, 2, 0, 1], [0x70, 2, 0, 2]] {
                assert_breaks(&script.receives(&wrong), &belongs_in(version));
            }
            assert_fair(&script.receives(&[0x40, 2, 0, 1]));
            assert_fair(&script.receives(&[0x50, 2, 0, 2]));
            script.sends(&[0x62, 2, 0, 2]);
            assert_fair(&script.receives(&[0x70, 2, 0, 2]));
        }
    }

    #[test]
    fn each_is_answered_once_in_5_0() {
        let mut script = Script::connected(Version::V5);
        script.publishes_qos_1(1);
        script.publishes_qos_2(2);
        script.sends(&[0x62, 2, 0, 2]);
        for (answer, requirement) in [
            ([0x40, 2, 0, 1], "MQTT-4.3.2-4"),
            ([0x50, 2, 0, 2], "MQTT-4.3.3-8"),
            ([0x70, 2, 0, 2], "MQTT-4.3.3-11"),
        ] {
            assert_fair(&script.receives(&answer));
            assert_breaks(&script.receives(&answer), &[requirement]);
        }
        script.publishes_qos_1(1);
        let mut again = Script::connected(Version::V311);
        again.publishes_qos_1(1);
        assert_fair(&again.receives(&[0x40, 2, 0, 1]));
        assert_fair(&again.receives(&[0x40, 2, 0, 1]));
    }

    #[test]
    fn answers_may_be_repeated_when_the_session_is_resumed() {
        let mut script = Script::kept(Version::V5);
        script.publishes_qos_2(1);
        assert_fair(&script.receives(&[0x50, 2, 0, 1]));
        script.reconnects(true);
        assert_fair(&script.receives(&[0x50, 2, 0, 1]));
        assert_breaks(&script.receives(&[0x50, 2, 0, 1]), &["MQTT-4.3.3-8"]);
    }

    #[test]
    fn pubrel_answers_pubrec() {
        for version in ALL_VERSIONS {
            let mut script = Script::connected(version);
            assert_breaks(&script.receives(&[0x62, 2, 0, 7]), &belongs_in(version));
            script.sends(&[0x50, 2, 0, 7]);
            assert_fair(&script.receives(&[0x62, 2, 0, 7]));
        }
    }

    #[test]
    fn nothing_is_held_against_a_server_after_something_illegal() {
        let mut script = Script::connected(Version::V5);
        script.sends(&[0x00, 0x00]);
        assert_fair(&script.receives(&[0x40, 2, 0, 9]));
    }
}
