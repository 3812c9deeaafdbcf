//! Properties (5.0 section 2.2.2).

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use super::read::{Read, Reader, Rejected, Watch, malformed, protocol_error};
use super::topic::{self, TopicError};
use super::write::variable_byte_integer;
use super::{DecodeError, ErrorKind, PacketType, ReasonCode, Sender, Version};

/// Where a list of properties stands: in a packet, or as the Will Properties of CONNECT.
///
/// ```
/// use pushspec_wire::mqtt::{PacketType, Place, PropertyId};
///
/// assert!(PropertyId::WillDelayInterval.may_stand_in(Place::Will));
/// assert!(!PropertyId::WillDelayInterval.may_stand_in(Place::Packet(PacketType::Publish)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the variable header of this packet.
    Packet(PacketType),
    /// In the payload of CONNECT, about the Will Message (5.0 section 3.1.3.2).
    Will,
}

/// A validated list of properties in their wire order. Decoding borrows the wire bytes; nothing is
/// built until it is asked for.
///
/// ```
/// use pushspec_wire::mqtt::{Properties, Property};
///
/// let properties = Properties::new()
///     .with(Property::ContentType("text/plain"))
///     .with(Property::UserProperty("a", "1"))
///     .with(Property::UserProperty("a", "2"));
/// assert_eq!(properties.content_type(), Some("text/plain"));
/// assert!(properties.user_properties().eq([("a", "1"), ("a", "2")]));
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Properties<'a> {
    /// The encoded properties, without the Property Length.
    wire: Cow<'a, [u8]>,
    /// What is known of them all.
    noted: Noted,
    /// The first that was too long to be appended, and its length or the highest number.
    too_long: Option<(PropertyId, u32)>,
}

/// Which properties a list has, a bit for each identifier, and what would be wrong with it. So the
/// list is judged when it is read or written, and need not be read again to be encoded.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Noted(u64);

/// What of a property is judged.
#[derive(Clone, Copy)]
enum Raw<'a> {
    Number(u32),
    Bytes(&'a [u8]),
}

