//! PUBLISH (section 3.3 of 5.0 and 3.1.1).

use alloc::borrow::Cow;

use super::read::{Read, Reader, Watch, malformed};
use super::topic::TopicError;
use super::variable::width;
use super::write::{Writer, Written};
use super::{
    DecodeError, ErrorKind, PacketId, PacketType, Place, Properties, PropertyId, QoS, ReasonCode,
    Version,
};

/// An Application Message on its way.
///
/// ```
/// use pushspec_wire::mqtt::{Delivery, Packet, Properties, Publish, Version};
///
/// let packet = Packet::Publish(Publish {
///     delivery: Delivery::AtMostOnce,
///     retain: true,
///     topic: "t".into(),
///     properties: Properties::new(),
///     payload: b"hi!".into(),
/// });
/// let mut bytes = Vec::new();
/// packet.encode(Version::V311, &mut bytes)?;
/// assert_eq!(bytes, b"\x31\x06\0\x01thi!");
/// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Publish<'a> {
    /// QoS, and where it is above 0 the Packet Identifier and DUP.
    pub delivery: Delivery,
    /// RETAIN.
    pub retain: bool,
    /// Topic Name; empty only in 5.0 with a Topic Alias.
    pub topic: Cow<'a, str>,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// The Application Message.
    pub payload: Cow<'a, [u8]>,
}

/// How a PUBLISH is delivered.
///
/// ```
/// use pushspec_wire::mqtt::{Delivery, PacketId, QoS};
///
/// let delivery = Delivery::ExactlyOnce { id: PacketId::MIN, dup: true };
/// assert_eq!((delivery.qos(), delivery.packet_id(), delivery.dup()), (QoS::ExactlyOnce, Some(PacketId::MIN), true));
/// assert_eq!(Delivery::AtMostOnce.packet_id(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(missing_docs, reason = "the fields are those of the packet")]
pub enum Delivery {
    /// QoS 0: no Packet Identifier, DUP is 0.
    AtMostOnce,
    /// QoS 1.
    AtLeastOnce { id: PacketId, dup: bool },
    /// QoS 2.
    ExactlyOnce { id: PacketId, dup: bool },
}

impl Delivery {
    /// The QoS level.
    pub const fn qos(self) -> QoS {
        match self {
            Self::AtMostOnce => QoS::AtMostOnce,
            Self::AtLeastOnce { .. } => QoS::AtLeastOnce,
            Self::ExactlyOnce { .. } => QoS::ExactlyOnce,
        }
    }

    /// The Packet Identifier, which QoS 0 has not.
    pub const fn packet_id(self) -> Option<PacketId> {
        match self {
            Self::AtMostOnce => None,
            Self::AtLeastOnce { id, .. } | Self::ExactlyOnce { id, .. } => Some(id),
        }
    }

    /// The DUP flag.
    pub const fn dup(self) -> bool {
        match self {
            Self::AtMostOnce => false,
            Self::AtLeastOnce { dup, .. } | Self::ExactlyOnce { dup, .. } => dup,
        }
    }
}

const DUP: u8 = 0b1000;
const RETAIN: u8 = 0b0001;

impl<'a> Publish<'a> {
    #[inline]
    pub(super) fn read<W: Watch>(reader: &mut Reader<'a, W>, flags: u8) -> Read<Self, W::Fault> {
        let Some(qos) = QoS::from_bits((flags >> 1) & 0b11) else {
            return Err(malformed(
                0,
                "QoS",
                ErrorKind::QoS3,
                reader.cite_each("MQTT-3.3.1-4", "MQTT-3.3.1-4", "X31-42"),
            )
            .into());
        };
        let dup = flags & DUP != 0;
        if dup && qos == QoS::AtMostOnce && reader.version != Version::V31 {
            return Err(malformed(0, "DUP", ErrorKind::DupAtQoS0, "MQTT-3.3.1-2").into());
        }
        let topic_at = reader.offset();
        let (topic, checked) = reader.topic_name("Topic Name")?;
        let delivery = match qos {
            QoS::AtMostOnce => Delivery::AtMostOnce,
            QoS::AtLeastOnce => Delivery::AtLeastOnce { id: reader.packet_id()?, dup },
            QoS::ExactlyOnce => Delivery::ExactlyOnce { id: reader.packet_id()?, dup },
        };
        let properties = Properties::read(reader, Place::Packet(PacketType::Publish))?;
        if let Err(error) = checked
            && !(error == TopicError::Empty && properties.have(PropertyId::TopicAlias))
        {
            return Err(W::fault(|| no_topic_name(error, topic_at, reader)));
        }
        let topic = Cow::Borrowed(topic);
        let payload = Cow::Borrowed(reader.everything("Payload"));
        Ok(Self { delivery, retain: flags & RETAIN != 0, topic, properties, payload })
    }

    pub(super) const fn flags(&self) -> u8 {
        let dup = if self.delivery.dup() { DUP } else { 0 };
        let retain = if self.retain { RETAIN } else { 0 };
        dup | (self.delivery.qos().bits() << 1) | retain
    }

    /// The Remaining Length of the packet, unless a part of it is too long to be written.
    #[inline]
    pub(super) fn length(&self, version: Version) -> usize {
        let id = self.delivery.packet_id().map_or(0, |_| 2);
        let properties = self.properties.wire().len();
        let property_length = if version == Version::V5 { width(properties) } else { 0 };
        2 + self.topic.len() + id + property_length + properties + self.payload.len()
    }

    #[inline]
    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Written {
        // A Topic Alias stands for the topic.
        let alias = self.properties.have(PropertyId::TopicAlias);
        writer.doubt(self.topic.is_empty() && !(alias && writer.is_v5()));
        writer.topic_name("Topic Name", &self.topic)?;
        if let Some(id) = self.delivery.packet_id() {
            writer.packet_id(id);
        }
        writer.properties(&self.properties, Place::Packet(PacketType::Publish))?;
        writer.everything(&self.payload);
        Ok(())
    }

    /// Without the borrow.
    pub fn into_owned(self) -> Publish<'static> {
        Publish {
            delivery: self.delivery,
            retain: self.retain,
            topic: self.topic.into_owned().into(),
            properties: self.properties.into_owned(),
            payload: self.payload.into_owned().into(),
        }
    }
}

/// What is wrong with a Topic Name for which no Topic Alias stands.
#[cold]
fn no_topic_name<W: Watch>(error: TopicError, at: usize, reader: &Reader<'_, W>) -> DecodeError {
    let (requirement, reason) = match error {
        TopicError::Empty => {
            (reader.cite_each("X5-N17", "MQTT-4.7.3-1", "X31-48"), ReasonCode::PROTOCOL_ERROR)
        }
        _ => (
            reader.cite_each("MQTT-3.3.2-2", "MQTT-3.3.2-2", "X31-48"),
            ReasonCode::TOPIC_NAME_INVALID,
        ),
    };
    let kind = ErrorKind::Topic(error);
    DecodeError { offset: at, field: "Topic Name", kind, requirement, reason }
}
