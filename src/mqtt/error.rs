//! What is wrong with bytes, and where.

use core::fmt;

use super::topic::TopicError;
use super::{PropertyId, ReasonCode};

/// Why bytes are not a conforming packet. Its text is one sentence: the field, what was found, what
/// the spec wants, the requirement.
///
/// ```
/// use pushspec_wire::mqtt::{Frame, Packet, ReasonCode, Version};
///
/// let error = Packet::decode(Frame::new(b"\x36\x05\0\x01t\0\x01")?, Version::V311).unwrap_err();
/// assert_eq!((error.offset, error.field, error.requirement), (0, "QoS", "MQTT-3.3.1-4"));
/// assert_eq!(error.reason, ReasonCode::MALFORMED_PACKET);
/// # Ok::<(), pushspec_wire::mqtt::FrameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field} at byte {offset} {kind} [{requirement}]")]
#[non_exhaustive]
pub struct DecodeError {
    /// Offset of the offending byte from the first byte of the packet.
    pub offset: usize,
    /// The field in the spec's own words, such as "Topic Name".
    pub field: &'static str,
    /// What is wrong with it.
    pub kind: ErrorKind,
    /// The requirement that it breaks, such as `MQTT-3.3.1-4` or `X5-N04`; a section of the spec where
    /// the catalogue has none.
    pub requirement: &'static str,
    /// The reason code with which a receiver (5.0) answers.
    pub reason: ReasonCode,
}

/// What is wrong with a field.
///
/// ```
/// use pushspec_wire::mqtt::{ErrorKind, Frame, Packet, Version};
///
/// let error = Packet::decode(Frame::new(&[0x40, 2, 0, 0])?, Version::V5).unwrap_err();
/// assert_eq!(error.kind, ErrorKind::PacketIdentifier0);
/// # Ok::<(), pushspec_wire::mqtt::FrameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The packet ends before the field does.
    Truncated,
    /// Bytes follow the last field.
    TrailingBytes(usize),
    /// Not well-formed UTF-8, or a surrogate.
    IllFormedUtf8,
    /// A string contains U+0000.
    NulCharacter,
    /// The flags of the fixed header are not those of the packet type.
    FixedHeaderFlags {
        /// What the spec wants.
        expected: u8,
        /// What stands there.
        found: u8,
    },
    /// A reserved bit is set.
    ReservedBits(u8),
    /// Not a packet type of this version.
    PacketType(u8),
    /// QoS 3.
    QoS3,
    /// DUP is set at QoS 0.
    DupAtQoS0,
    /// The Packet Identifier is 0.
    PacketIdentifier0,
    /// A Topic Name or Topic Filter that is none.
    Topic(TopicError),
    /// There is no Topic Filter where at least one has to be.
    NoTopicFilter,
    /// Retain Handling 3.
    RetainHandling3,
    /// No Local on a shared subscription.
    NoLocalOnShared,
    /// A Variable Byte Integer of more than four bytes.
    VariableByteIntegerTooLong,
    /// A Variable Byte Integer in more bytes than it needs.
    VariableByteIntegerNotMinimal,
    /// No property has this identifier.
    UnknownProperty(u32),
    /// The property may not stand in this packet.
    MisplacedProperty(PropertyId),
    /// The property stands twice.
    DuplicateProperty(PropertyId),
    /// The property may not have this value.
    PropertyValue(PropertyId, u32),
    /// Authentication Data without an Authentication Method.
    AuthenticationDataAlone,
    /// AUTH without an Authentication Method.
    AuthenticationMethodMissing,
    /// There is no reason code where at least one has to be.
    NoReasonCode,
    /// The packet is larger than the receiver takes.
    TooLarge {
        /// Size of the whole packet in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The Protocol Name is not one of MQTT.
    ProtocolName,
    /// The Protocol Level is not one of this name.
    ProtocolLevel(u8),
    /// Will QoS or Will Retain without the Will Flag.
    WillBitsWithoutWill,
    /// A Password without a User Name, in 3.x.
    PasswordWithoutUserName,
    /// The code is not in the packet's table.
    ReasonCode(u8),
}

