//! DISCONNECT of the Server is the last packet, and has what a Server may say (5.0 section 3.14).

use pushspec_wire::mqtt::{Packet, PacketType, Place, Sender, Version};

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const NOTHING_BEHIND: Cited = Cited::v5("MQTT-3.14.4-1");
const CODES: Cited = Cited::v5("MQTT-3.14.2-1");
const AUTH_CODES: Cited = Cited::v5("MQTT-3.15.2-1");
const NO_EXPIRY: Cited = Cited::v5("MQTT-3.14.2-2");

pub(super) const LAST: Rule =
    Rule { judges: &[NOTHING_BEHIND], relies_on_us: false, check: nothing_behind };

pub(super) const SENDER: Rule =
    Rule { judges: &[CODES, AUTH_CODES, NO_EXPIRY], relies_on_us: false, check: of_a_server };

fn nothing_behind(arrived: &Arrived<'_>, findings: &mut Findings) {
    findings.check(
        !arrived.link.disconnected,
        NOTHING_BEHIND,
        format!("{} behind DISCONNECT", arrived.name()),
    );
}

fn of_a_server(arrived: &Arrived<'_>, findings: &mut Findings) {
    if arrived.link.version != Version::V5 {
        return;
    }
    let only_clients = |sender| sender == Some(Sender::Client);
    match arrived.packet() {
        Some(Packet::Disconnect(packet)) => {
            findings.check(
                !only_clients(packet.reason.sender(PacketType::Disconnect)),
                CODES,
                "DISCONNECT with a reason code that only Clients send",
            );
            let place = Place::Packet(PacketType::Disconnect);
            findings.check(
                !packet
                    .properties
                    .iter()
                    .any(|property| only_clients(property.id().sent_by(place))),
                NO_EXPIRY,
                "DISCONNECT of the Server with a Session Expiry Interval",
            );
        }
        Some(Packet::Auth(packet)) => findings.check(
            !only_clients(packet.reason.sender(PacketType::Auth)),
            AUTH_CODES,
            "AUTH with a reason code that only Clients send",
        ),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::script::{Script, assert_breaks, assert_fair};

    #[test]
    fn nothing_comes_behind_it() {
        let mut script = Script::connected(Version::V5);
        assert_fair(&script.receives(&[0xD0, 0]));
        assert_fair(&script.receives(&[0xE0, 1, 0x8E]));
        assert_breaks(&script.receives(&[0xD0, 0]), &["MQTT-3.14.4-1"]);
    }

    #[test]
    fn it_has_what_a_server_may_say() {
        let mut script = Script::connected(Version::V5);
        assert_breaks(&script.receives(&[0xE0, 1, 0x04]), &["MQTT-3.14.2-1"]);
        let mut script = Script::connected(Version::V5);
        let expiry = [0xE0, 7, 0x8B, 5, 0x11, 0, 0, 0, 1];
        assert_breaks(&script.receives(&expiry), &["MQTT-3.14.2-2"]);
    }

    #[test]
    fn auth_has_what_a_server_may_say() {
        use pushspec_wire::mqtt::Property;
        let mut script = Script::opened(Version::V5);
        script.connects_with("c", true, Some(Property::AuthenticationMethod("m")));
        assert_fair(&script.receives(&[0xF0, 6, 0x18, 4, 0x15, 0, 1, b'm']));
        assert_breaks(&script.receives(&[0xF0, 6, 0x19, 4, 0x15, 0, 1, b'm']), &["MQTT-3.15.2-1"]);
    }
}
