//! Flow control (5.0 section 4.9) and Topic Aliases (3.3.2.3.4).

use pushspec_wire::mqtt::{
    Delivery, Packet, Properties, Property, PubRec, Publish, QoS, ReasonCode, Version,
};

use super::world::{
    Peer, World, connect, kept, payloads, puback, pubcomp, publish, pubrec, qos1, qos2,
};
use crate::reference::mqtt::{Config, Limits};

/// A subscriber that takes this many messages at a time.
fn receiving(world: &mut World, maximum: u16, qos: QoS) -> Peer {
    let mut packet = kept(Version::V5, "s", 60);
    packet.properties.push(Property::ReceiveMaximum(maximum));
    let (peer, _) = world.accepted(packet);
    world.subscribe(peer, "t", qos);
    peer
}

fn number(message: &Publish<'_>) -> u16 {
    message.delivery.packet_id().unwrap().get()
}

#[test]
fn no_more_than_receive_maximum_are_in_flight() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut world = World::new();
        let peer = receiving(&mut world, 2, qos);
        let publisher = world.connected(Version::V5, "p");
        for payload in ["a", "b", "c", "d"] {
            world.publish(publisher, "t", payload, qos);
        }
        let first = world.messages(peer);
        assert_eq!(payloads(&first), ["a", "b"]);
        world.ping(peer);
        world.acknowledge(peer, &first[0]);
        let next = world.message(peer);
        assert_eq!(next.payload.as_ref(), b"c", "{qos:?}");
        world.acknowledge(peer, &first[1]);
        assert_eq!(payloads(&world.messages(peer)), ["d"]);
    }
}

#[test]
fn pubrec_alone_frees_no_place() {
    let mut world = World::new();
    let peer = receiving(&mut world, 1, QoS::ExactlyOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "a", QoS::ExactlyOnce);
    world.publish(publisher, "t", "b", QoS::ExactlyOnce);
    let id = number(&world.message(peer));
    world.send(peer, pubrec(id));
    assert!(matches!(world.one(peer), Packet::PubRel(_)));
    world.send(peer, pubcomp(id));
    assert_eq!(payloads(&world.messages(peer)), ["b"]);
}

#[test]
fn pubrec_with_an_error_frees_the_place() {
    let mut world = World::new();
    let peer = receiving(&mut world, 1, QoS::ExactlyOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "a", QoS::ExactlyOnce);
    world.publish(publisher, "t", "b", QoS::ExactlyOnce);
    let packet_id = world.message(peer).delivery.packet_id().unwrap();
    let (reason, properties) = (ReasonCode::QUOTA_EXCEEDED, Properties::new());
    world.send(peer, Packet::PubRec(PubRec { packet_id, reason, properties }));
    assert_eq!(payloads(&world.messages(peer)), ["b"]);
}

#[test]
fn the_quota_is_that_of_each_connection() {
    let mut world = World::new();
    let peer = receiving(&mut world, 1, QoS::AtLeastOnce);
    let publisher = world.connected(Version::V5, "p");
    for payload in ["a", "b", "c"] {
        world.publish(publisher, "t", payload, QoS::AtLeastOnce);
    }
    world.message(peer);
    world.cut(peer);
    let mut packet = kept(Version::V5, "s", 60);
    packet.properties.push(Property::ReceiveMaximum(2));
    let (again, _) = world.accepted(packet);
    assert_eq!(payloads(&world.messages(again)), ["a", "b"]);
}

#[test]
fn acknowledgements_for_nothing_do_not_raise_the_quota() {
    let mut world = World::new();
    let peer = receiving(&mut world, 1, QoS::AtLeastOnce);
    for id in [700, 701] {
        world.send(peer, puback(id));
    }
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "a", QoS::AtLeastOnce);
    world.publish(publisher, "t", "b", QoS::AtLeastOnce);
    assert_eq!(payloads(&world.messages(peer)), ["a"]);
}

#[test]
fn a_client_that_exceeds_the_servers_maximum_is_disconnected() {
    let mut world = World::with(Config {
        limits: Limits { receive_maximum: 2, ..Limits::default() },
        ..Config::default()
    });
    let (peer, connack) = world.accepted(connect(Version::V5, "p"));
    assert_eq!(connack.properties.receive_maximum(), Some(2));
    for id in 1..=2 {
        world.send(peer, Packet::Publish(publish("t", "x", qos2(id))));
        assert!(matches!(world.one(peer), Packet::PubRec(_)));
    }
    world.send(peer, Packet::Publish(publish("t", "x", qos2(1))));
    assert!(matches!(world.one(peer), Packet::PubRec(_)), "the same again is no third");
    world.publish(peer, "t", "x", QoS::AtMostOnce);
    world.send(peer, Packet::Publish(publish("t", "x", qos2(3))));
    world.ended_with(peer, 0x93);
}

