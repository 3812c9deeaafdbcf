//! Reading fields (5.0 section 1.5) of one frame, with the offset for errors.
//!
//! What is judged is read here and nowhere else, so it has to be quick: what is usual is inlined, what
//! explains a fault is not.

use alloc::borrow::Cow;
use core::ops::Range;

use nom::bytes::take;
use nom::combinator::map;
use nom::{IResult, Parser};

use super::topic::TopicError;
use super::words::{contain_nul, is_plain, is_plain_name};
use super::{
    DecodeError, ErrorKind, Frame, PacketId, PacketType, ReasonCode, Version, topic, variable,
};

/// Sees every field that is read, so that what explains a packet reads it no other way than what
/// judges it.
pub(super) trait Watch: Clone {
    /// What is told about the fault of a packet.
    type Fault: From<DecodeError>;

    /// Tells about a fault whose explanation takes some work.
    fn fault(explain: impl FnOnce() -> DecodeError) -> Self::Fault;

    /// A field was read from these bytes of the packet. What is wrong with its value comes later.
    fn field(&self, field: &'static str, form: Form, bytes: Range<usize>, in_properties: bool);
}

/// The forms of fields (5.0 section 1.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// One, two or four bytes.
    Integer,
    /// A Variable Byte Integer.
    Variable,
    /// A UTF-8 Encoded String.
    Text,
    /// Binary Data.
    Binary,
    /// Everything up to the end.
    Rest,
}

/// Nobody watches; costs nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unwatched;

impl Watch for Unwatched {
    type Fault = DecodeError;

    fn fault(explain: impl FnOnce() -> DecodeError) -> DecodeError {
        explain()
    }

    fn field(&self, _: &'static str, _: Form, _: Range<usize>, _: bool) {}
}

/// Nobody watches, and why a packet is rejected is not told: an explanation that nobody sees need not
/// be built, which makes reading much faster.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge;

impl Watch for Judge {
    type Fault = Rejected;

    fn fault(_: impl FnOnce() -> DecodeError) -> Rejected {
        Rejected
    }

    fn field(&self, _: &'static str, _: Form, _: Range<usize>, _: bool) {}
}

/// A packet does not conform.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rejected;

impl From<DecodeError> for Rejected {
    fn from(_: DecodeError) -> Self {
        Self
    }
}

/// Reads the fields of one packet in their order.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a, W = Unwatched> {
    rest: &'a [u8],
    /// Offset of the end of `rest` in the packet.
    end: usize,
    /// Whose rules hold.
    pub(super) version: Version,
    /// Whether this is a list of properties.
    in_properties: bool,
    watch: W,
}

pub(super) type Read<T, F = DecodeError> = Result<T, F>;

impl<'a> Reader<'a> {
    /// Reads properties that were validated before.
    pub(super) const fn of_properties(wire: &'a [u8]) -> Self {
        Self::in_properties(wire, Unwatched)
    }
}

impl<'a> Reader<'a, Judge> {
    /// Judges properties that were written here.
    pub(super) const fn of_written_properties(wire: &'a [u8]) -> Self {
        Self::in_properties(wire, Judge)
    }
}

impl<'a, W> Reader<'a, W> {
    const fn in_properties(wire: &'a [u8], watch: W) -> Self {
        Self { rest: wire, end: wire.len(), version: Version::V5, in_properties: true, watch }
    }
}

impl<'a, W: Watch> Reader<'a, W> {
    /// Reads a frame's body.
    #[inline]
    pub(super) fn new(frame: Frame<'a>, version: Version, watch: W) -> Self {
        Self { rest: frame.body(), end: frame.bytes().len(), version, in_properties: false, watch }
    }

