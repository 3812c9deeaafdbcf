//! Reading packets: strictly, but for what a fault tolerates. That is brought into its legal form and
//! read again, so that there is one decoder.

use pushspec_wire::mqtt::lawless::{
    header_length, with_first_byte, with_true_length, without_last,
};
use pushspec_wire::mqtt::topic::TopicError;
use pushspec_wire::mqtt::{DecodeError, ErrorKind, Frame, Packet, PacketType, PropertyId, Version};

use super::{Fault, FaultSet};

/// How often bytes are changed before they count as hopeless: once for each byte of a short string.
const ATTEMPTS: usize = 16;

/// What bytes are read as.
pub(super) enum Reading {
    Packet(Packet<'static>),
    /// A fault passes over them.
    Ignored,
    Rejected(DecodeError),
}

impl Reading {
    /// The packet, if it is one.
    pub(super) fn packet(self) -> Option<Packet<'static>> {
        match self {
            Self::Packet(packet) => Some(packet),
            Self::Ignored | Self::Rejected(_) => None,
        }
    }
}

/// Reads a packet that came in one frame.
pub(super) fn read(bytes: &[u8], version: Version, faults: &FaultSet) -> Reading {
    let mut bytes = bytes.to_vec();
    for _ in 0..ATTEMPTS {
        let Ok(frame) = Frame::new(&bytes) else { return Reading::Ignored };
        let error = match Packet::decode(frame, version) {
            Ok(packet) => return Reading::Packet(packet.into_owned()),
            Err(error) => error,
        };
        if matches!(error.kind, ErrorKind::PacketType(0)) && faults.has(Fault::AcceptsPacketType0) {
            return Reading::Ignored;
        }
        match legal_form(&bytes, &error, version, faults) {
            Some(changed) => bytes = changed,
            None if faults.has(Fault::PassesOverMalformed)
                && bytes[0] >> 4 != PacketType::Connect as u8 =>
            {
                return Reading::Ignored;
            }
            None => return Reading::Rejected(error),
        }
    }
    Reading::Ignored
}

