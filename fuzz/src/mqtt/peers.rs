//! Independent codecs of MQTT, asked the same question: is this a packet, and what does it say?

use bytes::BytesMut;
use pushspec_wire::mqtt::Version;
use rmqtt_codec::{v3, v5};
use tokio_util::codec::{Decoder, Encoder};

/// A codec from the registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// mqtt-proto 0.4.
    MqttProto,
    /// rmqtt-codec 0.3.
    Rmqtt,
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::MqttProto, Self::Rmqtt];

    /// The packet as the peer would write what it has read; or why it reads none.
    pub fn rewritten(self, bytes: &[u8], version: Version) -> Result<Vec<u8>, Refusal> {
        match (self, version == Version::V5) {
            (Self::MqttProto, true) => match mqtt_proto::v5::Packet::decode(bytes) {
                Ok(Some(packet)) => {
                    packet.encode().map(|bytes| bytes.as_ref().to_vec()).map_err(unwritten)
                }
                Ok(None) => Err(Refusal::Unread("incomplete".into())),
                Err(error) => Err(unread(error)),
            },
            (Self::MqttProto, false) => match mqtt_proto::v3::Packet::decode(bytes) {
                Ok(Some(packet)) => {
                    packet.encode().map(|bytes| bytes.as_ref().to_vec()).map_err(unwritten)
                }
                Ok(None) => Err(Refusal::Unread("incomplete".into())),
                Err(error) => Err(unread(error)),
            },
            (Self::Rmqtt, true) => {
                through(&mut v5::Codec::new(0, 0), &mut v5::Codec::new(0, 0), bytes)
            }
            (Self::Rmqtt, false) => through(&mut v3::Codec::new(0), &mut v3::Codec::new(0), bytes),
        }
    }
}

/// Why a peer gives no packet back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It reads none.
    Unread(String),
    /// It has read one that it cannot write.
    Unwritten(String),
}

fn unread(error: impl std::fmt::Debug) -> Refusal {
    Refusal::Unread(format!("{error:?}"))
}

fn unwritten(error: impl std::fmt::Debug) -> Refusal {
    Refusal::Unwritten(format!("{error:?}"))
}

/// Each codec keeps a state of its own, so one reads and another writes.
fn through<C, P>(reader: &mut C, writer: &mut C, bytes: &[u8]) -> Result<Vec<u8>, Refusal>
where
    C: Decoder<Item = (P, u32)> + Encoder<P>,
    <C as Decoder>::Error: std::fmt::Debug,
    <C as Encoder<P>>::Error: std::fmt::Debug,
{
    let mut source = BytesMut::from(bytes);
    match reader.decode(&mut source) {
        Ok(Some((packet, _))) if source.is_empty() => {
            let mut written = BytesMut::new();
            writer.encode(packet, &mut written).map_err(unwritten)?;
            Ok(written.to_vec())
        }
        Ok(_) => Err(Refusal::Unread("not exactly one packet".into())),
        Err(error) => Err(unread(error)),
    }
}