impl fmt::Display for ErrorKind {
    /// What was found, and what the spec wants.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => {
                f.write_str("is cut off by the end of the packet, where it has to be whole")
            }
            Self::TrailingBytes(1) => f.write_str("holds 1 byte, where the packet has to end"),
            Self::TrailingBytes(count) => {
                write!(f, "holds {count} bytes, where the packet has to end")
            }
            Self::IllFormedUtf8 => {
                f.write_str("is not well-formed UTF-8, which every string has to be")
            }
            Self::NulCharacter => f.write_str("contains U+0000, which no string may"),
            Self::FixedHeaderFlags { expected, found } => {
                write!(f, "are {found:04b}, where this packet type has {expected:04b}")
            }
            Self::ReservedBits(found) => {
                write!(f, "is {found:#04x}, with reserved bits set that have to be 0")
            }
            Self::PacketType(found) => {
                write!(f, "is {found}, which is no packet type of this version")
            }
            Self::DupAtQoS0 => f.write_str("is 1 at QoS 0, where it has to be 0"),
            Self::Topic(error) => error.fmt(f),
            Self::NoTopicFilter => f.write_str("is missing, where at least one has to be"),
            Self::QoS3 | Self::RetainHandling3 => f.write_str("is 3, where 0, 1 and 2 exist"),
            Self::NoLocalOnShared => {
                f.write_str("is 1 on a shared subscription, where it has to be 0")
            }
            Self::VariableByteIntegerTooLong => {
                f.write_str("has a fifth byte, where four are the most")
            }
            Self::VariableByteIntegerNotMinimal => f.write_str(
                "is encoded in more bytes than its value needs, where the fewest are wanted",
            ),
            Self::UnknownProperty(id) => write!(f, "is {id:#04x}, which identifies no property"),
            Self::MisplacedProperty(id) => {
                write!(f, "is that of {id}, which may not stand in this packet")
            }
            Self::DuplicateProperty(id) => {
                write!(f, "is that of {id} again, which may stand there once")
            }
            Self::PacketIdentifier0 | Self::PropertyValue(_, 0) => {
                f.write_str("is 0, where it has to be above 0")
            }
            Self::PropertyValue(_, value) => write!(f, "is {value}, where 0 and 1 exist"),
            Self::AuthenticationDataAlone => {
                f.write_str("stands without an Authentication Method, which it needs")
            }
            Self::AuthenticationMethodMissing => {
                f.write_str("is missing, where AUTH has to have one")
            }
            Self::NoReasonCode => {
                f.write_str("is missing, where each Topic Filter has to have one")
            }
            Self::TooLarge { size, limit } => {
                write!(f, "makes a packet of {size} bytes, where {limit} is the limit")
            }
            Self::ProtocolName => {
                f.write_str("is neither `MQTT` nor `MQIsdp`, the only ones there are")
            }
            Self::ProtocolLevel(level) => {
                write!(f, "is {level}, where 3 (`MQIsdp`), 4 and 5 (`MQTT`) are known")
            }
            Self::WillBitsWithoutWill => f.write_str(
                "have Will QoS or Will Retain without the Will Flag, where they have to be 0",
            ),
            Self::PasswordWithoutUserName => {
                f.write_str("have a Password without a User Name, which it needs before 5.0")
            }
            Self::ReasonCode(code) => write!(f, "is {code:#04x}, which this packet may not have"),
        }
    }
}