    /// Offset of the next byte in the packet.
    pub(super) const fn offset(&self) -> usize {
        self.end - self.rest.len()
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    pub(super) const fn left(&self) -> usize {
        self.rest.len()
    }

    /// The properties that this Property Length announces, as a reader of their own.
    #[inline]
    pub(super) fn properties(&mut self, length: usize) -> Read<Self, W::Fault> {
        let start = self.offset();
        let rest = self.parse("Properties", take(length))?;
        let watch = self.watch.clone();
        Ok(Self { rest, end: start + length, version: self.version, in_properties: true, watch })
    }

    /// The version's requirement id, where 3.1 has none of its own.
    pub(super) const fn cite(&self, v5: &'static str, v311: &'static str) -> &'static str {
        self.cite_each(v5, v311, MQTT_31)
    }

    /// The version's requirement id.
    pub(super) const fn cite_each(
        &self,
        v5: &'static str,
        v311: &'static str,
        v31: &'static str,
    ) -> &'static str {
        cite(self.version, v5, v311, v31)
    }

    pub(super) const fn is_v5(&self) -> bool {
        matches!(self.version, Version::V5)
    }

    /// An error at the next byte.
    pub(super) const fn error(
        &self,
        field: &'static str,
        kind: ErrorKind,
        requirement: &'static str,
    ) -> DecodeError {
        malformed(self.offset(), field, kind, requirement)
    }

    #[inline]
    fn seen(&self, field: &'static str, form: Form, start: usize) {
        self.watch.field(field, form, start..self.offset(), self.in_properties);
    }

    /// What the parser makes of the next bytes. It fails only where there are too few of them.
    #[inline]
    fn parse<O>(
        &mut self,
        field: &'static str,
        mut parser: impl Parser<&'a [u8], Output = O, Error = ()>,
    ) -> Read<O, W::Fault> {
        match parser.parse_complete(self.rest) {
            Ok((rest, output)) => {
                self.rest = rest;
                Ok(output)
            }
            Err(_) => Err(W::fault(|| self.truncated(field))),
        }
    }

    /// A field that the parser reads.
    #[inline]
    fn field<O>(
        &mut self,
        field: &'static str,
        form: Form,
        parser: impl Parser<&'a [u8], Output = O, Error = ()>,
    ) -> Read<O, W::Fault> {
        let start = self.offset();
        let value = self.parse(field, parser)?;
        self.watch.field(field, form, start..self.offset(), self.in_properties);
        Ok(value)
    }

    #[cold]
    #[inline(never)]
    fn truncated(&self, field: &'static str) -> DecodeError {
        malformed(self.end, field, ErrorKind::Truncated, self.cite_missing(field))
    }

