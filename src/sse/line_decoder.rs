//! Cutting a body that arrives in any chunks into lines (9.2.5 end-of-line, 9.2.6).

use super::{DecodeError, Limits, Line, Terminator};
use alloc::vec::Vec;
use memchr::memchr2;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How many lines ended in which way.
///
/// ```
/// use pushspec_wire::sse::{LineDecoder, LineEnds};
///
/// let mut lines = LineDecoder::default();
/// let mut input = &b"a\nb\r\nc\r\n"[..];
/// while lines.next_line(&mut input)?.is_some() {}
/// assert_eq!(lines.line_ends(), LineEnds { lf: 1, crlf: 2, cr: 0 });
/// # Ok::<(), pushspec_wire::sse::DecodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LineEnds {
    /// Lone U+000A.
    pub lf: u64,
    /// U+000D U+000A, also when they came in different chunks.
    pub crlf: u64,
    /// Lone U+000D.
    pub cr: u64,
}

/// Cuts a body into lines without losing anything.
///
/// A line that lies whole in the chunk is borrowed from it. Of a line cut by chunk borders the part
/// seen is kept, and only new bytes are searched, so the work is linear in the bytes. Holds at most
/// [`Limits::line`] bytes.
///
/// ```
/// use pushspec_wire::sse::LineDecoder;
///
/// let mut lines = LineDecoder::default();
/// assert_eq!(lines.next_line(&mut &b"data: h"[..])?, None);
/// let mut rest = &b"i\nevent"[..];
/// assert_eq!(lines.next_line(&mut rest)?.unwrap().bytes, b"data: hi");
/// # Ok::<(), pushspec_wire::sse::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LineDecoder {
    limit: usize,
    /// Where the current line starts.
    offset: u64,
    /// The part of the current line that earlier chunks held; there is no line end in it.
    pending: Vec<u8>,
    /// `pending` holds a line that was handed out.
    handed_out: bool,
    /// The last byte was a CR that ended a line: an LF now belongs to it.
    after_cr: bool,
    ends: LineEnds,
    failed: Option<DecodeError>,
    /// Bytes searched and bytes moved so far.
    #[cfg(test)]
    pub(super) steps: usize,
}

/// Where a line is, once its end has come.
pub(super) struct Cut<'i> {
    offset: u64,
    terminator: Terminator,
    bom: bool,
    /// In the chunk; otherwise it was cut by a chunk border and is kept by the decoder.
    bytes: Option<&'i [u8]>,
}

impl<'i> Cut<'i> {
    /// The line, if it lies in the chunk.
    #[inline]
    pub(super) fn in_chunk(&self) -> Option<Line<'i>> {
        self.bytes.map(|bytes| self.line(bytes))
    }

    #[inline]
    fn line<'a>(&self, bytes: &'a [u8]) -> Line<'a> {
        Line { offset: self.offset, bytes, terminator: self.terminator, bom: self.bom }
    }
}

impl Default for LineDecoder {
    fn default() -> Self {
        Self::new(Limits::default().line)
    }
}

