//! The ways in which a packet is made illegal, each tried on every field that it concerns.

use std::collections::BTreeSet;

use pushspec_wire::mqtt::lawless::{
    Fields, header_length, with_first_byte, with_trailing, without_last,
};
use pushspec_wire::mqtt::{ErrorKind, PacketType, Place, Property, PropertyId, Version};

use super::packet::{Specimen, Value, encoded, from_clients, legal_value, why_illegal};

/// A way to make packets illegal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    /// Flags of the fixed header.
    Flags,
    /// Bytes cut off, with a Remaining Length that fits what is left.
    Truncated,
    /// Bytes behind the last field.
    Trailing,
    /// Lengths of strings, binary data and properties that are not theirs.
    Lengths,
    /// Bits and integers with values that they may not have.
    Values,
    /// Strings that are not UTF-8, or contain U+0000.
    Strings,
    /// Properties that do not exist.
    UnknownProperties,
    /// Properties that may not stand there.
    MisplacedProperties,
    /// Properties twice.
    RepeatedProperties,
    /// Properties with values that they may not have.
    PropertyValues,
}

/// One illegal packet.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    /// What is illegal about it, in words that never change.
    pub name: String,
    pub bytes: Vec<u8>,
    /// The byte at which a decoder notices.
    pub offset: usize,
}

/// Encodings that are no UTF-8, and U+0000.
const NO_STRINGS: [(&str, &[u8]); 9] = [
    ("U+0000", &[0x00]),
    ("a continuation byte alone", &[0x80]),
    ("a sequence cut short", &[0xC3]),
    ("an overlong NUL", &[0xC0, 0x80]),
    ("an overlong slash", &[0xE0, 0x80, 0xAF]),
    ("a high surrogate", &[0xED, 0xA0, 0x80]),
    ("a low surrogate", &[0xED, 0xBF, 0xBF]),
    ("a character above U+10FFFF", &[0xF4, 0x90, 0x80, 0x80]),
    ("a sequence of five bytes", &[0xF8, 0x88, 0x80, 0x80, 0x80]),
];

/// Identifiers that no property has, as they stand on the wire.
const NO_PROPERTIES: [(&str, &[u8]); 5] = [
    ("0x00", &[0x00]),
    ("0x04", &[0x04]),
    ("0x2B", &[0x2B]),
    ("0x7F", &[0x7F]),
    ("0x80 in two bytes", &[0x80, 0x01]),
];

impl Kind {
    /// All variants of this kind that a receiver has to refuse. The codec, whose rejections are
    /// covered by fixtures, decides what is illegal.
    pub(super) fn variants(
        self,
        specimen: &Specimen,
        packet: PacketType,
        version: Version,
    ) -> Vec<Variant> {
        self.candidates(specimen, packet)
            .into_iter()
            .filter_map(|(name, bytes)| {
                let error = why_illegal(&bytes, version)?;
                has_to_be_refused(&error.kind, packet, version).then_some(Variant {
                    name,
                    offset: error.offset.min(bytes.len().saturating_sub(1)),
                    bytes,
                })
            })
            .collect()
    }

    fn candidates(self, specimen: &Specimen, packet: PacketType) -> Vec<(String, Vec<u8>)> {
        match self {
            Self::Flags => flags(specimen, packet),
            Self::Truncated => truncated(specimen),
            Self::Trailing => [1, 2, 127]
                .map(|count| {
                    let name = format!("{count} bytes behind the last field");
                    (name, with_trailing(&specimen.bytes(), &vec![0; count]))
                })
                .into(),
            Self::Lengths => lengths(specimen),
            Self::Values => values(specimen),
            Self::Strings => strings(specimen),
            Self::UnknownProperties => in_properties(specimen, |_| {
                let made = |(name, id): &(&str, &[u8])| {
                    (format!("a property {name}"), [*id, &[0, 0]].concat())
                };
                NO_PROPERTIES.iter().map(made).collect()
            }),
            Self::MisplacedProperties => in_properties(specimen, |place| {
                let allowed: Vec<PropertyId> = from_clients(place).collect();
                PropertyId::ALL
                    .into_iter()
                    .filter(|id| !allowed.contains(id))
                    .map(|id| (id.name().to_owned(), encoded(&[legal_value(id)])))
                    .collect()
            }),
            Self::RepeatedProperties => repeated(specimen),
            Self::PropertyValues => {
                in_properties(specimen, |place| from_clients(place).flat_map(bad_values).collect())
            }
        }
    }
}

