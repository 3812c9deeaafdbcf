//! Topic Names and Topic Filters (5.0 section 4.7).

use pushspec_wire::mqtt::{Packet, QoS, SubscriptionOptions, Version};

use super::world::{World, publish, qos1};

/// Whether a subscriber to the filter is sent a message on the topic.
fn delivers(filter: &str, topic: &str) -> bool {
    let mut world = World::new();
    let subscriber = world.subscribed(Version::V5, "s", filter, QoS::AtMostOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, topic, "x", QoS::AtMostOnce);
    !world.messages(subscriber).is_empty()
}

#[test]
fn filters_match_as_the_spec_has_it() {
    for (filter, topic) in [
        ("sport/tennis/player1/#", "sport/tennis/player1"),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"),
        ("sport/#", "sport"),
        ("#", "a/b/c"),
        ("sport/tennis/+", "sport/tennis/player1"),
        ("sport/+", "sport/"),
        ("+/+", "/finance"),
        ("/+", "/finance"),
        ("+/tennis/#", "sport/tennis/x"),
        ("a//b", "a//b"),
        ("a/+/b", "a//b"),
        ("/", "/"),
        ("a b", "a b"),
    ] {
        assert!(delivers(filter, topic), "{filter} should match {topic}");
    }
    for (filter, topic) in [
        ("sport/tennis/+", "sport/tennis/player1/ranking"),
        ("sport/+", "sport"),
        ("+", "/finance"),
        ("ACCOUNTS", "Accounts"),
        ("a/b", "a//b"),
        ("a", "a/"),
        ("a", "/a"),
        ("#", "$other/x"),
        ("+/x", "$other/x"),
    ] {
        assert!(!delivers(filter, topic), "{filter} should not match {topic}");
    }
}

#[test]
fn sys_has_topics_that_leading_wildcards_do_not_see() {
    let mut world = World::new();
    let all = world.subscribed(Version::V5, "all", "#", QoS::AtMostOnce);
    world.nothing(all);
    let plus = world.subscribed(Version::V5, "plus", "+/broker/version", QoS::AtMostOnce);
    world.nothing(plus);
    let sys = world.subscribed(Version::V5, "sys", "$SYS/#", QoS::AtMostOnce);
    let messages = world.messages(sys);
    let version = messages.iter().find(|message| message.topic == "$SYS/broker/version");
    let version = version.unwrap_or_else(|| panic!("{messages:?}"));
    assert!(version.retain && !version.payload.is_empty());
}

#[test]
fn clients_cannot_publish_to_sys() {
    for version in Version::ALL {
        let mut world = World::new();
        let sys = world.subscribed(version, "sys", "$SYS/broker/version", QoS::AtMostOnce);
        world.messages(sys);
        let peer = world.connected(version, "p");
        world.send(peer, Packet::Publish(publish("$SYS/broker/version", "mine", qos1(1))));
        if let Some(Packet::PubAck(packet)) = world.received(peer).first() {
            let refused = version == Version::V5;
            assert_eq!(packet.reason.0 >= 0x80, refused, "{packet:?}");
        }
        world.nothing(sys);
        let late = world.subscribed(version, "late", "$SYS/broker/version", QoS::AtMostOnce);
        assert_ne!(world.message(late).payload.as_ref(), b"mine");
    }
}

#[test]
fn a_byte_order_mark_in_a_topic_is_kept() {
    let topic = "\u{FEFF}a";
    let mut world = World::new();
    let subscriber = world.subscribed(Version::V5, "s", "#", QoS::AtMostOnce);
    let stripped = world.subscribed(Version::V5, "t", "a", QoS::AtMostOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, topic, "x", QoS::AtMostOnce);
    assert_eq!(world.message(subscriber).topic, topic);
    world.nothing(stripped);
}

#[test]
fn two_filters_of_one_subscribe_are_told_apart() {
    let mut world = World::new();
    let peer = world.connected(Version::V311, "c");
    let options = SubscriptionOptions::new;
    let filters = [("a", options(QoS::AtMostOnce)), ("b", options(QoS::ExactlyOnce))];
    let suback = world.subscribe_all(peer, &filters, pushspec_wire::mqtt::Properties::new());
    assert_eq!(suback.reasons.iter().map(|code| code.0).collect::<Vec<_>>(), [0, 2]);
}
