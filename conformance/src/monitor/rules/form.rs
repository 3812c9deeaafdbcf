//! A packet of the Server is one: reserved bits, sizes, UTF-8, shortest integers, properties that may
//! stand there and only once, values that exist (5.0 chapters 1 to 3).

use pushspec_wire::mqtt::{DecodeError, ErrorKind, PropertyId, Version};

use crate::monitor::rule::{Arrived, Cited, Findings, Rule};
use crate::requirement::{Catalogue, Protocol, RequirementRef};

pub(super) const RULE: Rule = Rule { judges: JUDGES, relies_on_us: false, check };

/// CONNACK of 3.x with return code 0x01.
const UNACCEPTABLE_PROTOCOL_VERSION: [u8; 4] = [0x20, 2, 0, 1];

/// What the decoder cites for packets that a Server sends.
const JUDGES: &[Cited] = &[
    Cited::since_v311("MQTT-1.5.3-1", "MQTT-1.5.4-1"),
    Cited::since_v311("MQTT-1.5.3-2", "MQTT-1.5.4-2"),
    Cited::v5("MQTT-1.5.5-1"),
    Cited::since_v311("MQTT-2.2.2-2", "MQTT-2.1.3-1"),
    Cited::v5("MQTT-2.2.2-1"),
    Cited::since_v311("X311-R01", "MQTT-3.2.2-1"),
    Cited::all("X31-03", "MQTT-3.2.2-6", "MQTT-3.2.2-8"),
    Cited::since_v311("MQTT-3.3.1-2", "MQTT-3.3.1-2"),
    Cited::since_v311("MQTT-3.3.1-4", "MQTT-3.3.1-4"),
    Cited::all("X31-48", "MQTT-3.3.2-2", "MQTT-3.3.2-2"),
    Cited::v5("MQTT-3.3.2-14"),
    Cited::v5("MQTT-3.4.2-1"),
    Cited::v5("MQTT-3.5.2-1"),
    Cited::since_v311("MQTT-3.6.1-1", "MQTT-3.6.1-1"),
    Cited::v5("MQTT-3.6.2-1"),
    Cited::v5("MQTT-3.7.2-1"),
    Cited::all("X31-09", "MQTT-3.9.3-2", "MQTT-3.9.3-2"),
    Cited::v5("MQTT-3.11.3-2"),
    Cited::v5("MQTT-3.14.2-1"),
    Cited::v5("MQTT-3.15.2-1"),
    Cited::all("X31-17", "MQTT-2.3.1-1", "X5-N34"),
];

fn check(arrived: &Arrived<'_>, findings: &mut Findings) {
    let Err(error) = arrived.packet else { return };
    // Which version an answer to an illegal CONNECT is in nobody can tell.
    if arrived.link.lawless && arrived.link.connack.is_none() || is_open(error) {
        return;
    }
    if refuses_the_version(arrived) || mirrors_ours(arrived, error) {
        return;
    }
    let protocol = Protocol::from(arrived.link.version);
    let catalogued = Catalogue::embedded().get(protocol, error.requirement).is_some();
    // 3.1 has no general rule for malformed packets.
    if catalogued || protocol == Protocol::from(Version::V5) {
        let requirement = RequirementRef { protocol, id: error.requirement };
        findings.push(requirement, format!("{}: {} {}", arrived.name(), error.field, error.kind));
    }
}

/// A Server without 5.0 has to answer in the form of what it speaks (3.1.1, MQTT-3.1.2-2).
fn refuses_the_version(arrived: &Arrived<'_>) -> bool {
    arrived.link.version == Version::V5
        && arrived.link.connack.is_none()
        && arrived.bytes == UNACCEPTABLE_PROTOCOL_VERSION
}

/// Acknowledgements have the Packet Identifier of what they acknowledge, and a code for each Topic
/// Filter, whatever that was and however many there were.
fn mirrors_ours(arrived: &Arrived<'_>, error: &DecodeError) -> bool {
    arrived.link.lawless
        && matches!(error.kind, ErrorKind::PacketIdentifier0 | ErrorKind::NoReasonCode)
}