impl LineDecoder {
    /// A decoder that refuses lines of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            offset: 0,
            pending: Vec::new(),
            handed_out: false,
            after_cr: false,
            ends: LineEnds::default(),
            failed: None,
            #[cfg(test)]
            steps: 0,
        }
    }

    /// Takes bytes off the front of `input` up to and including the next line end, and returns that
    /// line; or takes all of `input` and returns nothing, when no line ends in it.
    ///
    /// A CR that is the last byte at hand ends its line at once, because waiting for a possible LF
    /// would delay the event until the next one. Such a line says [`Terminator::Cr`]; if the LF
    /// does come, it is skipped and [`line_ends`](Self::line_ends) counts a CRLF.
    ///
    /// After an error the same error comes again.
    pub fn next_line<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<Line<'a>>, DecodeError> {
        let cut = self.cut(input)?;
        Ok(cut.map(|cut| cut.in_chunk().unwrap_or_else(|| self.kept_line(&cut))))
    }

    /// The line that was cut by a chunk border.
    #[inline]
    pub(super) fn kept_line(&self, cut: &Cut<'_>) -> Line<'_> {
        let start = if cut.bom { BYTE_ORDER_MARK.len() } else { 0 };
        cut.line(&self.pending[start..])
    }

    /// The buffer of a line that was handed out; whoever takes it leaves another.
    pub(super) const fn kept_buffer(&mut self) -> &mut Vec<u8> {
        &mut self.pending
    }

    /// As [`Self::next_line`], without the line itself.
    #[inline]
    pub(super) fn cut<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Cut<'i>>, DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.handed_out {
            self.pending.clear();
            self.handed_out = false;
        }
        self.skip_lf_of_split_crlf(input);

        let bytes = *input;
        // Every event ends with an empty line; to see that one needs no search, nor do single bytes.
        let found = match bytes {
            [b'\r' | b'\n', ..] => Some(0),
            [] | [_] => None,
            _ => memchr2(b'\r', b'\n', bytes),
        };
        #[cfg(test)]
        {
            self.steps += found.map_or(bytes.len(), |at| at + 1);
        }
        let Some(at) = found else {
            self.keep(bytes)?;
            *input = &[];
            return Ok(None);
        };
        let terminator = match (bytes[at], bytes.get(at + 1)) {
            (b'\n', _) => Terminator::Lf,
            (_, Some(b'\n')) => Terminator::CrLf,
            (_, next) => {
                self.after_cr = next.is_none();
                Terminator::Cr
            }
        };
        let width = match terminator {
            Terminator::Lf => {
                self.ends.lf += 1;
                1
            }
            Terminator::CrLf => {
                self.ends.crlf += 1;
                2
            }
            Terminator::Cr => {
                self.ends.cr += 1;
                1
            }
        };
        *input = &bytes[at + width..];

        let offset = self.offset;
        let mut cut = Cut { offset, terminator, bom: false, bytes: None };
        if self.pending.is_empty() {
            if at > self.limit {
                return Err(self.too_long());
            }
            cut.bytes = Some(&bytes[..at]);
            self.offset += (at + width) as u64;
        } else {
            self.keep(&bytes[..at])?;
            self.handed_out = true;
            self.offset += (self.pending.len() + width) as u64;
        }
        if offset == 0 {
            cut.bom = cut.bytes.unwrap_or(&self.pending).starts_with(BYTE_ORDER_MARK);
            if cut.bom {
                cut.bytes = cut.bytes.map(|bytes| &bytes[BYTE_ORDER_MARK.len()..]);
            }
        }
        Ok(Some(cut))
    }

    /// Takes an empty line off the front of what stands behind a line that was cut, without a search.
    /// One that ends with a CR alone is left to [`Self::cut`].
    #[inline]
    pub(super) fn cut_empty<'i>(&mut self, input: &mut &'i [u8]) -> Option<Line<'i>> {
        let (terminator, rest) = match *input {
            [b'\n', rest @ ..] => {
                self.ends.lf += 1;
                (Terminator::Lf, rest)
            }
            [b'\r', b'\n', rest @ ..] => {
                self.ends.crlf += 1;
                (Terminator::CrLf, rest)
            }
            _ => return None,
        };
        let line = Line { offset: self.offset, bytes: &[], terminator, bom: false };
        self.offset += (input.len() - rest.len()) as u64;
        *input = rest;
        Some(line)
    }

    /// How the lines so far ended.
    pub fn line_ends(&self) -> LineEnds {
        self.ends
    }

    /// Where the next line starts: the number of bytes in whole lines so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The part of a line that has arrived without a line end.
    pub fn partial_line(&self) -> &[u8] {
        if self.handed_out { &[] } else { &self.pending }
    }

    #[inline]
    fn skip_lf_of_split_crlf(&mut self, input: &mut &[u8]) {
        if !self.after_cr {
            return;
        }
        let Some((first, rest)) = input.split_first() else {
            return;
        };
        self.after_cr = false;
        if *first == b'\n' {
            *input = rest;
            self.offset += 1;
            self.ends.cr -= 1;
            self.ends.crlf += 1;
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let length = self.pending.len() + bytes.len();
        if length > self.limit {
            return Err(self.too_long());
        }
        if length > self.pending.capacity() {
            // Doubling keeps the copying linear; the cap keeps the promise about memory.
            let capacity = length.max(self.limit.min(2 * self.pending.capacity()));
            self.pending.reserve_exact(capacity - self.pending.len());
            #[cfg(test)]
            {
                self.steps += self.pending.len();
            }
        }
        self.pending.extend_from_slice(bytes);
        #[cfg(test)]
        {
            self.steps += bytes.len();
        }
        Ok(())
    }

    fn too_long(&mut self) -> DecodeError {
        let error = DecodeError::LineTooLong { offset: self.offset, limit: self.limit };
        self.pending = Vec::new();
        self.failed = Some(error);
        error
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use alloc::string::String;

    /// Each chunk's lines as `text|end`, chunks apart by `/`.
    fn lines(chunks: &[&[u8]]) -> String {
        let mut decoder = LineDecoder::default();
        let mut out = String::new();
        for (n, chunk) in chunks.iter().enumerate() {
            if n > 0 {
                out.push('/');
            }
            let mut input = *chunk;
            while let Some(line) = decoder.next_line(&mut input).unwrap() {
                if line.bom {
                    out.push_str("BOM+");
                }
                out.push_str(&String::from_utf8_lossy(line.bytes));
                out.push_str(match line.terminator {
                    Terminator::Lf => "|lf ",
                    Terminator::CrLf => "|crlf ",
                    Terminator::Cr => "|cr ",
                });
            }
        }
        out
    }

    #[test]
    fn a4_c1_three_line_ends() {
        assert_eq!(lines(&[b"a\nb\rc\r\nd"]), "a|lf b|cr c|crlf ");
    }

    #[test]
    fn c2_lf_cr_is_two_line_ends() {
        assert_eq!(lines(&[b"a\n\rb\n"]), "a|lf |cr b|lf ");
    }

    #[test]
    fn c3_crlf_across_chunks_is_one_line_end() {
        assert_eq!(lines(&[b"a\r", b"\nb\n"]), "a|cr /b|lf ");
        assert_eq!(lines(&[b"a\r", b"", b"\n", b"\n"]), "a|cr ///|lf ");
    }

    #[test]
    fn c3_crlf_across_chunks_counts_as_crlf() {
        let mut decoder = LineDecoder::default();
        assert!(decoder.next_line(&mut &b"a\r"[..]).unwrap().is_some());
        assert_eq!(decoder.line_ends().cr, 1);
        let mut input = &b"\nb\r"[..];
        let next = decoder.next_line(&mut input).unwrap().unwrap();
        assert_eq!(next.offset, 3);
        assert_eq!(decoder.line_ends(), LineEnds { lf: 0, crlf: 1, cr: 1 });
    }

    #[test]
    fn c4_cr_ends_a_line_without_the_next_byte() {
        assert_eq!(lines(&[b"data:x\r", b"\r", b"y\n"]), "data:x|cr /|cr /y|lf ");
    }

    #[test]
    fn c6_nothing_else_ends_a_line() {
        let text = "a\u{b}\u{c}\u{85}\u{2028}\u{2029}\0z\n";
        assert_eq!(lines(&[text.as_bytes()]).matches('|').count(), 1);
    }

    #[test]
    fn a6_b3_one_byte_order_mark_at_the_start() {
        assert_eq!(lines(&["\u{feff}a\n".as_bytes()]), "BOM+a|lf ");
        assert_eq!(lines(&[b"\xef", b"\xbb", b"\xbfa\n"]), "//BOM+a|lf ");
        assert_eq!(lines(&["\u{feff}\u{feff}a\n".as_bytes()]), "BOM+\u{feff}a|lf ");
    }

    #[test]
    fn b4_byte_order_mark_elsewhere_is_data() {
        assert_eq!(lines(&["a\n\u{feff}b\n".as_bytes()]), "a|lf \u{feff}b|lf ");
    }

    #[test]
    fn offsets_lead_back_to_the_bytes() {
        let body = "\u{feff}ab\r\n\rdata\n".as_bytes();
        let mut decoder = LineDecoder::default();
        let mut input = body;
        let mut end = 0;
        while let Some(line) = decoder.next_line(&mut input).unwrap() {
            assert_eq!(line.offset, end);
            end = line.end();
            assert!(body[..usize::try_from(end).unwrap()].ends_with(match line.terminator {
                Terminator::Cr => b"\r",
                Terminator::Lf => b"\n",
                Terminator::CrLf => b"\r\n",
            }));
        }
        assert_eq!(end, body.len() as u64);
    }

    #[test]
    fn p5_a_line_beyond_the_limit_is_refused_and_stays_refused() {
        for chunk in [1, 3, 100] {
            let mut decoder = LineDecoder::new(4);
            let error = b"ok\n12345\n"
                .chunks(chunk)
                .find_map(|mut input| {
                    loop {
                        match decoder.next_line(&mut input) {
                            Ok(Some(_)) => {}
                            Ok(None) => return None,
                            Err(error) => return Some(error),
                        }
                    }
                })
                .unwrap();
            let expected = DecodeError::LineTooLong { offset: 3, limit: 4 };
            assert_eq!(error, expected);
            assert_eq!(decoder.next_line(&mut &b"\n"[..]), Err(expected));
        }
    }

    #[test]
    fn p5_memory_stays_within_the_limit() {
        let mut decoder = LineDecoder::new(1000);
        for _ in 0..1000 {
            assert_eq!(decoder.next_line(&mut &b"x"[..]), Ok(None));
            assert!(decoder.pending.capacity() <= 1000);
        }
        assert!(decoder.next_line(&mut &b"x"[..]).is_err());
    }
}
