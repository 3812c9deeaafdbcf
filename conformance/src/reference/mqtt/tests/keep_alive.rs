//! Keep Alive (5.0 section 3.1.2.10).

use pushspec_wire::mqtt::{Connect, QoS, Version};

use super::world::{World, connect, secs};

fn kept_alive(version: Version, keep_alive: u16) -> Connect<'static> {
    Connect { keep_alive, ..connect(version, "c") }
}

#[test]
fn silence_for_one_and_a_half_times_keep_alive_ends_the_connection() {
    for version in Version::ALL {
        let mut world = World::new();
        let (peer, _) = world.accepted(kept_alive(version, 10));
        world.pass(secs(14));
        assert!(!world.is_closed(peer), "{version}");
        world.pass(secs(2));
        world.ended_with(peer, 0x8D);
    }
}

#[test]
fn any_packet_counts() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept_alive(Version::V5, 10));
    for _ in 0..10 {
        world.pass(secs(10));
        world.ping(peer);
        world.pass(secs(10));
        world.publish(peer, "t", "x", QoS::AtMostOnce);
    }
    world.pass(secs(16));
    world.ended_with(peer, 0x8D);
}

#[test]
fn half_a_packet_does_not_count() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept_alive(Version::V5, 10));
    world.pass(secs(10));
    world.send_raw(peer, &[0x30]);
    world.pass(secs(6));
    world.ended_with(peer, 0x8D);
}

#[test]
fn what_the_server_sends_does_not_count() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept_alive(Version::V5, 10));
    world.subscribe(peer, "t", QoS::AtMostOnce);
    let publisher = world.connected(Version::V5, "p");
    for _ in 0..3 {
        world.pass(secs(4));
        world.publish(publisher, "t", "x", QoS::AtMostOnce);
        world.message(peer);
    }
    world.pass(secs(4));
    world.ended_with(peer, 0x8D);
}

#[test]
fn keep_alive_0_is_for_ever() {
    for version in Version::ALL {
        let mut world = World::new();
        let (peer, _) = world.accepted(kept_alive(version, 0));
        world.pass(secs(1_000_000));
        world.ping(peer);
    }
}