/// Nothing in the text forbids these to stand twice in PUBLISH.
const fn is_open(error: &DecodeError) -> bool {
    matches!(
        error.kind,
        ErrorKind::DuplicateProperty(
            PropertyId::PayloadFormatIndicator | PropertyId::MessageExpiryInterval
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::script::{Script, assert_fair};
    use pushspec_wire::mqtt::lawless::Fields;

    const V311: Version = Version::V311;
    const V5: Version = Version::V5;

    /// A malformed packet of a Server for each requirement that the rule judges.
    fn malformed() -> Vec<(Version, Vec<u8>)> {
        let f = Fields::new;
        let qos_0 = |topic: &[u8]| f().string(topic).packet(0x30);
        vec![
            (V311, qos_0(b"\xC0\x80")),
            (V5, f().string(b"\x80").varint(0).packet(0x30)),
            (V311, qos_0(b"a\0")),
            (V5, f().string(b"a\0").varint(0).packet(0x30)),
            (V5, f().packet_with_long_length(0xD0, 2)),
            (V311, f().two_bytes(1).packet(0x41)),
            (V5, f().two_bytes(1).packet(0x41)),
            (V5, f().string(b"a").packet(0x30)),
            (V311, f().byte(2).byte(0).packet(0x20)),
            (V5, f().byte(2).byte(0).varint(0).packet(0x20)),
            (Version::V31, f().byte(0).byte(6).packet(0x20)),
            (V311, f().byte(0).byte(6).packet(0x20)),
            (V5, f().byte(0).byte(1).varint(0).packet(0x20)),
            (V311, f().string(b"a").packet(0x38)),
            (V5, f().string(b"a").varint(0).packet(0x38)),
            (V311, f().string(b"a").two_bytes(1).packet(0x36)),
            (V5, f().string(b"a").two_bytes(1).varint(0).packet(0x36)),
            (Version::V31, qos_0(b"a/#")),
            (V311, qos_0(b"a/#")),
            (V5, f().string(b"a/#").varint(0).packet(0x30)),
            (V5, f().string(b"a").properties(&f().byte(8).string(b"+")).packet(0x30)),
            (V5, f().two_bytes(1).byte(0x92).packet(0x40)),
            (V5, f().two_bytes(1).byte(0x92).packet(0x50)),
            (V311, f().two_bytes(1).packet(0x60)),
            (V5, f().two_bytes(1).packet(0x60)),
            (V5, f().two_bytes(1).byte(0x80).packet(0x62)),
            (V5, f().two_bytes(1).byte(0x80).packet(0x70)),
            (Version::V31, f().two_bytes(1).byte(3).packet(0x90)),
            (V311, f().two_bytes(1).byte(3).packet(0x90)),
            (V5, f().two_bytes(1).varint(0).byte(3).packet(0x90)),
            (V5, f().two_bytes(1).varint(0).byte(1).packet(0xB0)),
            (V5, f().byte(0x84).packet(0xE0)),
            (V5, f().byte(0x80).packet(0xF0)),
            (Version::V31, f().two_bytes(0).packet(0x40)),
            (V311, f().two_bytes(0).packet(0x40)),
            (V5, f().two_bytes(0).packet(0x40)),
        ]
    }

    #[test]
    fn what_is_no_packet_breaks_what_the_decoder_says() {
        let mut seen = Vec::new();
        for (version, bytes) in malformed() {
            let broken = Script::connected(version).receives(&bytes);
            assert_eq!(broken.len(), 1, "{version} {bytes:02x?}: {broken:?}");
            seen.push(broken[0].requirement);
        }
        seen.sort();
        let mut judges: Vec<_> = JUDGES.iter().flat_map(Cited::everywhere).collect();
        judges.sort();
        assert_eq!(seen, judges);
    }

    #[test]
    fn the_answer_to_an_illegal_connect_may_be_in_another_version() {
        let mut script = Script::opened(V5);
        script.sends(&Fields::new().string(b"MQTT").byte(9).byte(2).two_bytes(0).packet(0x10));
        assert_fair(&script.receives(&[0x20, 2, 0, 1]));
    }

    #[test]
    fn a_server_without_5_0_refuses_it_in_its_own_form() {
        let mut script = Script::opened(V5);
        script.sends(
            &Fields::new()
                .string(b"MQTT")
                .byte(5)
                .byte(2)
                .two_bytes(0)
                .varint(0)
                .string(b"x")
                .packet(0x10),
        );
        assert_fair(&script.receives(&[0x20, 2, 0, 1]));
    }

    #[test]
    fn an_acknowledgement_mirrors_what_it_acknowledges() {
        let mut script = Script::connected(V311);
        script.sends(&Fields::new().two_bytes(1).packet(0x82));
        assert_fair(&script.receives(&[0x90, 2, 0, 1]));
        script.sends(&Fields::new().string(b"a").two_bytes(0).packet(0x32));
        assert_fair(&script.receives(&[0x40, 2, 0, 0]));
    }

    #[test]
    fn what_the_text_leaves_open_is_no_breach() {
        let twice = Fields::new().byte(1).byte(0).byte(1).byte(0);
        let bytes = Fields::new().string(b"a").properties(&twice).packet(0x30);
        let mut script = Script::connected(V5);
        script.subscribes(1, "a");
        assert_fair(&script.receives(&bytes));
    }
}