/// One row per property: identifier, name, name in the spec's words, type on the wire, type in Rust, getter, and where it may
/// stand (5.0 table 2-4).
macro_rules! properties {
    ($($id:literal $name:ident $words:literal $wire:ident $type:ty, $getter:ident, $($place:ident)|+;)+) => {
        /// The identifier of a property.
        ///
        /// ```
        /// use pushspec_wire::mqtt::PropertyId;
        ///
        /// assert_eq!(PropertyId::from_wire(0x21), Some(PropertyId::ReceiveMaximum));
        /// assert_eq!(PropertyId::ReceiveMaximum.name(), "Receive Maximum");
        /// assert_eq!(PropertyId::from_wire(0), None);
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the names are those of the spec")]
        pub enum PropertyId {
            $($name = $id,)+
            UserProperty = 0x26,
        }

        /// One property with its value.
        ///
        /// ```
        /// use pushspec_wire::mqtt::{Property, PropertyId};
        ///
        /// assert_eq!(Property::TopicAlias(1).id(), PropertyId::TopicAlias);
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[allow(missing_docs, reason = "the names are those of the spec")]
        pub enum Property<'a> {
            $($name($type),)+
            UserProperty(&'a str, &'a str),
        }

        impl PropertyId {
            /// All properties.
            pub const ALL: [Self; 27] = [$(Self::$name,)+ Self::UserProperty];

            /// The property with this identifier, if there is one.
            pub const fn from_wire(id: u32) -> Option<Self> {
                match id {
                    $($id => Some(Self::$name),)+
                    0x26 => Some(Self::UserProperty),
                    _ => None,
                }
            }

            /// The name in the spec's words, such as "Receive Maximum".
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)+
                    Self::UserProperty => "User Property",
                }
            }

            /// Whether the property may stand in this place.
            pub const fn may_stand_in(self, place: Place) -> bool {
                use PacketType as In;
                match self {
                    $(Self::$name => $(matches!(place, properties!(@place $place)))||+,)+
                    Self::UserProperty => !matches!(
                        place,
                        Place::Packet(In::PingReq | In::PingResp)
                    ),
                }
            }
        }

        impl Property<'_> {
            /// Which property it is.
            pub const fn id(&self) -> PropertyId {
                match self {
                    $(Self::$name(_) => PropertyId::$name,)+
                    Self::UserProperty(..) => PropertyId::UserProperty,
                }
            }
        }

        /// A property as it is read back: its strings may have been escaped in the source.
        #[cfg(feature = "serde")]
        #[derive(serde::Deserialize)]
        #[serde(rename = "Property")]
        enum OwnedProperty {
            $($name(properties!(@owned $wire)),)+
            UserProperty(alloc::string::String, alloc::string::String),
        }

        #[cfg(feature = "serde")]
        impl OwnedProperty {
            fn borrowed(&self) -> Property<'_> {
                match self {
                    $(Self::$name(value) => Property::$name(properties!(@borrowed $wire value)),)+
                    Self::UserProperty(name, value) => Property::UserProperty(name, value),
                }
            }
        }

        fn read_value<'a, W: Watch>(id: PropertyId, reader: &mut Reader<'a, W>) -> Read<Property<'a>, W::Fault> {
            Ok(match id {
                $(PropertyId::$name => Property::$name(properties!(@read $wire reader $words)),)+
                PropertyId::UserProperty => {
                    let name = reader.string("User Property")?;
                    Property::UserProperty(name, reader.string("User Property")?)
                }
            })
        }

        /// As [`read_value`], without building more than is judged.
        #[inline]
        fn read_raw<'a, W: Watch>(id: PropertyId, reader: &mut Reader<'a, W>) -> Read<Raw<'a>, W::Fault> {
            Ok(match id {
                $(PropertyId::$name => properties!(@raw $wire reader $words),)+
                PropertyId::UserProperty => {
                    reader.string_bytes("User Property")?;
                    Raw::Bytes(reader.string_bytes("User Property")?)
                }
            })
        }

        /// Fails with the length of a string or of binary data that is too long.
        fn write_value(property: Property<'_>, wire: &mut Vec<u8>) -> Result<(), usize> {
            match property {
                $(Property::$name(value) => properties!(@write $wire value wire),)+
                Property::UserProperty(name, value) => {
                    write_binary(wire, name.as_bytes())?;
                    write_binary(wire, value.as_bytes())?;
                }
            }
            Ok(())
        }

        impl Properties<'_> {
            $(
                #[doc = concat!("The value of ", stringify!($name), ", if it stands there.")]
                #[allow(clippy::needless_lifetimes, reason = "some of the types name it")]
                pub fn $getter<'a>(&'a self) -> Option<$type> {
                    self.iter().find_map(|property| match property {
                        Property::$name(value) => Some(value),
                        _ => None,
                    })
                }
            )+
        }
    };
    (@owned byte) => { u8 };
    (@owned two_bytes) => { u16 };
    (@owned four_bytes) => { u32 };
    (@owned varint) => { u32 };
    (@owned string) => { alloc::string::String };
    (@owned binary) => { Vec<u8> };
    (@borrowed string $value:ident) => { $value };
    (@borrowed binary $value:ident) => { $value };
    (@borrowed $integer:ident $value:ident) => { *$value };
    (@place Will) => { Place::Will };
    (@place $packet:ident) => { Place::Packet(In::$packet) };
    (@read byte $reader:ident $field:literal) => { $reader.byte($field)? };
    (@read two_bytes $reader:ident $field:literal) => { $reader.two_bytes($field)? };
    (@read four_bytes $reader:ident $field:literal) => { $reader.four_bytes($field)? };
    (@read varint $reader:ident $field:literal) => { $reader.variable_byte_integer($field)? };
    (@read string $reader:ident $field:literal) => { $reader.string($field)? };
    (@read binary $reader:ident $field:literal) => { $reader.binary($field)? };
    (@raw string $reader:ident $field:literal) => { Raw::Bytes($reader.string_bytes($field)?) };
    (@raw binary $reader:ident $field:literal) => { Raw::Bytes($reader.binary($field)?) };
    (@raw $number:ident $reader:ident $field:literal) => {
        Raw::Number(properties!(@read $number $reader $field).into())
    };
    (@write byte $value:ident $wire:ident) => { $wire.push($value) };
    (@write two_bytes $value:ident $wire:ident) => { $wire.extend_from_slice(&$value.to_be_bytes()) };
    (@write four_bytes $value:ident $wire:ident) => { $wire.extend_from_slice(&$value.to_be_bytes()) };
    (@write varint $value:ident $wire:ident) => { variable_byte_integer($wire, $value) };
    (@write string $value:ident $wire:ident) => { write_binary($wire, $value.as_bytes())? };
    (@write binary $value:ident $wire:ident) => { write_binary($wire, $value)? };
}

