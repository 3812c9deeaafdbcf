//! CONNECT and CONNACK (5.0 sections 3.1 and 3.2).

use pushspec_wire::mqtt::{Connect, Packet, PingReq, Property, QoS, ReasonCode, Version};

use super::world::{World, connect, publish, secs, will};

#[test]
fn the_first_packet_has_to_be_connect() {
    for version in Version::ALL {
        for packet in [
            Packet::PingReq(PingReq),
            Packet::Publish(publish("t", "x", pushspec_wire::mqtt::Delivery::AtMostOnce)),
        ] {
            let mut world = World::new();
            let watcher = world.subscribed(version, "w", "#", QoS::AtMostOnce);
            let peer = world.open(version);
            world.send(peer, packet);
            assert!(world.is_closed(peer), "{version}");
            let answer = world.received(peer);
            assert!(
                !answer.iter().any(|packet| matches!(packet, Packet::PingResp(_))),
                "{answer:?}"
            );
            world.nothing(watcher);
        }
    }
}

#[test]
fn a_second_connect_ends_the_connection() {
    for version in Version::ALL {
        let mut world = World::new();
        let peer = world.connected(version, "c");
        world.send(peer, Packet::Connect(connect(version, "c")));
        world.ended_with(peer, 0x82);
    }
}

#[test]
fn silence_without_connect_ends() {
    let mut world = World::new();
    let peer = world.open(Version::V5);
    world.pass(secs(9));
    assert!(!world.is_closed(peer));
    world.pass(secs(2));
    assert!(world.is_closed(peer));
    world.nothing(peer);
}

#[test]
fn half_a_connect_ends_as_well() {
    let mut world = World::new();
    let peer = world.open(Version::V5);
    world.send_raw(peer, &[0x10, 0x20, 0x00]);
    world.pass(secs(11));
    assert!(world.is_closed(peer));
}

#[test]
fn packets_may_come_in_one_piece_or_byte_by_byte() {
    let mut bytes = Vec::new();
    Packet::Connect(connect(Version::V5, "c")).encode(Version::V5, &mut bytes).unwrap();
    Packet::PingReq(PingReq).encode(Version::V5, &mut bytes).unwrap();
    let mut world = World::new();
    let whole = world.open(Version::V5);
    world.send_raw(whole, &bytes);
    let expected = world.received(whole);
    assert_eq!(expected.len(), 2, "{expected:?}");
    world.cut(whole);
    let slow = world.open(Version::V5);
    for byte in bytes {
        world.send_raw(slow, &[byte]);
    }
    assert_eq!(world.received(slow), expected);
}

// ===== Protocol Name and Level =====

/// CONNECT with this name and level, otherwise as 3.1.1 has it.
fn named(name: &str, level: u8) -> Vec<u8> {
    pushspec_wire::mqtt::lawless::Fields::new()
        .string(name.as_bytes())
        .byte(level)
        .byte(2)
        .two_bytes(0)
        .string(b"c")
        .packet(0x10)
}

#[test]
fn another_protocol_is_not_answered() {
    for name in ["mqtt", "MQTTX", "HTTP", ""] {
        let mut world = World::new();
        let peer = world.open(Version::V311);
        world.send_raw(peer, &named(name, 4));
        assert!(world.is_closed(peer), "{name}");
        world.nothing(peer);
    }
}

#[test]
fn another_level_is_answered_with_1_and_closed() {
    for level in [0, 3, 6, 127] {
        let mut world = World::new();
        let peer = world.open(Version::V311);
        world.send_raw(peer, &named("MQTT", level));
        assert!(world.is_closed(peer), "{level}");
        match world.one(peer) {
            Packet::ConnAck(connack) => {
                assert_eq!((connack.session_present, connack.reason.0), (false, 1), "{level}");
            }
            other => panic!("expected CONNACK, found {other:?}"),
        }
    }
}

// ===== Errors in CONNECT =====

#[test]
fn a_malformed_connect_of_3_is_closed_without_a_byte() {
    // The reserved flag; a Will QoS of 3; truncated.
    let fields = || pushspec_wire::mqtt::lawless::Fields::new().string(b"MQTT").byte(4);
    for bytes in [
        fields().byte(0x03).two_bytes(0).string(b"c").packet(0x10),
        fields().byte(0x1E).two_bytes(0).string(b"c").string(b"t").string(b"x").packet(0x10),
        fields().byte(0x02).two_bytes(0).packet(0x10),
        fields().byte(0x42).two_bytes(0).string(b"c").string(b"secret").packet(0x10),
    ] {
        let mut world = World::new();
        let peer = world.open(Version::V311);
        world.send_raw(peer, &bytes);
        assert!(world.is_closed(peer), "{bytes:?}");
        world.nothing(peer);
    }
}

