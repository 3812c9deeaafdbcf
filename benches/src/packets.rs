//! Streams of packets that all codecs take.

use bytes::Bytes;
use pushspec_wire::mqtt::{
    ConnAck, Connect, Delivery, Packet, PacketId, PingReq, PingResp, Properties, Property, PubAck,
    PubComp, PubRec, PubRel, Publish, QoS, ReasonCode, SubAck, Subscribe, Subscription,
    SubscriptionOptions, UnsubAck, Version,
};

/// Packets behind each other.
#[derive(Clone)]
pub struct Stream {
    /// What they are.
    pub name: &'static str,
    /// Of which version.
    pub version: Version,
    /// The packets.
    pub packets: Vec<Packet<'static>>,
    /// Their bytes.
    pub bytes: Bytes,
}

impl Stream {
    fn new(name: &'static str, version: Version, packets: Vec<Packet<'static>>) -> Self {
        let mut bytes = Vec::new();
        for packet in &packets {
            packet.encode(version, &mut bytes).expect("the packets conform");
        }
        Self { name, version, packets, bytes: bytes.into() }
    }
}

/// The small message of telemetry: QoS 0, 32 bytes.
pub fn qos_0(version: Version) -> Stream {
    let message = publish(Delivery::AtMostOnce, Properties::new(), 32);
    Stream::new("QoS 0, 32 bytes", version, vec![message; 2_000])
}

/// QoS 1 with five properties.
pub fn five_properties() -> Stream {
    let properties = Properties::new()
        .with(Property::PayloadFormatIndicator(1))
        .with(Property::MessageExpiryInterval(3_600))
        .with(Property::ContentType("application/json"))
        .with(Property::ResponseTopic("replies/4711"))
        .with(Property::UserProperty("trace", "0af7651916cd43dd"));
    let delivery = Delivery::AtLeastOnce { id: PacketId::MIN, dup: false };
    Stream::new(
        "QoS 1, five properties",
        Version::V5,
        vec![publish(delivery, properties, 32); 2_000],
    )
}

/// QoS 0 with 16 KiB.
pub fn large(version: Version) -> Stream {
    let message = publish(Delivery::AtMostOnce, Properties::new(), 16 << 10);
    Stream::new("16 KiB payloads", version, vec![message; 100])
}

fn publish(delivery: Delivery, properties: Properties<'static>, payload: usize) -> Packet<'static> {
    Packet::Publish(Publish {
        delivery,
        retain: false,
        topic: "sensors/room-17/temperature".into(),
        properties,
        payload: vec![b'x'; payload].into(),
    })
}

/// What goes over a connection beside messages.
pub fn mixed(version: Version) -> Stream {
    let packet_id = PacketId::MIN;
    let (reason, none) = (ReasonCode::SUCCESS, Properties::new());
    let subscription = |filter: &'static str| Subscription {
        filter: filter.into(),
        options: SubscriptionOptions::new(QoS::AtLeastOnce),
    };
    let one_of_each = [
        Packet::Connect(Connect {
            version,
            clean_start: true,
            keep_alive: 60,
            properties: none.clone(),
            client_id: "sensor-17".into(),
            will: None,
            user_name: Some("user".into()),
            password: Some((&b"secret"[..]).into()),
        }),
        Packet::ConnAck(ConnAck { session_present: false, reason, properties: none.clone() }),
        Packet::Subscribe(Subscribe {
            packet_id,
            properties: none.clone(),
            subscriptions: vec![subscription("sensors/+/temperature"), subscription("alarms/#")],
        }),
        Packet::SubAck(SubAck {
            packet_id,
            properties: none.clone(),
            reasons: vec![ReasonCode::GRANTED_QOS_1; 2],
        }),
        Packet::PubAck(PubAck { packet_id, reason, properties: none.clone() }),
        Packet::PubRec(PubRec { packet_id, reason, properties: none.clone() }),
        Packet::PubRel(PubRel { packet_id, reason, properties: none.clone() }),
        Packet::PubComp(PubComp { packet_id, reason, properties: none.clone() }),
        Packet::UnsubAck(UnsubAck {
            packet_id,
            properties: none,
            reasons: if version == Version::V5 { vec![reason] } else { Vec::new() },
        }),
        Packet::PingReq(PingReq),
        Packet::PingResp(PingResp),
    ];
    let packets = one_of_each.iter().cycle().take(200 * one_of_each.len()).cloned().collect();
    Stream::new("mixed control packets", version, packets)
}