properties! {
    0x01 PayloadFormatIndicator "Payload Format Indicator" byte u8, payload_format_indicator, Publish | Will;
    0x02 MessageExpiryInterval "Message Expiry Interval" four_bytes u32, message_expiry_interval, Publish | Will;
    0x03 ContentType "Content Type" string &'a str, content_type, Publish | Will;
    0x08 ResponseTopic "Response Topic" string &'a str, response_topic, Publish | Will;
    0x09 CorrelationData "Correlation Data" binary &'a [u8], correlation_data, Publish | Will;
    0x0B SubscriptionIdentifier "Subscription Identifier" varint u32, subscription_identifier, Publish | Subscribe;
    0x11 SessionExpiryInterval "Session Expiry Interval" four_bytes u32, session_expiry_interval, Connect | ConnAck | Disconnect;
    0x12 AssignedClientIdentifier "Assigned Client Identifier" string &'a str, assigned_client_identifier, ConnAck;
    0x13 ServerKeepAlive "Server Keep Alive" two_bytes u16, server_keep_alive, ConnAck;
    0x15 AuthenticationMethod "Authentication Method" string &'a str, authentication_method, Connect | ConnAck | Auth;
    0x16 AuthenticationData "Authentication Data" binary &'a [u8], authentication_data, Connect | ConnAck | Auth;
    0x17 RequestProblemInformation "Request Problem Information" byte u8, request_problem_information, Connect;
    0x18 WillDelayInterval "Will Delay Interval" four_bytes u32, will_delay_interval, Will;
    0x19 RequestResponseInformation "Request Response Information" byte u8, request_response_information, Connect;
    0x1A ResponseInformation "Response Information" string &'a str, response_information, ConnAck;
    0x1C ServerReference "Server Reference" string &'a str, server_reference, ConnAck | Disconnect;
    0x1F ReasonString "Reason String" string &'a str, reason_string, ConnAck | PubAck | PubRec | PubRel | PubComp | SubAck | UnsubAck | Disconnect | Auth;
    0x21 ReceiveMaximum "Receive Maximum" two_bytes u16, receive_maximum, Connect | ConnAck;
    0x22 TopicAliasMaximum "Topic Alias Maximum" two_bytes u16, topic_alias_maximum, Connect | ConnAck;
    0x23 TopicAlias "Topic Alias" two_bytes u16, topic_alias, Publish;
    0x24 MaximumQoS "Maximum QoS" byte u8, maximum_qos, ConnAck;
    0x25 RetainAvailable "Retain Available" byte u8, retain_available, ConnAck;
    0x27 MaximumPacketSize "Maximum Packet Size" four_bytes u32, maximum_packet_size, Connect | ConnAck;
    0x28 WildcardSubscriptionAvailable "Wildcard Subscription Available" byte u8, wildcard_subscription_available, ConnAck;
    0x29 SubscriptionIdentifierAvailable "Subscription Identifier Available" byte u8, subscription_identifier_available, ConnAck;
    0x2A SharedSubscriptionAvailable "Shared Subscription Available" byte u8, shared_subscription_available, ConnAck;
}

fn write_binary(wire: &mut Vec<u8>, bytes: &[u8]) -> Result<(), usize> {
    let length = u16::try_from(bytes.len()).map_err(|_| bytes.len())?;
    wire.extend_from_slice(&length.to_be_bytes());
    wire.extend_from_slice(bytes);
    Ok(())
}

