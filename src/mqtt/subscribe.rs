//! SUBSCRIBE (section 3.8 of 5.0 and 3.1.1).

use alloc::{borrow::Cow, vec::Vec};

use super::read::{Read, Reader, Watch, malformed, protocol_error};
use super::topic::TopicError;
use super::write::{Writer, Written};
use super::{
    DecodeError, EncodeError, ErrorKind, PacketId, PacketType, Place, Properties, QoS, ReasonCode,
    Version, topic,
};

/// A Client asks for subscriptions.
///
/// ```
/// use pushspec_wire::mqtt::{
///     Packet, PacketId, Properties, QoS, Subscribe, Subscription, SubscriptionOptions, Version,
/// };
///
/// let subscription =
///     Subscription { filter: "#".into(), options: SubscriptionOptions::new(QoS::AtLeastOnce) };
/// let packet = Packet::Subscribe(Subscribe {
///     packet_id: PacketId::MIN,
///     properties: Properties::new(),
///     subscriptions: vec![subscription],
/// });
/// let mut bytes = Vec::new();
/// packet.encode(Version::V5, &mut bytes)?;
/// assert_eq!(bytes, b"\x82\x07\0\x01\0\0\x01#\x01");
/// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Subscribe<'a> {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// At least one.
    pub subscriptions: Vec<Subscription<'a>>,
}

/// One Topic Filter and what is asked for it.
///
/// ```
/// use pushspec_wire::mqtt::{Frame, Packet, Version};
///
/// let bytes = *b"\x82\x07\0\x01\0\0\x01#\x05";
/// let Packet::Subscribe(subscribe) = Packet::decode(Frame::new(&bytes)?, Version::V5)? else { panic!() };
/// let subscription = &subscribe.subscriptions[0];
/// assert_eq!(subscription.filter, "#");
/// assert!(subscription.options.no_local);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Subscription<'a> {
    /// Topic Filter.
    pub filter: Cow<'a, str>,
    /// Subscription Options.
    pub options: SubscriptionOptions,
}

/// Subscription Options (5.0 section 3.8.3.1); in 3.x only the QoS.
///
/// ```
/// use pushspec_wire::mqtt::{QoS, RetainHandling, SubscriptionOptions};
///
/// let options = SubscriptionOptions { no_local: true, ..SubscriptionOptions::new(QoS::ExactlyOnce) };
/// assert_eq!(options.retain_handling, RetainHandling::Send);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SubscriptionOptions {
    /// Maximum QoS (5.0), Requested QoS (3.x).
    pub qos: QoS,
    /// No Local.
    pub no_local: bool,
    /// Retain As Published.
    pub retain_as_published: bool,
    /// Retain Handling.
    pub retain_handling: RetainHandling,
}

impl SubscriptionOptions {
    /// This QoS, everything else 0.
    pub const fn new(qos: QoS) -> Self {
        Self {
            qos,
            no_local: false,
            retain_as_published: false,
            retain_handling: RetainHandling::Send,
        }
    }
}

/// Whether retained messages are sent when the subscription is made.
///
/// ```
/// use pushspec_wire::mqtt::{QoS, RetainHandling, SubscriptionOptions};
///
/// let quiet = SubscriptionOptions {
///     retain_handling: RetainHandling::DoNotSend,
///     ..SubscriptionOptions::new(QoS::AtMostOnce)
/// };
/// assert_eq!(quiet.retain_handling as u8, 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RetainHandling {
    /// 0: send them.
    Send = 0,
    /// 1: send them only if the subscription is new.
    SendIfNew = 1,
    /// 2: do not send them.
    DoNotSend = 2,
}

const QOS: u8 = 0b0000_0011;
const NO_LOCAL: u8 = 0b0000_0100;
const RETAIN_AS_PUBLISHED: u8 = 0b0000_1000;
const RETAIN_HANDLING: u8 = 0b0011_0000;

impl<'a> Subscribe<'a> {
    pub(super) fn read<W: Watch>(reader: &mut Reader<'a, W>) -> Read<Self, W::Fault> {
        let packet_id = reader.packet_id()?;
        let properties = Properties::read(reader, Place::Packet(PacketType::Subscribe))?;
        let mut subscriptions = Vec::new();
        while !reader.is_at_end() {
            subscriptions.push(Subscription::read(reader)?);
        }
        if subscriptions.is_empty() {
            let requirement = reader.cite("MQTT-3.8.3-2", "MQTT-3.8.3-3");
            let kind = ErrorKind::NoTopicFilter;
            return Err(protocol_error(reader.offset(), "Topic Filter", kind, requirement).into());
        }
        Ok(Self { packet_id, properties, subscriptions })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Written {
        writer.packet_id(self.packet_id);
        writer.properties(&self.properties, Place::Packet(PacketType::Subscribe))?;
        writer.doubt(self.subscriptions.is_empty());
        for subscription in &self.subscriptions {
            let options = subscription.options;
            if !writer.is_v5() && options != SubscriptionOptions::new(options.qos) {
                return Err(EncodeError::SubscriptionOptions(writer.version));
            }
            writer.doubt(options.no_local && topic::is_shared(&subscription.filter));
            writer.topic_filter(&subscription.filter)?;
            writer.byte(options.byte());
        }
        Ok(())
    }

    /// Without the borrow.
    pub fn into_owned(self) -> Subscribe<'static> {
        let own = |subscription: Subscription<'_>| Subscription {
            filter: subscription.filter.into_owned().into(),
            options: subscription.options,
        };
        Subscribe {
            packet_id: self.packet_id,
            properties: self.properties.into_owned(),
            subscriptions: self.subscriptions.into_iter().map(own).collect(),
        }
    }
}