/// Whether the specs give the receiver a duty, and not only the sender.
const fn has_to_be_refused(error: &ErrorKind, packet: PacketType, version: Version) -> bool {
    match error {
        // "Must not" for senders; how a receiver takes it is not said.
        ErrorKind::VariableByteIntegerNotMinimal
        | ErrorKind::DupAtQoS0
        | ErrorKind::ReasonCode(_)
        | ErrorKind::Topic(_) => false,
        // 5.0 calls it a Protocol Error.
        ErrorKind::PacketIdentifier0 => matches!(version, Version::V5),
        // No sentence forbids these two to stand twice.
        ErrorKind::DuplicateProperty(
            PropertyId::PayloadFormatIndicator | PropertyId::MessageExpiryInterval,
        ) => !matches!(packet, PacketType::Publish),
        _ => true,
    }
}

fn flags(specimen: &Specimen, packet: PacketType) -> Vec<(String, Vec<u8>)> {
    let (bytes, first) = (specimen.bytes(), specimen.first_byte);
    (0..16)
        // Those of PUBLISH mean something: only both bits of the QoS are illegal.
        .filter(|flags| packet != PacketType::Publish || flags & 0b0110 == 0b0110)
        .map(|flags| {
            (
                format!("fixed header flags {flags:04b}"),
                with_first_byte(&bytes, first & 0xF0 | flags),
            )
        })
        .collect()
}

fn truncated(specimen: &Specimen) -> Vec<(String, Vec<u8>)> {
    let bytes = specimen.bytes();
    let mut made = Vec::new();
    let mut behind = header_length(&bytes);
    for field in &specimen.fields {
        let length = field.value.bytes().len();
        // Within a length and at its end, in the middle, and just before the end. The names do not tell
        // numbers, since the lengths of topics vary.
        let cuts = [
            (0, "before"),
            (1, "behind the first byte of"),
            (2, "behind the second byte of"),
            (length / 2, "in the middle of"),
            (length.saturating_sub(1), "before the last byte of"),
        ];
        let mut cut_at = BTreeSet::new();
        for (cut, where_to) in cuts.into_iter().filter(|(cut, _)| *cut < length) {
            if cut_at.insert(cut) {
                let name = format!("cut {where_to} {}", field.name);
                made.push((name, without_last(&bytes, bytes.len() - behind - cut)));
            }
        }
        behind += length;
    }
    made
}

fn lengths(specimen: &Specimen) -> Vec<(String, Vec<u8>)> {
    let mut made = Vec::new();
    for (index, field) in specimen.fields.iter().enumerate() {
        let mut add = |what: &str, length: Vec<u8>, rest: &[u8]| {
            let raw = Value::Raw([&length, rest].concat());
            made.push((
                format!("{} whose length is {what}", field.name),
                specimen.with(index, raw),
            ));
        };
        match &field.value {
            Value::String(bytes) | Value::Binary(bytes) => {
                let two_bytes = |length: usize| (length as u16).to_be_bytes().to_vec();
                add("one too many", two_bytes(bytes.len() + 1), bytes);
                add("65535", two_bytes(65_535), bytes);
                if !bytes.is_empty() {
                    add("one too few", two_bytes(bytes.len() - 1), bytes);
                    add("0", two_bytes(0), bytes);
                }
            }
            Value::Properties(_, list) => {
                let bytes = encoded(list);
                let varint = |length: usize| Fields::new().varint(length as u32).into_bytes();
                add("one too many", varint(bytes.len() + 1), &bytes);
                add("268435455", varint(268_435_455), &bytes);
                add("of five bytes", vec![0xFF, 0xFF, 0xFF, 0xFF, 0x7F], &bytes);
                if !bytes.is_empty() {
                    add("one too few", varint(bytes.len() - 1), &bytes);
                }
            }
            Value::Bits(_) | Value::Id(_) | Value::Raw(_) => {}
        }
    }
    made
}

