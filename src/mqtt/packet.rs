//! Control packets in general (5.0 section 2.1, 3.1.1 section 2.2).

use alloc::vec::Vec;

use super::read::{Judge, Read, Reader, Rejected, Unwatched, Watch, cite, malformed};
use super::write::{Writer, Written};
use super::{
    Auth, ConnAck, Connect, DecodeError, Disconnect, EncodeError, ErrorKind, Frame, PingReq,
    PingResp, PubAck, PubComp, PubRec, PubRel, Publish, Sender, SubAck, Subscribe, UnsubAck,
    Unsubscribe, Version,
};

/// A control packet that conforms to its version of the protocol.
///
/// ```
/// use pushspec_wire::mqtt::{Frame, Packet, Version};
///
/// let bytes = *b"\x30\x06\0\x01thi!";
/// let packet = Packet::decode(Frame::new(&bytes)?, Version::V311)?;
/// assert!(matches!(&packet, Packet::Publish(publish) if publish.topic == "t"));
/// let mut again = Vec::new();
/// packet.encode(Version::V311, &mut again)?;
/// assert_eq!(again, bytes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(missing_docs, reason = "the names are those of the spec")]
pub enum Packet<'a> {
    Connect(Connect<'a>),
    ConnAck(ConnAck<'a>),
    Publish(Publish<'a>),
    PubAck(PubAck<'a>),
    PubRec(PubRec<'a>),
    PubRel(PubRel<'a>),
    PubComp(PubComp<'a>),
    Subscribe(Subscribe<'a>),
    SubAck(SubAck<'a>),
    Unsubscribe(Unsubscribe<'a>),
    UnsubAck(UnsubAck<'a>),
    PingReq(PingReq),
    PingResp(PingResp),
    Disconnect(Disconnect<'a>),
    Auth(Auth<'a>),
}

/// The type of a control packet: bits 7-4 of its first byte.
///
/// ```
/// use pushspec_wire::mqtt::{PacketType, Version};
///
/// assert_eq!(PacketType::from_first_byte(0x32, Version::V5), Some(PacketType::Publish));
/// assert_eq!(PacketType::from_first_byte(0xF0, Version::V311), None, "AUTH is new in 5.0");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are those of the spec")]
pub enum PacketType {
    Connect = 1,
    ConnAck = 2,
    Publish = 3,
    PubAck = 4,
    PubRec = 5,
    PubRel = 6,
    PubComp = 7,
    Subscribe = 8,
    SubAck = 9,
    Unsubscribe = 10,
    UnsubAck = 11,
    PingReq = 12,
    PingResp = 13,
    Disconnect = 14,
    Auth = 15,
}

impl PacketType {
    /// All types, by number.
    pub const ALL: [Self; 15] = [
        Self::Connect,
        Self::ConnAck,
        Self::Publish,
        Self::PubAck,
        Self::PubRec,
        Self::PubRel,
        Self::PubComp,
        Self::Subscribe,
        Self::SubAck,
        Self::Unsubscribe,
        Self::UnsubAck,
        Self::PingReq,
        Self::PingResp,
        Self::Disconnect,
        Self::Auth,
    ];

    /// The type of a packet with this first byte, in this version.
    pub fn from_first_byte(byte: u8, version: Version) -> Option<Self> {
        let number = usize::from(byte >> 4);
        let packet_type = *Self::ALL.get(number.checked_sub(1)?)?;
        (packet_type != Self::Auth || version == Version::V5).then_some(packet_type)
    }

    /// The name as the spec writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::ConnAck => "CONNACK",
            Self::Publish => "PUBLISH",
            Self::PubAck => "PUBACK",
            Self::PubRec => "PUBREC",
            Self::PubRel => "PUBREL",
            Self::PubComp => "PUBCOMP",
            Self::Subscribe => "SUBSCRIBE",
            Self::SubAck => "SUBACK",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::UnsubAck => "UNSUBACK",
            Self::PingReq => "PINGREQ",
            Self::PingResp => "PINGRESP",
            Self::Disconnect => "DISCONNECT",
            Self::Auth => "AUTH",
        }
    }

    /// Who may send packets of this type (table 2-1).
    pub const fn sender(self, version: Version) -> Sender {
        match self {
            Self::Connect | Self::Subscribe | Self::Unsubscribe | Self::PingReq => Sender::Client,
            Self::ConnAck | Self::SubAck | Self::UnsubAck | Self::PingResp => Sender::Server,
            Self::Disconnect if !matches!(version, Version::V5) => Sender::Client,
            _ => Sender::Both,
        }
    }

    /// The flags that the fixed header has to have; PUBLISH has its own.
    const fn fixed_flags(self) -> Option<u8> {
        match self {
            Self::Publish => None,
            Self::PubRel | Self::Subscribe | Self::Unsubscribe => Some(0b0010),
            _ => Some(0),
        }
    }
}

impl<'a> Packet<'a> {
    /// Decodes one frame strictly, as a packet of this version. CONNECT names its own version.
    ///
    /// What only one side may send is accepted from both, such as Subscription Identifiers in
    /// PUBLISH: which side sent the bytes is not known here.
    ///
    /// ```
    /// use pushspec_wire::mqtt::{Frame, Packet, Version};
    ///
    /// let frame = Frame::new(&[0x20, 0x02, 0x01, 0x00])?;
    /// let Packet::ConnAck(connack) = Packet::decode(frame, Version::V311)? else { panic!() };
    /// assert!(connack.session_present);
    ///
    /// let frame = Frame::new(&[0xC1, 0x00])?;
    /// let error = Packet::decode(frame, Version::V5).unwrap_err();
    /// assert_eq!((error.offset, error.requirement), (0, "MQTT-2.1.3-1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn decode(frame: Frame<'a>, version: Version) -> Result<Self, DecodeError> {
        // Most packets are messages.
        if frame.first_byte() >> 4 == PacketType::Publish as u8 && length_conforms(frame, version) {
            return Self::decode_publish(frame, version);
        }
        Self::decode_any(frame, version)
    }

    #[inline]
    fn decode_publish(frame: Frame<'a>, version: Version) -> Result<Self, DecodeError> {
        Self::judged(frame, version, |reader| Publish::read(reader, frame.flags()))
    }

    #[inline(never)]
    fn decode_any(frame: Frame<'a>, version: Version) -> Result<Self, DecodeError> {
        let Ok((packet_type, version)) = check_header::<Rejected>(frame, version) else {
            return Self::explain(frame, version);
        };
        match packet_type {
            PacketType::Publish => Self::decode_publish(frame, version),
            PacketType::Connect => Self::judged(frame, version, Connect::read),
            PacketType::ConnAck => Self::judged(frame, version, ConnAck::read),
            PacketType::PubAck => Self::judged(frame, version, PubAck::read),
            PacketType::PubRec => Self::judged(frame, version, PubRec::read),
            PacketType::PubRel => Self::judged(frame, version, PubRel::read),
            PacketType::PubComp => Self::judged(frame, version, PubComp::read),
            PacketType::Subscribe => Self::judged(frame, version, Subscribe::read),
            PacketType::SubAck => Self::judged(frame, version, SubAck::read),
            PacketType::Unsubscribe => Self::judged(frame, version, Unsubscribe::read),
            PacketType::UnsubAck => Self::judged(frame, version, UnsubAck::read),
            PacketType::PingReq => Self::judged(frame, version, |_| Ok(PingReq)),
            PacketType::PingResp => Self::judged(frame, version, |_| Ok(PingResp)),
            PacketType::Disconnect => Self::judged(frame, version, Disconnect::read),
            PacketType::Auth => Self::judged(frame, version, Auth::read),
        }
    }

    /// Decodes a packet of one type. Each type has a function of its own, so that the packet is written
    /// where it is wanted, and not copied there.
    #[inline(never)]
    fn judged<P: Into<Self>>(
        frame: Frame<'a>,
        version: Version,
        read: impl FnOnce(&mut Reader<'a, Judge>) -> Read<P, Rejected>,
    ) -> Result<Self, DecodeError> {
        let reader = &mut Reader::new(frame, version, Judge);
        match read(reader) {
            Ok(packet) if reader.is_at_end() => Ok(packet.into()),
            _ => Self::explain(frame, version),
        }
    }

    /// Decodes once more, to tell what is wrong.
    #[cold]
    #[inline(never)]
    fn explain(frame: Frame<'a>, version: Version) -> Result<Self, DecodeError> {
        Self::decode_watched(frame, version, Unwatched)
    }

    /// As [`Self::decode`], while somebody watches.
    pub(super) fn decode_watched<W: Watch>(
        frame: Frame<'a>,
        version: Version,
        watch: W,
    ) -> Result<Self, W::Fault> {
        let (packet_type, version) = check_header(frame, version)?;
        let reader = &mut Reader::new(frame, version, watch);
        let packet = Self::read(reader, packet_type, frame.flags())?;
        reader.end()?;
        Ok(packet)
    }

    /// Reads what follows the fixed header.
    fn read<W: Watch>(
        reader: &mut Reader<'a, W>,
        packet_type: PacketType,
        flags: u8,
    ) -> Result<Self, W::Fault> {
        Ok(match packet_type {
            PacketType::Publish => Self::Publish(Publish::read(reader, flags)?),
            PacketType::Connect => Self::Connect(Connect::read(reader)?),
            PacketType::ConnAck => Self::ConnAck(ConnAck::read(reader)?),
            PacketType::PubAck => Self::PubAck(PubAck::read(reader)?),
            PacketType::PubRec => Self::PubRec(PubRec::read(reader)?),
            PacketType::PubRel => Self::PubRel(PubRel::read(reader)?),
            PacketType::PubComp => Self::PubComp(PubComp::read(reader)?),
            PacketType::Subscribe => Self::Subscribe(Subscribe::read(reader)?),
            PacketType::SubAck => Self::SubAck(SubAck::read(reader)?),
            PacketType::Unsubscribe => Self::Unsubscribe(Unsubscribe::read(reader)?),
            PacketType::UnsubAck => Self::UnsubAck(UnsubAck::read(reader)?),
            PacketType::PingReq => Self::PingReq(PingReq),
            PacketType::PingResp => Self::PingResp(PingResp),
            PacketType::Disconnect => Self::Disconnect(Disconnect::read(reader)?),
            PacketType::Auth => Self::Auth(Auth::read(reader)?),
        })
    }

    /// Appends the packet's bytes in this version's form. What a receiver would have to reject is not
    /// written: each field is judged while it is written, and where it is in doubt the whole goes
    /// through [`Packet::decode`].
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Publish(packet) => {
                let length = packet.length(version);
                let flags = packet.flags();
                Self::written(PacketType::Publish, flags, length, version, out, |writer| {
                    packet.write(writer)
                })
            }
            _ => self.encode_any(version, out),
        }
    }

    #[inline(never)]
    fn encode_any(&self, version: Version, out: &mut Vec<u8>) -> Written {
        let packet_type = self.packet_type();
        let flags = packet_type.fixed_flags().unwrap_or(0);
        Self::written(packet_type, flags, 0, version, out, |writer| match self {
            Self::Connect(packet) => packet.write(writer),
            Self::ConnAck(packet) => packet.write(writer),
            Self::PubAck(packet) => packet.write(writer),
            Self::PubRec(packet) => packet.write(writer),
            Self::PubRel(packet) => packet.write(writer),
            Self::PubComp(packet) => packet.write(writer),
            Self::Subscribe(packet) => packet.write(writer),
            Self::SubAck(packet) => packet.write(writer),
            Self::Unsubscribe(packet) => packet.write(writer),
            Self::UnsubAck(packet) => packet.write(writer),
            Self::Disconnect(packet) => packet.write(writer),
            Self::Auth(_) if !writer.is_v5() => Err(EncodeError::NotInVersion(writer.version)),
            Self::Auth(packet) => packet.write(writer),
            // What PUBLISH has is written above, and pings have nothing.
            Self::Publish(_) | Self::PingReq(_) | Self::PingResp(_) => Ok(()),
        })
    }

    /// Appends a packet whose body is expected to have that many bytes, and takes it back if a receiver
    /// would reject it.
    #[inline]
    fn written(
        packet_type: PacketType,
        flags: u8,
        length: usize,
        version: Version,
        out: &mut Vec<u8>,
        body: impl FnOnce(&mut Writer<'_>) -> Written,
    ) -> Written {
        let start = out.len();
        let first_byte = (packet_type as u8) << 4 | flags;
        // One source of truth: whatever the decoder rejects is not sent.
        let judged = match Writer::packet(out, first_byte, length, version, body) {
            Ok(false) => return Ok(()),
            Ok(true) => Self::judge(&out[start..], version),
            Err(error) => Err(error),
        };
        if judged.is_err() {
            out.truncate(start);
        }
        judged
    }

    /// What a receiver makes of a packet that was written.
    #[cold]
    fn judge(bytes: &[u8], version: Version) -> Written {
        Frame::new(bytes)
            .map_err(DecodeError::from)
            .and_then(|frame| Packet::decode(frame, version).map(drop))
            .map_err(EncodeError::NotConforming)
    }

    /// The packet's type.
    pub const fn packet_type(&self) -> PacketType {
        match self {
            Self::Connect(_) => PacketType::Connect,
            Self::ConnAck(_) => PacketType::ConnAck,
            Self::Publish(_) => PacketType::Publish,
            Self::PubAck(_) => PacketType::PubAck,
            Self::PubRec(_) => PacketType::PubRec,
            Self::PubRel(_) => PacketType::PubRel,
            Self::PubComp(_) => PacketType::PubComp,
            Self::Subscribe(_) => PacketType::Subscribe,
            Self::SubAck(_) => PacketType::SubAck,
            Self::Unsubscribe(_) => PacketType::Unsubscribe,
            Self::UnsubAck(_) => PacketType::UnsubAck,
            Self::PingReq(_) => PacketType::PingReq,
            Self::PingResp(_) => PacketType::PingResp,
            Self::Disconnect(_) => PacketType::Disconnect,
            Self::Auth(_) => PacketType::Auth,
        }
    }

    /// The packet without its borrow of the frame.
    pub fn into_owned(self) -> Packet<'static> {
        match self {
            Self::Connect(packet) => Packet::Connect(packet.into_owned()),
            Self::ConnAck(packet) => Packet::ConnAck(packet.into_owned()),
            Self::Publish(packet) => Packet::Publish(packet.into_owned()),
            Self::PubAck(packet) => Packet::PubAck(packet.into_owned()),
            Self::PubRec(packet) => Packet::PubRec(packet.into_owned()),
            Self::PubRel(packet) => Packet::PubRel(packet.into_owned()),
            Self::PubComp(packet) => Packet::PubComp(packet.into_owned()),
            Self::Subscribe(packet) => Packet::Subscribe(packet.into_owned()),
            Self::SubAck(packet) => Packet::SubAck(packet.into_owned()),
            Self::Unsubscribe(packet) => Packet::Unsubscribe(packet.into_owned()),
            Self::UnsubAck(packet) => Packet::UnsubAck(packet.into_owned()),
            Self::PingReq(packet) => Packet::PingReq(packet),
            Self::PingResp(packet) => Packet::PingResp(packet),
            Self::Disconnect(packet) => Packet::Disconnect(packet.into_owned()),
            Self::Auth(packet) => Packet::Auth(packet.into_owned()),
        }
    }
}

macro_rules! packet_from {
    ($($name:ident $(<$a:lifetime>)?),+) => {$(
        impl<'a> From<$name$(<$a>)?> for Packet<'a> {
            #[inline]
            fn from(packet: $name$(<$a>)?) -> Self {
                Self::$name(packet)
            }
        }
    )+};
}

packet_from! {
    Connect<'a>, ConnAck<'a>, Publish<'a>, PubAck<'a>, PubRec<'a>, PubRel<'a>, PubComp<'a>,
    Subscribe<'a>, SubAck<'a>, Unsubscribe<'a>, UnsubAck<'a>, PingReq, PingResp, Disconnect<'a>,
    Auth<'a>
}

/// The packet's type and the version in which it is to be read, if its fixed header conforms.
#[inline]
fn check_header<F: From<DecodeError>>(
    frame: Frame<'_>,
    version: Version,
) -> Result<(PacketType, Version), F> {
    let first = frame.first_byte();
    let Some(packet_type) = PacketType::from_first_byte(first, version) else {
        let kind = ErrorKind::PacketType(first >> 4);
        let requirement = cite(version, "X5-N01", "X311-N01", "X31-44");
        return Err(malformed(0, "Control Packet type", kind, requirement).into());
    };
    let version = match packet_type {
        PacketType::Connect => Connect::version_of(frame).unwrap_or(version),
        _ => version,
    };
    check_flags(packet_type, frame.flags(), version)?;
    if !length_conforms(frame, version) {
        let kind = ErrorKind::VariableByteIntegerNotMinimal;
        return Err(malformed(1, "Remaining Length", kind, "MQTT-1.5.5-1").into());
    }
    Ok((packet_type, version))
}

/// 3.x does not ask for the shortest form.
#[inline]
fn length_conforms(frame: Frame<'_>, version: Version) -> bool {
    version != Version::V5 || frame.length_is_minimal()
}

#[inline]
fn check_flags(packet_type: PacketType, found: u8, version: Version) -> Result<(), DecodeError> {
    let Some(expected) = packet_type.fixed_flags() else { return Ok(()) };
    // 3.1 allows DUP there and does not validate what it reserves.
    if found == expected || version == Version::V31 {
        return Ok(());
    }
    let requirement = match (packet_type, version) {
        (PacketType::PubRel, _) => "MQTT-3.6.1-1",
        (PacketType::Subscribe, _) => "MQTT-3.8.1-1",
        (PacketType::Unsubscribe, _) => "MQTT-3.10.1-1",
        (PacketType::Disconnect, _) => "MQTT-3.14.1-1",
        (PacketType::Auth, _) => "MQTT-3.15.1-1",
        (_, Version::V5) => "MQTT-2.1.3-1",
        _ => "MQTT-2.2.2-2",
    };
    let kind = ErrorKind::FixedHeaderFlags { expected, found };
    Err(malformed(0, "Fixed header flags", kind, requirement))
}
