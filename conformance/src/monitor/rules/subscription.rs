//! What comes was subscribed to, and carries Subscription Identifiers that were given (5.0 sections
//! 3.3.2.1, 3.3.4 and 4.7).

use pushspec_wire::mqtt::{Version, topic};

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const MATCHES: Cited = Cited::all("X31-32", "MQTT-3.3.2-3", "MQTT-3.3.2-3");
const IDENTIFIERS: Cited = Cited::v5("MQTT-3.3.4-3");

pub(super) const TOPIC: Rule = Rule { judges: &[MATCHES], relies_on_us: true, check: matches };

pub(super) const IDENTIFIER: Rule =
    Rule { judges: &[IDENTIFIERS], relies_on_us: true, check: identifiers };

fn matches(arrived: &Arrived<'_>, findings: &mut Findings) {
    let Some(publish) = arrived.publish() else { return };
    let name = arrived.link.topic_of(publish);
    // Before CONNACK it is not known which Session the subscriptions are of.
    if arrived.session.in_doubt || arrived.link.connack.is_none() || name.is_empty() {
        return;
    }
    let shared = arrived.link.version == Version::V5;
    let subscribed = arrived.session.filters.iter().any(|filter| {
        let plain = topic::shared(filter).filter(|_| shared).map_or(&**filter, |(_, plain)| plain);
        topic::matches(plain, name)
    });
    findings.check(subscribed, MATCHES, "PUBLISH to a topic that no Topic Filter matches");
}

fn identifiers(arrived: &Arrived<'_>, findings: &mut Findings) {
    let Some(publish) = arrived.publish() else { return };
    let given = &arrived.session.identifiers;
    findings.check(
        arrived.session.in_doubt
            || arrived.link.connack.is_none()
            || publish.properties.subscription_identifiers().all(|id| given.contains(&id)),
        IDENTIFIERS,
        "PUBLISH with a Subscription Identifier that no subscription has",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::script::{ALL_VERSIONS, Script, assert_breaks, assert_fair};

    #[test]
    fn topics_match_filters() {
        for (version, requirement) in
            ALL_VERSIONS.into_iter().zip(["X31-32", "MQTT-3.3.2-3", "MQTT-3.3.2-3"])
        {
            let mut script = Script::connected(version);
            assert_breaks(&script.receives_publish(0, 0, false, "a/b", "x"), &[requirement]);
            script.subscribes(1, "a/+");
            assert_fair(&script.receives_publish(0, 0, false, "a/b", "x"));
            assert_breaks(&script.receives_publish(0, 0, false, "a/b/c", "x"), &[requirement]);
            script.unsubscribes(2, "a/+");
            assert_fair(&script.receives_publish(0, 0, false, "a/b", "x"));
        }
    }

    #[test]
    fn shared_subscriptions_count_and_sessions_remember() {
        let mut script = Script::kept(Version::V5);
        script.subscribes(1, "$share/g/a/#");
        assert_fair(&script.receives_publish(0, 0, false, "a", "x"));
        script.reconnects(true);
        assert_fair(&script.receives_publish(0, 0, false, "a", "x"));
        assert_breaks(&script.receives_publish(0, 0, false, "b", "x"), &["MQTT-3.3.2-3"]);
        // Whether there is none the Server may have told wrongly.
        script.reconnects(false);
        assert_fair(&script.receives_publish(0, 0, false, "a", "x"));
    }

    #[test]
    fn identifiers_are_those_given() {
        use pushspec_wire::mqtt::lawless::Fields;
        let publish = |id| {
            let properties = Fields::new().byte(0x0B).varint(id);
            Fields::new().string(b"a").properties(&properties).packet(0x30)
        };
        let mut script = Script::connected(Version::V5);
        script.subscribes(1, "a");
        assert_breaks(&script.receives(&publish(7)), &["MQTT-3.3.4-3"]);
        let properties = Fields::new().byte(0x0B).varint(7);
        script.sends(
            &Fields::new().two_bytes(2).properties(&properties).string(b"a").byte(0).packet(0x82),
        );
        assert_fair(&script.receives(&publish(7)));
    }
}
