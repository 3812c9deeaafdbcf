//! What comes only if CONNECT asked for it: problem information, response information, enhanced
//! authentication (5.0 sections 3.1.2.11 and 4.12).

use pushspec_wire::mqtt::{Packet, Properties, PropertyId, Version};

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const PROBLEMS: Cited = Cited::v5("MQTT-3.1.2-29");
const RESPONSES: Cited = Cited::v5("MQTT-3.1.2-28");
const NO_METHOD: Cited = Cited::v5("MQTT-4.12.0-6");
const SAME_METHOD: Cited = Cited::v5("MQTT-4.12.0-5");

pub(super) const PROBLEM_INFORMATION: Rule =
    Rule { judges: &[PROBLEMS], relies_on_us: true, check: problem_information };

pub(super) const RESPONSE_INFORMATION: Rule =
    Rule { judges: &[RESPONSES], relies_on_us: true, check: response_information };

pub(super) const AUTHENTICATION: Rule =
    Rule { judges: &[NO_METHOD, SAME_METHOD], relies_on_us: true, check: authentication };

fn problem_information(arrived: &Arrived<'_>, findings: &mut Findings) {
    let (Some(asked), Some(packet)) = (arrived.asked(), arrived.packet()) else { return };
    // PUBLISH, CONNACK and DISCONNECT may have them all the same.
    let properties = match packet {
        Packet::PubAck(packet) => &packet.properties,
        Packet::PubRec(packet) => &packet.properties,
        Packet::PubRel(packet) => &packet.properties,
        Packet::PubComp(packet) => &packet.properties,
        Packet::SubAck(packet) => &packet.properties,
        Packet::UnsubAck(packet) => &packet.properties,
        Packet::Auth(packet) => &packet.properties,
        _ => return,
    };
    for unwanted in [PropertyId::ReasonString, PropertyId::UserProperty] {
        findings.check(
            asked.problem_information || properties.get(unwanted).is_none(),
            PROBLEMS,
            format!("{unwanted} in {} in spite of Request Problem Information 0", arrived.name()),
        );
    }
}

fn response_information(arrived: &Arrived<'_>, findings: &mut Findings) {
    let (Some(asked), Some(Packet::ConnAck(connack))) = (arrived.asked(), arrived.packet()) else {
        return;
    };
    findings.check(
        asked.response_information || connack.properties.response_information().is_none(),
        RESPONSES,
        "Response Information in CONNACK that was not asked for",
    );
}

fn authentication(arrived: &Arrived<'_>, findings: &mut Findings) {
    let (Some(asked), Some(packet)) = (arrived.asked(), arrived.packet()) else { return };
    let (properties, has_to): (&Properties<'_>, bool) = match packet {
        Packet::ConnAck(packet) => (&packet.properties, packet.reason.0 == 0),
        Packet::Auth(packet) => (&packet.properties, !packet.properties.is_empty()),
        _ => return,
    };
    let told = properties.authentication_method();
    match &asked.authentication_method {
        Some(method) => findings.check(
            told == Some(method.as_str()) || told.is_none() && !has_to,
            SAME_METHOD,
            format!("{} without the Authentication Method of CONNECT", arrived.name()),
        ),
        None => findings.check(
            told.is_none() && !matches!(packet, Packet::Auth(_))
                || arrived.link.version != Version::V5,
            NO_METHOD,
            format!("{} about authentication that was not asked for", arrived.name()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use pushspec_wire::mqtt::{Property, Version};

    use crate::monitor::script::{Script, assert_breaks, assert_fair};

    fn asking(property: Option<Property<'_>>) -> Script {
        let mut script = Script::opened(Version::V5);
        script.connects_with("c", true, property);
        script
    }

    #[test]
    fn problems_are_not_explained_to_those_who_do_not_want_it() {
        // PUBACK 0x10 with a Reason String, with a User Property, and without.
        let reason: &[u8] = &[0x40, 8, 0, 1, 0x10, 4, 0x1F, 0, 1, b'x'];
        let user: &[u8] = &[0x40, 9, 0, 1, 0x10, 5, 0x26, 0, 0, 0, 0];
        let bare: &[u8] = &[0x40, 3, 0, 1, 0x10];
        for (value, bytes, requirements) in [
            (0, reason, &["MQTT-3.1.2-29"][..]),
            (0, user, &["MQTT-3.1.2-29"]),
            (0, bare, &[]),
            (1, reason, &[]),
        ] {
            let mut script = asking(Some(Property::RequestProblemInformation(value)));
            assert_fair(&script.receives_connack(false));
            script.publishes_qos_1(1);
            assert_breaks(&script.receives(bytes), requirements);
        }
    }

    #[test]
    fn response_information_comes_on_request() {
        let connack: &[u8] = &[0x20, 7, 0, 0, 4, 0x1A, 0, 1, b'r'];
        assert_breaks(&asking(None).receives(connack), &["MQTT-3.1.2-28"]);
        let zero = asking(Some(Property::RequestResponseInformation(0))).receives(connack);
        assert_breaks(&zero, &["MQTT-3.1.2-28"]);
        assert_fair(&asking(Some(Property::RequestResponseInformation(1))).receives(connack));
    }

    #[test]
    fn authentication_is_as_asked_for() {
        let auth: &[u8] = &[0xF0, 6, 0x18, 4, 0x15, 0, 1, b'm'];
        let connack: &[u8] = &[0x20, 7, 0, 0, 4, 0x15, 0, 1, b'm'];
        for bytes in [auth, connack] {
            assert_breaks(&asking(None).receives(bytes), &["MQTT-4.12.0-6"]);
            assert_fair(&asking(Some(Property::AuthenticationMethod("m"))).receives(bytes));
            let other = asking(Some(Property::AuthenticationMethod("n"))).receives(bytes);
            assert_breaks(&other, &["MQTT-4.12.0-5"]);
        }
        let without = asking(Some(Property::AuthenticationMethod("m"))).receives_connack(false);
        assert_breaks(&without, &["MQTT-4.12.0-5"]);
    }
}
