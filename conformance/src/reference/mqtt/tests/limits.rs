//! Maximum Packet Size, features that are switched off, and what is bounded (5.0 sections 3.1.2.11.4
//! and 3.2.2.3).

use pushspec_wire::mqtt::{
    Connect, Delivery, Packet, Properties, Property, Publish, QoS, SubscriptionOptions, Version,
    Will,
};

use super::world::{World, connect, kept, payloads, publish, will};
use crate::reference::mqtt::{Config, Limits};

fn limited(limits: Limits) -> World {
    World::with(Config { limits, ..Config::default() })
}

fn size(version: Version, packet: &Packet<'_>) -> u32 {
    let mut bytes = Vec::new();
    packet.encode(version, &mut bytes).unwrap();
    bytes.len().try_into().unwrap()
}

// ===== Maximum Packet Size =====

#[test]
fn a_packet_above_the_clients_maximum_is_not_sent_and_counts_as_delivered() {
    let small = publish("t", "small", super::world::qos1(1));
    let limit = size(Version::V5, &Packet::Publish(small)).max(64);
    for (qos, large) in [(QoS::AtMostOnce, 60), (QoS::AtLeastOnce, 60), (QoS::ExactlyOnce, 100)] {
        let mut world = World::new();
        let mut packet = kept(Version::V5, "s", 60);
        packet.properties.push(Property::MaximumPacketSize(limit));
        packet.properties.push(Property::ReceiveMaximum(1));
        let (peer, _) = world.accepted(packet.clone());
        world.subscribe(peer, "t", qos);
        let publisher = world.connected(Version::V5, "p");
        world.publish(publisher, "t", &"x".repeat(large), qos);
        world.publish(publisher, "t", "small", qos);
        let message = world.message(peer);
        assert_eq!(message.payload.as_ref(), b"small", "{qos:?}");
        world.acknowledge(peer, &message);
        world.cut(peer);
        let (again, _) = world.accepted(packet);
        world.nothing(again);
    }
}

#[test]
fn a_packet_of_exactly_the_clients_maximum_is_sent() {
    let exact = publish("t", "0123456789", Delivery::AtMostOnce);
    let limit = size(Version::V5, &Packet::Publish(exact));
    for (maximum, sent) in [(limit, 1), (limit - 1, 0)] {
        let mut world = World::new();
        let publisher = world.connected(Version::V5, "p");
        let mut packet = connect(Version::V5, "s");
        // CONNACK has to fit as well; only what follows is limited this tightly.
        packet.properties.push(Property::MaximumPacketSize(maximum));
        let peer = world.open(Version::V5);
        world.send(peer, Packet::Connect(packet));
        if world.is_closed(peer) {
            continue;
        }
        world.received(peer);
        world.subscribe(peer, "t", QoS::AtMostOnce);
        world.publish(publisher, "t", "0123456789", QoS::AtMostOnce);
        assert_eq!(world.messages(peer).len(), sent, "{maximum}");
    }
}

#[test]
fn a_packet_above_the_servers_maximum_ends_the_connection() {
    let limit = 100;
    let mut world = limited(Limits { maximum_packet_size: limit, ..Limits::default() });
    let (peer, connack) = world.accepted(connect(Version::V5, "p"));
    assert_eq!(connack.properties.maximum_packet_size(), Some(limit));
    let frame = size(Version::V5, &Packet::Publish(publish("t", "", Delivery::AtMostOnce)));
    let room = (limit - frame) as usize;
    world.publish(peer, "t", &"x".repeat(room), QoS::AtMostOnce);
    world.ping(peer);
    world.publish(peer, "t", &"x".repeat(room + 1), QoS::AtMostOnce);
    world.ended_with(peer, 0x95);
}

// ===== Features that are off =====