impl PropertyId {
    /// Who may send the property in this place (5.0), if it may stand there.
    pub fn sent_by(self, place: Place) -> Option<Sender> {
        use PacketType as In;
        self.may_stand_in(place).then_some(match (self, place) {
            (_, Place::Will) | (Self::SessionExpiryInterval, Place::Packet(In::Disconnect)) => {
                Sender::Client
            }
            (Self::SubscriptionIdentifier, Place::Packet(In::Publish))
            | (Self::ServerReference, Place::Packet(In::Disconnect)) => Sender::Server,
            (_, Place::Packet(packet)) => packet.sender(Version::V5),
        })
    }
}

impl fmt::Display for PropertyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<'a> Properties<'a> {
    /// No properties.
    pub const fn new() -> Self {
        Self { wire: Cow::Borrowed(&[]), noted: Noted(0), too_long: None }
    }

    /// Reads Property Length and properties; nothing in 3.x.
    #[inline]
    pub(super) fn read<W: Watch>(reader: &mut Reader<'a, W>, place: Place) -> Read<Self, W::Fault> {
        if !reader.is_v5() {
            return Ok(Self::new());
        }
        let length = reader.variable_byte_integer("Property Length")?;
        if length == 0 {
            return Ok(Self::new());
        }
        Self::read_list(reader.properties(length as usize)?, place)
    }

    fn read_list<W: Watch>(mut part: Reader<'a, W>, place: Place) -> Read<Self, W::Fault> {
        let wire = part.rest();
        let allowed = Noted::allowed(place);
        let mut noted = Noted(0);
        while !part.is_at_end() {
            let start = part.offset();
            let id = read_id(&mut part)?;
            let value = read_raw(id, &mut part)?;
            let before = noted;
            noted = noted.with(id, value);
            if noted.exceeds(allowed) {
                return Err(fault(id, value, place, start, before).into());
            }
        }
        if noted.lacks_method(place) {
            let kind = ErrorKind::AuthenticationDataAlone;
            let start_of_all = part.offset() - wire.len();
            let offset = start_of_all + position(wire, PropertyId::AuthenticationData);
            return Err(protocol_error(offset, "Authentication Data", kind, "X5-N14").into());
        }
        Ok(Self { wire: Cow::Borrowed(wire), noted, too_long: None })
    }

    /// Whether a receiver takes them in this place. What is not sure is judged by the decoder.
    #[inline]
    pub(super) fn surely_conform(&self, place: Place) -> bool {
        !self.noted.exceeds(Noted::allowed(place)) && !self.noted.lacks_method(place)
    }

    /// Whether this one is among them.
    #[inline]
    pub(super) fn have(&self, id: PropertyId) -> bool {
        self.noted.has(id)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.wire.is_empty() && self.too_long.is_none()
    }

    /// The encoded properties, without the Property Length.
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// All of them, in wire order.
    pub fn iter(&self) -> impl Iterator<Item = Property<'_>> {
        let mut reader = Reader::of_properties(&self.wire);
        // What is kept was validated when it was read, or written by `push`.
        core::iter::from_fn(
            move || {
                if reader.is_at_end() { None } else { read_one(&mut reader).ok() }
            },
        )
    }

    /// The first with this identifier.
    pub fn get(&self, id: PropertyId) -> Option<Property<'_>> {
        self.iter().find(|property| property.id() == id)
    }

    /// All User Properties, in wire order.
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter_map(|property| match property {
            Property::UserProperty(name, value) => Some((name, value)),
            _ => None,
        })
    }

    /// All Subscription Identifiers, in wire order.
    pub fn subscription_identifiers(&self) -> impl Iterator<Item = u32> {
        self.iter().filter_map(|property| match property {
            Property::SubscriptionIdentifier(id) => Some(id),
            _ => None,
        })
    }

    /// Appends one. Where it stands, how often and with which value is checked when the packet is
    /// encoded. A string or binary data of more than 65,535 bytes cannot be appended: the packet
    /// cannot be encoded then.
    pub fn push(&mut self, property: Property<'_>) {
        let wire = self.wire.to_mut();
        let start = wire.len();
        wire.push(property.id() as u8);
        match write_value(property, wire) {
            Ok(()) => self.noted = self.noted.with_written(&wire[start..]),
            Err(length) => {
                wire.truncate(start);
                let length = u32::try_from(length).unwrap_or(u32::MAX);
                self.too_long.get_or_insert((property.id(), length));
            }
        }
    }

    /// What could not be appended, and its length in bytes.
    pub(super) const fn too_long(&self) -> Option<(PropertyId, u32)> {
        self.too_long
    }

    /// With one more at the end.
    pub fn with(mut self, property: Property<'_>) -> Self {
        self.push(property);
        self
    }

    /// Without the borrow.
    pub fn into_owned(self) -> Properties<'static> {
        let Self { wire, noted, too_long } = self;
        Properties { wire: Cow::Owned(wire.into_owned()), noted, too_long }
    }
}