// ===== Topic Alias =====

/// PUBLISH with this alias; an empty topic stands for the one that the alias had.
fn aliased(topic: &str, payload: &str, alias: u16) -> Packet<'static> {
    let mut packet = publish(topic, payload, Delivery::AtMostOnce);
    packet.properties.push(Property::TopicAlias(alias));
    Packet::Publish(packet)
}

#[test]
fn an_alias_stands_for_its_topic_until_it_gets_another() {
    let mut world = World::new();
    let watcher = world.subscribed(Version::V5, "w", "#", QoS::AtMostOnce);
    let (peer, connack) = world.accepted(connect(Version::V5, "p"));
    assert!(connack.properties.topic_alias_maximum().is_some_and(|maximum| maximum >= 2));
    world.send(peer, aliased("one", "1", 1));
    world.send(peer, aliased("two", "2", 2));
    world.send(peer, aliased("", "3", 1));
    world.send(peer, aliased("other", "4", 1));
    world.send(peer, aliased("", "5", 1));
    world.send(peer, aliased("", "6", 2));
    let messages = world.messages(watcher);
    let topics: Vec<&str> = messages.iter().map(|message| message.topic.as_ref()).collect();
    assert_eq!(topics, ["one", "two", "one", "other", "other", "two"]);
    assert!(messages.iter().all(|message| message.properties.topic_alias().is_none()));
}

#[test]
fn aliases_end_with_the_connection() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept(Version::V5, "p", 60));
    world.send(peer, aliased("one", "1", 1));
    world.cut(peer);
    let (again, _) = world.accepted(kept(Version::V5, "p", 60));
    world.send(again, aliased("", "2", 1));
    world.ended_with(again, 0x82);
}

#[test]
fn aliases_of_one_client_are_nothing_to_another() {
    let mut world = World::new();
    let one = world.connected(Version::V5, "one");
    let two = world.connected(Version::V5, "two");
    world.send(one, aliased("t", "1", 1));
    world.send(two, aliased("", "2", 1));
    world.ended_with(two, 0x82);
    world.ping(one);
}

#[test]
fn the_greatest_alias_is_taken_and_the_next_is_not() {
    let mut world = World::new();
    let (peer, connack) = world.accepted(connect(Version::V5, "p"));
    let maximum = connack.properties.topic_alias_maximum().unwrap();
    world.send(peer, aliased("t", "x", maximum));
    world.ping(peer);
    world.send(peer, aliased("t", "x", maximum + 1));
    world.ended_with(peer, 0x94);
}

#[test]
fn an_alias_works_at_every_qos() {
    let mut world = World::new();
    let watcher = world.subscribed(Version::V5, "w", "t", QoS::ExactlyOnce);
    let peer = world.connected(Version::V5, "p");
    for delivery in [qos1(1), qos2(2)] {
        for topic in ["t", ""] {
            let Packet::Publish(packet) = aliased(topic, "x", 3) else { unreachable!() };
            let packet = Publish { delivery, ..packet };
            let qos = delivery.qos();
            world.publish_packet(peer, packet, qos);
            assert_eq!(world.message(watcher).topic, "t");
        }
    }
}

#[test]
fn no_alias_is_used_towards_a_client_that_takes_none() {
    let mut world = World::new();
    let peer = world.subscribed(Version::V5, "s", "t", QoS::AtMostOnce);
    let publisher = world.connected(Version::V5, "p");
    for _ in 0..3 {
        world.publish(publisher, "t", "x", QoS::AtMostOnce);
        let message = world.message(peer);
        assert_eq!((message.topic.as_ref(), message.properties.topic_alias()), ("t", None));
    }
}

#[test]
fn aliases_towards_a_client_stay_within_its_maximum() {
    let mut world = World::new();
    let mut packet = connect(Version::V5, "s");
    packet.properties.push(Property::TopicAliasMaximum(2));
    let (peer, _) = world.accepted(packet);
    world.subscribe(peer, "#", QoS::AtMostOnce);
    let publisher = world.connected(Version::V5, "p");
    let mut known = std::collections::BTreeMap::new();
    for topic in ["a", "b", "c", "a", "b", "c", "d", "a"] {
        world.publish(publisher, topic, topic, QoS::AtMostOnce);
        let message = world.message(peer);
        let alias = message.properties.topic_alias();
        assert!(alias.is_none_or(|alias| (1..=2).contains(&alias)), "{alias:?}");
        let meant = if message.topic.is_empty() {
            known[&alias.unwrap()]
        } else {
            assert_eq!(message.topic, topic);
            topic
        };
        if let Some(alias) = alias {
            known.insert(alias, topic);
        }
        assert_eq!(meant, topic);
    }
}