/// The bytes with what the error names made legal, if a fault tolerates it.
fn legal_form(
    bytes: &[u8],
    error: &DecodeError,
    version: Version,
    faults: &FaultSet,
) -> Option<Vec<u8>> {
    let at = error.offset;
    let mut changed = bytes.to_vec();
    let packet = PacketType::from_first_byte(bytes[0], Version::V5)?;
    let tolerates = |fault: Fault| faults.has(fault).then_some(());
    match &error.kind {
        ErrorKind::FixedHeaderFlags { expected, .. } => {
            tolerates(match packet {
                PacketType::Subscribe => Fault::AcceptsSubscribeFlags,
                PacketType::Unsubscribe => Fault::AcceptsUnsubscribeFlags,
                PacketType::PubRel => Fault::AcceptsPubrelFlags,
                PacketType::Disconnect => Fault::AcceptsDisconnectFlags,
                PacketType::PingReq => Fault::AcceptsPingreqFlags,
                _ => return None,
            })?;
            return Some(with_first_byte(bytes, bytes[0] & 0xF0 | expected));
        }
        ErrorKind::TrailingBytes(count) => {
            tolerates(Fault::AcceptsTrailingBytes)?;
            return Some(with_true_length(&without_last(bytes, *count)));
        }
        ErrorKind::IllFormedUtf8 => {
            tolerates(Fault::AcceptsIllFormedUtf8)?;
            *changed.get_mut(at)? = b'?';
        }
        ErrorKind::NulCharacter => {
            tolerates(Fault::AcceptsNul)?;
            *changed.get_mut(at)? = b'?';
        }
        ErrorKind::QoS3 => match packet {
            PacketType::Publish => {
                tolerates(Fault::AcceptsQos3)?;
                changed[0] &= !0b0010;
            }
            PacketType::Connect => {
                tolerates(Fault::AcceptsWillQos3)?;
                *changed.get_mut(connect_flags_at(bytes)?)? &= !0b0000_1000;
            }
            _ => {
                tolerates(Fault::AcceptsSubscribeQos3)?;
                *changed.get_mut(at)? &= !1;
            }
        },
        ErrorKind::PacketIdentifier0 => {
            tolerates(Fault::AcceptsPacketId0)?;
            *changed.get_mut(at + 1)? = 1;
        }
        ErrorKind::Topic(topic) => return legal_topic(changed, at, packet, *topic, faults),
        ErrorKind::NoTopicFilter => {
            let options: &[u8] = if packet == PacketType::Subscribe { &[0] } else { &[] };
            tolerates(if packet == PacketType::Subscribe {
                Fault::AcceptsEmptySubscribe
            } else {
                Fault::AcceptsEmptyUnsubscribe
            })?;
            changed.extend([0, 1, b'_']);
            changed.extend(options);
            return Some(with_true_length(&changed));
        }
        ErrorKind::ReservedBits(_) if packet == PacketType::Connect => {
            tolerates(Fault::AcceptsReservedConnectFlag)?;
            *changed.get_mut(at)? &= !1;
        }
        ErrorKind::ReservedBits(_) => {
            tolerates(Fault::AcceptsReservedOptions)?;
            *changed.get_mut(at)? &= if version == Version::V5 { 0b0011_1111 } else { 0b0011 };
        }
        ErrorKind::NoLocalOnShared => {
            tolerates(Fault::NoLocalOnShared)?;
            *changed.get_mut(at)? &= !0b0100;
        }
        ErrorKind::ProtocolName => {
            tolerates(Fault::AcceptsWrongProtocolName)?;
            let name = header_length(bytes) + 2;
            let right: &[u8] = if bytes.get(name - 1) == Some(&6) { b"MQIsdp" } else { b"MQTT" };
            changed.get_mut(name..name + right.len())?.copy_from_slice(right);
        }
        ErrorKind::ProtocolLevel(_) if bytes.get(header_length(bytes) + 1) == Some(&6) => {
            tolerates(Fault::AcceptsUnsupportedLevel)?;
            changed[at] = 3;
        }
        ErrorKind::ProtocolLevel(level) if *level != 5 => {
            tolerates(Fault::AcceptsUnsupportedLevel)?;
            changed[at] = 5;
            let as_v5 = Frame::new(&changed).ok().map(|frame| Packet::decode(frame, Version::V5));
            if !matches!(as_v5, Some(Ok(_))) {
                changed[at] = 4;
            }
        }
        ErrorKind::WillBitsWithoutWill => {
            tolerates(Fault::AcceptsWillBitsWithoutWill)?;
            *changed.get_mut(connect_flags_at(bytes)?)? &= !0b0011_1000;
        }
        ErrorKind::Truncated if matches!(error.field, "User Name" | "Password") => {
            tolerates(Fault::AcceptsMissingCredentials)?;
            let flag = if error.field == "Password" { 0b0100_0000 } else { 0b1100_0000 };
            *changed.get_mut(connect_flags_at(bytes)?)? &= !flag;
        }
        ErrorKind::Truncated if error.field == "Client Identifier" => {
            tolerates(Fault::AcceptsMissingClientId)?;
            changed.extend([0, 0]);
            return Some(with_true_length(&changed));
        }
        ErrorKind::Truncated if packet == PacketType::Connect => {
            tolerates(Fault::AcceptsMissingWill)?;
            let flags = changed.get_mut(connect_flags_at(bytes)?)?;
            if *flags & 0b0000_0100 == 0 {
                return None;
            }
            *flags &= !0b0011_1100;
        }
        ErrorKind::PasswordWithoutUserName => {
            tolerates(Fault::AcceptsPasswordWithoutUserName)?;
            let flags = connect_flags_at(bytes)?;
            changed[flags] |= 0b1000_0000;
            let id = flags + 3;
            let length = u16::from_be_bytes([*bytes.get(id)?, *bytes.get(id + 1)?]);
            let behind = id + 2 + usize::from(length);
            changed.splice(behind..behind, [0, 0]);
            return Some(with_true_length(&changed));
        }
        ErrorKind::UnknownProperty(_) => {
            tolerates(Fault::AcceptsUnknownProperty)?;
            return without_properties(bytes, packet);
        }
        ErrorKind::MisplacedProperty(_) => {
            tolerates(Fault::AcceptsMisplacedProperty)?;
            return without_properties(bytes, packet);
        }
        ErrorKind::DuplicateProperty(_) => {
            tolerates(Fault::AcceptsDuplicateProperty)?;
            return without_properties(bytes, packet);
        }
        ErrorKind::PropertyValue(PropertyId::TopicAlias, 0) => {
            tolerates(Fault::AcceptsTopicAlias0)?;
            return without_properties(bytes, packet);
        }
        _ => return None,
    }
    Some(changed)
}

