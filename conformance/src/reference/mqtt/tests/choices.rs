//! The other ways to be right take effect.

use pushspec_wire::mqtt::{
    Connect, Delivery, Packet, Properties, Property, Publish, QoS, Subscribe, Subscription,
    SubscriptionOptions, Version,
};

use super::world::{
    World, connect, disconnect, id, kept, payloads, publish, pubrel, qos1, qos2, secs, will,
};
use crate::reference::mqtt::{Choice, Config};

const V5: Version = Version::V5;

fn world(choice: Choice) -> World {
    World::with(Config { choices: [choice].into(), ..Config::default() })
}

#[test]
fn errors_without_words() {
    let mut world = world(Choice::SaysNothingOnErrors);
    let peer = world.connected(V5, "c");
    world.send_raw(peer, &[0x00, 0x00]);
    world.nothing(peer);
    assert!(world.is_closed(peer));
    let peer = world.open(V5);
    // The reserved Connect Flag.
    world.send_raw(peer, &[0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 5, 3, 0, 0, 0, 0, 0]);
    world.nothing(peer);
    assert!(world.is_closed(peer));
}

#[test]
fn one_in_flight() {
    let mut world = world(Choice::OneInFlight);
    let subscriber = world.subscribed(V5, "s", "t", QoS::AtLeastOnce);
    let publisher = world.connected(V5, "p");
    for payload in ["1", "2"] {
        world.publish(publisher, "t", payload, QoS::AtLeastOnce);
    }
    let first = world.message(subscriber);
    world.acknowledge(subscriber, &first);
    assert_eq!(world.message(subscriber).payload.as_ref(), b"2");
}

#[test]
fn a_copy_for_each_subscription() {
    let mut world = world(Choice::CopyForEachSubscription);
    let subscriber = world.subscribed(V5, "s", "t", QoS::AtLeastOnce);
    world.subscribe(subscriber, "+", QoS::AtMostOnce);
    let publisher = world.connected(V5, "p");
    world.publish(publisher, "t", "x", QoS::AtLeastOnce);
    let mut levels: Vec<QoS> =
        world.messages(subscriber).iter().map(|message| message.delivery.qos()).collect();
    levels.sort_unstable();
    assert_eq!(levels, [QoS::AtMostOnce, QoS::AtLeastOnce]);
}

#[test]
fn retained_messages_of_qos_0_are_forgotten_and_take_the_earlier_with_them() {
    let mut world = world(Choice::ForgetsRetainedQos0);
    let publisher = world.connected(V5, "p");
    world.retain(publisher, "t", "kept", QoS::AtLeastOnce);
    let subscriber = world.subscribed(V5, "s", "t", QoS::AtMostOnce);
    assert_eq!(payloads(&world.messages(subscriber)), ["kept"]);
    world.retain(publisher, "t", "forgotten", QoS::AtMostOnce);
    let late = world.subscribed(V5, "l", "t", QoS::AtMostOnce);
    world.nothing(late);
}

#[test]
fn qos_2_is_published_at_pubrel() {
    let mut world = world(Choice::PublishesAtPubrel);
    let subscriber = world.subscribed(V5, "s", "t", QoS::AtMostOnce);
    let publisher = world.connected(V5, "p");
    world.send(publisher, Packet::Publish(publish("t", "x", qos2(1))));
    world.nothing(subscriber);
    world.send(publisher, pubrel(1));
    assert_eq!(payloads(&world.messages(subscriber)), ["x"]);
}

#[test]
fn qos_0_waits() {
    let mut world = world(Choice::KeepsQos0);
    let (peer, _) = world.accepted(kept(V5, "s", 60));
    world.subscribe(peer, "t", QoS::AtMostOnce);
    world.cut(peer);
    let publisher = world.connected(V5, "p");
    world.publish(publisher, "t", "x", QoS::AtMostOnce);
    let (again, _) = world.accepted(kept(V5, "s", 60));
    assert_eq!(payloads(&world.messages(again)), ["x"]);
}

#[test]
fn empty_client_ids_are_refused() {
    let mut world = world(Choice::RefusesEmptyClientIds);
    assert_eq!(world.answered(connect(V5, "")).1.reason.0, 0x85);
    assert_eq!(world.answered(connect(Version::V311, "")).1.reason.0, 2);
}

