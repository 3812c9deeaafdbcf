//! Properties that are forwarded, and those that answers may carry (5.0 sections 3.3.2.3 and 2.2.2).

use pushspec_wire::mqtt::{
    Delivery, Packet, Properties, Property, QoS, SubscriptionOptions, Version, lawless::Fields,
};

use super::world::{World, connect, kept, publish, pubrel};

#[test]
fn everything_about_a_message_is_forwarded_unaltered() {
    let user = [("b", "1"), ("a", "2"), ("b", "1"), ("", "\u{FEFF}")];
    let mut packet = publish("t", "{\"a\":1}", Delivery::AtMostOnce);
    packet.properties.push(Property::PayloadFormatIndicator(1));
    packet.properties.push(Property::ContentType("application/json"));
    packet.properties.push(Property::ResponseTopic("answers/1"));
    packet.properties.push(Property::CorrelationData(&[0, 0xFF, 0x80]));
    for (name, value) in user {
        packet.properties.push(Property::UserProperty(name, value));
    }
    for qos in QoS::ALL {
        let mut world = World::new();
        let peer = world.subscribed(Version::V5, "s", "t", qos);
        let publisher = world.connected(Version::V5, "p");
        world.publish_packet(publisher, packet.clone(), qos);
        let message = world.message(peer);
        assert_eq!(message.payload, packet.payload);
        let properties = message.properties;
        assert_eq!(properties.payload_format_indicator(), Some(1));
        assert_eq!(properties.content_type(), Some("application/json"));
        assert_eq!(properties.response_topic(), Some("answers/1"));
        assert_eq!(properties.correlation_data(), Some(&[0, 0xFF, 0x80][..]));
        assert_eq!(properties.user_properties().collect::<Vec<_>>(), user, "{qos:?}");
        assert_eq!(properties.iter().count(), 8, "{properties:?}");
    }
}

#[test]
fn they_are_kept_with_retained_and_waiting_messages() {
    let mut world = World::new();
    let (peer, _) = world.accepted(kept(Version::V5, "s", 60));
    world.subscribe(peer, "t", QoS::AtLeastOnce);
    world.cut(peer);
    let publisher = world.connected(Version::V5, "p");
    let mut packet = publish("t", "x", Delivery::AtMostOnce);
    packet.retain = true;
    packet.properties.push(Property::UserProperty("a", "1"));
    world.publish_packet(publisher, packet, QoS::AtLeastOnce);
    let (again, _) = world.accepted(kept(Version::V5, "s", 60));
    let late = world.subscribed(Version::V5, "late", "t", QoS::AtMostOnce);
    for peer in [again, late] {
        let message = world.message(peer);
        assert_eq!(message.properties.user_properties().collect::<Vec<_>>(), [("a", "1")]);
    }
}

#[test]
fn a_subscriber_of_3_gets_the_message_without_them() {
    let mut world = World::new();
    let peer = world.subscribed(Version::V311, "s", "t", QoS::AtMostOnce);
    let publisher = world.connected(Version::V5, "p");
    let mut packet = publish("t", "x", Delivery::AtMostOnce);
    packet.properties.push(Property::ContentType("text/plain"));
    world.publish_packet(publisher, packet, QoS::AtMostOnce);
    assert!(world.message(peer).properties.is_empty());
}

#[test]
fn the_order_of_different_properties_does_not_matter() {
    let mut world = World::new();
    let peer = world.open(Version::V5);
    let properties = Fields::new()
        // Topic Alias Maximum, Receive Maximum, Session Expiry Interval: descending.
        .byte(0x22)
        .two_bytes(5)
        .byte(0x21)
        .two_bytes(5)
        .byte(0x11)
        .four_bytes(5);
    let bytes = Fields::new()
        .string(b"MQTT")
        .byte(5)
        .byte(2)
        .two_bytes(0)
        .properties(&properties)
        .string(b"c")
        .packet(0x10);
    world.send_raw(peer, &bytes);
    assert!(matches!(world.one(peer), Packet::ConnAck(connack) if connack.reason.0 == 0));
}

#[test]
fn without_request_problem_information_only_connack_disconnect_and_publish_explain() {
    let mut world = World::new();
    let mut packet = connect(Version::V5, "c");
    packet.properties.push(Property::RequestProblemInformation(0));
    let (peer, _) = world.accepted(packet);
    // Answers with reasons to explain: no such Packet Identifier, no subscription, a bad filter.
    world.send(peer, pubrel(99));
    match world.one(peer) {
        Packet::PubComp(packet) => assert!(packet.properties.is_empty(), "{packet:?}"),
        other => panic!("expected PUBCOMP, found {other:?}"),
    }
    assert!(world.unsubscribe(peer, &["none"]).properties.is_empty());
    let options = SubscriptionOptions::new(QoS::AtMostOnce);
    let suback = world.subscribe_all(peer, &[("t", options)], Properties::new());
    assert!(suback.properties.is_empty());
}