fn values(specimen: &Specimen) -> Vec<(String, Vec<u8>)> {
    let mut made = Vec::new();
    for (index, field) in specimen.fields.iter().enumerate() {
        match field.value {
            Value::Bits(bits) => {
                let single = (0..8).map(|bit| bits ^ 1 << bit);
                let double = (0..7).map(|bit| bits | 0b11 << bit);
                let mut tried: Vec<u8> = single.chain(double).collect();
                tried.sort_unstable();
                tried.dedup();
                for value in tried {
                    let name = format!("{} {value:08b}", field.name);
                    made.push((name, specimen.with(index, Value::Bits(value))));
                }
            }
            Value::Id(_) => {
                made.push((format!("{} 0", field.name), specimen.with(index, Value::Id(0))));
            }
            _ => {}
        }
    }
    made
}

fn strings(specimen: &Specimen) -> Vec<(String, Vec<u8>)> {
    let mut made = Vec::new();
    for (index, field) in specimen.fields.iter().enumerate() {
        let Value::String(text) = &field.value else { continue };
        for (what, bytes) in NO_STRINGS {
            let value = Value::String([text, bytes].concat());
            made.push((format!("{} with {what}", field.name), specimen.with(index, value)));
        }
    }
    made.extend(in_properties(specimen, |place| {
        from_clients(place).flat_map(property_strings).collect()
    }));
    made
}

/// The property with each ill-formed string in each of its strings.
fn property_strings(id: PropertyId) -> Vec<(String, Vec<u8>)> {
    let legal = legal_value(id);
    let string = |bytes: &[u8]| Fields::new().string(bytes).into_bytes();
    let mut made = Vec::new();
    for (what, bytes) in NO_STRINGS {
        match legal {
            Property::UserProperty(..) => {
                let name = [&[id as u8], &string(bytes)[..], &string(b"v")].concat();
                made.push((format!("the name of a User Property with {what}"), name));
                let value = [&[id as u8], &string(b"n")[..], &string(bytes)].concat();
                made.push((format!("the value of a User Property with {what}"), value));
            }
            Property::ContentType(_)
            | Property::ResponseTopic(_)
            | Property::AuthenticationMethod(_)
            | Property::ReasonString(_) => {
                let raw = [&[id as u8], &string(bytes)[..]].concat();
                made.push((format!("{} with {what}", id.name()), raw));
            }
            _ => {}
        }
    }
    made
}

/// The property with each value that it may not have.
fn bad_values(id: PropertyId) -> Vec<(String, Vec<u8>)> {
    let made = |value: &str, property: Property<'_>| {
        (format!("{} {value}", id.name()), encoded(&[property]))
    };
    match id {
        PropertyId::ReceiveMaximum => vec![made("0", Property::ReceiveMaximum(0))],
        PropertyId::MaximumPacketSize => vec![made("0", Property::MaximumPacketSize(0))],
        PropertyId::TopicAlias => vec![made("0", Property::TopicAlias(0))],
        PropertyId::RequestProblemInformation => vec![
            made("2", Property::RequestProblemInformation(2)),
            made("255", Property::RequestProblemInformation(255)),
        ],
        PropertyId::RequestResponseInformation => vec![
            made("2", Property::RequestResponseInformation(2)),
            made("255", Property::RequestResponseInformation(255)),
        ],
        PropertyId::AuthenticationData => {
            vec![made("without Authentication Method", Property::AuthenticationData(b"d"))]
        }
        PropertyId::SubscriptionIdentifier => {
            let five_bytes = vec![id as u8, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
            vec![
                made("0", Property::SubscriptionIdentifier(0)),
                (format!("{} of five bytes", id.name()), five_bytes),
            ]
        }
        _ => Vec::new(),
    }
}