#[test]
fn dollar_is_refused() {
    let mut world = World::new();
    let publisher = world.connected(V5, "p");
    world.send(publisher, Packet::Publish(publish("$mine", "x", qos1(1))));
    let Packet::PubAck(puback) = world.one(publisher) else { panic!("no PUBACK") };
    assert_eq!(puback.reason.0, 0x87);
}

#[test]
fn what_is_retained_changes_a_moment_later() {
    let mut world = world(Choice::RetainsLate);
    let publisher = world.connected(V5, "p");
    world.retain(publisher, "t", "x", QoS::AtLeastOnce);
    let early = world.subscribed(V5, "e", "t", QoS::AtMostOnce);
    world.nothing(early);
    world.pass(secs(1));
    let late = world.subscribed(V5, "l", "t", QoS::AtMostOnce);
    assert_eq!(payloads(&world.messages(late)), ["x"]);
}

#[test]
fn retained_messages_come_before_suback() {
    let mut world = world(Choice::RetainedBeforeSuback);
    let publisher = world.connected(V5, "p");
    world.retain(publisher, "t", "x", QoS::AtLeastOnce);
    let subscriber = world.connected(V5, "s");
    world.send_raw(subscriber, &[0x82, 7, 0, 1, 0, 0, 1, b't', 0]);
    let packets = world.received(subscriber);
    assert!(matches!(packets[..], [Packet::Publish(_), Packet::SubAck(_)]), "{packets:?}");
}

#[test]
fn timers_are_late() {
    let mut world = world(Choice::LateTimers);
    let watcher = world.subscribed(V5, "w", "will", QoS::AtMostOnce);
    let silent = Connect { keep_alive: 2, ..kept(V5, "c", 60) };
    let (peer, _) = world.accepted(Connect { will: Some(will("will", "gone")), ..silent });
    world.pass(secs(3));
    assert!(!world.is_closed(peer));
    world.pass(secs(1));
    assert!(world.is_closed(peer));
    world.nothing(watcher);
    world.pass(secs(1));
    assert_eq!(payloads(&world.messages(watcher)), ["gone"]);
}

#[test]
fn no_session_is_kept() {
    let mut world = world(Choice::KeepsNoSessions);
    let (peer, connack) = world.accepted(kept(V5, "c", 60));
    assert_eq!(connack.properties.session_expiry_interval(), Some(0));
    world.send(peer, disconnect(0));
    assert!(!world.accepted(kept(V5, "c", 60)).1.session_present);
}

#[test]
fn what_is_not_available_is_told_and_kept() {
    for (choice, filter, code) in [
        (Choice::NoWildcards, "a/#", 0xA2),
        (Choice::NoSubscriptionIdentifiers, "a", 0xA1),
        (Choice::NoSharedSubscriptions, "$share/g/a", 0x9E),
    ] {
        let mut world = world(choice);
        let (peer, connack) = world.accepted(connect(V5, "c"));
        let told = &connack.properties;
        let told = [
            told.wildcard_subscription_available(),
            told.subscription_identifier_available(),
            told.shared_subscription_available(),
        ];
        assert_eq!(told.into_iter().flatten().collect::<Vec<_>>(), [0], "{choice:?}");
        let mut properties = Properties::new();
        if choice == Choice::NoSubscriptionIdentifiers {
            properties.push(Property::SubscriptionIdentifier(1));
        }
        let subscribe = Subscribe {
            packet_id: id(1),
            properties,
            subscriptions: vec![Subscription {
                filter: filter.into(),
                options: SubscriptionOptions::new(QoS::AtMostOnce),
            }],
        };
        world.send(peer, Packet::Subscribe(subscribe));
        world.ended_with(peer, code);
    }
}

#[test]
fn none_is_taken_unasked() {
    let mut world = World::new();
    let subscriber = world.subscribed(V5, "s", "t", QoS::AtLeastOnce);
    let publisher = world.connected(V5, "p");
    let retained = publish("t", "1", Delivery::AtMostOnce);
    world.send(publisher, Packet::Publish(Publish { retain: true, ..retained }));
    world.publish(publisher, "t", "2", QoS::AtLeastOnce);
    world.publish(publisher, "t", "3", QoS::AtLeastOnce);
    assert_eq!(payloads(&world.messages(subscriber)), ["1", "2", "3"]);
    let late = world.subscribed(V5, "l", "t", QoS::AtMostOnce);
    assert_eq!(payloads(&world.messages(late)), ["1"]);
}