/// Why a typed packet cannot be sent.
///
/// ```
/// use pushspec_wire::mqtt::{Auth, EncodeError, Packet, Properties, ReasonCode, Version};
///
/// let auth = Auth { reason: ReasonCode::SUCCESS, properties: Properties::new() };
/// let error = Packet::Auth(auth).encode(Version::V311, &mut Vec::new());
/// assert_eq!(error, Err(EncodeError::NotInVersion(Version::V311)));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A string or binary field has more than 65,535 bytes.
    #[error("{field} has {length} bytes, where 65535 is the most")]
    FieldTooLong {
        /// The field.
        field: &'static str,
        /// Its length in bytes.
        length: usize,
    },
    /// The packet's Remaining Length exceeds 268,435,455 bytes.
    #[error("the packet has {0} bytes behind its fixed header, where 268435455 is the most")]
    PacketTooLarge(usize),
    /// The version has no such packet, or the packet belongs to another version.
    #[error("this packet does not exist in MQTT {0}")]
    NotInVersion(super::Version),
    /// The version has no properties.
    #[error("MQTT {0} has no properties")]
    Properties(super::Version),
    /// The version has no reason code in this packet.
    #[error("MQTT {0} has no reason code in this packet")]
    ReasonCode(super::Version),
    /// The version has no Subscription Options but the QoS.
    #[error("MQTT {0} has no Subscription Options other than the QoS")]
    SubscriptionOptions(super::Version),
    /// A receiver would have to reject it.
    #[error("not a conforming packet: {0}")]
    NotConforming(DecodeError),
}

/// Why a stream of bytes cannot be cut into packets.
///
/// ```
/// use pushspec_wire::mqtt::{FrameError, Framer};
///
/// let mut framer = Framer::new(100);
/// framer.push(&[0x30, 0xFF, 0xFF, 0xFF, 0xFF]);
/// assert_eq!(framer.next_packet(), Err(FrameError::RemainingLengthMalformed));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The Remaining Length has a fifth byte (5.0 section 1.5.5).
    #[error("Remaining Length has a fifth byte, where four are the most [X5-N03]")]
    RemainingLengthMalformed,
    /// The packet is larger than the configured limit.
    #[error("a packet of {size} bytes, where {limit} is the limit")]
    TooLarge {
        /// Size of the whole packet in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes are not exactly one packet.
    #[error("the bytes are not exactly one packet")]
    NotOnePacket,
}

