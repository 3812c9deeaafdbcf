//! CONNECT (5.0 section 3.1, 3.1.1 section 3.1).

use alloc::borrow::Cow;

use super::read::{Judge, Read, Reader, Watch, malformed};
use super::topic::TopicError;
use super::write::{Writer, Written};
use super::{
    DecodeError, EncodeError, ErrorKind, Frame, PacketType, Place, Properties, QoS, ReasonCode,
    Version,
};

/// A Client asks for a connection.
///
/// ```
/// use pushspec_wire::mqtt::{Connect, Packet, Version};
///
/// let packet = Packet::Connect(Connect { keep_alive: 60, ..Connect::new(Version::V311, "me") });
/// let mut bytes = Vec::new();
/// packet.encode(Version::V311, &mut bytes)?;
/// assert_eq!(bytes, b"\x10\x0E\0\x04MQTT\x04\x02\0\x3C\0\x02me");
/// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Connect<'a> {
    /// From Protocol Name and Protocol Level.
    pub version: Version,
    /// Clean Start (5.0), Clean Session (3.x).
    pub clean_start: bool,
    /// Keep Alive in seconds, 0 for none.
    pub keep_alive: u16,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// Client Identifier.
    pub client_id: Cow<'a, str>,
    /// The Will Message.
    pub will: Option<Will<'a>>,
    /// User Name.
    pub user_name: Option<Cow<'a, str>>,
    /// Password.
    pub password: Option<Cow<'a, [u8]>>,
}

/// The Will Message of a CONNECT.
///
/// ```
/// use pushspec_wire::mqtt::{Connect, Properties, Property, QoS, Version, Will};
///
/// let will = Will {
///     qos: QoS::AtLeastOnce,
///     retain: false,
///     properties: Properties::new().with(Property::WillDelayInterval(30)),
///     topic: "status/me".into(),
///     payload: b"gone".into(),
/// };
/// let connect = Connect { will: Some(will), ..Connect::new(Version::V5, "me") };
/// assert_eq!(connect.will.unwrap().properties.will_delay_interval(), Some(30));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Will<'a> {
    /// Will QoS.
    pub qos: QoS,
    /// Will Retain.
    pub retain: bool,
    /// Will Properties, empty in 3.x.
    pub properties: Properties<'a>,
    /// Will Topic.
    pub topic: Cow<'a, str>,
    /// Will Payload.
    pub payload: Cow<'a, [u8]>,
}

const RESERVED: u8 = 0b0000_0001;
const CLEAN_START: u8 = 0b0000_0010;
const WILL: u8 = 0b0000_0100;
const WILL_QOS: u8 = 0b0001_1000;
const WILL_RETAIN: u8 = 0b0010_0000;
const PASSWORD: u8 = 0b0100_0000;
const USER_NAME: u8 = 0b1000_0000;

impl<'a> Connect<'a> {
    /// A CONNECT for a new session, with no more than it has to have.
    pub fn new(version: Version, client_id: impl Into<Cow<'a, str>>) -> Self {
        Self {
            version,
            clean_start: true,
            keep_alive: 0,
            properties: Properties::new(),
            client_id: client_id.into(),
            will: None,
            user_name: None,
            password: None,
        }
    }

    /// The version that a CONNECT names, if it is one of those known here.
    pub(super) fn version_of(frame: Frame<'_>) -> Option<Version> {
        read_version(&mut Reader::new(frame, Version::V5, Judge)).ok()
    }

