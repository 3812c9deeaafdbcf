//! Maximum Packet Size (5.0 section 3.1.2.11.4): a packet above it is not sent, and what may be left
//! out of a packet does not make it too large.

use pushspec_wire::mqtt::{Packet, PacketType, Properties, PropertyId};

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};

const SIZE: Cited = Cited::v5("MQTT-3.1.2-24");

/// Who forbids a Reason String and a User Property that make the packet too large.
const OPTIONAL: [(PacketType, Cited, Cited); 9] = [
    (PacketType::ConnAck, Cited::v5("MQTT-3.2.2-19"), Cited::v5("MQTT-3.2.2-20")),
    (PacketType::PubAck, Cited::v5("MQTT-3.4.2-2"), Cited::v5("MQTT-3.4.2-3")),
    (PacketType::PubRec, Cited::v5("MQTT-3.5.2-2"), Cited::v5("MQTT-3.5.2-3")),
    (PacketType::PubRel, Cited::v5("MQTT-3.6.2-2"), Cited::v5("MQTT-3.6.2-3")),
    (PacketType::PubComp, Cited::v5("MQTT-3.7.2-2"), Cited::v5("MQTT-3.7.2-3")),
    (PacketType::SubAck, Cited::v5("MQTT-3.9.2-1"), Cited::v5("MQTT-3.9.2-2")),
    (PacketType::UnsubAck, Cited::v5("MQTT-3.11.2-1"), Cited::v5("MQTT-3.11.2-2")),
    (PacketType::Disconnect, Cited::v5("MQTT-3.14.2-3"), Cited::v5("MQTT-3.14.2-4")),
    (PacketType::Auth, Cited::v5("MQTT-3.15.2-2"), Cited::v5("MQTT-3.15.2-3")),
];

pub(super) const RULE: Rule = Rule { judges: JUDGES, relies_on_us: true, check };

const JUDGES: &[Cited] = &{
    let mut judges = [SIZE; 2 * OPTIONAL.len() + 1];
    let mut at = 0;
    while at < OPTIONAL.len() {
        judges[2 * at + 1] = OPTIONAL[at].1;
        judges[2 * at + 2] = OPTIONAL[at].2;
        at += 1;
    }
    judges
};

fn check(arrived: &Arrived<'_>, findings: &mut Findings) {
    let Some(limit) = arrived.asked().and_then(|asked| asked.maximum_packet_size) else { return };
    if arrived.bytes.len() <= limit as usize {
        return;
    }
    let name = arrived.name();
    let mut optional = false;
    if let Some(packet) = arrived.packet() {
        let kind = packet.packet_type();
        for (_, reason_string, user_property) in OPTIONAL.iter().filter(|row| row.0 == kind) {
            for (id, cited) in [
                (PropertyId::ReasonString, reason_string),
                (PropertyId::UserProperty, user_property),
            ] {
                let there = properties(packet).is_some_and(|all| all.get(id).is_some());
                let found =
                    format!("{id} makes {name} larger than the Client's Maximum Packet Size");
                findings.check(!there, *cited, found);
                optional |= there;
            }
        }
    }
    findings.check(optional, SIZE, format!("{name} larger than the Client's Maximum Packet Size"));
}

fn properties<'a>(packet: &'a Packet<'_>) -> Option<&'a Properties<'a>> {
    Some(match packet {
        Packet::ConnAck(packet) => &packet.properties,
        Packet::PubAck(packet) => &packet.properties,
        Packet::PubRec(packet) => &packet.properties,
        Packet::PubRel(packet) => &packet.properties,
        Packet::PubComp(packet) => &packet.properties,
        Packet::SubAck(packet) => &packet.properties,
        Packet::UnsubAck(packet) => &packet.properties,
        Packet::Disconnect(packet) => &packet.properties,
        Packet::Auth(packet) => &packet.properties,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use pushspec_wire::mqtt::{Property, Version};

    use super::*;
    use crate::monitor::script::{Script, assert_breaks, assert_fair};

    fn limited(limit: u32) -> Script {
        let mut script = Script::opened(Version::V5);
        script.connects_with("c", true, Some(Property::MaximumPacketSize(limit)));
        script
    }

    #[test]
    fn what_is_too_large_is_not_sent() {
        let mut script = limited(20);
        assert_fair(&script.receives_connack(false));
        script.subscribes(1, "a");
        assert_fair(&script.receives_publish(0, 0, false, "a", "fits well"));
        let broken = script.receives_publish(0, 0, false, "a", "does not fit any more");
        assert_breaks(&broken, &["MQTT-3.1.2-24"]);
    }

    #[test]
    fn what_may_be_left_out_is_left_out() {
        use pushspec_wire::mqtt::lawless::Fields;
        let f = Fields::new;
        let reason = || f().byte(0x1F).string(b"because of something");
        let user = || f().byte(0x26).string(b"a name").string(b"and its value");
        for (with, which) in [(reason(), 1), (user(), 2)] {
            for (kind, reason_string, user_property) in OPTIONAL {
                let packet = match kind {
                    PacketType::ConnAck => f().byte(0).byte(0).properties(&with).packet(0x20),
                    PacketType::SubAck => f().two_bytes(1).properties(&with).byte(0).packet(0x90),
                    PacketType::UnsubAck => f().two_bytes(2).properties(&with).byte(0).packet(0xB0),
                    PacketType::Disconnect => f().byte(0x8B).properties(&with).packet(0xE0),
                    PacketType::Auth => {
                        let method = f().byte(0x15).string(b"m").raw(&with.clone().into_bytes());
                        f().byte(0x18).properties(&method).packet(0xF0)
                    }
                    PacketType::PubRel => f().two_bytes(3).byte(0).properties(&with).packet(0x62),
                    kind => f().two_bytes(3).byte(0).properties(&with).packet((kind as u8) << 4),
                };
                let mut script = limited(12);
                if kind != PacketType::ConnAck {
                    assert_fair(&script.receives_connack(false));
                }
                script.subscribes(1, "a");
                script.unsubscribes(2, "a");
                script.publishes_qos_1(3);
                script.publishes_qos_2(3);
                script.sends(&[0x62, 2, 0, 3]);
                script.sends(&[0x50, 2, 0, 3]);
                let cited = if which == 1 { reason_string } else { user_property };
                let due = cited.in_version(Version::V5).map(|requirement| requirement.id);
                let broken: Vec<_> = script
                    .receives(&packet)
                    .into_iter()
                    .map(|broken| broken.requirement.id)
                    .filter(|id| *id != "MQTT-4.12.0-6")
                    .collect();
                assert_eq!(broken, due.into_iter().collect::<Vec<_>>(), "{kind:?}");
            }
        }
    }
}