impl<'a> Subscription<'a> {
    fn read<W: Watch>(reader: &mut Reader<'a, W>) -> Read<Self, W::Fault> {
        let filter = read_filter(reader)?;
        let at = reader.offset();
        let byte = reader.byte("Subscription Options")?;
        let options = SubscriptionOptions::read(byte, at, reader.version)?;
        if options.no_local && topic::is_shared(&filter) {
            let kind = ErrorKind::NoLocalOnShared;
            return Err(protocol_error(at, "No Local", kind, "MQTT-3.8.3-4").into());
        }
        Ok(Self { filter, options })
    }
}

/// A Topic Filter of SUBSCRIBE or UNSUBSCRIBE.
pub(super) fn read_filter<'a, W: Watch>(
    reader: &mut Reader<'a, W>,
) -> Read<Cow<'a, str>, W::Fault> {
    const FIELD: &str = "Topic Filter";
    let offset = reader.offset();
    let filter = reader.text(FIELD)?;
    let checked = if reader.is_v5() {
        topic::check_filter(&filter)
    } else {
        topic::check_plain_filter(&filter)
    };
    checked.map_err(|error| {
        let requirement = match error {
            TopicError::Empty => reader.cite_each("MQTT-4.7.3-1", "MQTT-4.7.3-1", "X31-48"),
            TopicError::Hash => reader.cite_each("MQTT-4.7.1-1", "MQTT-4.7.1-2", "X31-49"),
            TopicError::Plus => reader.cite_each("MQTT-4.7.1-2", "MQTT-4.7.1-3", "X31-49"),
            TopicError::ShareName => "MQTT-4.8.2-2",
            TopicError::EmptyShareName => "MQTT-4.8.2-1",
            TopicError::Wildcard => reader.cite("MQTT-4.7.0-1", "MQTT-4.7.1-1"),
        };
        let kind = ErrorKind::Topic(error);
        let reason = ReasonCode::TOPIC_FILTER_INVALID;
        DecodeError { offset, field: FIELD, kind, requirement, reason }
    })?;
    Ok(filter)
}

impl SubscriptionOptions {
    fn read(byte: u8, at: usize, version: Version) -> Read<Self> {
        let v5 = version == Version::V5;
        let known = if v5 { QOS | NO_LOCAL | RETAIN_AS_PUBLISHED | RETAIN_HANDLING } else { QOS };
        if byte & !known != 0 && version != Version::V31 {
            let requirement = if v5 { "MQTT-3.8.3-5" } else { "MQTT-3.8.3-4" };
            let kind = ErrorKind::ReservedBits(byte);
            return Err(malformed(at, "Subscription Options", kind, requirement));
        }
        let Some(qos) = QoS::from_bits(byte & QOS) else {
            let requirement = match version {
                Version::V5 => "X5-N23",
                Version::V311 => "MQTT-3.8.3-4",
                Version::V31 => "X31-11",
            };
            return Err(protocol_error(at, "Maximum QoS", ErrorKind::QoS3, requirement));
        };
        if !v5 {
            return Ok(Self::new(qos));
        }
        let retain_handling = match (byte & RETAIN_HANDLING) >> 4 {
            0 => RetainHandling::Send,
            1 => RetainHandling::SendIfNew,
            2 => RetainHandling::DoNotSend,
            _ => {
                let kind = ErrorKind::RetainHandling3;
                return Err(protocol_error(at, "Retain Handling", kind, "X5-N24"));
            }
        };
        Ok(Self {
            qos,
            no_local: byte & NO_LOCAL != 0,
            retain_as_published: byte & RETAIN_AS_PUBLISHED != 0,
            retain_handling,
        })
    }

    const fn byte(self) -> u8 {
        let no_local = if self.no_local { NO_LOCAL } else { 0 };
        let as_published = if self.retain_as_published { RETAIN_AS_PUBLISHED } else { 0 };
        self.qos.bits() | no_local | as_published | ((self.retain_handling as u8) << 4)
    }
}
