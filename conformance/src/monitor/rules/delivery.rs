//! DUP, and when a message may be sent again (5.0 sections 3.3.1.1, 4.3 and 4.4).

use pushspec_wire::mqtt::{QoS, Version};

use crate::monitor::history::InFlight;
use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const FIRST_QOS_1: Cited = Cited::since_v311("MQTT-4.3.2-1", "MQTT-4.3.2-2");
const FIRST_QOS_2: Cited = Cited::since_v311("MQTT-4.3.3-1", "MQTT-4.3.3-2");
const DUP: Cited = Cited::since_v311("MQTT-3.3.1-1", "MQTT-3.3.1-1");
const ONLY_ON_RECONNECT: Cited = Cited::v5("MQTT-4.4.0-1");

pub(super) const FIRST: Rule =
    Rule { judges: &[FIRST_QOS_1, FIRST_QOS_2], relies_on_us: true, check: first };

pub(super) const AGAIN: Rule =
    Rule { judges: &[DUP, ONLY_ON_RECONNECT], relies_on_us: true, check: again };

/// On a connection that began its Session nothing can be a repetition of what another one lost.
fn first(arrived: &Arrived<'_>, findings: &mut Findings) {
    let Some(publish) = arrived.publish() else { return };
    let Some(id) = publish.delivery.packet_id() else { return };
    let qos_1 = publish.delivery.qos() == QoS::AtLeastOnce;
    findings.check(
        arrived.session.in_doubt
            || !arrived.link.began_session
            || arrived.link.came.contains(&id)
            || !publish.delivery.dup(),
        if qos_1 { FIRST_QOS_1 } else { FIRST_QOS_2 },
        "PUBLISH with DUP 1 that was not sent before",
    );
}

fn again(arrived: &Arrived<'_>, findings: &mut Findings) {
    let Some(publish) = arrived.publish() else { return };
    let Some(id) = publish.delivery.packet_id() else { return };
    if arrived.session.in_doubt {
        return;
    }
    let message = InFlight::new(arrived.link.topic_of(publish), publish);
    let repeats = arrived.session.in_flight.get(&id).is_some_and(|flying| *flying == message);
    findings.check(
        !repeats || publish.delivery.dup(),
        DUP,
        "PUBLISH with DUP 0 that repeats one which is in flight",
    );
    let here = arrived.link.came.contains(&id) && (repeats || publish.delivery.dup());
    findings.check(
        !here || arrived.link.version != Version::V5,
        ONLY_ON_RECONNECT,
        "PUBLISH that came on this connection before",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::script::{Script, assert_breaks, assert_fair};

    #[test]
    fn what_is_new_has_dup_0() {
        for (version, requirements) in [
            (Version::V311, ["MQTT-4.3.2-1", "MQTT-4.3.3-1"]),
            (Version::V5, ["MQTT-4.3.2-2", "MQTT-4.3.3-2"]),
        ] {
            let mut script = Script::connected(version);
            script.subscribes(1, "a");
            assert_breaks(&script.receives_publish(1, 1, true, "a", "x"), &requirements[..1]);
            assert_breaks(&script.receives_publish(2, 2, true, "a", "x"), &requirements[1..]);
            assert_fair(&script.receives_publish(1, 3, false, "a", "x"));
        }
    }

    #[test]
    fn what_another_connection_lost_may_have_dup_1() {
        let mut script = Script::kept(Version::V5);
        script.subscribes(1, "a");
        script.reconnects(true);
        assert_fair(&script.receives_publish(1, 1, true, "a", "x"));
    }

    #[test]
    fn what_a_session_brings_that_connack_denied_is_no_fault_of_the_message() {
        for version in [Version::V311, Version::V5] {
            let mut script = Script::kept(version);
            script.subscribes(1, "a");
            assert_fair(&script.receives_publish(1, 1, false, "a", "x"));
            script.reconnects(false);
            assert_fair(&script.receives_publish(1, 1, true, "a", "x"));
        }
    }

    #[test]
    fn what_comes_again_has_dup_1() {
        for version in [Version::V311, Version::V5] {
            let mut script = Script::kept(version);
            script.subscribes(1, "a");
            assert_fair(&script.receives_publish(1, 1, false, "a", "x"));
            script.reconnects(true);
            assert_breaks(&script.receives_publish(1, 1, false, "a", "x"), &["MQTT-3.3.1-1"]);
            script.reconnects(true);
            assert_fair(&script.receives_publish(1, 1, true, "a", "x"));
            script.reconnects(false);
            script.subscribes(1, "a");
            assert_fair(&script.receives_publish(1, 1, false, "a", "x"));
        }
    }

    #[test]
    fn on_a_connection_that_lives_nothing_comes_again_in_5_0() {
        let mut script = Script::connected(Version::V5);
        script.subscribes(1, "a");
        assert_fair(&script.receives_publish(1, 1, false, "a", "x"));
        assert_breaks(&script.receives_publish(1, 1, true, "a", "x"), &["MQTT-4.4.0-1"]);
        let mut script = Script::connected(Version::V311);
        script.subscribes(1, "a");
        assert_fair(&script.receives_publish(1, 1, false, "a", "x"));
        assert_fair(&script.receives_publish(1, 1, true, "a", "x"));
    }
}
