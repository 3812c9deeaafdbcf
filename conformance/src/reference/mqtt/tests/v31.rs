//! What is different in MQTT 3.1.

use pushspec_wire::mqtt::lawless::Fields;
use pushspec_wire::mqtt::{Packet, QoS, Version};

use super::world::{World, connect, kept, pubcomp, publish, pubrec, qos2};

/// CONNECT with these flags and this payload.
fn raw_connect(flags: u8, payload: &[u8]) -> Vec<u8> {
    Fields::new().string(b"MQIsdp").byte(3).byte(flags).two_bytes(0).raw(payload).packet(0x10)
}

fn answer(bytes: &[u8]) -> (Option<u8>, bool) {
    let mut world = World::new();
    let peer = world.open(Version::V31);
    world.send_raw(peer, bytes);
    let packets = world.received(peer);
    let code = packets.first().map(|packet| match packet {
        Packet::ConnAck(connack) => connack.reason.0,
        other => panic!("expected CONNACK, found {other:?}"),
    });
    (code, world.is_closed(peer))
}

#[test]
fn an_empty_client_identifier_is_rejected() {
    let mut world = World::new();
    let (peer, connack) = world.answered(connect(Version::V31, ""));
    assert_eq!(connack.reason.0, 2);
    assert!(world.is_closed(peer));
}

#[test]
fn a_client_identifier_of_24_characters_is_rejected() {
    let mut world = World::new();
    let (peer, connack) = world.answered(connect(Version::V31, "0123456789abcdefghijABCD"));
    assert_eq!(connack.reason.0, 2);
    assert!(world.is_closed(peer));
}

#[test]
fn the_first_byte_of_connack_is_0() {
    let mut world = World::new();
    for _ in 0..2 {
        let (peer, connack) = world.accepted(kept(Version::V31, "c", 0));
        assert!(!connack.session_present);
        world.cut(peer);
    }
}

#[test]
fn user_name_and_password_may_be_announced_and_missing() {
    assert_eq!(answer(&raw_connect(0xC2, &[0, 1, b'c'])), (Some(0), false));
    assert_eq!(answer(&raw_connect(0xC2, &[0, 1, b'c', 0, 1, b'u'])), (Some(0), false));
}

#[test]
fn a_password_without_a_user_name_is_refused() {
    let (code, closed) = answer(&raw_connect(0x42, &[0, 1, b'c', 0, 1, b'p']));
    assert_ne!(code, Some(0));
    assert!(closed);
}

#[test]
fn another_level_is_refused() {
    let bytes = Fields::new().string(b"MQIsdp").byte(9).byte(2).two_bytes(0).string(b"c");
    assert_eq!(answer(&bytes.packet(0x10)), (Some(1), true));
}

#[test]
fn bits_that_are_not_used_are_not_looked_at() {
    let mut world = World::new();
    let peer = world.connected(Version::V31, "c");
    // SUBSCRIBE and UNSUBSCRIBE with DUP, PUBREL with DUP.
    world.send_raw(peer, &Fields::new().two_bytes(1).string(b"t").byte(0).packet(0x8A));
    assert!(matches!(world.one(peer), Packet::SubAck(_)));
    world.send_raw(peer, &Fields::new().two_bytes(2).string(b"t").packet(0xAA));
    assert!(matches!(world.one(peer), Packet::UnsubAck(_)));
    world.send(peer, Packet::Publish(publish("t", "x", qos2(3))));
    assert_eq!(world.one(peer), pubrec(3));
    world.send_raw(peer, &Fields::new().two_bytes(3).packet(0x6A));
    assert_eq!(world.one(peer), pubcomp(3));
}

#[test]
fn clients_of_all_versions_share_one_server() {
    let mut world = World::new();
    let peers: Vec<_> = Version::ALL
        .into_iter()
        .map(|version| {
            world.subscribed(version, &format!("c{}", version.level()), "t", QoS::AtMostOnce)
        })
        .collect();
    let publisher = world.connected(Version::V31, "p");
    world.publish(publisher, "t", "x", QoS::AtLeastOnce);
    for peer in peers {
        assert_eq!(world.message(peer).payload.as_ref(), b"x");
    }
}