    /// The requirement that a packet breaks by ending before this field does.
    fn cite_missing(&self, field: &'static str) -> &'static str {
        match field {
            _ if self.in_properties => "X5-N06",
            "Property Length" => "MQTT-2.2.2-1",
            "Properties" => "X5-N06",
            "Topic Name" => self.cite("MQTT-3.3.2-1", "MQTT-3.3.2-1"),
            "Client Identifier" => self.cite("MQTT-3.1.3-3", "MQTT-3.1.3-3"),
            "Will Topic" | "Will Payload" => self.cite("MQTT-3.1.2-9", "MQTT-3.1.2-9"),
            "User Name" => self.cite("MQTT-3.1.2-17", "MQTT-3.1.2-19"),
            "Password" => self.cite("MQTT-3.1.2-19", "MQTT-3.1.2-21"),
            // What a Malformed Packet is.
            _ => self.cite("section 1.2", "X311-N03"),
        }
    }

    #[inline]
    pub(super) fn byte(&mut self, field: &'static str) -> Read<u8, W::Fault> {
        self.field(field, Form::Integer, map(array, u8::from_be_bytes))
    }

    #[inline]
    pub(super) fn two_bytes(&mut self, field: &'static str) -> Read<u16, W::Fault> {
        self.field(field, Form::Integer, map(array, u16::from_be_bytes))
    }

    #[inline]
    pub(super) fn four_bytes(&mut self, field: &'static str) -> Read<u32, W::Fault> {
        self.field(field, Form::Integer, map(array, u32::from_be_bytes))
    }

    #[inline]
    pub(super) fn binary(&mut self, field: &'static str) -> Read<&'a [u8], W::Fault> {
        self.prefixed(field, Form::Binary)
    }

    /// Bytes behind their length (5.0 sections 1.5.4 and 1.5.6).
    #[inline]
    fn prefixed(&mut self, field: &'static str, form: Form) -> Read<&'a [u8], W::Fault> {
        self.field(field, form, counted)
    }

    /// What is left, still to be read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Everything that is left, as a field.
    #[inline]
    pub(super) fn everything(&mut self, field: &'static str) -> &'a [u8] {
        let start = self.offset();
        let everything = core::mem::take(&mut self.rest);
        self.seen(field, Form::Rest, start);
        everything
    }

    /// A UTF-8 Encoded String (5.0 section 1.5.4, 3.1.1 section 1.5.3).
    #[inline]
    pub(super) fn string(&mut self, field: &'static str) -> Read<&'a str, W::Fault> {
        let bytes = self.prefixed(field, Form::Text)?;
        match core::str::from_utf8(bytes) {
            Ok(text) if is_plain(bytes) || !contain_nul(bytes) => Ok(text),
            _ => Err(W::fault(|| self.no_string(field, bytes))),
        }
    }

    /// A string that has to be a Topic Name, and whether it is one.
    #[inline]
    pub(super) fn topic_name(
        &mut self,
        field: &'static str,
    ) -> Read<(&'a str, Result<(), TopicError>), W::Fault> {
        let bytes = self.prefixed(field, Form::Text)?;
        match core::str::from_utf8(bytes) {
            Ok(name) if !name.is_empty() && is_plain_name(bytes) => Ok((name, Ok(()))),
            Ok(name) if is_string(bytes) => Ok((name, topic::check_name(name))),
            _ => Err(W::fault(|| self.no_string(field, bytes))),
        }
    }

    /// As [`Self::string`], where only whether it is one counts: most are plain, which takes less time
    /// to see.
    #[inline]
    pub(super) fn string_bytes(&mut self, field: &'static str) -> Read<&'a [u8], W::Fault> {
        let bytes = self.prefixed(field, Form::Text)?;
        if is_plain(bytes) || is_string(bytes) {
            Ok(bytes)
        } else {
            Err(W::fault(|| self.no_string(field, bytes)))
        }
    }

    /// What is wrong with a string that ends at the next byte.
    #[cold]
    #[inline(never)]
    fn no_string(&self, field: &'static str, bytes: &[u8]) -> DecodeError {
        let start = self.offset() - bytes.len();
        if let Err(error) = core::str::from_utf8(bytes) {
            let requirement = self.cite("MQTT-1.5.4-1", "MQTT-1.5.3-1");
            let at = start + error.valid_up_to();
            return malformed(at, field, ErrorKind::IllFormedUtf8, requirement);
        }
        let at = start + bytes.iter().position(|byte| *byte == 0).unwrap_or(0);
        let requirement = self.cite("MQTT-1.5.4-2", "MQTT-1.5.3-2");
        malformed(at, field, ErrorKind::NulCharacter, requirement)
    }

    /// As [`Self::string`], for fields of packets.
    #[inline]
    pub(super) fn text(&mut self, field: &'static str) -> Read<Cow<'a, str>, W::Fault> {
        self.string(field).map(Cow::Borrowed)
    }

    /// A Packet Identifier (5.0 section 2.2.1, 3.1.1 section 2.3.1).
    #[inline]
    pub(super) fn packet_id(&mut self) -> Read<PacketId, W::Fault> {
        const FIELD: &str = "Packet Identifier";
        if let Some(id) = PacketId::new(self.two_bytes(FIELD)?) {
            return Ok(id);
        }
        let requirement = self.cite_each("X5-N34", "MQTT-2.3.1-1", "X31-17");
        let offset = self.offset() - 2;
        Err(malformed(offset, FIELD, ErrorKind::PacketIdentifier0, requirement).into())
    }

    /// A Variable Byte Integer in its shortest form (5.0 section 1.5.5).
    #[inline]
    pub(super) fn variable_byte_integer(&mut self, field: &'static str) -> Read<u32, W::Fault> {
        // Most have one byte.
        if let [byte @ ..0x80, rest @ ..] = self.rest {
            let start = self.offset();
            self.rest = rest;
            self.seen(field, Form::Variable, start);
            return Ok(u32::from(*byte));
        }
        self.long_variable_byte_integer(field)
    }

    fn long_variable_byte_integer(&mut self, field: &'static str) -> Read<u32, W::Fault> {
        let start = self.offset();
        let (rest, value) = match variable::parse(self.rest) {
            Ok(parsed) => parsed,
            Err(error) if error.is_incomplete() => return Err(W::fault(|| self.truncated(field))),
            Err(_) => {
                let kind = ErrorKind::VariableByteIntegerTooLong;
                return Err(malformed(start + 3, field, kind, "X5-N03").into());
            }
        };
        self.rest = rest;
        self.seen(field, Form::Variable, start);
        let end = self.offset();
        if end - start > variable::width(value as usize) {
            let kind = ErrorKind::VariableByteIntegerNotMinimal;
            return Err(malformed(end - 1, field, kind, "MQTT-1.5.5-1").into());
        }
        Ok(value)
    }

    /// A reason code that the packet may have.
    #[inline]
    pub(super) fn reason_code(
        &mut self,
        packet: PacketType,
        field: &'static str,
        requirement: &'static str,
    ) -> Read<ReasonCode, W::Fault> {
        let offset = self.offset();
        let reason = ReasonCode(self.byte(field)?);
        if reason.is_listed(packet, self.version) {
            Ok(reason)
        } else {
            Err(protocol_error(offset, field, ErrorKind::ReasonCode(reason.0), requirement).into())
        }
    }

    /// Nothing may be left.
    #[inline]
    pub(super) fn end(&self) -> Read<(), W::Fault> {
        if self.rest.is_empty() {
            return Ok(());
        }
        let kind = ErrorKind::TrailingBytes(self.rest.len());
        Err(self.error("Payload", kind, self.cite("X5-N35", "X311-N03")).into())
    }
}

/// The next bytes, as many as the array has: what integers are made of. nom's own parsers of integers go
/// byte by byte, which takes longer.
#[inline]
fn array<const N: usize>(bytes: &[u8]) -> IResult<&[u8], [u8; N], ()> {
    let (array, rest) = bytes.split_first_chunk().ok_or(nom::Err::Error(()))?;
    Ok((rest, *array))
}

/// The bytes behind their length.
#[inline]
fn counted(bytes: &[u8]) -> IResult<&[u8], &[u8], ()> {
    let (rest, length) = array(bytes)?;
    let length = usize::from(u16::from_be_bytes(length));
    let (counted, rest) = rest.split_at_checked(length).ok_or(nom::Err::Error(()))?;
    Ok((rest, counted))
}

/// Whether bytes are a UTF-8 Encoded String.
#[inline(never)]
fn is_string(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes).is_ok() && !contain_nul(bytes)
}

/// What is cited of 3.1, which numbers neither its statements nor its sections.
const MQTT_31: &str = "MQTT 3.1";

pub(super) const fn cite(
    version: Version,
    v5: &'static str,
    v311: &'static str,
    v31: &'static str,
) -> &'static str {
    match version {
        Version::V5 => v5,
        Version::V311 => v311,
        Version::V31 => v31,
    }
}

/// A Malformed Packet.
pub(super) const fn malformed(
    offset: usize,
    field: &'static str,
    kind: ErrorKind,
    requirement: &'static str,
) -> DecodeError {
    DecodeError { offset, field, kind, requirement, reason: ReasonCode::MALFORMED_PACKET }
}

/// A Protocol Error.
pub(super) const fn protocol_error(
    offset: usize,
    field: &'static str,
    kind: ErrorKind,
    requirement: &'static str,
) -> DecodeError {
    DecodeError { offset, field, kind, requirement, reason: ReasonCode::PROTOCOL_ERROR }
}
