//! What each byte of a packet is, field by field; of a malformed packet what could be read up to the
//! fault.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt::{self, Display, Formatter};
use core::ops::Range;

use super::display::{Bytes, Quoted};
use super::meaning::meaning;
use super::read::{Form, Watch};
use super::{Connect, DecodeError, Frame, Packet, PacketType, Version};

/// A packet taken apart. The fields are those that the strict decoder read, in their order: of a
/// conforming packet all of them, of another those before the fault.
///
/// ```
/// use pushspec_wire::mqtt::{Dissection, Outcome, Version};
///
/// // A PUBLISH of QoS 1 whose Packet Identifier is 0.
/// let dissection = Dissection::of(&[0x32, 6, 0, 1, b'a', 0, 0, 0], Version::V5);
/// let names: Vec<_> = dissection.fields.iter().map(|field| field.name).collect();
/// assert_eq!(names, ["Control Packet type", "Remaining Length", "Topic Name", "Packet Identifier"]);
/// assert!(matches!(dissection.outcome, Outcome::Malformed(error) if error.offset == 5));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dissection<'a> {
    /// The packet, or what there is of it.
    pub bytes: &'a [u8],
    /// The version as which it was read: that which a CONNECT names, else that which was asked for.
    pub version: Version,
    /// Its type, if this version has it.
    pub packet_type: Option<PacketType>,
    /// What was read.
    pub fields: Vec<Field<'a>>,
    /// What it is.
    pub outcome: Outcome<'a>,
}

/// What bytes turned out to be.
///
/// ```
/// use pushspec_wire::mqtt::{Dissection, Outcome, Version};
///
/// let of = |bytes| Dissection::of(bytes, Version::V5).outcome;
/// assert!(matches!(of(&[0xC0, 0]), Outcome::Conforming(_)));
/// assert!(matches!(of(&[0xC1, 0]), Outcome::Malformed(_)));
/// assert_eq!(of(&[0x30, 9, 0]), Outcome::Incomplete { missing: Some(8) });
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome<'a> {
    /// A packet that conforms.
    Conforming(Packet<'a>),
    /// A packet that does not, and why.
    Malformed(DecodeError),
    /// The beginning of a packet, in which nothing is wrong so far.
    Incomplete {
        /// How many bytes are missing, where the Remaining Length tells it.
        missing: Option<usize>,
    },
}

/// One field of a packet.
///
/// ```
/// use pushspec_wire::mqtt::{Dissection, Value, Version};
///
/// let dissection = Dissection::of(&[0x40, 3, 0, 1, 0x10], Version::V5);
/// let field = dissection.fields.last().unwrap();
/// assert_eq!((field.name, field.bytes.clone()), ("PUBACK Reason Code", 4..5));
/// assert_eq!((field.value, field.meaning.as_str()), (Value::Number(16), "No matching subscribers"));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// Its name in the spec's words.
    pub name: &'static str,
    /// Where it stands in the packet, with its length if it has one.
    pub bytes: Range<usize>,
    /// What stands there.
    pub value: Value<'a>,
    /// What the value means, such as the name of a reason code; empty where it speaks for itself.
    pub meaning: String,
    /// Whether it is part of a list of properties.
    pub in_properties: bool,
}

