//! CONNACK (5.0 and 3.1.1 section 3.2).

use pushspec_wire::mqtt::{ConnAck, Packet};

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const AT_MOST_ONE: Cited = Cited::v5("MQTT-3.2.0-2");
const NONE_WITH_REFUSAL: Cited = Cited::since_v311("MQTT-3.2.2-4", "MQTT-3.2.2-6");
const NONE_WITH_CLEAN_START: Cited = Cited::since_v311("MQTT-3.2.2-1", "MQTT-3.2.2-2");
const ASSIGNED: Cited = Cited::v5("MQTT-3.2.2-16");

pub(super) const ONCE: Rule = Rule { judges: &[AT_MOST_ONE], relies_on_us: false, check: once };

pub(super) const SESSION_PRESENT: Rule = Rule {
    judges: &[NONE_WITH_REFUSAL, NONE_WITH_CLEAN_START],
    relies_on_us: true,
    check: session_present,
};

pub(super) const IDENTIFIER: Rule =
    Rule { judges: &[ASSIGNED], relies_on_us: true, check: identifier };

fn connack<'a>(arrived: &Arrived<'a>) -> Option<&'a ConnAck<'a>> {
    match arrived.packet {
        Ok(Packet::ConnAck(connack)) => Some(connack),
        _ => None,
    }
}

fn once(arrived: &Arrived<'_>, findings: &mut Findings) {
    let again = connack(arrived).is_some() && arrived.link.connack.is_some();
    findings.check(!again, AT_MOST_ONE, "a second CONNACK");
}

fn session_present(arrived: &Arrived<'_>, findings: &mut Findings) {
    let (Some(connack), Some(asked)) = (connack(arrived), arrived.asked()) else { return };
    if !connack.session_present {
        return;
    }
    if connack.reason.0 != 0 {
        findings.add(NONE_WITH_REFUSAL, "Session Present 1 in a CONNACK that refuses");
    } else if asked.clean_start {
        findings
            .add(NONE_WITH_CLEAN_START, "Session Present 1 although a clean start was asked for");
    }
}

fn identifier(arrived: &Arrived<'_>, findings: &mut Findings) {
    let (Some(connack), Some(asked)) = (connack(arrived), arrived.asked()) else { return };
    let told = connack.properties.assigned_client_identifier();
    let missing = told.is_none_or(str::is_empty);
    findings.check(
        connack.reason.0 != 0 || !asked.client_id.is_empty() || !missing,
        ASSIGNED,
        "CONNACK without Assigned Client Identifier to a zero-length Client Identifier",
    );
}

#[cfg(test)]
mod tests {
    use pushspec_wire::mqtt::Version;

    use crate::monitor::script::{Script, assert_breaks, assert_fair};

    #[test]
    fn there_is_one() {
        let mut script = Script::connected(Version::V5);
        assert_breaks(&script.receives_connack(false), &["MQTT-3.2.0-2"]);
    }

    #[test]
    fn a_refusal_and_a_clean_start_go_without_session() {
        for (version, refusal, requirements) in [
            (Version::V311, &[0x20, 2, 1, 3][..], ["MQTT-3.2.2-4", "MQTT-3.2.2-1"]),
            (Version::V5, &[0x20, 3, 1, 0x88, 0], ["MQTT-3.2.2-6", "MQTT-3.2.2-2"]),
        ] {
            let mut script = Script::opened(version);
            script.connects("c", false);
            assert_breaks(&script.receives(refusal), &requirements[..1]);
            let mut script = Script::opened(version);
            script.connects("c", true);
            assert_breaks(&script.receives_connack(true), &requirements[1..]);
            let mut script = Script::opened(version);
            script.connects("c", false);
            assert_fair(&script.receives_connack(true));
        }
    }

    #[test]
    fn an_assigned_identifier_is_told() {
        let mut script = Script::opened(Version::V5);
        script.connects("", true);
        assert_breaks(&script.receives_connack(false), &["MQTT-3.2.2-16"]);
        let mut script = Script::opened(Version::V5);
        script.connects("", true);
        assert_fair(&script.receives(&[0x20, 7, 0, 0, 4, 0x12, 0, 1, b'i']));
        let mut script = Script::opened(Version::V5);
        script.connects("", true);
        assert_fair(&script.receives(&[0x20, 3, 0, 0x85, 0]));
    }
}
