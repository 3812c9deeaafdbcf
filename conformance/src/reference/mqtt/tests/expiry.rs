//! Message Expiry Interval (5.0 section 3.3.2.3.3).

use pushspec_wire::mqtt::{Delivery, Property, Publish, QoS, Version};

use super::world::{World, kept, publish, secs};

fn expiring(topic: &str, payload: &str, seconds: u32) -> Publish<'static> {
    let mut packet = publish(topic, payload, Delivery::AtMostOnce);
    packet.properties.push(Property::MessageExpiryInterval(seconds));
    packet
}

#[test]
fn a_message_that_waits_is_told_how_long_it_has_left() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept(Version::V5, "s", 600));
    world.subscribe(peer, "t", QoS::AtLeastOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish_packet(publisher, expiring("t", "live", 100), QoS::AtLeastOnce);
    assert_eq!(world.message(peer).properties.message_expiry_interval(), Some(100));
    world.cut(peer);
    world.publish_packet(publisher, expiring("t", "waits", 100), QoS::AtLeastOnce);
    world.pass(secs(30));
    let (again, _) = world.accepted(kept(Version::V5, "s", 600));
    let messages = world.messages(again);
    let waited = messages.iter().find(|message| message.payload.as_ref() == b"waits").unwrap();
    assert_eq!(waited.properties.message_expiry_interval(), Some(70));
}

#[test]
fn a_message_that_waits_too_long_is_discarded() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept(Version::V5, "s", 600));
    world.subscribe(peer, "t", QoS::AtLeastOnce);
    world.cut(peer);
    let publisher = world.connected(Version::V5, "p");
    world.publish_packet(publisher, expiring("t", "short", 10), QoS::AtLeastOnce);
    world.publish_packet(publisher, expiring("t", "long", 100), QoS::AtLeastOnce);
    world.publish(publisher, "t", "for ever", QoS::AtLeastOnce);
    world.pass(secs(11));
    let (again, _) = world.accepted(kept(Version::V5, "s", 600));
    let left = super::world::payloads(&world.messages(again));
    assert_eq!(left, ["long", "for ever"]);
}

#[test]
fn a_retained_message_counts_down_and_expires() {
    let mut world = World::new();
    let publisher = world.connected(Version::V5, "p");
    let packet = Publish { retain: true, ..expiring("t", "x", 10) };
    world.publish_packet(publisher, packet, QoS::AtLeastOnce);
    world.pass(secs(4));
    let peer = world.subscribed(Version::V5, "early", "t", QoS::AtMostOnce);
    assert_eq!(world.message(peer).properties.message_expiry_interval(), Some(6));
    world.pass(secs(7));
    let peer = world.subscribed(Version::V5, "late", "t", QoS::AtMostOnce);
    world.nothing(peer);
}

#[test]
fn a_subscriber_of_3_gets_what_has_not_expired() {
    let mut world = World::new();
    let publisher = world.connected(Version::V5, "p");
    let packet = Publish { retain: true, ..expiring("t", "x", 10) };
    world.publish_packet(publisher, packet, QoS::AtLeastOnce);
    let peer = world.subscribed(Version::V311, "early", "t", QoS::AtMostOnce);
    world.message(peer);
    world.pass(secs(11));
    let peer = world.subscribed(Version::V311, "late", "t", QoS::AtMostOnce);
    world.nothing(peer);
}

#[test]
fn what_is_in_flight_is_completed_after_it_expired() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept(Version::V5, "s", 600));
    world.subscribe(peer, "t", QoS::ExactlyOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish_packet(publisher, expiring("t", "x", 10), QoS::ExactlyOnce);
    let message = world.message(peer);
    world.pass(secs(60));
    world.acknowledge(peer, &message);
    world.ping(peer);
}
