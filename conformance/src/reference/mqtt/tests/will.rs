//! Will Messages (5.0 sections 3.1.2.5 and 3.1.3.2).

use pushspec_wire::mqtt::{
    Connect, Disconnect, Packet, Properties, Property, QoS, ReasonCode, Version, Will,
};

use super::world::{Peer, World, connect, disconnect, kept, payloads, secs, will};

/// A world with a client that has this Will, and another that watches its topic.
fn willed(packet: Connect<'static>, will: Will<'static>) -> (World, Peer, Peer) {
    let mut world = World::new();
    let watcher = world.subscribed(packet.version, "watcher", "will", QoS::ExactlyOnce);
    let (peer, _) = world.accepted(Connect { will: Some(will), ..packet });
    (world, watcher, peer)
}

fn delayed(seconds: u32) -> Will<'static> {
    let properties = Properties::new().with(Property::WillDelayInterval(seconds));
    Will { properties, ..will("will", "gone") }
}

#[test]
fn it_is_published_when_the_connection_breaks() {
    for version in Version::ALL {
        for qos in QoS::ALL {
            let with = Will { qos, ..will("will", "gone") };
            let (mut world, watcher, peer) = willed(connect(version, "c"), with);
            world.nothing(watcher);
            world.cut(peer);
            let message = world.message(watcher);
            assert_eq!(message.payload.as_ref(), b"gone");
            assert_eq!(message.delivery.qos(), qos, "{version}");
            assert!(!message.retain);
            world.acknowledge(watcher, &message);
            world.pass(secs(3600));
            world.nothing(watcher);
        }
    }
}

#[test]
fn disconnect_discards_it() {
    for version in Version::ALL {
        let (mut world, watcher, peer) = willed(connect(version, "c"), will("will", "gone"));
        world.send(peer, disconnect(0));
        assert!(world.is_closed(peer));
        world.pass(secs(10));
        world.nothing(watcher);
    }
}

#[test]
fn disconnect_may_ask_for_it() {
    let (mut world, watcher, peer) = willed(connect(Version::V5, "c"), will("will", "gone"));
    world.send(peer, disconnect(0x04));
    assert_eq!(payloads(&world.messages(watcher)), ["gone"]);
}

#[test]
fn every_other_code_of_disconnect_publishes_it() {
    // Only 0x00 removes the Will Message (MQTT-3.14.4-3).
    for code in [0x80, 0x81, 0x93, 0x98] {
        let (mut world, watcher, peer) = willed(connect(Version::V5, "c"), will("will", "gone"));
        world.send(peer, disconnect(code));
        assert_eq!(payloads(&world.messages(watcher)), ["gone"], "{code:#04x}");
    }
}

#[test]
fn an_invalid_disconnect_does_not_discard_it() {
    let (mut world, watcher, peer) = willed(connect(Version::V5, "c"), will("will", "gone"));
    let properties = Properties::new().with(Property::SessionExpiryInterval(60));
    world.send(peer, Packet::Disconnect(Disconnect { reason: ReasonCode::SUCCESS, properties }));
    world.ended_with(peer, 0x82);
    assert_eq!(payloads(&world.messages(watcher)), ["gone"]);
}

#[test]
fn it_is_published_after_an_error() {
    for version in Version::ALL {
        let (mut world, watcher, peer) = willed(connect(version, "c"), will("will", "gone"));
        world.send_raw(peer, &[0x00, 0x00]);
        world.ended_with(peer, 0x81);
        assert_eq!(payloads(&world.messages(watcher)), ["gone"], "{version}");
    }
}

#[test]
fn it_is_published_after_keep_alive() {
    for version in [Version::V311, Version::V5] {
        let packet = Connect { keep_alive: 10, ..connect(version, "c") };
        let (mut world, watcher, peer) = willed(packet, will("will", "gone"));
        world.pass(secs(14));
        world.nothing(watcher);
        world.pass(secs(2));
        assert!(world.is_closed(peer));
        assert_eq!(payloads(&world.messages(watcher)), ["gone"], "{version}");
    }
}

#[test]
fn it_is_retained_if_asked() {
    for retain in [false, true] {
        let with = Will { retain, ..will("will", "gone") };
        let (mut world, watcher, peer) = willed(connect(Version::V311, "c"), with);
        world.cut(peer);
        assert!(!world.message(watcher).retain, "live");
        let late = world.subscribed(Version::V311, "late", "will", QoS::AtMostOnce);
        assert_eq!(world.messages(late).len(), usize::from(retain));
    }
}

