//! One line of an event stream (9.2.5 grammar, 9.2.6 processing of a line).

use memchr::memchr;
use nom::bytes::complete::{tag, take};
use nom::combinator::{opt, rest};
use nom::sequence::preceded;
use nom::{IResult, Parser};

/// What ended a line.
///
/// ```
/// use pushspec_wire::sse::{LineDecoder, Terminator};
///
/// let mut lines = LineDecoder::default();
/// let mut input = &b"a\r\nb\r"[..];
/// assert_eq!(lines.next_line(&mut input)?.unwrap().terminator, Terminator::CrLf);
/// // An LF may still follow.
/// assert_eq!(lines.next_line(&mut input)?.unwrap().terminator, Terminator::Cr);
/// # Ok::<(), pushspec_wire::sse::DecodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Terminator {
    /// U+000A alone.
    Lf,
    /// U+000D followed by U+000A.
    CrLf,
    /// U+000D, and no U+000A behind it as far as the bytes reached when the line was handed out.
    Cr,
}

/// One line as it was on the wire.
///
/// ```
/// use pushspec_wire::sse::{LineDecoder};
///
/// let mut lines = LineDecoder::default();
/// let mut input = &b"data: \xFF\n"[..];
/// let line = lines.next_line(&mut input)?.unwrap();
/// assert_eq!((line.offset, line.bytes, line.end()), (0, &b"data: \xFF"[..], 8));
/// assert_eq!(line.ill_formed(), Some(6));
/// # Ok::<(), pushspec_wire::sse::DecodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line<'a> {
    /// Where the line starts, counted from the first byte of the body. On the first line the byte
    /// order mark counts.
    pub offset: u64,
    /// The line without its line end and without the byte order mark that opens a stream.
    pub bytes: &'a [u8],
    /// What ended it.
    pub terminator: Terminator,
    /// Whether the stream's byte order mark stood before it.
    pub bom: bool,
}

/// What a line means.
///
/// ```
/// use pushspec_wire::sse::{LineDecoder, LineKind};
///
/// let mut lines = LineDecoder::default();
/// let mut input = &b": hi\n\n"[..];
/// assert_eq!(lines.next_line(&mut input)?.unwrap().kind(), LineKind::Comment(b" hi"));
/// assert_eq!(lines.next_line(&mut input)?.unwrap().kind(), LineKind::Empty);
/// # Ok::<(), pushspec_wire::sse::DecodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineKind<'a> {
    /// Dispatches the event.
    Empty,
    /// Starts with a colon; holds what follows the colon.
    Comment(&'a [u8]),
    /// A name and a value.
    Field(Field<'a>),
}

/// A field, known or not.
///
/// ```
/// use pushspec_wire::sse::{LineDecoder, LineKind};
///
/// let mut lines = LineDecoder::default();
/// let mut input = &b"data:  x\n"[..];
/// let LineKind::Field(field) = lines.next_line(&mut input)?.unwrap().kind() else { panic!() };
/// assert_eq!((field.name, field.value), (&b"data"[..], &b" x"[..]));
/// # Ok::<(), pushspec_wire::sse::DecodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// What stands before the first colon, or the whole line.
    pub name: &'a [u8],
    /// What stands after the colon, without the one space that may follow it.
    pub value: &'a [u8],
    /// Whether there was a colon.
    pub colon: bool,
    /// Whether a space after the colon was dropped.
    pub space: bool,
}

impl<'a> Line<'a> {
    /// Reads the line.
    pub fn kind(&self) -> LineKind<'a> {
        match self.bytes {
            [] => LineKind::Empty,
            [b':', comment @ ..] => LineKind::Comment(comment),
            bytes => LineKind::Field(field(bytes)),
        }
    }

    /// The offset of the byte behind the line's end, as far as it was known.
    pub fn end(&self) -> u64 {
        let terminator = match self.terminator {
            Terminator::Lf | Terminator::Cr => 1,
            Terminator::CrLf => 2,
        };
        self.content_offset() + self.bytes.len() as u64 + terminator
    }

    /// The offset in the body of the first byte that is not well-formed UTF-8.
    pub fn ill_formed(&self) -> Option<u64> {
        core::str::from_utf8(self.bytes)
            .err()
            .map(|error| self.content_offset() + error.valid_up_to() as u64)
    }

    fn content_offset(&self) -> u64 {
        self.offset + if self.bom { 3 } else { 0 }
    }
}

/// `field = 1*name-char [ colon [ space ] *any-char ]`
fn field(line: &[u8]) -> Field<'_> {
    let behind_colon = preceded(tag(":"), (opt(tag(" ")), rest));
    let found: IResult<_, _, ()> = (name, opt(behind_colon)).parse(line);
    match found {
        Ok((_, (name, Some((space, value))))) => {
            Field { name, value, colon: true, space: space.is_some() }
        }
        _ => Field { name: line, value: &[], colon: false, space: false },
    }
}

/// Everything before the first colon; the search is made for more than a few bytes.
fn name(line: &[u8]) -> IResult<&[u8], &[u8], ()> {
    take(memchr(b':', line).unwrap_or(line.len())).parse(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> LineKind<'_> {
        Line { offset: 0, bytes, terminator: Terminator::Lf, bom: false }.kind()
    }

    fn split(bytes: &[u8]) -> (&[u8], &[u8], bool, bool) {
        match kind(bytes) {
            LineKind::Field(f) => (f.name, f.value, f.colon, f.space),
            other => panic!("{other:?} is not a field"),
        }
    }

    #[test]
    fn d3_empty_line() {
        assert_eq!(kind(b""), LineKind::Empty);
    }

    #[test]
    fn a2_d4_comment() {
        assert_eq!(kind(b":"), LineKind::Comment(b""));
        assert_eq!(kind(b": data: x"), LineKind::Comment(b" data: x"));
        assert_eq!(kind(b"::"), LineKind::Comment(b":"));
    }

    #[test]
    fn d5_first_colon_separates() {
        assert_eq!(split(b"data:a:b"), (&b"data"[..], &b"a:b"[..], true, false));
        assert_eq!(split(b"id: :x"), (&b"id"[..], &b":x"[..], true, true));
    }

    #[test]
    fn d6_exactly_one_space_is_dropped() {
        assert_eq!(split(b"data:  x ").1, b" x ");
        assert_eq!(split(b"data:\tx").1, b"\tx");
        assert_eq!(split(b"data: "), (&b"data"[..], &b""[..], true, true));
    }

    #[test]
    fn d7_no_colon() {
        assert_eq!(split(b"data"), (&b"data"[..], &b""[..], false, false));
        // A space is dropped behind a colon only.
        assert_eq!(split(b"da ta"), (&b"da ta"[..], &b""[..], false, false));
    }

    #[test]
    fn a8_names_are_not_trimmed() {
        assert_eq!(split(b" data:x").0, b" data");
        assert_eq!(split(b"data :x").0, b"data ");
        assert_eq!(split("\u{feff}data:x".as_bytes()).0, "\u{feff}data".as_bytes());
    }

    #[test]
    fn offsets_count_the_byte_order_mark() {
        let line = Line { offset: 0, bytes: b"data:\xff", terminator: Terminator::CrLf, bom: true };
        assert_eq!(line.ill_formed(), Some(8));
        assert_eq!(line.end(), 11);
    }
}
