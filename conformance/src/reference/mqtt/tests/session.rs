//! Session State, Clean Start and Session Expiry Interval (5.0 sections 3.1.2.4, 3.1.2.11.2, 3.14.2.2.2
//! and 4.1), takeover (3.1.4).

use pushspec_wire::mqtt::{Disconnect, Packet, Properties, Property, QoS, ReasonCode, Version};

use super::world::{Peer, World, connect, disconnect, kept, payloads, secs};

fn present(world: &mut World, version: Version, seconds: u32) -> bool {
    let (peer, connack) = world.accepted(kept(version, "c", seconds));
    world.cut(peer);
    connack.session_present
}

fn disconnect_expiring(world: &mut World, peer: Peer, seconds: u32) {
    let properties = Properties::new().with(Property::SessionExpiryInterval(seconds));
    world.send(peer, Packet::Disconnect(Disconnect { reason: ReasonCode::SUCCESS, properties }));
}

#[test]
fn session_present_tells_whether_there_is_one() {
    for version in [Version::V311, Version::V5] {
        let mut world = World::new();
        assert!(!present(&mut world, version, 60), "{version}");
        assert!(present(&mut world, version, 60), "{version}");
    }
}

#[test]
fn clean_start_discards_the_session() {
    for version in [Version::V311, Version::V5] {
        let mut world = World::new();
        assert!(!present(&mut world, version, 60));
        let (peer, connack) = world.accepted(connect(version, "c"));
        assert!(!connack.session_present);
        world.cut(peer);
        assert!(!present(&mut world, version, 60), "{version}");
    }
}

#[test]
fn subscriptions_and_messages_wait_for_the_client() {
    for version in Version::ALL {
        let mut world = World::new();
        let (peer, _) = world.accepted(kept(version, "c", 60));
        world.subscribe(peer, "t", QoS::ExactlyOnce);
        world.send(peer, disconnect(0));
        let publisher = world.connected(version, "p");
        world.publish(publisher, "t", "one", QoS::AtLeastOnce);
        world.publish(publisher, "t", "two", QoS::ExactlyOnce);
        let (again, _) = world.accepted(kept(version, "c", 60));
        let messages = world.messages(again);
        assert_eq!(payloads(&messages), ["one", "two"], "{version}");
        assert!(messages.iter().all(|message| !message.delivery.dup()), "sent for the first time");
        world.publish(publisher, "t", "three", QoS::AtMostOnce);
        assert_eq!(payloads(&world.messages(again)), ["three"]);
    }
}

#[test]
fn qos0_is_not_stored_in_v31() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept(Version::V31, "c", 60));
    world.subscribe(peer, "t", QoS::ExactlyOnce);
    world.cut(peer);
    let publisher = world.connected(Version::V31, "p");
    world.publish(publisher, "t", "x", QoS::AtMostOnce);
    let (again, _) = world.accepted(kept(Version::V31, "c", 60));
    world.nothing(again);
}

#[test]
fn each_client_identifier_has_its_own_session() {
    let mut world = World::new();
    for name in ["a", "b"] {
        let (peer, connack) = world.accepted(kept(Version::V5, name, 60));
        assert!(!connack.session_present);
        world.subscribe(peer, name, QoS::AtLeastOnce);
        world.cut(peer);
    }
    let publisher = world.connected(Version::V5, "p");
    for name in ["a", "b"] {
        world.publish(publisher, name, name, QoS::AtLeastOnce);
    }
    for name in ["a", "b"] {
        let (peer, _) = world.accepted(kept(Version::V5, name, 60));
        assert_eq!(payloads(&world.messages(peer)), [name]);
    }
}

// ===== Session Expiry Interval =====

#[test]
fn without_an_interval_the_session_ends_with_its_connection() {
    let mut world = World::new();
    let mut packet = connect(Version::V5, "c");
    packet.clean_start = false;
    let (peer, _) = world.accepted(packet);
    world.cut(peer);
    assert!(!present(&mut world, Version::V5, 60));
}