/// The list of the properties, in wire order.
#[cfg(feature = "serde")]
impl serde::Serialize for Properties<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Without its length the list could not be written in formats that begin with it.
        serializer.collect_seq(self.iter().collect::<Vec<_>>())
    }
}

/// Where a property stands, how often and with which value is checked when the packet is encoded.
#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Properties<'_> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<OwnedProperty>::deserialize(deserializer)?;
        let properties = list
            .iter()
            .fold(Properties::new(), |properties, property| properties.with(property.borrowed()));
        match properties.too_long() {
            None => Ok(properties),
            Some((id, length)) => Err(serde::de::Error::custom(format_args!(
                "{id} has {length} bytes, more than 65,535"
            ))),
        }
    }
}

/// Where the first property with this identifier stands in its list.
fn position(wire: &[u8], id: PropertyId) -> usize {
    let mut reader = Reader::of_properties(wire);
    loop {
        let start = reader.offset();
        match read_one(&mut reader) {
            Ok(property) if property.id() != id => {}
            _ => return start,
        }
    }
}

#[inline]
fn read_one<'a, W: Watch>(reader: &mut Reader<'a, W>) -> Read<Property<'a>, W::Fault> {
    read_value(read_id(reader)?, reader)
}

#[inline]
fn read_id<W: Watch>(reader: &mut Reader<'_, W>) -> Read<PropertyId, W::Fault> {
    const FIELD: &str = "Property Identifier";
    let start = reader.offset();
    let id = reader.variable_byte_integer(FIELD)?;
    match PropertyId::from_wire(id) {
        Some(id) => Ok(id),
        None => Err(malformed(start, FIELD, ErrorKind::UnknownProperty(id), "X5-N04").into()),
    }
}

impl Noted {
    /// Several Subscription Identifiers.
    const SEVERAL: u64 = 1 << 62;
    /// A property twice that may stand once, or a value that it may not have.
    const FAULT: u64 = 1 << 63;

    #[inline]
    const fn bit(id: PropertyId) -> u64 {
        1 << id as u8
    }

    #[inline]
    const fn has(self, id: PropertyId) -> bool {
        self.0 & Self::bit(id) != 0
    }

    /// With one property more.
    #[inline]
    fn with(self, id: PropertyId, value: Raw<'_>) -> Self {
        let again = match id {
            _ if !self.has(id) => 0,
            PropertyId::UserProperty => 0,
            PropertyId::SubscriptionIdentifier => Self::SEVERAL,
            _ => Self::FAULT,
        };
        let value = if may_have(id, value) { 0 } else { Self::FAULT };
        Self(self.0 | Self::bit(id) | again | value)
    }

    /// With one property more, as it was written; as the decoder reads it.
    fn with_written(self, wire: &[u8]) -> Self {
        let mut reader = Reader::of_written_properties(wire);
        let read = read_id(&mut reader).and_then(|id| Ok((id, read_raw(id, &mut reader)?)));
        match read {
            Ok((id, value)) => self.with(id, value),
            Err(Rejected) => Self(self.0 | Self::FAULT),
        }
    }

