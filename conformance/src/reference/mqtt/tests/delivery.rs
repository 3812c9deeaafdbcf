//! Quality of Service levels and protocol flows, order (5.0 sections 4.3 and 4.6).

use pushspec_wire::mqtt::{Delivery, Packet, Publish, QoS, ReasonCode, Version};

use super::world::{World, payloads, puback, pubcomp, publish, pubrec, pubrel, qos1, qos2};

#[test]
fn every_qos_reaches_every_version() {
    for (number, from) in Version::ALL.into_iter().enumerate() {
        for to in Version::ALL {
            for qos in QoS::ALL {
                let mut world = World::new();
                let subscriber = world.subscribed(to, "subscriber", "t", QoS::ExactlyOnce);
                let publisher = world.connected(from, &format!("publisher{number}"));
                world.publish(publisher, "t", "hello", qos);
                let message = world.message(subscriber);
                assert_eq!(
                    (message.topic.as_ref(), message.payload.as_ref()),
                    ("t", &b"hello"[..])
                );
                assert_eq!(message.delivery.qos(), qos, "{from} to {to}");
                assert!(!message.retain && !message.delivery.dup());
                world.acknowledge(subscriber, &message);
                world.nothing(subscriber);
            }
        }
    }
}

#[test]
fn the_lower_of_published_and_granted_qos_counts() {
    for published in QoS::ALL {
        for granted in QoS::ALL {
            let mut world = World::new();
            let subscriber = world.subscribed(Version::V5, "s", "t", granted);
            let publisher = world.connected(Version::V5, "p");
            world.publish(publisher, "t", "x", published);
            assert_eq!(world.message(subscriber).delivery.qos(), published.min(granted));
        }
    }
}

#[test]
fn qos1_is_acknowledged_with_its_identifier() {
    let mut world = World::new();
    let publisher = world.connected(Version::V311, "p");
    world.send(publisher, Packet::Publish(publish("t", "x", qos1(7))));
    assert_eq!(world.one(publisher), puback(7));
}

#[test]
fn qos1_identifier_is_free_after_puback() {
    let mut world = World::new();
    let subscriber = world.subscribed(Version::V311, "s", "t", QoS::AtLeastOnce);
    let publisher = world.connected(Version::V311, "p");
    for payload in ["one", "two"] {
        world.send(publisher, Packet::Publish(publish("t", payload, qos1(7))));
        assert_eq!(world.one(publisher), puback(7));
    }
    assert_eq!(payloads(&world.messages(subscriber)), ["one", "two"]);
}

#[test]
fn qos2_is_delivered_once_until_its_identifier_is_released() {
    let mut world = World::new();
    let subscriber = world.subscribed(Version::V311, "s", "t", QoS::ExactlyOnce);
    let publisher = world.connected(Version::V311, "p");
    world.send(publisher, Packet::Publish(publish("t", "one", qos2(7))));
    assert_eq!(world.one(publisher), pubrec(7));
    let again = Delivery::ExactlyOnce { id: super::world::id(7), dup: true };
    world.send(publisher, Packet::Publish(publish("t", "one", again)));
    assert_eq!(world.one(publisher), pubrec(7));
    world.send(publisher, pubrel(7));
    assert_eq!(world.one(publisher), pubcomp(7));
    assert_eq!(payloads(&world.messages(subscriber)), ["one"]);

    world.send(publisher, Packet::Publish(publish("t", "two", qos2(7))));
    assert_eq!(world.one(publisher), pubrec(7));
    assert_eq!(payloads(&world.messages(subscriber)), ["two"]);
}

#[test]
fn pubrel_again_is_answered_again() {
    let mut world = World::new();
    let publisher = world.connected(Version::V311, "p");
    world.publish(publisher, "t", "x", QoS::ExactlyOnce);
    world.send(publisher, pubrel(1001));
    assert_eq!(world.one(publisher), pubcomp(1001));
}

#[test]
fn pubrel_for_nothing_is_told_in_v5() {
    let mut world = World::new();
    let publisher = world.connected(Version::V5, "p");
    world.send(publisher, pubrel(999));
    match world.one(publisher) {
        Packet::PubComp(packet) => {
            assert_eq!((packet.packet_id.get(), packet.reason.0), (999, 0x92));
        }
        other => panic!("expected PUBCOMP, found {other:?}"),
    }
}

#[test]
fn pubrec_for_nothing_is_told_in_v5() {
    let mut world = World::new();
    let subscriber = world.connected(Version::V5, "s");
    world.send(subscriber, pubrec(999));
    match world.one(subscriber) {
        Packet::PubRel(packet) => {
            assert_eq!((packet.packet_id.get(), packet.reason.0), (999, 0x92));
        }
        other => panic!("expected PUBREL, found {other:?}"),
    }
}