#[test]
fn maximum_qos_is_told_and_kept() {
    let mut world = limited(Limits { maximum_qos: QoS::AtLeastOnce, ..Limits::default() });
    let (peer, connack) = world.accepted(connect(Version::V5, "p"));
    assert_eq!(connack.properties.maximum_qos(), Some(1));
    let options = SubscriptionOptions::new(QoS::ExactlyOnce);
    let suback = world.subscribe_all(peer, &[("t", options)], Properties::new());
    assert_eq!(suback.reasons[0].0, 1);
    world.send(peer, Packet::Publish(publish("t", "x", super::world::qos2(1))));
    world.ended_with(peer, 0x9B);
    let with = Will { qos: QoS::ExactlyOnce, ..will("t", "x") };
    let (peer, connack) = world.answered(Connect { will: Some(with), ..connect(Version::V5, "p") });
    assert_eq!(connack.reason.0, 0x9B);
    assert!(world.is_closed(peer));
}

#[test]
fn retain_unavailable_is_told_and_kept() {
    let mut world = limited(Limits { retain_available: false, ..Limits::default() });
    let (peer, connack) = world.accepted(connect(Version::V5, "p"));
    assert_eq!(connack.properties.retain_available(), Some(0));
    let packet = publish("t", "x", Delivery::AtMostOnce);
    world.send(peer, Packet::Publish(Publish { retain: true, ..packet }));
    world.ended_with(peer, 0x9A);
    let with = Will { retain: true, ..will("t", "x") };
    let (peer, connack) = world.answered(Connect { will: Some(with), ..connect(Version::V5, "p") });
    assert_eq!(connack.reason.0, 0x9A);
    assert!(world.is_closed(peer));
}

#[test]
fn server_keep_alive_takes_the_place_of_the_clients() {
    let mut world = limited(Limits { server_keep_alive: Some(10), ..Limits::default() });
    let packet = Connect { keep_alive: 100, ..connect(Version::V5, "c") };
    let (peer, connack) = world.accepted(packet);
    assert_eq!(connack.properties.server_keep_alive(), Some(10));
    world.pass(super::world::secs(16));
    world.ended_with(peer, 0x8D);
}

#[test]
fn everything_is_available_by_default() {
    let mut world = World::new();
    let (_, connack) = world.accepted(connect(Version::V5, "c"));
    let properties = connack.properties;
    assert_eq!(properties.maximum_qos(), None, "2 is told by saying nothing");
    for (name, value) in [
        ("retain", properties.retain_available()),
        ("wildcards", properties.wildcard_subscription_available()),
        ("identifiers", properties.subscription_identifier_available()),
        ("shared", properties.shared_subscription_available()),
    ] {
        assert_ne!(value, Some(0), "{name}");
    }
    assert_eq!(properties.server_keep_alive(), None);
}

// ===== What is bounded =====

#[test]
fn what_waits_for_an_absent_client_is_bounded() {
    let mut world = limited(Limits { queued_messages: 10, ..Limits::default() });
    let (peer, _) = world.accepted(kept(Version::V5, "s", 60));
    world.subscribe(peer, "t", QoS::AtLeastOnce);
    world.cut(peer);
    let publisher = world.connected(Version::V5, "p");
    for number in 0..100 {
        world.publish(publisher, "t", &number.to_string(), QoS::AtLeastOnce);
    }
    let (again, _) = world.accepted(kept(Version::V5, "s", 60));
    let waited = payloads(&world.messages(again));
    assert_eq!(waited.len(), 10, "{waited:?}");
    world.ping(again);
}

#[test]
fn the_number_of_sessions_is_bounded() {
    let mut world = limited(Limits { sessions: 2, ..Limits::default() });
    world.connected(Version::V5, "a");
    world.connected(Version::V5, "b");
    let (peer, connack) = world.answered(connect(Version::V5, "c"));
    assert!(connack.reason.0 >= 0x80, "{connack:?}");
    assert!(world.is_closed(peer));
    // An old one may come back.
    world.connected(Version::V5, "a");
}