#[test]
fn a_malformed_connect_of_5_is_refused_with_its_code() {
    let fields = |flags| {
        pushspec_wire::mqtt::lawless::Fields::new().string(b"MQTT").byte(5).byte(flags).two_bytes(0)
    };
    for (bytes, code) in [
        // The reserved flag.
        (fields(0x03).varint(0).string(b"c").packet(0x10), 0x81),
        // An unknown property.
        (fields(0x02).varint(2).raw(&[0x7F, 0]).string(b"c").packet(0x10), 0x81),
        // Receive Maximum 0.
        (fields(0x02).varint(3).raw(&[0x21, 0, 0]).string(b"c").packet(0x10), 0x82),
    ] {
        let mut world = World::new();
        let peer = world.open(Version::V5);
        world.send_raw(peer, &bytes);
        assert!(world.is_closed(peer), "{bytes:?}");
        match world.one(peer) {
            Packet::ConnAck(connack) => assert_eq!(connack.reason.0, code, "{bytes:?}"),
            other => panic!("expected CONNACK, found {other:?}"),
        }
    }
}

#[test]
fn nothing_behind_a_refused_connect_is_processed() {
    let mut world = World::new();
    let watcher = world.subscribed(Version::V5, "w", "#", QoS::AtMostOnce);
    let peer = world.open(Version::V5);
    let mut packet = connect(Version::V5, "c");
    packet.properties.push(Property::AuthenticationMethod("none such"));
    let mut bytes = Vec::new();
    Packet::Connect(packet).encode(Version::V5, &mut bytes).unwrap();
    let message = publish("t", "x", pushspec_wire::mqtt::Delivery::AtMostOnce);
    Packet::Publish(message).encode(Version::V5, &mut bytes).unwrap();
    world.send_raw(peer, &bytes);
    assert!(world.is_closed(peer));
    assert!(matches!(world.one(peer), Packet::ConnAck(connack) if connack.reason.0 == 0x8C));
    world.nothing(watcher);
}

#[test]
fn nothing_behind_disconnect_is_processed() {
    for version in Version::ALL {
        let mut world = World::new();
        let watcher = world.subscribed(version, "w", "#", QoS::AtMostOnce);
        let peer = world.connected(version, "c");
        let mut bytes = Vec::new();
        super::world::disconnect(0).encode(version, &mut bytes).unwrap();
        let message = publish("t", "x", pushspec_wire::mqtt::Delivery::AtMostOnce);
        Packet::Publish(message).encode(version, &mut bytes).unwrap();
        world.send_raw(peer, &bytes);
        assert!(world.is_closed(peer));
        world.nothing(peer);
        world.nothing(watcher);
    }
}

// ===== Client Identifier =====

#[test]
fn every_legal_client_identifier_of_23_characters_is_accepted() {
    for version in Version::ALL {
        let mut world = World::new();
        world.connected(version, "0123456789abcdefghijABC");
    }
}

#[test]
fn v311_takes_an_empty_client_identifier_with_clean_session_only() {
    let mut world = World::new();
    let first = world.connected(Version::V311, "");
    let second = world.connected(Version::V311, "");
    world.ping(first);
    world.ping(second);
    let (peer, connack) =
        world.answered(Connect { clean_start: false, ..connect(Version::V311, "") });
    assert_eq!(connack.reason.0, 2);
    assert!(world.is_closed(peer));
}

#[test]
fn v5_assigns_a_client_identifier_and_tells_it() {
    let mut world = World::new();
    let mut assigned = Vec::new();
    for clean_start in [true, false] {
        let (peer, connack) = world.accepted(Connect { clean_start, ..connect(Version::V5, "") });
        let id = connack.properties.assigned_client_identifier().unwrap().to_owned();
        assert!(!id.is_empty());
        assigned.push((peer, id));
    }
    assert_ne!(assigned[0].1, assigned[1].1);
    let (_, connack) = world.accepted(connect(Version::V5, &assigned[0].1));
    assert_eq!(connack.properties.assigned_client_identifier(), None, "given, not assigned");
    world.ended_with(assigned[0].0, 0x8E);
}

// ===== What CONNACK tells =====

#[test]
fn response_information_comes_only_if_asked_for() {
    for (asked, told) in [(None, false), (Some(0), false), (Some(1), true)] {
        let mut world = World::new();
        let mut packet = connect(Version::V5, "c");
        packet.properties = asked.map_or_else(Default::default, |value| {
            packet.properties.with(Property::RequestResponseInformation(value))
        });
        let (_, connack) = world.accepted(packet);
        assert_eq!(connack.properties.response_information().is_some(), told, "{asked:?}");
    }
}

#[test]
fn connack_of_3_has_no_properties_and_comes_first() {
    for version in [Version::V31, Version::V311] {
        let mut world = World::new();
        let (_, connack) = world.accepted(connect(version, "c"));
        assert!(connack.properties.is_empty());
    }
}

#[test]
fn an_unknown_authentication_method_is_refused() {
    let mut world = World::new();
    let mut packet = connect(Version::V5, "c");
    packet.properties.push(Property::AuthenticationMethod("SCRAM-SHA-1"));
    let (peer, connack) = world.answered(packet);
    assert_eq!(connack.reason, ReasonCode(0x8C));
    assert!(world.is_closed(peer));
}

#[test]
fn user_name_and_password_are_taken_where_none_are_asked_for() {
    for version in Version::ALL {
        let mut world = World::new();
        let packet = connect(version, "c");
        world.accepted(Connect {
            user_name: Some("user".into()),
            password: Some(b"secret".as_slice().into()),
            will: Some(will("w", "x")),
            ..packet
        });
    }
    let mut world = World::new();
    let packet = connect(Version::V5, "c");
    world.accepted(Connect { password: Some(b"secret".as_slice().into()), ..packet });
}
