//! Properties (5.0 section 2.2.2).

use alloc::vec::Vec;
use core::fmt;

use super::read::{Read, Reader, Watch, malformed};
use super::{ErrorKind, PacketType, Properties, Sender, Version, variable};

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

/// What of a property is judged.
#[derive(Clone, Copy)]
pub(super) enum Raw<'a> {
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
        pub(super) enum OwnedProperty {
            $($name(properties!(@owned $wire)),)+
            UserProperty(alloc::string::String, alloc::string::String),
        }

        #[cfg(feature = "serde")]
        impl OwnedProperty {
            pub(super) fn borrowed(&self) -> Property<'_> {
                match self {
                    $(Self::$name(value) => Property::$name(properties!(@borrowed $wire value)),)+
                    Self::UserProperty(name, value) => Property::UserProperty(name, value),
                }
            }
        }

        pub(super) fn read_value<'a, W: Watch>(id: PropertyId, reader: &mut Reader<'a, W>) -> Read<Property<'a>, W::Fault> {
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
        pub(super) fn read_raw<'a, W: Watch>(id: PropertyId, reader: &mut Reader<'a, W>) -> Read<Raw<'a>, W::Fault> {
            Ok(match id {
                $(PropertyId::$name => properties!(@raw $wire reader $words),)+
                PropertyId::UserProperty => {
                    reader.string_bytes("User Property")?;
                    Raw::Bytes(reader.string_bytes("User Property")?)
                }
            })
        }

        /// Fails with the length of a string or of binary data that is too long.
        pub(super) fn write_value(property: Property<'_>, wire: &mut Vec<u8>) -> Result<(), usize> {
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
    (@write varint $value:ident $wire:ident) => { variable::write($wire, $value) };
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

#[inline]
pub(super) fn read_one<'a, W: Watch>(reader: &mut Reader<'a, W>) -> Read<Property<'a>, W::Fault> {
    read_value(read_id(reader)?, reader)
}

#[inline]
pub(super) fn read_id<W: Watch>(reader: &mut Reader<'_, W>) -> Read<PropertyId, W::Fault> {
    const FIELD: &str = "Property Identifier";
    let start = reader.offset();
    let id = reader.variable_byte_integer(FIELD)?;
    match PropertyId::from_wire(id) {
        Some(id) => Ok(id),
        None => Err(malformed(start, FIELD, ErrorKind::UnknownProperty(id), "X5-N04").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