    pub(super) fn read<W: Watch>(reader: &mut Reader<'a, W>) -> Read<Self, W::Fault> {
        let version = read_version(reader)?;
        reader.version = version;
        let flags_at = reader.offset();
        let flags = reader.byte("Connect Flags")?;
        check_flags(flags, flags_at, reader)?;
        let keep_alive = reader.two_bytes("Keep Alive")?;
        let properties = Properties::read(reader, Place::Packet(PacketType::Connect))?;
        let client_id = reader.text("Client Identifier")?;
        let will =
            if flags & WILL == 0 { None } else { Some(Will::read(reader, flags, flags_at)?) };
        // In 3.1 a flag may announce a field that does not follow: the Remaining Length decides.
        let follows =
            |flag: u8, at_end: bool| flags & flag != 0 && !(version == Version::V31 && at_end);
        let user_name = if follows(USER_NAME, reader.is_at_end()) {
            Some(reader.text("User Name")?)
        } else {
            None
        };
        let password = if follows(PASSWORD, reader.is_at_end()) {
            Some(Cow::Borrowed(reader.binary("Password")?))
        } else {
            None
        };
        Ok(Self {
            version,
            clean_start: flags & CLEAN_START != 0,
            keep_alive,
            properties,
            client_id,
            will,
            user_name,
            password,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Written {
        if writer.version != self.version {
            return Err(EncodeError::NotInVersion(writer.version));
        }
        writer.string("Protocol Name", self.version.protocol_name())?;
        writer.byte(self.version.level());
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        writer.byte(
            flag(self.clean_start, CLEAN_START)
                | self.will.as_ref().map_or(0, Will::flags)
                | flag(self.user_name.is_some(), USER_NAME)
                | flag(self.password.is_some(), PASSWORD),
        );
        let password_alone = self.password.is_some() && self.user_name.is_none();
        writer.doubt(password_alone && !writer.is_v5());
        writer.two_bytes(self.keep_alive);
        writer.properties(&self.properties, Place::Packet(PacketType::Connect))?;
        writer.string("Client Identifier", &self.client_id)?;
        if let Some(will) = &self.will {
            writer.properties(&will.properties, Place::Will)?;
            writer.doubt(will.topic.is_empty());
            writer.topic_name("Will Topic", &will.topic)?;
            writer.binary("Will Payload", &will.payload)?;
        }
        if let Some(user_name) = &self.user_name {
            writer.string("User Name", user_name)?;
        }
        if let Some(password) = &self.password {
            writer.binary("Password", password)?;
        }
        Ok(())
    }

    /// Without the borrow.
    pub fn into_owned(self) -> Connect<'static> {
        Connect {
            version: self.version,
            clean_start: self.clean_start,
            keep_alive: self.keep_alive,
            properties: self.properties.into_owned(),
            client_id: self.client_id.into_owned().into(),
            will: self.will.map(Will::into_owned),
            user_name: self.user_name.map(|name| name.into_owned().into()),
            password: self.password.map(|password| password.into_owned().into()),
        }
    }
}

fn read_version<W: Watch>(reader: &mut Reader<'_, W>) -> Read<Version, W::Fault> {
    let name_at = reader.offset();
    let name = reader.binary("Protocol Name")?;
    let level_at = reader.offset();
    let refused = |offset, field, kind, requirement| DecodeError {
        offset,
        field,
        kind,
        requirement,
        reason: ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
    };
    if name != b"MQTT" && name != b"MQIsdp" {
        let kind = ErrorKind::ProtocolName;
        let requirement = reader.cite_each("MQTT-3.1.2-1", "MQTT-3.1.2-1", "X31-04");
        return Err(refused(name_at + 2, "Protocol Name", kind, requirement).into());
    }
    let level = reader.byte("Protocol Level")?;
    match (name, level) {
        (b"MQTT", 5) => Ok(Version::V5),
        (b"MQTT", 4) => Ok(Version::V311),
        (b"MQIsdp", 3) => Ok(Version::V31),
        _ => {
            let kind = ErrorKind::ProtocolLevel(level);
            let requirement = reader.cite_each("MQTT-3.1.2-2", "MQTT-3.1.2-2", "X31-04");
            Err(refused(level_at, "Protocol Level", kind, requirement).into())
        }
    }
}

fn check_flags<W: Watch>(flags: u8, at: usize, reader: &Reader<'_, W>) -> Read<(), W::Fault> {
    const FIELD: &str = "Connect Flags";
    let version = reader.version;
    if version == Version::V31 {
        // 3.1 does not validate reserved bits; of the flags only this combination is forbidden.
        return if flags & PASSWORD != 0 && flags & USER_NAME == 0 {
            Err(malformed(at, FIELD, ErrorKind::PasswordWithoutUserName, "X31-06").into())
        } else {
            Ok(())
        };
    }
    if flags & RESERVED != 0 {
        return Err(malformed(at, FIELD, ErrorKind::ReservedBits(flags), "MQTT-3.1.2-3").into());
    }
    if flags & WILL == 0 && flags & (WILL_QOS | WILL_RETAIN) != 0 {
        let requirement = if flags & WILL_QOS == 0 {
            reader.cite("MQTT-3.1.2-13", "MQTT-3.1.2-15")
        } else {
            reader.cite("MQTT-3.1.2-11", "MQTT-3.1.2-13")
        };
        return Err(malformed(at, FIELD, ErrorKind::WillBitsWithoutWill, requirement).into());
    }
    if version == Version::V311 && flags & PASSWORD != 0 && flags & USER_NAME == 0 {
        let kind = ErrorKind::PasswordWithoutUserName;
        return Err(malformed(at, FIELD, kind, "MQTT-3.1.2-22").into());
    }
    Ok(())
}

impl<'a> Will<'a> {
    fn read<W: Watch>(
        reader: &mut Reader<'a, W>,
        flags: u8,
        flags_at: usize,
    ) -> Read<Self, W::Fault> {
        let qos = QoS::from_bits((flags & WILL_QOS) >> 3).ok_or_else(|| {
            let requirement = reader.cite("MQTT-3.1.2-12", "MQTT-3.1.2-14");
            malformed(flags_at, "Will QoS", ErrorKind::QoS3, requirement)
        })?;
        let properties = Properties::read(reader, Place::Will)?;
        let topic_at = reader.offset();
        let (topic, checked) = reader.topic_name("Will Topic")?;
        checked.map_err(|error| DecodeError {
            offset: topic_at,
            field: "Will Topic",
            requirement: match error {
                TopicError::Empty => reader.cite_each("MQTT-4.7.3-1", "MQTT-4.7.3-1", "X31-48"),
                _ => reader.cite_each("MQTT-4.7.0-1", "MQTT-4.7.1-1", "X31-48"),
            },
            kind: ErrorKind::Topic(error),
            reason: ReasonCode::TOPIC_NAME_INVALID,
        })?;
        let payload = Cow::Borrowed(reader.binary("Will Payload")?);
        let topic = Cow::Borrowed(topic);
        Ok(Self { qos, retain: flags & WILL_RETAIN != 0, properties, topic, payload })
    }

    const fn flags(&self) -> u8 {
        let retain = if self.retain { WILL_RETAIN } else { 0 };
        WILL | (self.qos.bits() << 3) | retain
    }

    /// Without the borrow.
    pub fn into_owned(self) -> Will<'static> {
        Will {
            qos: self.qos,
            retain: self.retain,
            properties: self.properties.into_owned(),
            topic: self.topic.into_owned().into(),
            payload: self.payload.into_owned().into(),
        }
    }
}
