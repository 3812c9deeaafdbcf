//! What borrowed decoding allocates: nothing for packets without lists, one list for those with one;
//! nothing for events once the decoder's buffers have grown.
#![allow(clippy::unwrap_used, missing_docs)]

use allocation_counter::measure;
use pushspec_wire::mqtt::{
    Auth, ConnAck, Connect, Delivery, Disconnect, Frame, Packet, PacketId, PacketType, PingReq,
    PingResp, Properties, Property, PubAck, PubComp, PubRec, PubRel, Publish, QoS, ReasonCode,
    SubAck, Subscribe, Subscription, SubscriptionOptions, UnsubAck, Unsubscribe, Version, Will,
};
use pushspec_wire::sse::EventDecoder;

/// One packet of each type, with properties.
fn packets() -> Vec<Packet<'static>> {
    let packet_id = PacketId::MIN;
    let reason = ReasonCode::SUCCESS;
    let explained = || Properties::new().with(Property::ReasonString("fine"));
    let told = || Properties::new().with(Property::UserProperty("name", "value"));
    let authenticated = Properties::new()
        .with(Property::AuthenticationMethod("SCRAM-SHA-1"))
        .with(Property::AuthenticationData(b"data"));
    let options = SubscriptionOptions::new(QoS::AtLeastOnce);
    vec![
        Packet::Connect(Connect {
            version: Version::V5,
            clean_start: true,
            keep_alive: 60,
            properties: told(),
            client_id: "client".into(),
            will: Some(Will {
                qos: QoS::AtLeastOnce,
                retain: true,
                properties: told(),
                topic: "will".into(),
                payload: b"gone"[..].into(),
            }),
            user_name: Some("näme".into()),
            password: Some(b"secret"[..].into()),
        }),
        Packet::ConnAck(ConnAck { session_present: true, reason, properties: explained() }),
        Packet::Publish(Publish {
            delivery: Delivery::AtLeastOnce { id: packet_id, dup: false },
            retain: false,
            topic: "sensors/room-17/temperature".into(),
            properties: told().with(Property::ContentType("text/plain")),
            payload: vec![b'x'; 1 << 14].into(),
        }),
        Packet::PubAck(PubAck { packet_id, reason, properties: explained() }),
        Packet::PubRec(PubRec { packet_id, reason, properties: explained() }),
        Packet::PubRel(PubRel { packet_id, reason, properties: explained() }),
        Packet::PubComp(PubComp { packet_id, reason, properties: explained() }),
        Packet::Subscribe(Subscribe {
            packet_id,
            properties: told(),
            subscriptions: vec![
                Subscription { filter: "a/+".into(), options },
                Subscription { filter: "b/#".into(), options },
            ],
        }),
        Packet::SubAck(SubAck { packet_id, properties: explained(), reasons: vec![reason; 2] }),
        Packet::Unsubscribe(Unsubscribe {
            packet_id,
            properties: told(),
            filters: vec!["a/+".into(), "b/#".into()],
        }),
        Packet::UnsubAck(UnsubAck { packet_id, properties: explained(), reasons: vec![reason; 2] }),
        Packet::PingReq(PingReq),
        Packet::PingResp(PingResp),
        Packet::Disconnect(Disconnect { reason, properties: explained() }),
        Packet::Auth(Auth {
            reason: ReasonCode::CONTINUE_AUTHENTICATION,
            properties: authenticated,
        }),
    ]
}

/// How many lists a packet has that is not a slice of its bytes.
fn lists(packet: &Packet<'_>) -> u64 {
    u64::from(matches!(
        packet,
        Packet::Subscribe(_) | Packet::SubAck(_) | Packet::Unsubscribe(_) | Packet::UnsubAck(_)
    ))
}

#[test]
fn borrowed_packets_allocate_nothing_but_their_lists() {
    let packets = packets();
    let types: Vec<_> = packets.iter().map(Packet::packet_type).collect();
    assert_eq!(types, PacketType::ALL);
    for packet in packets {
        let mut bytes = Vec::new();
        packet.encode(Version::V5, &mut bytes).unwrap();
        let frame = Frame::new(&bytes).unwrap();
        let mut decoded = None;
        let counted = measure(|| decoded = Packet::decode(frame, Version::V5).ok());
        assert_eq!(counted.count_total, lists(&packet), "{}", packet.packet_type().name());
        assert_eq!(decoded, Some(packet));
    }
}

#[test]
fn encoding_into_a_buffer_with_room_allocates_nothing() {
    for packet in packets() {
        let mut bytes = Vec::with_capacity(1 << 15);
        let counted = measure(|| packet.encode(Version::V5, &mut bytes).unwrap());
        assert_eq!(counted.count_total, 0, "{}", packet.packet_type().name());
    }
}

#[test]
fn what_is_rejected_allocates_nothing() {
    let bytes = [0x30, 6, 0, 3, b'a', b'/', b'#', 0];
    let frame = Frame::new(&bytes).unwrap();
    let counted = measure(|| assert!(Packet::decode(frame, Version::V5).is_err()));
    assert_eq!(counted.count_total, 0);
}

/// How many events a stream in chunks of this size has.
fn events(decoder: &mut EventDecoder, stream: &str, size: usize) -> usize {
    let mut events = 0;
    for mut chunk in stream.as_bytes().chunks(size) {
        while decoder.next_event(&mut chunk).unwrap().is_some() {
            events += 1;
        }
    }
    events
}

/// The shapes of streams in the field, each with 20 events.
fn streams() -> [String; 5] {
    [
        "data: {\"token\": \"word\"}\n\n".repeat(20),
        "data: {\"token\": \"word\"}\r\n\r\n".repeat(20),
        "event: update\nid: 17\ndata: some data\ndata: and more\n\n".repeat(20),
        ": still here\n: still here\nretry: 1000\ndata: wörd\n\n".repeat(20),
        format!("data: {}\n\n", "long ".repeat(10_000)).repeat(20),
    ]
}

#[test]
fn events_allocate_nothing_once_the_buffers_have_grown() {
    for stream in streams() {
        for size in [stream.len(), 1_500, 100, 1] {
            let mut decoder = EventDecoder::default();
            // The line's buffer and that of the data may change places.
            for _ in 0..2 {
                assert_eq!(events(&mut decoder, &stream, size), 20);
            }
            let counted = measure(|| assert_eq!(events(&mut decoder, &stream, size), 20));
            assert_eq!(counted.count_total, 0, "{stream:.30} in chunks of {size} bytes");
        }
    }
}

/// What lies whole in the chunk is borrowed from it.
#[test]
fn whole_events_of_one_line_allocate_nothing_at_all() {
    let [lf, crlf, _, comments, long] = streams();
    for stream in [lf, crlf, comments, long] {
        let counted = measure(|| {
            let mut decoder = EventDecoder::default();
            assert_eq!(events(&mut decoder, &stream, stream.len()), 20);
        });
        assert_eq!(counted.count_total, 0, "{stream:.30}");
    }
}

/// A long line in pieces is kept once, in a buffer that doubles.
#[test]
fn a_long_line_is_kept_once() {
    let stream = format!("data: {}\n\n", "x".repeat(1 << 20));
    for size in [1_500, 1] {
        let counted = measure(|| {
            let mut decoder = EventDecoder::default();
            assert_eq!(events(&mut decoder, &stream, size), 1);
        });
        assert!(counted.count_total <= 22, "{} times", counted.count_total);
        assert!(counted.bytes_max <= 4 << 20, "{} bytes", counted.bytes_max);
    }
}
