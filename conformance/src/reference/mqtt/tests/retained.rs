//! Retained messages (5.0 sections 3.3.1.3 and 3.8.3.1).

use pushspec_wire::mqtt::{Properties, QoS, RetainHandling, SubscriptionOptions, Version};

use super::world::{World, connect, payloads, will};

#[test]
fn a_new_subscription_gets_it_with_retain_1() {
    for version in Version::ALL {
        let mut world = World::new();
        let publisher = world.connected(version, "p");
        for qos in QoS::ALL {
            world.retain(publisher, &format!("t/{}", qos.bits()), "x", qos);
        }
        let peer = world.subscribed(version, "s", "t/+", QoS::AtLeastOnce);
        let messages = world.messages(peer);
        assert!(messages.iter().all(|message| message.retain), "{version}");
        let qos: Vec<u8> = messages.iter().map(|message| message.delivery.qos().bits()).collect();
        assert_eq!(qos, [0, 1, 1], "{version}");
    }
}

#[test]
fn a_live_one_comes_with_retain_0() {
    for version in Version::ALL {
        let mut world = World::new();
        let peer = world.subscribed(version, "s", "t", QoS::AtMostOnce);
        let publisher = world.connected(version, "p");
        world.retain(publisher, "t", "x", QoS::AtMostOnce);
        assert!(!world.message(peer).retain);
    }
}

#[test]
fn the_last_one_counts_and_only_retain_1_changes_it() {
    let mut world = World::new();
    let publisher = world.connected(Version::V311, "p");
    world.retain(publisher, "t", "old", QoS::AtLeastOnce);
    world.retain(publisher, "t", "new", QoS::AtMostOnce);
    world.publish(publisher, "t", "live", QoS::AtMostOnce);
    world.publish(publisher, "t", "", QoS::AtMostOnce);
    let peer = world.subscribed(Version::V311, "s", "t", QoS::AtLeastOnce);
    let message = world.message(peer);
    assert_eq!(message.payload.as_ref(), b"new");
    assert_eq!(message.delivery.qos(), QoS::AtMostOnce, "the QoS it was last published with");
}

#[test]
fn an_empty_one_is_delivered_removes_and_is_not_kept() {
    let mut world = World::new();
    let publisher = world.connected(Version::V311, "p");
    let live = world.subscribed(Version::V311, "live", "t", QoS::AtMostOnce);
    world.retain(publisher, "t", "x", QoS::AtMostOnce);
    world.retain(publisher, "t", "", QoS::AtMostOnce);
    assert_eq!(payloads(&world.messages(live)), ["x", ""]);
    let late = world.subscribed(Version::V311, "late", "t", QoS::AtMostOnce);
    world.nothing(late);
}

#[test]
fn it_outlives_its_publisher() {
    let mut world = World::new();
    let publisher = world.connected(Version::V5, "p");
    world.retain(publisher, "t", "x", QoS::AtMostOnce);
    world.cut(publisher);
    world.connected(Version::V5, "p");
    let peer = world.subscribed(Version::V5, "s", "t", QoS::AtMostOnce);
    assert_eq!(payloads(&world.messages(peer)), ["x"]);
}

#[test]
fn a_repeated_subscription_gets_it_again() {
    for version in Version::ALL {
        let mut world = World::new();
        let publisher = world.connected(version, "p");
        world.retain(publisher, "t", "x", QoS::AtMostOnce);
        let peer = world.subscribed(version, "s", "t", QoS::AtMostOnce);
        world.subscribe(peer, "t", QoS::AtMostOnce);
        assert_eq!(world.messages(peer).len(), 2, "{version}");
    }
}

#[test]
fn retain_handling_decides() {
    for (handling, first, second) in [
        (RetainHandling::Send, 1, 1),
        (RetainHandling::SendIfNew, 1, 0),
        (RetainHandling::DoNotSend, 0, 0),
    ] {
        let mut world = World::new();
        let publisher = world.connected(Version::V5, "p");
        world.retain(publisher, "t", "x", QoS::AtMostOnce);
        let peer = world.connected(Version::V5, "s");
        let options = SubscriptionOptions {
            retain_handling: handling,
            ..SubscriptionOptions::new(QoS::AtMostOnce)
        };
        for expected in [first, second] {
            world.subscribe_with(peer, "t", options, Properties::new());
            assert_eq!(world.messages(peer).len(), expected, "{handling:?}");
        }
        world.unsubscribe(peer, &["t"]);
        world.subscribe_with(peer, "t", options, Properties::new());
        assert_eq!(world.messages(peer).len(), first, "{handling:?} after UNSUBSCRIBE");
    }
}

#[test]
fn it_comes_with_retain_1_whatever_retain_as_published_says() {
    for retain_as_published in [false, true] {
        let mut world = World::new();
        let publisher = world.connected(Version::V5, "p");
        world.retain(publisher, "t", "x", QoS::AtMostOnce);
        let peer = world.connected(Version::V5, "s");
        let options = SubscriptionOptions {
            retain_as_published,
            ..SubscriptionOptions::new(QoS::AtMostOnce)
        };
        world.subscribe_with(peer, "t", options, Properties::new());
        assert!(world.message(peer).retain);
    }
}

#[test]
fn a_resumed_session_gets_none_without_subscribing() {
    let mut world = World::new();
    let (peer, _) = world.accepted(super::world::kept(Version::V5, "s", 60));
    world.subscribe(peer, "t", QoS::AtMostOnce);
    world.cut(peer);
    let publisher = world.connected(Version::V5, "p");
    world.retain(publisher, "t", "x", QoS::AtMostOnce);
    let (again, _) = world.accepted(super::world::kept(Version::V5, "s", 60));
    assert!(world.messages(again).iter().all(|message| !message.retain));
}

#[test]
fn a_will_can_remove_it() {
    let mut world = World::new();
    let publisher = world.connected(Version::V311, "p");
    world.retain(publisher, "t", "x", QoS::AtMostOnce);
    let mut packet = connect(Version::V311, "c");
    packet.will = Some(pushspec_wire::mqtt::Will { retain: true, ..will("t", "") });
    let (peer, _) = world.accepted(packet);
    world.cut(peer);
    let late = world.subscribed(Version::V311, "late", "t", QoS::AtMostOnce);
    world.nothing(late);
}
