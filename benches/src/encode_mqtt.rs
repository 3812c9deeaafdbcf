//! Encoding packets, from each crate's own typed packet, into a buffer that has room: its memory has
//! been written before, so that none waits for the system to provide a page.

use bytes::{Bytes, BytesMut};
use mqttbytes::{QoS, v4, v5};
use pushspec_wire::mqtt::{Packet, Version};

use crate::contest::{Contest, Contestant, Goal};
use crate::floors::copying;
use crate::packets::{self, Stream};

/// Messages of each kind.
pub fn contests() -> Vec<Contest> {
    [
        packets::qos_0(Version::V311),
        packets::qos_0(Version::V5),
        packets::five_properties(),
        packets::large(Version::V5),
    ]
    .map(contest)
    .into()
}

fn contest(stream: Stream) -> Contest {
    let count = stream.packets.len();
    Contest {
        name: format!("MQTT {} encode, {}", stream.version, stream.name),
        count,
        contestants: vec![ours(&stream), mqttbytes(&stream)],
        floors: vec![copying(&stream.bytes, count)],
        goal: Some(Goal { of: &["mqttbytes"], ratio: 1.0 }),
    }
}

fn ours(stream: &Stream) -> Contestant {
    let (packets, version, size) = (stream.packets.clone(), stream.version, stream.bytes.len());
    Contestant::new(
        "pushspec-wire",
        move || {
            let mut buffer = vec![1; size];
            buffer.clear();
            buffer
        },
        move |out| packets.iter().filter(|packet| packet.encode(version, out).is_ok()).count(),
    )
}

fn mqttbytes(stream: &Stream) -> Contestant {
    let size = stream.bytes.len();
    let input = move || {
        let mut buffer = BytesMut::from(&vec![1; size][..]);
        buffer.clear();
        buffer
    };
    let messages = stream.packets.iter();
    if stream.version == Version::V5 {
        let packets: Vec<_> = messages.map(message_5).collect();
        Contestant::new("mqttbytes", input, move |out| {
            packets.iter().filter(|packet| packet.write(out).is_ok()).count()
        })
    } else {
        let packets: Vec<_> = messages.map(message_311).collect();
        Contestant::new("mqttbytes", input, move |out| {
            packets.iter().filter(|packet| packet.write(out).is_ok()).count()
        })
    }
}

fn message_311(packet: &Packet<'_>) -> v4::Publish {
    let Packet::Publish(publish) = packet else { unreachable!("only messages are encoded") };
    v4::Publish::new(&*publish.topic, QoS::AtMostOnce, publish.payload.to_vec())
}

fn message_5(packet: &Packet<'_>) -> v5::Publish {
    let Packet::Publish(publish) = packet else { unreachable!("only messages are encoded") };
    let all = &publish.properties;
    let own = |text: Option<&str>| text.map(str::to_owned);
    let user_properties = all.user_properties();
    let properties = v5::PublishProperties {
        payload_format_indicator: all.payload_format_indicator(),
        message_expiry_interval: all.message_expiry_interval(),
        topic_alias: None,
        response_topic: own(all.response_topic()),
        correlation_data: None,
        user_properties: user_properties.map(|(name, value)| (name.into(), value.into())).collect(),
        subscription_identifiers: Vec::new(),
        content_type: own(all.content_type()),
    };
    v5::Publish {
        dup: false,
        qos: if publish.delivery.packet_id().is_some() {
            QoS::AtLeastOnce
        } else {
            QoS::AtMostOnce
        },
        retain: false,
        topic: publish.topic.clone().into_owned(),
        pkid: publish.delivery.packet_id().map_or(0, Into::into),
        properties: (!all.is_empty()).then_some(properties),
        payload: Bytes::copy_from_slice(&publish.payload),
    }
}
