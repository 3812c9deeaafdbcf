//! Decoding packets.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use pushspec_wire::mqtt::{Frame, Framer, Packet, Version};
use rmqtt_codec::{v3, v5};
use tokio_util::codec::Decoder;

use crate::contest::{Contest, Contestant, Goal};
use crate::floors::{copying, hopping};
use crate::packets::{self, Stream};

/// Above all packets here.
const LIMIT: usize = 1 << 20;
/// A read from a socket, about as much as a segment of TCP holds.
const SEGMENT: usize = 1_500;

/// Whole buffers of each kind, then chunks.
pub fn contests() -> Vec<Contest> {
    const PAIR: &[&str] = &["rmqtt-codec", "rumqttc"];
    let goal = |of, ratio| Some(Goal { of, ratio });
    vec![
        whole(packets::qos_0(Version::V311), goal(&["mqttrs"], 1.0)),
        whole(packets::mixed(Version::V311), goal(&["mqttrs"], 1.0)),
        whole(packets::qos_0(Version::V5), goal(PAIR, 0.35)),
        whole(packets::five_properties(), goal(PAIR, 0.5)),
        whole(packets::large(Version::V5), None),
        whole(packets::mixed(Version::V5), goal(&["rmqtt-codec"], 0.6)),
        chunked(packets::five_properties(), SEGMENT),
        chunked(packets::five_properties(), 1),
    ]
}

fn whole(stream: Stream, goal: Option<Goal>) -> Contest {
    let (bytes, version) = (stream.bytes.clone(), stream.version);
    let ours = Contestant::new(
        "pushspec-wire",
        move || bytes.clone(),
        move |bytes| {
            let mut rest = &bytes[..];
            let mut count = 0;
            while let Ok(Some((frame, after))) = Frame::split(rest) {
                count += usize::from(Packet::decode(frame, version).is_ok());
                rest = after;
            }
            count
        },
    );
    let mut contestants = vec![ours, rmqtt(&stream, None), rumqttc(&stream)];
    if version != Version::V5 {
        contestants.push(mqttrs(&stream));
    }
    let count = stream.packets.len();
    Contest {
        name: format!("MQTT {version} decode, {}", stream.name),
        count,
        contestants,
        floors: vec![copying(&stream.bytes, count), hopping(&stream.bytes)],
        goal,
    }
}

fn chunked(stream: Stream, size: usize) -> Contest {
    let (bytes, version) = (stream.bytes.clone(), stream.version);
    let ours = Contestant::new(
        "pushspec-wire",
        move || bytes.clone(),
        move |bytes| {
            let mut framer = Framer::new(LIMIT);
            let mut count = 0;
            for chunk in bytes.chunks(size) {
                framer.push(chunk);
                while let Ok(Some(packet)) = framer.next_packet() {
                    let frame = Frame::new(&packet);
                    count += usize::from(
                        frame.is_ok_and(|frame| Packet::decode(frame, version).is_ok()),
                    );
                }
            }
            count
        },
    );
    let count = stream.packets.len();
    Contest {
        name: format!("MQTT {version} decode, {}, {size}-byte chunks", stream.name),
        count,
        contestants: vec![ours, rmqtt(&stream, Some(size))],
        floors: vec![copying(&stream.bytes, count), hopping(&stream.bytes)],
        goal: None,
    }
}

fn rmqtt(stream: &Stream, size: Option<usize>) -> Contestant {
    let bytes = stream.bytes.clone();
    match (stream.version, size) {
        (Version::V5, None) => Contestant::new(
            "rmqtt-codec",
            move || BytesMut::from(&bytes[..]),
            |bytes| decoded(&mut v5::Codec::new(0, 0), bytes),
        ),
        (_, None) => Contestant::new(
            "rmqtt-codec",
            move || BytesMut::from(&bytes[..]),
            |bytes| decoded(&mut v3::Codec::new(0), bytes),
        ),
        (_, Some(size)) => Contestant::new(
            "rmqtt-codec",
            move || bytes.clone(),
            move |bytes: &mut Bytes| {
                let mut codec = v5::Codec::new(0, 0);
                let mut buffer = BytesMut::new();
                let mut count = 0;
                for chunk in bytes.chunks(size) {
                    buffer.extend_from_slice(chunk);
                    count += decoded(&mut codec, &mut buffer);
                }
                count
            },
        ),
    }
}

fn decoded(codec: &mut impl Decoder, bytes: &mut BytesMut) -> usize {
    let mut count = 0;
    while let Ok(Some(_)) = codec.decode(bytes) {
        count += 1;
    }
    count
}

fn rumqttc(stream: &Stream) -> Contestant {
    let bytes = stream.bytes.clone();
    let input = move || BytesMut::from(&bytes[..]);
    if stream.version == Version::V5 {
        Contestant::new("rumqttc", input, |bytes| {
            let mut count = 0;
            while rumqttc::v5::mqttbytes::v5::Packet::read(bytes, None).is_ok() {
                count += 1;
            }
            count
        })
    } else {
        Contestant::new("rumqttc", input, |bytes| {
            let mut count = 0;
            while rumqttc::mqttbytes::v4::Packet::read(bytes, LIMIT).is_ok() {
                count += 1;
            }
            count
        })
    }
}

/// It does not tell how long a packet was; where each starts is found out before the time counts.
fn mqttrs(stream: &Stream) -> Contestant {
    let bytes = stream.bytes.clone();
    let mut starts = Vec::new();
    let mut rest = &bytes[..];
    while let Ok(Some((_, after))) = Frame::split(rest) {
        starts.push(bytes.len() - rest.len());
        rest = after;
    }
    Contestant::new(
        "mqttrs",
        move || bytes.clone(),
        move |bytes| {
            let read = |start: &usize| {
                mqttrs::decode_slice(black_box(&bytes[*start..]))
                    .is_ok_and(|packet| packet.is_some())
            };
            starts.iter().filter(|start| read(start)).count()
        },
    )
}