#[test]
fn acknowledgements_for_nothing_disturb_nobody() {
    let mut world = World::new();
    let subscriber = world.connected(Version::V5, "s");
    world.send(subscriber, puback(999));
    world.send(subscriber, pubcomp(999));
    world.ping(subscriber);
}

#[test]
fn pubrec_with_an_error_ends_the_exchange() {
    let mut world = World::new();
    let subscriber = world.subscribed(Version::V5, "s", "t", QoS::ExactlyOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "x", QoS::ExactlyOnce);
    let message = world.message(subscriber);
    let refused = match pubrec(message.delivery.packet_id().unwrap().get()) {
        Packet::PubRec(packet) => {
            pushspec_wire::mqtt::PubRec { reason: ReasonCode::QUOTA_EXCEEDED, ..packet }
        }
        other => panic!("{other:?}"),
    };
    world.send(subscriber, Packet::PubRec(refused));
    world.nothing(subscriber);
    world.ping(subscriber);
}

#[test]
fn pubrec_is_answered_by_pubrel_and_each_identifier_stands_for_one_message() {
    let mut world = World::new();
    let subscriber = world.subscribed(Version::V311, "s", "t", QoS::ExactlyOnce);
    let publisher = world.connected(Version::V311, "p");
    for payload in ["a", "b", "c"] {
        world.publish(publisher, "t", payload, QoS::ExactlyOnce);
    }
    let messages = world.messages(subscriber);
    let ids: std::collections::BTreeSet<_> =
        messages.iter().map(|message| message.delivery.packet_id().unwrap().get()).collect();
    assert_eq!(ids.len(), 3);
    for &id in &ids {
        world.send(subscriber, pubrec(id));
        assert_eq!(world.one(subscriber), pubrel(id));
    }
    // Not complete yet: their identifiers are still taken.
    world.publish(publisher, "t", "d", QoS::ExactlyOnce);
    let fourth = world.message(subscriber).delivery.packet_id().unwrap().get();
    assert!(!ids.contains(&fourth));
}

#[test]
fn order_is_kept_per_topic_and_qos() {
    for qos in QoS::ALL {
        let mut world = World::new();
        let subscriber = world.subscribed(Version::V311, "s", "#", QoS::ExactlyOnce);
        let publisher = world.connected(Version::V311, "p");
        let sent: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        for payload in &sent {
            world.publish(publisher, "t", payload, qos);
        }
        assert_eq!(payloads(&world.messages(subscriber)), sent, "{qos:?}");
    }
}

#[test]
fn pubrel_goes_out_in_the_order_of_pubrec() {
    let mut world = World::new();
    let subscriber = world.subscribed(Version::V311, "s", "t", QoS::ExactlyOnce);
    let publisher = world.connected(Version::V311, "p");
    for payload in ["a", "b"] {
        world.publish(publisher, "t", payload, QoS::ExactlyOnce);
    }
    let ids: Vec<u16> = world
        .messages(subscriber)
        .iter()
        .map(|message| message.delivery.packet_id().unwrap().get())
        .collect();
    for &id in ids.iter().rev() {
        world.send(subscriber, pubrec(id));
    }
    assert_eq!(world.received(subscriber), [pubrel(ids[1]), pubrel(ids[0])]);
}

#[test]
fn dup_is_not_passed_on() {
    let mut world = World::new();
    let subscriber = world.subscribed(Version::V311, "s", "t", QoS::AtLeastOnce);
    let publisher = world.connected(Version::V311, "p");
    let again = Delivery::AtLeastOnce { id: super::world::id(5), dup: true };
    world.send(publisher, Packet::Publish(publish("t", "x", again)));
    assert!(!world.message(subscriber).delivery.dup());
}

#[test]
fn puback_tells_when_nobody_subscribes_in_v5_only_with_a_listed_code() {
    let mut world = World::new();
    let publisher = world.connected(Version::V5, "p");
    world.send(publisher, Packet::Publish(publish("nobody", "x", qos1(1))));
    match world.one(publisher) {
        Packet::PubAck(packet) => assert!([0x00, 0x10].contains(&packet.reason.0), "{packet:?}"),
        other => panic!("expected PUBACK, found {other:?}"),
    }
}

#[test]
fn an_identifier_in_each_direction_is_its_own() {
    let mut world = World::new();
    let peer = world.subscribed(Version::V311, "s", "t", QoS::AtLeastOnce);
    world.send(peer, Packet::Publish(publish("t", "one", qos1(1))));
    let packets = world.received(peer);
    assert_eq!(packets.len(), 2, "{packets:?}");
    assert!(packets.contains(&puback(1)));
    assert!(packets.iter().any(|packet| matches!(packet, Packet::Publish(Publish { .. }))));
}