#[test]
fn it_carries_its_properties_but_not_its_delay() {
    let given = [("b", "1"), ("a", "2"), ("b", "1")];
    let mut with = delayed(0);
    with.properties.push(Property::PayloadFormatIndicator(1));
    with.properties.push(Property::MessageExpiryInterval(100));
    with.properties.push(Property::ContentType("text/plain"));
    with.properties.push(Property::ResponseTopic("answers"));
    with.properties.push(Property::CorrelationData(&[0, 255]));
    for (name, value) in given {
        with.properties.push(Property::UserProperty(name, value));
    }
    let (mut world, watcher, peer) = willed(connect(Version::V5, "c"), with);
    world.cut(peer);
    let properties = world.message(watcher).properties;
    assert_eq!(properties.payload_format_indicator(), Some(1));
    assert_eq!(properties.message_expiry_interval(), Some(100));
    assert_eq!(properties.content_type(), Some("text/plain"));
    assert_eq!(properties.response_topic(), Some("answers"));
    assert_eq!(properties.correlation_data(), Some(&[0, 255][..]));
    assert_eq!(properties.user_properties().collect::<Vec<_>>(), given);
    assert_eq!(properties.will_delay_interval(), None);
}

#[test]
fn it_belongs_to_one_connection() {
    let (mut world, watcher, peer) = willed(kept(Version::V5, "c", 60), will("will", "gone"));
    world.cut(peer);
    assert_eq!(payloads(&world.messages(watcher)), ["gone"]);
    let (again, _) = world.accepted(kept(Version::V5, "c", 60));
    world.cut(again);
    world.pass(secs(100));
    world.nothing(watcher);
}

// ===== Will Delay Interval =====

#[test]
fn it_waits_for_its_delay() {
    let (mut world, watcher, peer) = willed(kept(Version::V5, "c", 60), delayed(10));
    world.cut(peer);
    world.pass(secs(9));
    world.nothing(watcher);
    world.pass(secs(2));
    assert_eq!(payloads(&world.messages(watcher)), ["gone"]);
    world.pass(secs(100));
    world.nothing(watcher);
}

#[test]
fn a_return_within_the_delay_cancels_it() {
    let (mut world, watcher, peer) = willed(kept(Version::V5, "c", 60), delayed(10));
    world.cut(peer);
    world.pass(secs(5));
    let (back, connack) = world.accepted(kept(Version::V5, "c", 60));
    assert!(connack.session_present);
    world.pass(secs(100));
    world.nothing(watcher);
    world.cut(back);
    world.pass(secs(100));
    world.nothing(watcher);
}

#[test]
fn a_clean_start_within_the_delay_ends_the_session_and_publishes_it() {
    let (mut world, watcher, peer) = willed(kept(Version::V5, "c", 60), delayed(10));
    world.cut(peer);
    world.pass(secs(5));
    world.connected(Version::V5, "c");
    assert_eq!(payloads(&world.messages(watcher)), ["gone"]);
    world.pass(secs(100));
    world.nothing(watcher);
}

#[test]
fn it_does_not_wait_beyond_the_session() {
    let (mut world, watcher, peer) = willed(kept(Version::V5, "c", 5), delayed(60));
    world.cut(peer);
    world.pass(secs(4));
    world.nothing(watcher);
    world.pass(secs(2));
    assert_eq!(payloads(&world.messages(watcher)), ["gone"]);

    let (mut world, watcher, peer) = willed(connect(Version::V5, "c"), delayed(60));
    world.cut(peer);
    assert_eq!(payloads(&world.messages(watcher)), ["gone"], "the Session ends at once");
}

#[test]
fn disconnect_that_ends_the_session_publishes_it_at_once_if_asked() {
    let (mut world, watcher, peer) = willed(kept(Version::V5, "c", 60), delayed(10));
    let properties = Properties::new().with(Property::SessionExpiryInterval(0));
    world.send(peer, Packet::Disconnect(Disconnect { reason: ReasonCode(0x04), properties }));
    assert_eq!(payloads(&world.messages(watcher)), ["gone"]);
}

// ===== Takeover (5.0 section 3.1.3.2.2) =====

#[test]
fn takeover_publishes_it() {
    for version in Version::ALL {
        let (mut world, watcher, peer) = willed(connect(version, "c"), will("will", "gone"));
        world.connected(version, "c");
        world.ended_with(peer, 0x8E);
        assert_eq!(payloads(&world.messages(watcher)), ["gone"], "{version}");
    }
}

#[test]
fn takeover_depends_on_delay_and_clean_start() {
    for (delay, clean_start, published) in
        [(0, false, true), (0, true, true), (10, false, false), (10, true, true)]
    {
        let (mut world, watcher, _) = willed(kept(Version::V5, "c", 60), delayed(delay));
        world.accepted(Connect { clean_start, ..kept(Version::V5, "c", 60) });
        let now = world.messages(watcher).len();
        assert_eq!(now, usize::from(published), "delay {delay}, clean start {clean_start}");
        world.pass(secs(100));
        world.nothing(watcher);
    }
}

#[test]
fn a_rejected_connect_has_no_will() {
    let mut world = World::new();
    let watcher = world.subscribed(Version::V5, "watcher", "will", QoS::AtMostOnce);
    let mut packet = connect(Version::V5, "c");
    packet.properties.push(Property::AuthenticationMethod("none such"));
    packet.will = Some(will("will", "gone"));
    let (peer, connack) = world.answered(packet);
    assert_eq!(connack.reason.0, 0x8C);
    assert!(world.is_closed(peer));
    world.pass(secs(10));
    world.nothing(watcher);
}
