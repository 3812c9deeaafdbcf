//! SUBSCRIBE and UNSUBSCRIBE, Subscription Options and Subscription Identifiers (5.0 sections 3.8 and
//! 3.10, 3.3.4).

use pushspec_wire::mqtt::{
    Properties, Property, Publish, QoS, ReasonCode, SubscriptionOptions, Version,
};

use super::world::{World, kept, payloads};

const PLAIN: SubscriptionOptions = SubscriptionOptions::new(QoS::AtMostOnce);

fn identified(id: u32) -> Properties<'static> {
    Properties::new().with(Property::SubscriptionIdentifier(id))
}

fn identifiers(message: &Publish<'_>) -> Vec<u32> {
    let mut found: Vec<u32> = message.properties.subscription_identifiers().collect();
    found.sort_unstable();
    found
}

#[test]
fn every_filter_gets_its_code_in_order() {
    for version in Version::ALL {
        let mut world = World::new();
        let peer = world.connected(version, "c");
        let filters = [("c", QoS::ExactlyOnce), ("a", QoS::AtMostOnce), ("b", QoS::AtLeastOnce)]
            .map(|(filter, qos)| (filter, SubscriptionOptions::new(qos)));
        let suback = world.subscribe_all(peer, &filters, Properties::new());
        assert_eq!(suback.reasons, [2, 0, 1].map(ReasonCode), "{version}");
    }
}

#[test]
fn a_second_subscription_to_a_filter_replaces_the_first() {
    let mut world = World::new();
    let peer = world.subscribed(Version::V311, "c", "t", QoS::ExactlyOnce);
    world.subscribe(peer, "t", QoS::AtMostOnce);
    let publisher = world.connected(Version::V311, "p");
    world.publish(publisher, "t", "x", QoS::ExactlyOnce);
    assert_eq!(world.message(peer).delivery.qos(), QoS::AtMostOnce);
    world.unsubscribe(peer, &["t"]);
    world.publish(publisher, "t", "x", QoS::AtMostOnce);
    world.nothing(peer);
}

#[test]
fn overlapping_subscriptions_get_the_highest_qos() {
    for version in Version::ALL {
        let mut world = World::new();
        let peer = world.subscribed(version, "c", "t/#", QoS::AtMostOnce);
        world.subscribe(peer, "t/a", QoS::ExactlyOnce);
        world.subscribe(peer, "t/+", QoS::AtLeastOnce);
        let publisher = world.connected(version, "p");
        world.publish(publisher, "t/a", "x", QoS::ExactlyOnce);
        assert_eq!(world.message(peer).delivery.qos(), QoS::ExactlyOnce, "{version}");
    }
}

// ===== UNSUBSCRIBE =====

#[test]
fn unsubscribe_takes_the_very_filter() {
    for version in Version::ALL {
        let mut world = World::new();
        let peer = world.subscribed(version, "c", "a/+", QoS::AtMostOnce);
        world.subscribe(peer, "a/b", QoS::AtMostOnce);
        world.unsubscribe(peer, &["a/#", "a/+"]);
        let publisher = world.connected(version, "p");
        world.publish(publisher, "a/b", "x", QoS::AtMostOnce);
        assert_eq!(world.messages(peer).len(), 1, "{version}");
        world.publish(publisher, "a/c", "x", QoS::AtMostOnce);
        world.nothing(peer);
    }
}

#[test]
fn unsuback_tells_in_v5_which_subscriptions_there_were() {
    let mut world = World::new();
    let peer = world.subscribed(Version::V5, "c", "a", QoS::AtMostOnce);
    let unsuback = world.unsubscribe(peer, &["b", "a", "a"]);
    assert_eq!(unsuback.reasons, [0x11, 0x00, 0x11].map(ReasonCode));
}

#[test]
fn unsuback_comes_in_3_even_if_there_was_none() {
    for version in [Version::V31, Version::V311] {
        let mut world = World::new();
        let peer = world.connected(version, "c");
        assert!(world.unsubscribe(peer, &["none"]).reasons.is_empty());
    }
}

#[test]
fn what_is_in_flight_is_completed_after_unsubscribe() {
    let mut world = World::new();
    let peer = world.subscribed(Version::V311, "c", "t", QoS::ExactlyOnce);
    let publisher = world.connected(Version::V311, "p");
    world.publish(publisher, "t", "x", QoS::ExactlyOnce);
    let message = world.message(peer);
    world.unsubscribe(peer, &["t"]);
    world.acknowledge(peer, &message);
    world.nothing(peer);
}

