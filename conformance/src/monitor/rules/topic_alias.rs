//! Topic Aliases of the Server (5.0 sections 3.1.2.11.5 and 3.3.2.3.4).

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const MAXIMUM: Cited = Cited::v5("MQTT-3.1.2-26");
const AS_SENDER: Cited = Cited::v5("MQTT-3.3.2-11");
const NONE: Cited = Cited::v5("MQTT-3.1.2-27");
const KNOWN: Cited = Cited::v5("X5-N18");

pub(super) const RULE: Rule =
    Rule { judges: &[MAXIMUM, AS_SENDER, NONE, KNOWN], relies_on_us: true, check };

fn check(arrived: &Arrived<'_>, findings: &mut Findings) {
    let (Some(asked), Some(publish)) = (arrived.asked(), arrived.publish()) else { return };
    let Some(alias) = publish.properties.topic_alias() else { return };
    let most = asked.topic_alias_maximum;
    if most == 0 {
        findings.add(NONE, "PUBLISH with a Topic Alias to a Client that takes none");
    } else if alias > most {
        // The spec says so twice, of the property and of those who use it.
        for cited in [MAXIMUM, AS_SENDER] {
            findings
                .add(cited, "PUBLISH with a Topic Alias above the Client's Topic Alias Maximum");
        }
    } else if publish.topic.is_empty() {
        findings.check(
            arrived.link.aliases.contains_key(&alias),
            KNOWN,
            "PUBLISH with a Topic Alias that stands for nothing",
        );
    }
}

#[cfg(test)]
mod tests {
    use pushspec_wire::mqtt::lawless::Fields;
    use pushspec_wire::mqtt::{Property, Version};

    use crate::monitor::script::{Script, assert_breaks, assert_fair};

    fn publish(topic: &str, alias: u16) -> Vec<u8> {
        let properties = Fields::new().byte(0x23).two_bytes(alias);
        Fields::new().string(topic.as_bytes()).properties(&properties).packet(0x30)
    }

    fn taking(most: Option<u16>) -> Script {
        let mut script = Script::opened(Version::V5);
        script.connects_with("c", true, most.map(Property::TopicAliasMaximum));
        assert_fair(&script.receives_connack(false));
        script.subscribes(1, "a");
        script
    }

    #[test]
    fn aliases_stay_within_what_the_client_takes() {
        for none in [None, Some(0)] {
            assert_breaks(&taking(none).receives(&publish("a", 1)), &["MQTT-3.1.2-27"]);
        }
        let mut script = taking(Some(2));
        assert_breaks(&script.receives(&publish("a", 3)), &["MQTT-3.1.2-26", "MQTT-3.3.2-11"]);
        assert_breaks(&script.receives(&publish("", 2)), &["X5-N18"]);
        assert_fair(&script.receives(&publish("a", 2)));
        assert_fair(&script.receives(&publish("", 2)));
    }
}