/// Each list of properties without those of the same identifier and with these bytes at its end.
fn in_properties(
    specimen: &Specimen,
    appended: impl Fn(Place) -> Vec<(String, Vec<u8>)>,
) -> Vec<(String, Vec<u8>)> {
    let mut made = Vec::new();
    for (index, field) in specimen.fields.iter().enumerate() {
        let Value::Properties(place, list) = &field.value else { continue };
        for (name, bytes) in appended(*place) {
            let mut kept = list.clone();
            kept.retain(|property| bytes.first() != Some(&(property.id() as u8)));
            let wire = [encoded(&kept), bytes].concat();
            let raw = Fields::new().varint(wire.len() as u32).raw(&wire).into_bytes();
            let of = if *place == Place::Will { " in the Will Properties" } else { "" };
            made.push((format!("{name}{of}"), specimen.with(index, Value::Raw(raw))));
        }
    }
    made
}

/// Each property twice that may stand once.
fn repeated(specimen: &Specimen) -> Vec<(String, Vec<u8>)> {
    in_properties(specimen, |place| {
        from_clients(place)
            .map(|id| {
                let once = legal_value(id);
                let name = format!("{} twice", id.name());
                // Authentication Data is illegal without a method anyway.
                match id {
                    PropertyId::AuthenticationData => {
                        let method = legal_value(PropertyId::AuthenticationMethod);
                        (name, encoded(&[once, once, method]))
                    }
                    _ => (name, encoded(&[once, once])),
                }
            })
            .collect()
    })
}

/// The packet with this Packet Identifier, if it is long enough to have one.
pub(super) fn with_id(bytes: &[u8], id: u16) -> Vec<u8> {
    let at = header_length(bytes);
    let mut changed = bytes.to_vec();
    if let Some(place) = changed.get_mut(at..at + 2) {
        place.copy_from_slice(&id.to_be_bytes());
    }
    changed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PACKETS: [PacketType; 11] = [
        PacketType::Connect,
        PacketType::Publish,
        PacketType::PubAck,
        PacketType::PubRec,
        PacketType::PubRel,
        PacketType::PubComp,
        PacketType::Subscribe,
        PacketType::Unsubscribe,
        PacketType::PingReq,
        PacketType::Disconnect,
        PacketType::Auth,
    ];

    const KINDS: [Kind; 10] = [
        Kind::Flags,
        Kind::Truncated,
        Kind::Trailing,
        Kind::Lengths,
        Kind::Values,
        Kind::Strings,
        Kind::UnknownProperties,
        Kind::MisplacedProperties,
        Kind::RepeatedProperties,
        Kind::PropertyValues,
    ];

    #[test]
    fn specimens_are_legal_and_variants_have_names_of_their_own() {
        let mut table = String::new();
        for version in [Version::V311, Version::V5] {
            let mut total = 0;
            for packet in PACKETS {
                if packet == PacketType::Auth && version != Version::V5 {
                    continue;
                }
                let specimen = Specimen::legal(packet, version, "prefix").unwrap();
                assert!(specimen.is_legal(version), "{packet:?} {version}");
                for kind in KINDS {
                    let variants = kind.variants(&specimen, packet, version);
                    let names: BTreeSet<&str> =
                        variants.iter().map(|variant| variant.name.as_str()).collect();
                    assert_eq!(names.len(), variants.len(), "{packet:?} {kind:?}");
                    total += variants.len();
                    if !variants.is_empty() {
                        let line = format!("{version} {packet:?} {kind:?} {}\n", variants.len());
                        table.push_str(&line);
                    }
                }
            }
            let line = format!("{version} in all {total}\n");
            table.push_str(&line);
        }
        insta::assert_snapshot!("sizes", table);
    }

    #[test]
    fn the_identifier_is_put_in_its_place() {
        assert_eq!(with_id(&[0x40, 2, 0, 1], 0x0203), [0x40, 2, 2, 3]);
        assert_eq!(with_id(&[0x40, 1, 0], 0x0203), [0x40, 1, 0]);
    }
}
