//! Lists of properties (5.0 section 2.2.2).

use alloc::borrow::Cow;
#[cfg(feature = "serde")]
use alloc::vec::Vec;
use core::fmt;

use super::noted::{Noted, fault};
#[cfg(feature = "serde")]
use super::property::OwnedProperty;
use super::property::{read_id, read_one, read_raw, write_value};
use super::read::{Read, Reader, Watch, protocol_error};
use super::{ErrorKind, Place, Property, PropertyId};

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
    too_long: TooLong,
}

/// A property and the length that it cannot have, in one number: two would have to be copied one by one
/// with each list. 0 where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct TooLong(u64);

impl TooLong {
    const NONE: Self = Self(0);

    /// This one, where there was none before.
    const fn or(self, id: PropertyId, length: u32) -> Self {
        if self.0 == 0 { Self((id as u64) << 32 | length as u64) } else { self }
    }

    const fn found(self) -> Option<(PropertyId, u32)> {
        if self.0 == 0 {
            return None;
        }
        match PropertyId::from_wire((self.0 >> 32) as u32) {
            Some(id) => Some((id, self.0 as u32)),
            None => None,
        }
    }
}

impl<'a> Properties<'a> {
    /// No properties.
    pub const fn new() -> Self {
        Self { wire: Cow::Borrowed(&[]), noted: Noted::NONE, too_long: TooLong::NONE }
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
        let mut noted = Noted::NONE;
        while !part.is_at_end() {
            let start = part.offset();
            let id = read_id(&mut part)?;
            let value = read_raw(id, &mut part)?;
            let before = noted;
            noted = noted.with(id, value);
            if noted.exceeds(allowed) {
                return Err(W::fault(|| fault(id, value, place, start, before)));
            }
        }
        if noted.lacks_method(place) {
            let kind = ErrorKind::AuthenticationDataAlone;
            let start_of_all = part.offset() - wire.len();
            let offset = start_of_all + position(wire, PropertyId::AuthenticationData);
            return Err(protocol_error(offset, "Authentication Data", kind, "X5-N14").into());
        }
        Ok(Self { wire: Cow::Borrowed(wire), noted, too_long: TooLong::NONE })
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
        self.wire.is_empty() && self.too_long == TooLong::NONE
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
                self.too_long = self.too_long.or(property.id(), length);
            }
        }
    }

    /// What could not be appended, and its length in bytes.
    pub(super) const fn too_long(&self) -> Option<(PropertyId, u32)> {
        self.too_long.found()
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
}