/// The value of a field.
///
/// ```
/// use pushspec_wire::mqtt::{Dissection, Value, Version};
///
/// let dissection = Dissection::of(b"\x30\x06\0\x01thi!", Version::V311);
/// let values: Vec<_> = dissection.fields.iter().map(|field| field.value).collect();
/// assert_eq!(values[2..], [Value::Text("t"), Value::Binary(b"hi!")]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    /// An integer of any form.
    Number(u32),
    /// A UTF-8 Encoded String.
    Text(&'a str),
    /// Binary Data, a payload, or a string that is not UTF-8.
    Binary(&'a [u8]),
}

impl<'a> Dissection<'a> {
    /// Takes apart the first packet of these bytes, or what there is of it.
    pub fn of(bytes: &'a [u8], version: Version) -> Self {
        let (frame, missing) = match Frame::beginning(bytes) {
            Ok(Some(found)) => found,
            Ok(None) => {
                return Self::without_length(bytes, version, Outcome::Incomplete { missing: None });
            }
            Err(error) => {
                return Self::without_length(bytes, version, Outcome::Malformed(error.into()));
            }
        };
        let packet_type = PacketType::from_first_byte(frame.first_byte(), version);
        let named = (packet_type == Some(PacketType::Connect))
            .then(|| Connect::version_of(frame))
            .flatten();
        let version = named.unwrap_or(version);
        let seen = Seen::default();
        let decoded = Packet::decode_watched(frame, version, &seen);
        let outcome = match decoded {
            // The bytes that are missing may mend what is wrong at the end.
            Ok(_) if missing > 0 => Outcome::Incomplete { missing: Some(missing) },
            Err(error) if missing > 0 && error.offset >= frame.bytes().len() => {
                Outcome::Incomplete { missing: Some(missing) }
            }
            Ok(packet) => Outcome::Conforming(packet),
            Err(error) => Outcome::Malformed(error),
        };
        let mut dissection =
            Self { bytes: frame.bytes(), version, packet_type, fields: Vec::new(), outcome };
        dissection.first_byte();
        dissection.field("Remaining Length", Form::Variable, 1..frame.header_length(), false);
        for (name, form, bytes, in_properties) in seen.0.into_inner() {
            dissection.field(name, form, bytes, in_properties);
        }
        dissection
    }

    /// As [`Self::of`], and takes what belongs to the packet off the front of `stream`: all of it
    /// where nobody can tell how long the packet is. Nothing at the end of the stream.
    pub fn next(stream: &mut &'a [u8], version: Version) -> Option<Self> {
        if stream.is_empty() {
            return None;
        }
        let dissection = Self::of(stream, version);
        *stream = &stream[dissection.bytes.len()..];
        Some(dissection)
    }

    /// Why the packet is malformed, if it is.
    pub const fn fault(&self) -> Option<&DecodeError> {
        match &self.outcome {
            Outcome::Malformed(error) => Some(error),
            _ => None,
        }
    }

    /// The bytes behind the last field that was read.
    pub fn unread(&self) -> Range<usize> {
        self.fields.last().map_or(0, |field| field.bytes.end)..self.bytes.len()
    }

    /// Of the fixed header there is only the first byte, or a length that is none.
    fn without_length(bytes: &'a [u8], version: Version, outcome: Outcome<'a>) -> Self {
        let packet_type =
            bytes.first().and_then(|first| PacketType::from_first_byte(*first, version));
        let mut dissection = Self { bytes, version, packet_type, fields: Vec::new(), outcome };
        dissection.first_byte();
        dissection
    }

    fn first_byte(&mut self) {
        if !self.bytes.is_empty() {
            self.field("Control Packet type", Form::Integer, 0..1, false);
        }
    }

    fn field(&mut self, name: &'static str, form: Form, bytes: Range<usize>, in_properties: bool) {
        let value = value(form, &self.bytes[bytes.clone()]);
        let meaning = meaning(name, value, self.packet_type, self.version);
        self.fields.push(Field { name, bytes, value, meaning, in_properties });
    }
}

/// What the decoder read: name, form, bytes, and whether in a list of properties.
#[derive(Default)]
struct Seen(RefCell<Vec<SeenField>>);

type SeenField = (&'static str, Form, Range<usize>, bool);

impl Watch for &Seen {
    type Fault = DecodeError;

    fn fault(explain: impl FnOnce() -> DecodeError) -> DecodeError {
        explain()
    }

    fn field(&self, field: &'static str, form: Form, bytes: Range<usize>, in_properties: bool) {
        self.0.borrow_mut().push((field, form, bytes, in_properties));
    }
}

fn value(form: Form, bytes: &[u8]) -> Value<'_> {
    match form {
        Form::Integer => {
            Value::Number(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
        }
        Form::Variable => Value::Number(
            bytes.iter().rev().fold(0, |value, byte| value << 7 | u32::from(byte & 0x7F)),
        ),
        Form::Text => {
            let text = &bytes[2..];
            core::str::from_utf8(text).map_or(Value::Binary(text), Value::Text)
        }
        Form::Binary => Value::Binary(&bytes[2..]),
        Form::Rest => Value::Binary(bytes),
    }
}

impl Field<'_> {
    /// Whether what stands there should not get into reports.
    fn is_secret(&self) -> bool {
        matches!(self.name, "Password" | "Authentication Data")
    }
}

impl Display for Value<'_> {
    /// Text in quotes and cut where it is long, of binary data its length.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => Quoted(text).fmt(f),
            Self::Binary(bytes) => Bytes(bytes).fmt(f),
        }
    }
}