impl From<FrameError> for DecodeError {
    /// As a receiver of 5.0 would answer.
    fn from(error: FrameError) -> Self {
        let (kind, requirement, reason) = match error {
            FrameError::RemainingLengthMalformed => {
                (ErrorKind::VariableByteIntegerTooLong, "X5-N03", ReasonCode::MALFORMED_PACKET)
            }
            FrameError::TooLarge { size, limit } => {
                (ErrorKind::TooLarge { size, limit }, "X5-R25", ReasonCode::PACKET_TOO_LARGE)
            }
            FrameError::NotOnePacket => {
                (ErrorKind::Truncated, "section 1.2", ReasonCode::MALFORMED_PACKET)
            }
        };
        Self { offset: 1, field: "Remaining Length", kind, requirement, reason }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;
    use core::fmt::Write as _;

    use super::super::lawless::Fields;
    use super::super::{
        Disconnect, Frame, Packet, PacketId, Properties, Property, PubAck, QoS, Subscribe,
        Subscription, SubscriptionOptions, Version,
    };
    use super::*;

    fn fields() -> Fields {
        Fields::new()
    }

    fn publish(properties: &Fields) -> Vec<u8> {
        fields().string(b"a").properties(properties).packet(0x30)
    }

    fn connect(name: &[u8], level: u8, flags: u8, properties: Option<&Fields>) -> Vec<u8> {
        let head = fields().string(name).byte(level).byte(flags).two_bytes(60);
        let head =
            if let Some(properties) = properties { head.properties(properties) } else { head };
        head.string(b"c").packet(0x10)
    }

    fn subscribe(filter: &[u8], options: u8) -> Vec<u8> {
        fields().two_bytes(1).varint(0).string(filter).byte(options).packet(0x82)
    }

    /// A packet for each kind of error, and for the kinds that have several requirements some more.
    fn malformed() -> Vec<(Version, Vec<u8>)> {
        let v5 = [
            fields().two_bytes(5).raw(b"ab").packet(0x30),
            fields().two_bytes(1).byte(0).byte(0).raw(&[1, 2]).packet(0x40),
            publish(&fields().byte(0x03).string(b"\xED\xA0\x80")),
            fields().string(b"a\0b").varint(0).packet(0x30),
            fields().packet(0xC1),
            subscribe(b"a", 0x40),
            fields().packet(0x00),
            fields().string(b"a").two_bytes(1).varint(0).packet(0x36),
            fields().string(b"a").varint(0).packet(0x38),
            fields().string(b"a").two_bytes(0).varint(0).packet(0x32),
            fields().string(b"a/#").varint(0).packet(0x30),
            fields().string(b"").varint(0).packet(0x30),
            publish(&fields().byte(0x08).string(b"re/+")),
            subscribe(b"a#", 0),
            subscribe(b"a+/b", 0),
            subscribe(b"$share//a", 0),
            subscribe(b"$share/g", 0),
            fields().two_bytes(1).varint(0).packet(0x82),
            subscribe(b"a", 0x30),
            subscribe(b"$share/g/a", 0x04),
            fields().string(b"a").raw(&[0x80, 0x80, 0x80, 0x80, 0]).packet(0x30),
            fields().packet_with_long_length(0xC0, 2),
            publish(&fields().varint(0x7F)),
            publish(&fields().byte(0x11).four_bytes(0)),
            connect(b"MQTT", 5, 2, Some(&fields().byte(0x21).two_bytes(9).byte(0x21).two_bytes(9))),
            publish(&fields().byte(0x01).byte(0).byte(0x01).byte(0)),
            connect(b"MQTT", 5, 2, Some(&fields().byte(0x27).four_bytes(0))),
            publish(&fields().byte(0x23).two_bytes(0)),
            connect(b"MQTT", 5, 2, Some(&fields().byte(0x16).string(b"x"))),
            fields().byte(0x18).varint(0).packet(0xF0),
            fields().two_bytes(1).varint(0).packet(0x90),
            connect(b"mqtt", 5, 2, Some(&fields())),
            connect(b"MQTT", 6, 2, Some(&fields())),
            connect(b"MQTT", 5, 0x0A, Some(&fields())),
            fields().two_bytes(1).byte(0x92).packet(0x40),
        ];
        let older = [
            (Version::V311, connect(b"MQTT", 4, 0x42, None)),
            (Version::V311, fields().packet(0xF0)),
            (Version::V311, fields().two_bytes(1).packet(0x80)),
            (Version::V31, fields().two_bytes(1).string(b"a").byte(3).packet(0x82)),
            (Version::V31, fields().string(b"a/#").packet(0x30)),
        ];
        v5.into_iter().map(|packet| (Version::V5, packet)).chain(older).collect()
    }

    fn error(packet: &[u8], version: Version) -> DecodeError {
        match Frame::new(packet) {
            Ok(frame) => Packet::decode(frame, version).unwrap_err(),
            Err(error) => error.into(),
        }
    }

    /// A number for each kind; a new kind does not compile until it has one, and the test below then
    /// asks for a packet.
    const fn number(kind: &ErrorKind) -> u8 {
        match kind {
            ErrorKind::Truncated => 0,
            ErrorKind::TrailingBytes(_) => 1,
            ErrorKind::IllFormedUtf8 => 2,
            ErrorKind::NulCharacter => 3,
            ErrorKind::FixedHeaderFlags { .. } => 4,
            ErrorKind::ReservedBits(_) => 5,
            ErrorKind::PacketType(_) => 6,
            ErrorKind::QoS3 => 7,
            ErrorKind::DupAtQoS0 => 8,
            ErrorKind::PacketIdentifier0 => 9,
            ErrorKind::Topic(_) => 10,
            ErrorKind::NoTopicFilter => 11,
            ErrorKind::RetainHandling3 => 12,
            ErrorKind::NoLocalOnShared => 13,
            ErrorKind::VariableByteIntegerTooLong => 14,
            ErrorKind::VariableByteIntegerNotMinimal => 15,
            ErrorKind::UnknownProperty(_) => 16,
            ErrorKind::MisplacedProperty(_) => 17,
            ErrorKind::DuplicateProperty(_) => 18,
            ErrorKind::PropertyValue(..) => 19,
            ErrorKind::AuthenticationDataAlone => 20,
            ErrorKind::AuthenticationMethodMissing => 21,
            ErrorKind::NoReasonCode => 22,
            ErrorKind::TooLarge { .. } => 23,
            ErrorKind::ProtocolName => 24,
            ErrorKind::ProtocolLevel(_) => 25,
            ErrorKind::WillBitsWithoutWill => 26,
            ErrorKind::PasswordWithoutUserName => 27,
            ErrorKind::ReasonCode(_) => 28,
        }
    }
    const KINDS: u8 = 29;

    #[test]
    fn every_kind_explains_itself() {
        let too_large = FrameError::TooLarge { size: 300, limit: 256 }.into();
        let errors: Vec<DecodeError> = malformed()
            .iter()
            .map(|(version, packet)| error(packet, *version))
            .chain([too_large])
            .collect();
        let seen: BTreeSet<_> = errors.iter().map(|error| number(&error.kind)).collect();
        assert_eq!(seen, (0..KINDS).collect());

        let mut table = String::new();
        let packets = malformed().into_iter().map(|(version, packet)| {
            let hex: Vec<_> = packet.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{version:<5} {}", hex.join(" "))
        });
        for (what, error) in packets.chain([String::from("beyond a limit")]).zip(&errors) {
            let code = error.reason.0;
            writeln!(table, "{what}\n      {error}\n      answered {code:#04x}").unwrap();
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    #[cfg_attr(miri, ignore = "strings of 64 KiB take Miri too long")]
    fn what_cannot_be_encoded_is_told() {
        let id = PacketId::MIN;
        let long = "x".repeat(65_536);
        let packet = |reason, properties| PubAck { packet_id: id, reason, properties };
        let subscription = |filter: &str, options| {
            let subscriptions =
                alloc::vec![Subscription { filter: filter.to_string().into(), options }];
            Packet::Subscribe(Subscribe {
                packet_id: id,
                properties: Properties::new(),
                subscriptions,
            })
        };
        let plain = SubscriptionOptions::new(QoS::AtMostOnce);
        let reason_string = |text| Properties::new().with(Property::ReasonString(text));
        let success = ReasonCode::SUCCESS;
        let cases = [
            (Version::V5, subscription(&long, plain)),
            (Version::V5, Packet::PubAck(packet(success, reason_string(&long)))),
            (Version::V311, Packet::PubAck(packet(success, reason_string("")))),
            (Version::V311, Packet::PubAck(packet(ReasonCode::NOT_AUTHORIZED, Properties::new()))),
            (Version::V31, subscription("a", SubscriptionOptions { no_local: true, ..plain })),
            (Version::V5, subscription("a#", plain)),
            (
                Version::V5,
                Packet::Disconnect(Disconnect {
                    reason: ReasonCode::GRANTED_QOS_1,
                    properties: Properties::new(),
                }),
            ),
        ];
        let mut table = String::new();
        for (version, packet) in &cases {
            let mut out = alloc::vec![7];
            let error = packet.encode(*version, &mut out).unwrap_err();
            assert_eq!(out, [7], "what was there stays, nothing is added");
            writeln!(table, "{version:<5} {error}").unwrap();
        }
        insta::assert_snapshot!(table);
    }
}