    /// What a list may have in this place (5.0 section 2.2.2.2).
    #[inline]
    const fn allowed(place: Place) -> Self {
        const IN: [u64; 16] = {
            let mut all = [0; 16];
            all[0] = Noted::of_all_in(Place::Will);
            let mut index = 0;
            while index < PacketType::ALL.len() {
                let packet = PacketType::ALL[index];
                all[packet as usize] = Noted::of_all_in(Place::Packet(packet));
                index += 1;
            }
            // One per matching subscription (5.0 section 3.3.2.3.8).
            all[PacketType::Publish as usize] |= Noted::SEVERAL;
            all
        };
        Self(match place {
            Place::Will => IN[0],
            Place::Packet(packet) => IN[packet as usize & 15],
        })
    }

    const fn of_all_in(place: Place) -> u64 {
        let mut all = 0;
        let mut index = 0;
        while index < PropertyId::ALL.len() {
            let id = PropertyId::ALL[index];
            if id.may_stand_in(place) {
                all |= Self::bit(id);
            }
            index += 1;
        }
        all
    }

    #[inline]
    const fn exceeds(self, allowed: Self) -> bool {
        self.0 & !allowed.0 != 0
    }

    /// Authentication Data in CONNECT needs an Authentication Method.
    #[inline]
    fn lacks_method(self, place: Place) -> bool {
        self.has(PropertyId::AuthenticationData)
            && !self.has(PropertyId::AuthenticationMethod)
            && place == Place::Packet(PacketType::Connect)
    }
}

/// Whether the property may have this value (5.0 section 3, of each packet).
#[inline]
fn may_have(id: PropertyId, value: Raw<'_>) -> bool {
    use PropertyId as Id;
    match (id, value) {
        (
            Id::ReceiveMaximum
            | Id::TopicAlias
            | Id::MaximumPacketSize
            | Id::SubscriptionIdentifier,
            Raw::Number(number),
        ) => number > 0,
        (
            Id::RequestProblemInformation
            | Id::RequestResponseInformation
            | Id::MaximumQoS
            | Id::RetainAvailable
            | Id::WildcardSubscriptionAvailable
            | Id::SubscriptionIdentifierAvailable
            | Id::SharedSubscriptionAvailable,
            Raw::Number(number),
        ) => number <= 1,
        (Id::ResponseTopic, Raw::Bytes(topic)) => topic::check_name_bytes(topic).is_ok(),
        _ => true,
    }
}

/// What is wrong with a property behind others.
#[cold]
#[inline(never)]
fn fault(id: PropertyId, value: Raw<'_>, place: Place, start: usize, before: Noted) -> DecodeError {
    if !id.may_stand_in(place) {
        let kind = ErrorKind::MisplacedProperty(id);
        return malformed(start, "Property Identifier", kind, "X5-N05");
    }
    let repeats = match id {
        PropertyId::UserProperty => true,
        PropertyId::SubscriptionIdentifier => place == Place::Packet(PacketType::Publish),
        _ => false,
    };
    if before.has(id) && !repeats {
        let kind = ErrorKind::DuplicateProperty(id);
        return protocol_error(start, "Property Identifier", kind, once(id, place));
    }
    let value = match value {
        Raw::Number(number) => number,
        Raw::Bytes(topic) => {
            let error = topic::check_name_bytes(topic).err().unwrap_or(TopicError::Wildcard);
            let requirement = match (error, place) {
                (TopicError::Empty, _) => "MQTT-4.7.3-1",
                (_, Place::Will) => "MQTT-4.7.0-1",
                _ => "MQTT-3.3.2-14",
            };
            return protocol_error(start + 1, id.name(), ErrorKind::Topic(error), requirement);
        }
    };
    let (requirement, reason) = match id {
        PropertyId::TopicAlias => ("X5-N19", ReasonCode::TOPIC_ALIAS_INVALID),
        PropertyId::SubscriptionIdentifier => ("X5-N20", ReasonCode::PROTOCOL_ERROR),
        _ => (once(id, place), ReasonCode::PROTOCOL_ERROR),
    };
    let kind = ErrorKind::PropertyValue(id, value);
    DecodeError { offset: start + 1, field: id.name(), kind, requirement, reason }
}

