//! Shared Subscriptions (5.0 section 4.8.2).

use pushspec_wire::mqtt::{
    Packet, Properties, PubAck, QoS, ReasonCode, SubscriptionOptions, Version,
};

use super::world::{Peer, World, kept, payloads};

fn group(world: &mut World, names: &[&str], qos: QoS) -> Vec<Peer> {
    names.iter().map(|name| world.subscribed(Version::V5, name, "$share/g/t", qos)).collect()
}

#[test]
fn each_message_goes_to_one_member_and_all_take_part() {
    for qos in QoS::ALL {
        let mut world = World::new();
        let members = group(&mut world, &["a", "b", "c"], qos);
        let publisher = world.connected(Version::V5, "p");
        let sent: Vec<String> = (10..40).map(|number| number.to_string()).collect();
        for payload in &sent {
            world.publish(publisher, "t", payload, qos);
        }
        let mut got = Vec::new();
        for &member in &members {
            let part = payloads(&world.messages(member));
            assert!(!part.is_empty(), "a member gets nothing");
            got.extend(part);
        }
        got.sort_unstable();
        assert_eq!(got, sent);
    }
}

#[test]
fn every_group_and_every_plain_subscription_gets_its_own() {
    let mut world = World::new();
    let one = world.subscribed(Version::V5, "a", "$share/one/t", QoS::AtMostOnce);
    let two = world.subscribed(Version::V5, "b", "$share/two/t", QoS::AtMostOnce);
    let plain = world.subscribed(Version::V5, "c", "t", QoS::AtMostOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "x", QoS::AtMostOnce);
    for peer in [one, two, plain] {
        assert_eq!(world.messages(peer).len(), 1);
    }
}

#[test]
fn a_client_may_be_in_the_group_and_subscribe_plainly() {
    let mut world = World::new();
    let peer = world.subscribed(Version::V5, "a", "$share/g/t", QoS::AtMostOnce);
    world.subscribe(peer, "t", QoS::AtMostOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "x", QoS::AtMostOnce);
    assert_eq!(world.messages(peer).len(), 2);
}

#[test]
fn joining_twice_is_one_membership() {
    let mut world = World::new();
    let members = group(&mut world, &["a", "b"], QoS::AtMostOnce);
    world.subscribe(members[0], "$share/g/t", QoS::AtMostOnce);
    let unsuback = world.unsubscribe(members[0], &["$share/g/t"]);
    assert_eq!(unsuback.reasons, [ReasonCode::SUCCESS]);
    let publisher = world.connected(Version::V5, "p");
    for _ in 0..4 {
        world.publish(publisher, "t", "x", QoS::AtMostOnce);
    }
    world.nothing(members[0]);
    assert_eq!(world.messages(members[1]).len(), 4);
}

#[test]
fn no_retained_messages_come() {
    let mut world = World::new();
    let publisher = world.connected(Version::V5, "p");
    world.retain(publisher, "t", "x", QoS::AtMostOnce);
    for member in group(&mut world, &["a", "b"], QoS::AtMostOnce) {
        world.nothing(member);
    }
}

#[test]
fn no_local_on_it_is_an_error() {
    let mut world = World::new();
    let peer = world.connected(Version::V5, "c");
    let filter = pushspec_wire::mqtt::lawless::Fields::new()
        .two_bytes(1)
        .varint(0)
        .string(b"$share/g/t")
        .byte(0x04)
        .packet(0x82);
    world.send_raw(peer, &filter);
    world.ended_with(peer, 0x82);
}

#[test]
fn absent_members_are_passed_over() {
    let mut world = World::new();
    let (absent, _) = world.accepted(kept(Version::V5, "a", 60));
    world.subscribe(absent, "$share/g/t", QoS::AtLeastOnce);
    world.cut(absent);
    let present = world.subscribed(Version::V5, "b", "$share/g/t", QoS::AtLeastOnce);
    let publisher = world.connected(Version::V5, "p");
    for _ in 0..4 {
        world.publish(publisher, "t", "x", QoS::AtLeastOnce);
    }
    assert_eq!(world.messages(present).len(), 4);
}

#[test]
fn a_message_refused_by_its_member_is_dropped() {
    let mut world = World::new();
    let members = group(&mut world, &["a", "b"], QoS::AtLeastOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "x", QoS::AtLeastOnce);
    for &member in &members {
        for message in world.messages(member) {
            let packet_id = message.delivery.packet_id().unwrap();
            let reason = ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR;
            let properties = Properties::new();
            world.send(member, Packet::PubAck(PubAck { packet_id, reason, properties }));
        }
    }
    for member in members {
        world.nothing(member);
    }
}

#[test]
fn qos2_in_flight_waits_for_its_own_member() {
    let mut world = World::new();
    let (first, _) = world.accepted(kept(Version::V5, "a", 60));
    world.subscribe(first, "$share/g/t", QoS::ExactlyOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "x", QoS::ExactlyOnce);
    assert_eq!(payloads(&world.messages(first)), ["x"]);
    let second = world.subscribed(Version::V5, "b", "$share/g/t", QoS::ExactlyOnce);
    world.cut(first);
    world.nothing(second);
    let (again, _) = world.accepted(kept(Version::V5, "a", 60));
    let message = world.message(again);
    assert!(message.delivery.dup());
    world.nothing(second);
}

#[test]
fn qos2_in_flight_is_dropped_with_its_session() {
    let mut world = World::new();
    let members = group(&mut world, &["a", "b"], QoS::ExactlyOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "x", QoS::ExactlyOnce);
    let holders: Vec<Peer> =
        members.iter().copied().filter(|&peer| !world.messages(peer).is_empty()).collect();
    assert_eq!(holders.len(), 1);
    world.cut(holders[0]);
    for peer in members.into_iter().filter(|peer| *peer != holders[0]) {
        world.nothing(peer);
    }
}

#[test]
fn qos1_in_flight_goes_to_another_member_when_its_session_ends() {
    let mut world = World::new();
    let members = group(&mut world, &["a", "b"], QoS::AtLeastOnce);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "x", QoS::AtLeastOnce);
    let holder = members.iter().copied().find(|&peer| !world.messages(peer).is_empty()).unwrap();
    world.cut(holder);
    let other = members.into_iter().find(|peer| *peer != holder).unwrap();
    assert_eq!(payloads(&world.messages(other)), ["x"]);
}

#[test]
fn identifiers_and_the_granted_qos_are_those_of_the_member() {
    let mut world = World::new();
    let peer = world.connected(Version::V5, "a");
    let properties =
        Properties::new().with(pushspec_wire::mqtt::Property::SubscriptionIdentifier(3));
    let options = SubscriptionOptions::new(QoS::AtLeastOnce);
    world.subscribe_with(peer, "$share/g/t", options, properties);
    let publisher = world.connected(Version::V5, "p");
    world.publish(publisher, "t", "x", QoS::ExactlyOnce);
    let message = world.message(peer);
    assert_eq!(message.delivery.qos(), QoS::AtLeastOnce);
    assert_eq!(message.properties.subscription_identifiers().collect::<Vec<_>>(), [3]);
}

#[test]
fn in_3_it_is_a_filter_like_any_other() {
    let mut world = World::new();
    let peer = world.subscribed(Version::V311, "a", "$share/g/t", QoS::AtMostOnce);
    let publisher = world.connected(Version::V311, "p");
    world.publish(publisher, "t", "x", QoS::AtMostOnce);
    world.nothing(peer);
}