// ===== Subscription Options =====

#[test]
fn no_local_keeps_ones_own_messages_away() {
    let mut world = World::new();
    let peer = world.connected(Version::V5, "c");
    let options = SubscriptionOptions { no_local: true, ..PLAIN };
    world.subscribe_with(peer, "t", options, Properties::new());
    world.publish(peer, "t", "own", QoS::AtMostOnce);
    world.nothing(peer);
    let other = world.connected(Version::V5, "other");
    world.publish(other, "t", "other", QoS::AtMostOnce);
    assert_eq!(payloads(&world.messages(peer)), ["other"]);
    world.subscribe_with(peer, "t", PLAIN, Properties::new());
    world.publish(peer, "t", "own", QoS::AtMostOnce);
    assert_eq!(payloads(&world.messages(peer)), ["own"]);
}

#[test]
fn no_local_of_one_subscription_does_not_mute_another() {
    let mut world = World::new();
    let peer = world.connected(Version::V5, "c");
    let options = SubscriptionOptions { no_local: true, ..PLAIN };
    world.subscribe_with(peer, "t/#", options, identified(1));
    world.subscribe_with(peer, "t/a", PLAIN, identified(2));
    world.publish(peer, "t/a", "own", QoS::AtMostOnce);
    assert_eq!(identifiers(&world.message(peer)), [2]);
}

#[test]
fn retain_as_published_keeps_the_flag() {
    let mut world = World::new();
    let options = SubscriptionOptions { retain_as_published: true, ..PLAIN };
    let peer = world.connected(Version::V5, "c");
    world.subscribe_with(peer, "t", options, Properties::new());
    let publisher = world.connected(Version::V5, "p");
    world.retain(publisher, "t", "x", QoS::AtMostOnce);
    assert!(world.message(peer).retain);
    world.publish(publisher, "t", "x", QoS::AtMostOnce);
    assert!(!world.message(peer).retain);
}

// ===== Subscription Identifiers =====

#[test]
fn the_identifier_comes_with_the_message() {
    let mut world = World::new();
    let peer = world.connected(Version::V5, "c");
    let publisher = world.connected(Version::V5, "p");
    for (properties, expected) in [
        (identified(5), vec![5]),
        (Properties::new(), vec![]),
        (identified(268_435_455), vec![268_435_455]),
    ] {
        world.subscribe_with(peer, "t", PLAIN, properties);
        world.publish(publisher, "t", "x", QoS::AtMostOnce);
        assert_eq!(identifiers(&world.message(peer)), expected);
    }
}

#[test]
fn the_identifier_comes_with_a_retained_message() {
    let mut world = World::new();
    let publisher = world.connected(Version::V5, "p");
    world.retain(publisher, "t", "x", QoS::AtMostOnce);
    let peer = world.connected(Version::V5, "c");
    world.subscribe_with(peer, "t", PLAIN, identified(9));
    assert_eq!(identifiers(&world.message(peer)), [9]);
}

#[test]
fn one_copy_carries_the_identifiers_of_all_matches() {
    let mut world = World::new();
    let peer = world.connected(Version::V5, "c");
    world.subscribe_with(peer, "t/#", PLAIN, identified(1));
    world.subscribe_with(peer, "t/+", PLAIN, identified(2));
    world.subscribe_with(peer, "t/a", PLAIN, Properties::new());
    world.subscribe_with(peer, "other", PLAIN, identified(3));
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t/a", "x", QoS::AtMostOnce);
    assert_eq!(identifiers(&world.message(peer)), [1, 2]);
}

#[test]
fn equal_identifiers_come_once_per_match() {
    let mut world = World::new();
    let peer = world.connected(Version::V5, "c");
    world.subscribe_with(peer, "t/#", PLAIN, identified(7));
    world.subscribe_with(peer, "t/a", PLAIN, identified(7));
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t/a", "x", QoS::AtMostOnce);
    assert_eq!(identifiers(&world.message(peer)), [7, 7]);
}

#[test]
fn identifiers_are_part_of_the_session() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept(Version::V5, "c", 60));
    let options = SubscriptionOptions::new(QoS::AtLeastOnce);
    world.subscribe_with(peer, "t", options, identified(4));
    world.cut(peer);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "x", QoS::AtLeastOnce);
    let (again, _) = world.accepted(kept(Version::V5, "c", 60));
    assert_eq!(identifiers(&world.message(again)), [4]);
}