impl Display for Dissection<'_> {
    /// One line for a trace, without secrets: the packet, or what could be read before the fault.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        /// The most fields that are shown: the last before the fault.
        const SHOWN: usize = 8;

        if let Outcome::Conforming(packet) = &self.outcome {
            return packet.fmt(f);
        }
        f.write_str(self.packet_type.map_or("no packet", PacketType::name))?;
        let fields = self.fields.get(2..).unwrap_or_default();
        let skipped = fields.len().saturating_sub(SHOWN);
        if skipped > 0 {
            f.write_str(" …")?;
        }
        for field in &fields[skipped..] {
            write!(f, " {}=", field.name)?;
            if field.is_secret() {
                f.write_str("…")?;
            } else {
                field.value.fmt(f)?;
            }
        }
        match &self.outcome {
            Outcome::Malformed(error) => write!(f, " malformed: {error}"),
            Outcome::Incomplete { missing: Some(missing) } => {
                write!(f, " incomplete: {missing} bytes are missing")
            }
            Outcome::Incomplete { missing: None } | Outcome::Conforming(_) => {
                f.write_str(" incomplete: the fixed header is not whole")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;
    use core::fmt::Write as _;

    use super::super::lawless::Fields;
    use super::*;

    /// Every field as `bytes name=value (meaning)`, indented in properties.
    fn listed(dissection: &Dissection<'_>) -> String {
        let mut text = String::new();
        for field in &dissection.fields {
            let indent = if field.in_properties { "  " } else { "" };
            let (at, name, value) = (&field.bytes, field.name, field.value);
            let _ = writeln!(text, "{at:?} {indent}{name}={value} ({})", field.meaning);
        }
        text + &dissection.to_string()
    }

    #[test]
    fn a_connect_with_everything() {
        let will = Fields::new().byte(0x18).four_bytes(5);
        let packet = Fields::new()
            .string(b"MQTT")
            .byte(5)
            .byte(0b1110_1110)
            .two_bytes(60)
            .properties(
                &Fields::new().byte(0x21).two_bytes(20).byte(0x26).string(b"a").string(b"b"),
            )
            .string(b"client")
            .properties(&will)
            .string(b"gone")
            .string(b"bye")
            .string(b"user")
            .string(b"secret")
            .packet(0x10);
        insta::assert_snapshot!(listed(&Dissection::of(&packet, Version::V311)));
    }

    #[test]
    fn what_stands_before_the_fault() {
        let connect = Fields::new()
            .string(b"MQTT")
            .byte(4)
            .byte(0xC2)
            .two_bytes(60)
            .string(b"c")
            .string(b"us\xFFer")
            .string(b"secret")
            .packet(0x10);
        let subscribe =
            Fields::new().two_bytes(7).varint(0).string(b"a/b").byte(1).string(b"a#").byte(9);
        let puback = Fields::new().two_bytes(7).byte(0x91).varint(2).byte(0x11).byte(0);
        let all = [
            Dissection::of(&connect, Version::V5),
            Dissection::of(&subscribe.packet(0x82), Version::V5),
            Dissection::of(&puback.packet(0x40), Version::V5),
            Dissection::of(&[0xF0, 0x00], Version::V311),
            Dissection::of(&[0x30, 0xFF, 0xFF, 0xFF, 0xFF], Version::V5),
        ]
        .map(|dissection| listed(&dissection));
        insta::assert_snapshot!(all.join("\n\n"));
    }

    #[test]
    fn a_stream_is_taken_packet_by_packet() {
        let mut stream = &[0xC0, 0, 0x20, 2, 1, 0, 0x30, 9, 0, 1, b'a'][..];
        let mut found = vec![];
        while let Some(dissection) = Dissection::next(&mut stream, Version::V311) {
            found.push(dissection.to_string());
        }
        assert_eq!(
            found,
            [
                "PINGREQ",
                "CONNACK 0x00 session-present=1",
                "PUBLISH Topic Name=\"a\" Payload=\"\" incomplete: 6 bytes are missing",
            ]
        );
        assert!(Dissection::next(&mut stream, Version::V5).is_none());
    }

    #[test]
    fn a_beginning_is_incomplete_until_something_is_wrong() {
        let whole = Fields::new().string(b"a").two_bytes(1).varint(0).raw(b"x").packet(0x32);
        for end in 1..whole.len() {
            let outcome = Dissection::of(&whole[..end], Version::V5).outcome;
            let missing = (end > 1).then_some(whole.len() - end);
            assert_eq!(outcome, Outcome::Incomplete { missing }, "{end}");
        }
        let wrong = Fields::new().string(b"a").two_bytes(0).varint(0).raw(b"x").packet(0x32);
        let dissection = Dissection::of(&wrong[..wrong.len() - 1], Version::V5);
        assert!(dissection.fault().is_some());
    }

    #[test]
    fn secrets_stay_out_of_the_line() {
        let packet = Fields::new()
            .string(b"MQTT")
            .byte(4)
            .byte(0xC0)
            .two_bytes(60)
            .string(b"c")
            .string(b"user")
            .string(b"secret")
            .byte(0)
            .packet(0x10);
        let line = Dissection::of(&packet, Version::V311).to_string();
        assert!(line.contains("Password=… malformed"), "{line}");
    }
}