fn legal_topic(
    mut bytes: Vec<u8>,
    at: usize,
    packet: PacketType,
    error: TopicError,
    faults: &FaultSet,
) -> Option<Vec<u8>> {
    if matches!(error, TopicError::EmptyShareName | TopicError::ShareName)
        && faults.has(Fault::AcceptsInvalidShares)
    {
        return without_share(bytes);
    }
    let fault = match (packet, error) {
        (PacketType::Publish, TopicError::Empty) => Fault::AcceptsEmptyTopic,
        (PacketType::Publish, _) => Fault::AcceptsWildcardTopic,
        (PacketType::Subscribe, TopicError::Hash | TopicError::Plus) => Fault::AcceptsInvalidFilter,
        _ => return None,
    };
    if !faults.has(fault) {
        return None;
    }
    // Errors of topics may point at the string or into it.
    let start = match packet {
        PacketType::Publish => header_length(&bytes),
        _ => at,
    };
    if error == TopicError::Empty {
        bytes.splice(start..start + 2, [0, 1, b'_']);
        return Some(with_true_length(&bytes));
    }
    let wildcard = bytes[start..].iter().position(|byte| matches!(byte, b'+' | b'#'))?;
    bytes[start + wildcard] = b'_';
    Some(bytes)
}

/// A SUBSCRIBE whose shared subscription is a plain one without wildcards.
fn without_share(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let start = bytes.windows(7).position(|window| window == b"$share/")?;
    let special = |byte: &&mut u8| matches!(**byte, b'$' | b'+' | b'#');
    bytes[start..].iter_mut().filter(special).for_each(|byte| *byte = b'_');
    Some(bytes)
}

/// Whether the flags of a CONNECT say that a User Name follows.
pub(super) fn announces_user_name(connect: &[u8]) -> bool {
    let flags = connect_flags_at(connect).and_then(|at| connect.get(at));
    flags.is_some_and(|flags| flags & 0b1000_0000 != 0)
}

/// A PUBLISH without its properties.
fn without_properties(bytes: &[u8], packet: PacketType) -> Option<Vec<u8>> {
    if packet != PacketType::Publish {
        return None;
    }
    let topic = header_length(bytes);
    let length = u16::from_be_bytes([*bytes.get(topic)?, *bytes.get(topic + 1)?]);
    let id = if bytes[0] & 0b0110 == 0 { 0 } else { 2 };
    let at = topic + 2 + usize::from(length) + id;
    // What these faults are shown with has fewer than 128 bytes of properties.
    let end = at + 1 + usize::from(*bytes.get(at)?);
    let kept = [bytes.get(..at)?, &[0], bytes.get(end..)?].concat();
    Some(with_true_length(&kept))
}

fn connect_flags_at(connect: &[u8]) -> Option<usize> {
    let name = header_length(connect);
    let length = u16::from_be_bytes([*connect.get(name)?, *connect.get(name + 1)?]);
    Some(name + 2 + usize::from(length) + 1)
}