/// The row of the catalogue that says that a property stands at most once, and which values it has.
const fn once(id: PropertyId, place: Place) -> &'static str {
    use PacketType as In;
    use PropertyId as Id;
    match (place, id) {
        (Place::Will, _) => "X5-N15",
        (Place::Packet(In::Connect), Id::SessionExpiryInterval) => "X5-N07",
        (Place::Packet(In::Connect), Id::ReceiveMaximum) => "X5-N08",
        (Place::Packet(In::Connect), Id::MaximumPacketSize) => "X5-N09",
        (Place::Packet(In::Connect), Id::TopicAliasMaximum) => "X5-N10",
        (Place::Packet(In::Connect), Id::RequestResponseInformation) => "X5-N11",
        (Place::Packet(In::Connect), Id::RequestProblemInformation) => "X5-N12",
        (Place::Packet(In::Connect), Id::AuthenticationMethod) => "X5-N13",
        (Place::Packet(In::Connect), _) => "X5-N14",
        // The text has no sentence that forbids these two to stand twice in PUBLISH.
        (Place::Packet(In::Publish), Id::PayloadFormatIndicator) => "section 3.3.2.3.2, implied",
        (Place::Packet(In::Publish), Id::MessageExpiryInterval) => "section 3.3.2.3.3, implied",
        (Place::Packet(In::Publish), _) => "X5-N16",
        (Place::Packet(In::Subscribe), _) => "X5-N21",
        (Place::Packet(In::Disconnect), _) => "X5-N27",
        (Place::Packet(In::PubAck | In::PubRec | In::PubRel | In::PubComp), _) => "X5-N28",
        (Place::Packet(In::Auth), Id::ReasonString) => "section 3.15.2.2.4",
        (Place::Packet(In::Auth), _) => "X5-N29",
        (Place::Packet(In::SubAck), _) => "section 3.9.2.1.2",
        (Place::Packet(In::UnsubAck), _) => "section 3.11.2.1.2",
        (Place::Packet(_), _) => "X5-N36",
    }
}

impl fmt::Debug for Properties<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_iterated() {
        let properties = Properties::new()
            .with(Property::ContentType("text/plain"))
            .with(Property::UserProperty("a", "1"))
            .with(Property::SubscriptionIdentifier(321))
            .with(Property::UserProperty("a", "1"));
        let ids: alloc::vec::Vec<_> =
            properties.iter().map(|property| property.id() as u8).collect();
        assert_eq!(ids, [0x03, 0x26, 0x0B, 0x26]);
        assert_eq!(properties.content_type(), Some("text/plain"));
        assert_eq!(properties.user_properties().count(), 2);
        assert_eq!(properties.subscription_identifiers().next(), Some(321));
        assert_eq!(properties.topic_alias(), None);
    }
    #[test]
    fn what_is_too_long_is_remembered_and_not_appended() {
        let long = "é".repeat(32_768);
        let properties = Properties::new()
            .with(Property::UserProperty("a", &long))
            .with(Property::ContentType(&long[..65_534]));
        assert_eq!(properties.iter().count(), 1);
        assert_eq!(properties.too_long(), Some((PropertyId::UserProperty, 65_536)));
        assert!(!properties.is_empty());
    }

    #[test]
    fn senders() {
        let publish = Place::Packet(PacketType::Publish);
        let disconnect = Place::Packet(PacketType::Disconnect);
        for (id, place, sender) in [
            (PropertyId::SubscriptionIdentifier, publish, Some(Sender::Server)),
            (PropertyId::TopicAlias, publish, Some(Sender::Both)),
            (PropertyId::SessionExpiryInterval, disconnect, Some(Sender::Client)),
            (PropertyId::ServerReference, disconnect, Some(Sender::Server)),
            (PropertyId::ReasonString, disconnect, Some(Sender::Both)),
            (PropertyId::WillDelayInterval, Place::Will, Some(Sender::Client)),
            (PropertyId::WillDelayInterval, publish, None),
        ] {
            assert_eq!(id.sent_by(place), sender, "{id}");
        }
    }
}
