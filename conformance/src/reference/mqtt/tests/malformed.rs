//! Malformed Packets and Protocol Errors (5.0 section 4.13, 3.1.1 section 4.8), one client's errors and
//! the others.

use pushspec_wire::mqtt::lawless::Fields;
use pushspec_wire::mqtt::{QoS, Version};

use super::world::World;

/// What every version rejects, and the code of 5.0. The Property Length of 5.0 is left out in 3.x.
fn illegal(version: Version) -> Vec<(&'static str, Vec<u8>, u8)> {
    let v5 = version == Version::V5;
    let with = |fields: Fields| if v5 { fields.varint(0) } else { fields };
    let id = || with(Fields::new().two_bytes(1));
    vec![
        ("packet type 0", vec![0x00, 0x00], 0x81),
        ("CONNACK from a client", with(Fields::new().two_bytes(0)).packet(0x20), 0x82),
        ("PINGRESP from a client", vec![0xD0, 0x00], 0x82),
        ("a long Remaining Length", vec![0xC0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], 0x81),
        ("PINGREQ with a byte", vec![0xC0, 0x01, 0x00], 0x81),
        ("QoS 3", with(Fields::new().string(b"t").two_bytes(1)).packet(0x36), 0x81),
        ("a wildcard topic", with(Fields::new().string(b"t/#")).packet(0x30), 0x90),
        ("ill-formed UTF-8", with(Fields::new().string(&[0xC3, 0x28])).packet(0x30), 0x81),
        ("a surrogate", with(Fields::new().string(&[0xED, 0xA0, 0x80])).packet(0x30), 0x81),
        ("U+0000", with(Fields::new().string(b"a\0b")).packet(0x30), 0x81),
        ("Packet Identifier 0", with(Fields::new().string(b"t").two_bytes(0)).packet(0x32), 0x81),
        ("SUBSCRIBE without filters", id().packet(0x82), 0x82),
        ("SUBSCRIBE QoS 3", id().string(b"t").byte(3).packet(0x82), 0x82),
        ("an invalid filter", id().string(b"t#").byte(0).packet(0x82), 0x8F),
        ("UNSUBSCRIBE without filters", id().packet(0xA2), 0x82),
        ("a topic beyond the packet", Fields::new().two_bytes(99).raw(b"t").packet(0x30), 0x81),
    ]
}

/// What 3.1.1 and 5.0 reject, and 3.1 does not look at.
fn reserved(version: Version) -> Vec<(&'static str, Vec<u8>, u8)> {
    let v5 = version == Version::V5;
    let with = |fields: Fields| if v5 { fields.varint(0) } else { fields };
    let id = || with(Fields::new().two_bytes(1));
    vec![
        ("SUBSCRIBE flags", id().string(b"t").byte(0).packet(0x80), 0x81),
        ("UNSUBSCRIBE flags", id().string(b"t").packet(0xA0), 0x81),
        ("PUBREL flags", vec![0x60, 0x02, 0x00, 0x01], 0x81),
        ("DISCONNECT flags", vec![0xE1, 0x00], 0x81),
        ("PINGREQ flags", vec![0xC1, 0x00], 0x81),
        ("DUP at QoS 0", with(Fields::new().string(b"t")).packet(0x38), 0x81),
    ]
}

/// What only 5.0 has.
fn illegal_v5() -> Vec<(&'static str, Vec<u8>, u8)> {
    let publish = |properties: Fields| {
        Fields::new().string(b"t").properties(&properties).raw(b"x").packet(0x30)
    };
    let subscribe = |properties: Fields| {
        let fields = Fields::new().two_bytes(1).properties(&properties);
        fields.string(b"t").byte(0).packet(0x82)
    };
    let alias = |value| Fields::new().byte(0x23).two_bytes(value);
    let filter =
        |options| Fields::new().two_bytes(1).varint(0).string(b"t").byte(options).packet(0x82);
    vec![
        ("an unknown property", publish(Fields::new().byte(0x7F).byte(0)), 0x81),
        ("a misplaced property", publish(Fields::new().byte(0x11).four_bytes(1)), 0x81),
        ("Topic Alias 0", publish(alias(0)), 0x94),
        ("Topic Alias twice", publish(alias(1).raw(&alias(1).into_bytes())), 0x82),
        ("an empty topic", Fields::new().string(b"").varint(0).packet(0x30), 0x82),
        ("Subscription Identifier 0", subscribe(Fields::new().byte(0x0B).varint(0)), 0x82),
        (
            "Subscription Identifier from a client",
            publish(Fields::new().byte(0x0B).varint(1)),
            0x82,
        ),
        ("Retain Handling 3", filter(0x30), 0x82),
        ("reserved Subscription Options", filter(0x40), 0x81),
        ("AUTH without a method", vec![0xF0, 0x00], 0x82),
        ("a response topic with wildcards", publish(Fields::new().byte(0x08).string(b"a/#")), 0x82),
        ("properties beyond the packet", Fields::new().string(b"t").varint(9).packet(0x30), 0x81),
    ]
}

fn rejects(version: Version, what: &str, bytes: &[u8], code: u8) {
    let mut world = World::new();
    let bystander = world.subscribed(version, "bystander", "#", QoS::AtMostOnce);
    let other = world.connected(version, "other");
    let peer = world.connected(version, "c");
    world.ping(peer);
    world.send_raw(peer, bytes);
    assert!(world.is_closed(peer), "{version}: {what}");
    let packets = world.received(peer);
    let found = packets.iter().map(|packet| match packet {
        pushspec_wire::mqtt::Packet::Disconnect(packet) => packet.reason.0,
        other => panic!("{version}: {what}: {other:?}"),
    });
    let expected: &[u8] = if version == Version::V5 { &[code] } else { &[] };
    assert_eq!(found.collect::<Vec<_>>(), expected, "{version}: {what}");
    world.nothing(bystander);
    world.publish(other, "t", "x", QoS::AtLeastOnce);
    assert_eq!(world.messages(bystander).len(), 1, "{version}: {what}");
    world.connected(version, "c");
}

#[test]
fn illegal_packets_end_their_connection_and_no_other() {
    for version in Version::ALL {
        for (what, bytes, code) in illegal(version) {
            rejects(version, what, &bytes, code);
        }
    }
}

#[test]
fn reserved_bits_are_checked() {
    for version in [Version::V311, Version::V5] {
        for (what, bytes, code) in reserved(version) {
            rejects(version, what, &bytes, code);
        }
    }
}

#[test]
fn illegal_properties_and_options_are_rejected() {
    for (what, bytes, code) in illegal_v5() {
        rejects(Version::V5, what, &bytes, code);
    }
}

#[test]
fn a_packet_that_is_cut_off_by_the_end_of_the_connection_is_ignored() {
    let mut world = World::new();
    let watcher = world.subscribed(Version::V311, "w", "#", QoS::AtMostOnce);
    let peer = world.connected(Version::V311, "c");
    world.send_raw(peer, &[0x30, 0x05, 0x00, 0x01, b't', b'x']);
    world.cut(peer);
    world.nothing(watcher);
}

#[test]
fn packets_before_an_illegal_one_are_processed() {
    let mut world = World::new();
    let watcher = world.subscribed(Version::V311, "w", "#", QoS::AtMostOnce);
    let peer = world.connected(Version::V311, "c");
    world.send_raw(peer, &[0x30, 0x04, 0x00, 0x01, b't', b'x', 0x00, 0x00]);
    world.ended_with(peer, 0x81);
    assert_eq!(world.messages(watcher).len(), 1);
}
