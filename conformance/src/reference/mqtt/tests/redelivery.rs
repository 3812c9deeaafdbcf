//! Message delivery retry (5.0 section 4.4, 3.1.1 section 4.4).

use pushspec_wire::mqtt::{Delivery, Packet, Publish, QoS, Version};

use super::world::{
    Peer, World, kept, payloads, puback, pubcomp, publish, pubrec, pubrel, qos2, secs,
};

const VERSIONS: [Version; 3] = Version::ALL;

/// A client with a kept Session that was sent a message and has not acknowledged it.
fn unacknowledged(world: &mut World, version: Version, qos: QoS) -> (Peer, Publish<'static>) {
    let (peer, _) = world.accepted(kept(version, "s", 60));
    world.subscribe(peer, "t", QoS::ExactlyOnce);
    let publisher = world.connected(version, "p");
    world.publish(publisher, "t", "x", qos);
    let message = world.message(peer);
    (peer, message)
}

fn number(message: &Publish<'_>) -> u16 {
    message.delivery.packet_id().unwrap().get()
}

#[test]
fn an_unacknowledged_message_comes_again_with_dup_and_its_identifier() {
    for version in VERSIONS {
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let mut world = World::new();
            let (peer, first) = unacknowledged(&mut world, version, qos);
            world.cut(peer);
            let (again, _) = world.accepted(kept(version, "s", 60));
            let second = world.message(again);
            assert!(second.delivery.dup(), "{version} {qos:?}");
            assert_eq!(number(&second), number(&first));
            assert_eq!((second.payload, second.topic), (first.payload, first.topic));
        }
    }
}

#[test]
fn nothing_comes_again_on_a_live_connection() {
    let mut world = World::new();
    let (peer, _) = unacknowledged(&mut world, Version::V5, QoS::AtLeastOnce);
    world.pass(secs(3600));
    world.nothing(peer);
}

#[test]
fn an_acknowledged_message_does_not_come_again() {
    for version in VERSIONS {
        for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
            let mut world = World::new();
            let (peer, message) = unacknowledged(&mut world, version, qos);
            world.acknowledge(peer, &message);
            world.cut(peer);
            let (again, _) = world.accepted(kept(version, "s", 60));
            world.nothing(again);
        }
    }
}

#[test]
fn after_pubrec_it_is_pubrel_that_comes_again() {
    for version in VERSIONS {
        let mut world = World::new();
        let (peer, message) = unacknowledged(&mut world, version, QoS::ExactlyOnce);
        let id = number(&message);
        world.send(peer, pubrec(id));
        assert_eq!(world.one(peer), pubrel(id));
        world.cut(peer);
        let (again, _) = world.accepted(kept(version, "s", 60));
        assert_eq!(world.one(again), pubrel(id), "{version}");
        world.send(again, pubcomp(id));
        world.cut(again);
        let (third, _) = world.accepted(kept(version, "s", 60));
        world.nothing(third);
    }
}

#[test]
fn redelivery_keeps_the_order() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept(Version::V311, "s", 60));
    world.subscribe(peer, "t", QoS::AtLeastOnce);
    let publisher = world.connected(Version::V311, "p");
    for payload in ["a", "b", "c"] {
        world.publish(publisher, "t", payload, QoS::AtLeastOnce);
    }
    let messages = world.messages(peer);
    world.send(peer, puback(number(&messages[1])));
    world.cut(peer);
    world.publish(publisher, "t", "d", QoS::AtLeastOnce);
    let (again, _) = world.accepted(kept(Version::V311, "s", 60));
    let messages = world.messages(again);
    assert_eq!(payloads(&messages), ["a", "c", "d"]);
    let dups: Vec<bool> = messages.iter().map(|message| message.delivery.dup()).collect();
    assert_eq!(dups, [true, true, false]);
}

#[test]
fn qos0_does_not_come_again() {
    let mut world = World::new();
    let (peer, _) = unacknowledged(&mut world, Version::V311, QoS::AtMostOnce);
    world.cut(peer);
    let (again, _) = world.accepted(kept(Version::V311, "s", 60));
    world.nothing(again);
}

#[test]
fn what_a_client_resends_at_qos2_is_known_in_the_resumed_session() {
    for version in VERSIONS {
        let mut world = World::new();
        let subscriber = world.subscribed(version, "s", "t", QoS::ExactlyOnce);
        let (publisher, _) = world.accepted(kept(version, "p", 60));
        world.send(publisher, Packet::Publish(publish("t", "x", qos2(9))));
        world.cut(publisher);
        let (again, _) = world.accepted(kept(version, "p", 60));
        let resent = Delivery::ExactlyOnce { id: super::world::id(9), dup: true };
        world.send(again, Packet::Publish(publish("t", "x", resent)));
        assert_eq!(world.one(again), pubrec(9), "{version}");
        world.send(again, pubrel(9));
        assert_eq!(world.one(again), pubcomp(9));
        assert_eq!(payloads(&world.messages(subscriber)), ["x"]);
    }
}

#[test]
fn a_clean_start_forgets_what_was_in_flight() {
    let mut world = World::new();
    let (peer, _) = unacknowledged(&mut world, Version::V5, QoS::ExactlyOnce);
    world.cut(peer);
    let mut clean = kept(Version::V5, "s", 60);
    clean.clean_start = true;
    let (again, connack) = world.accepted(clean);
    assert!(!connack.session_present);
    world.nothing(again);
}

#[test]
fn takeover_redelivers_on_the_new_connection() {
    let mut world = World::new();
    let (old, first) = unacknowledged(&mut world, Version::V5, QoS::AtLeastOnce);
    let (new, connack) = world.accepted(kept(Version::V5, "s", 60));
    assert!(connack.session_present);
    world.ended_with(old, 0x8E);
    let second = world.message(new);
    assert!(second.delivery.dup());
    assert_eq!(number(&second), number(&first));
}
