//! Judging lists of properties: where each may stand, how often, and with which value.

use super::property::{Raw, read_id, read_raw};
use super::read::{Reader, Rejected, malformed, protocol_error};
use super::topic::{self, TopicError};
use super::{DecodeError, ErrorKind, PacketType, Place, PropertyId, ReasonCode};

/// Which properties a list has, a bit for each identifier, and what would be wrong with it. So the
/// list is judged when it is read or written, and need not be read again to be encoded.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Noted(u64);

impl Noted {
    /// No properties.
    pub(super) const NONE: Self = Self(0);
    /// Several Subscription Identifiers.
    const SEVERAL: u64 = 1 << 62;
    /// A property twice that may stand once, or a value that it may not have.
    const FAULT: u64 = 1 << 63;

    #[inline]
    const fn bit(id: PropertyId) -> u64 {
        1 << id as u8
    }

    #[inline]
    pub(super) const fn has(self, id: PropertyId) -> bool {
        self.0 & Self::bit(id) != 0
    }

    /// With one property more.
    #[inline]
    pub(super) fn with(self, id: PropertyId, value: Raw<'_>) -> Self {
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
    pub(super) fn with_written(self, wire: &[u8]) -> Self {
        let mut reader = Reader::of_written_properties(wire);
        let read = read_id(&mut reader).and_then(|id| Ok((id, read_raw(id, &mut reader)?)));
        match read {
            Ok((id, value)) => self.with(id, value),
            Err(Rejected) => Self(self.0 | Self::FAULT),
        }
    }

    /// What a list may have in this place (5.0 section 2.2.2.2).
    #[inline]
    pub(super) const fn allowed(place: Place) -> Self {
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
    pub(super) const fn exceeds(self, allowed: Self) -> bool {
        self.0 & !allowed.0 != 0
    }

    /// Authentication Data in CONNECT needs an Authentication Method.
    #[inline]
    pub(super) fn lacks_method(self, place: Place) -> bool {
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
pub(super) fn fault(
    id: PropertyId,
    value: Raw<'_>,
    place: Place,
    start: usize,
    before: Noted,
) -> DecodeError {
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