#[test]
fn the_session_ends_when_the_interval_has_passed_and_not_before() {
    let mut world = World::new();
    assert!(!present(&mut world, Version::V5, 10));
    world.pass(secs(9));
    assert!(present(&mut world, Version::V5, 10));
    world.pass(secs(11));
    assert!(!present(&mut world, Version::V5, 10));
}

#[test]
fn the_interval_runs_from_the_end_of_the_connection() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept(Version::V5, "c", 10));
    world.pass(secs(60));
    world.cut(peer);
    world.pass(secs(9));
    assert!(present(&mut world, Version::V5, 10));
}

#[test]
fn the_greatest_interval_is_for_ever() {
    let mut world = World::new();
    assert!(!present(&mut world, Version::V5, u32::MAX));
    world.pass(secs(u64::from(u32::MAX) + 10));
    assert!(present(&mut world, Version::V5, u32::MAX));
}

#[test]
fn clean_session_0_of_v311_does_not_expire() {
    let mut world = World::new();
    assert!(!present(&mut world, Version::V311, 0));
    world.pass(secs(86_400));
    assert!(present(&mut world, Version::V311, 0));
}

#[test]
fn disconnect_may_change_the_interval() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept(Version::V5, "c", 60));
    disconnect_expiring(&mut world, peer, 0);
    let (peer, connack) = world.accepted(kept(Version::V5, "c", 10));
    assert!(!connack.session_present, "0 ends it at once");
    disconnect_expiring(&mut world, peer, 100);
    world.pass(secs(99));
    let (peer, connack) = world.accepted(kept(Version::V5, "c", 100));
    assert!(connack.session_present, "100 takes the place of 10");
    disconnect_expiring(&mut world, peer, 1);
    world.pass(secs(2));
    assert!(!present(&mut world, Version::V5, 10), "1 takes the place of 100");
}

#[test]
fn disconnect_may_not_raise_it_from_0() {
    let mut world = World::new();
    let peer = world.connected(Version::V5, "c");
    disconnect_expiring(&mut world, peer, 60);
    world.ended_with(peer, 0x82);
    assert!(!present(&mut world, Version::V5, 60));
}

#[test]
fn a_new_connection_sets_the_interval_anew() {
    let mut world = World::new();
    assert!(!present(&mut world, Version::V5, 60));
    assert!(present(&mut world, Version::V5, 0));
    assert!(!present(&mut world, Version::V5, 60));
}

// ===== Takeover =====

#[test]
fn a_second_connection_takes_over() {
    for version in Version::ALL {
        let mut world = World::new();
        let old = world.connected(version, "c");
        let new = world.connected(version, "c");
        world.ended_with(old, 0x8E);
        world.ping(new);
    }
}

#[test]
fn takeover_keeps_the_session_unless_the_start_is_clean() {
    let mut world = World::new();
    let (old, _) = world.accepted(kept(Version::V5, "c", 60));
    world.subscribe(old, "t", QoS::AtMostOnce);
    let (new, connack) = world.accepted(kept(Version::V5, "c", 60));
    assert!(connack.session_present);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "x", QoS::AtMostOnce);
    assert_eq!(payloads(&world.messages(new)), ["x"]);
    let (clean, connack) = world.accepted(connect(Version::V5, "c"));
    assert!(!connack.session_present);
    world.publish(publisher, "t", "y", QoS::AtMostOnce);
    world.nothing(clean);
}

#[test]
fn what_a_taken_over_connection_still_sends_is_ignored() {
    let mut world = World::new();
    let watcher = world.subscribed(Version::V311, "w", "#", QoS::AtMostOnce);
    let old = world.connected(Version::V311, "c");
    let new = world.connected(Version::V311, "c");
    world.publish(old, "t", "late", QoS::AtMostOnce);
    world.nothing(watcher);
    world.cut(old);
    world.ping(new);
}

#[test]
fn an_interval_that_was_pending_dies_with_the_return() {
    let mut world = World::new();
    assert!(!present(&mut world, Version::V5, 10));
    world.pass(secs(5));
    let (peer, _) = world.accepted(kept(Version::V5, "c", 10));
    world.pass(secs(100));
    world.ping(peer);
    world.cut(peer);
    assert!(present(&mut world, Version::V5, 10));
}
