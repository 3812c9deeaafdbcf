//! How a response's body is delimited (RFC 9112, section 6).

use super::Head;

/// Longest line of a chunk's size with its extensions, and of a trailer field.
const LINE_LIMIT: usize = 8 << 10;
/// Most trailer fields.
const TRAILER_LIMIT: usize = 64;

/// How the end of a body is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// There is no body.
    None,
    /// After so many bytes.
    Length(u64),
    /// With the chunk of size 0.
    Chunked,
    /// Where the connection ends.
    Close,
    /// In frames of HTTP/2.
    Frames,
}

/// What is wrong with the framing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FramingError {
    /// The header fields that say the length contradict each other or themselves.
    #[error("{0}")]
    Ambiguous(String),
    /// Where a chunk's size should be, something else is.
    #[error("{0:?} is no chunk size")]
    ChunkSize(String),
    /// A chunk is longer than its size says.
    #[error("{0:?} stands where a chunk should end")]
    ChunkEnd(String),
    /// A line of the chunked coding has no end.
    #[error("a line of the chunked coding has no end")]
    LineTooLong,
}

/// Finds the framing of a response.
pub(super) fn framing(head: &Head, to_head: bool) -> Result<Framing, FramingError> {
    if to_head || head.status / 100 == 1 || matches!(head.status, 204 | 304) {
        return Ok(Framing::None);
    }
    if let Some(codings) = head.header("transfer-encoding") {
        let last = codings.rsplit(',').next().unwrap_or_default().trim();
        return Ok(if last.eq_ignore_ascii_case("chunked") {
            Framing::Chunked
        } else {
            Framing::Close
        });
    }
    let Some(lengths) = head.header("content-length") else {
        return Ok(Framing::Close);
    };
    let mut values = lengths.split(',').map(str::trim);
    let first = values.next().unwrap_or_default();
    if values.any(|value| value != first) || !first.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FramingError::Ambiguous(format!("Content-Length: {lengths}")));
    }
    first
        .parse()
        .map(Framing::Length)
        .map_err(|_| FramingError::Ambiguous(format!("Content-Length: {lengths}")))
}

/// Takes the framing off a body that arrives in any pieces.
#[derive(Debug)]
pub(super) struct Unframer {
    state: State,
    line: Vec<u8>,
    trailers: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    UntilClose,
    Content(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    Done,
}

impl Unframer {
    pub(super) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Content(length),
            Framing::Chunked => State::ChunkSize,
            Framing::Close | Framing::Frames => State::UntilClose,
        };
        Self { state, line: Vec::new(), trailers: 0 }
    }

    /// Whether the body is complete.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether a body may end here because the connection does.
    pub(super) fn may_close(&self) -> bool {
        matches!(self.state, State::UntilClose | State::Done)
    }

    /// Appends the content in `bytes` to `out` and returns what follows the body.
    pub(super) fn push<'a>(
        &mut self,
        mut bytes: &'a [u8],
        out: &mut Vec<u8>,
    ) -> Result<&'a [u8], FramingError> {
        while !bytes.is_empty() && self.state != State::Done {
            match self.state {
                State::UntilClose => {
                    out.extend_from_slice(bytes);
                    bytes = &[];
                }
                State::Content(left) | State::Chunk(left) => {
                    let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    out.extend_from_slice(&bytes[..count]);
                    bytes = &bytes[count..];
                    let left = left - count as u64;
                    self.state = match (self.state, left) {
                        (State::Content(_), 0) => State::Done,
                        (State::Content(_), left) => State::Content(left),
                        (_, 0) => State::ChunkEnd,
                        (_, left) => State::Chunk(left),
                    };
                }
                State::ChunkSize | State::ChunkEnd | State::Trailer => {
                    let Some(at) = bytes.iter().position(|byte| *byte == b'\n') else {
                        self.keep(bytes)?;
                        bytes = &[];
                        continue;
                    };
                    self.keep(&bytes[..at])?;
                    bytes = &bytes[at + 1..];
                    let mut line = std::mem::take(&mut self.line);
                    if line.last() == Some(&b'\r') {
                        line.pop();
                    }
                    self.state = self.after_line(&line)?;
                }
                State::Done => {}
            }
        }
        Ok(bytes)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), FramingError> {
        if self.line.len() + bytes.len() > LINE_LIMIT {
            return Err(FramingError::LineTooLong);
        }
        // Anything behind a chunk but its line end is wrong already.
        self.line.extend_from_slice(bytes);
        if self.state == State::ChunkEnd && !matches!(self.line.as_slice(), [] | b"\r") {
            return Err(FramingError::ChunkEnd(shown(&self.line)));
        }
        Ok(())
    }

    fn after_line(&mut self, line: &[u8]) -> Result<State, FramingError> {
        Ok(match self.state {
            State::ChunkSize => match chunk_size(line)? {
                0 => State::Trailer,
                size => State::Chunk(size),
            },
            State::ChunkEnd => State::ChunkSize,
            _ if line.is_empty() => State::Done,
            _ => {
                self.trailers += 1;
                if self.trailers > TRAILER_LIMIT {
                    return Err(FramingError::LineTooLong);
                }
                State::Trailer
            }
        })
    }
}

fn chunk_size(line: &[u8]) -> Result<u64, FramingError> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    let valid = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| valid)
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| FramingError::ChunkSize(shown(line)))
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn unframe(
        framing: Framing,
        body: &[u8],
        piece: usize,
    ) -> Result<(Vec<u8>, bool), FramingError> {
        let mut unframer = Unframer::new(framing);
        let mut out = Vec::new();
        for bytes in body.chunks(piece) {
            unframer.push(bytes, &mut out)?;
        }
        Ok((out, unframer.is_done()))
    }

    #[test]
    fn chunks_in_any_pieces() {
        let body = b"3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
        for piece in 1..body.len() {
            let (out, done) = unframe(Framing::Chunked, body, piece).unwrap();
            assert_eq!(out, b"abc0123456789");
            assert!(done);
        }
    }

    #[test]
    fn wrong_chunks() {
        for piece in [1, 100] {
            let fails = |body: &[u8]| unframe(Framing::Chunked, body, piece).unwrap_err();
            assert!(matches!(fails(b"xyz\r\n"), FramingError::ChunkSize(_)));
            assert!(matches!(fails(b"\r\n"), FramingError::ChunkSize(_)));
            assert!(matches!(fails(b"-1\r\n"), FramingError::ChunkSize(_)));
            assert!(matches!(fails(b"11111111111111111\r\n"), FramingError::ChunkSize(_)));
            assert!(matches!(fails(b"1\r\nabc"), FramingError::ChunkEnd(_)));
            assert_eq!(fails(&[b'1'; LINE_LIMIT + 1]), FramingError::LineTooLong);
            let trailers = [&b"0\r\n"[..], &b"a: b\r\n".repeat(TRAILER_LIMIT + 1)].concat();
            assert_eq!(fails(&trailers), FramingError::LineTooLong);
        }
    }

    #[test]
    fn lengths() {
        assert_eq!(unframe(Framing::Length(3), b"abc", 2).unwrap(), (b"abc".to_vec(), true));
        assert_eq!(unframe(Framing::Length(4), b"abc", 2).unwrap(), (b"abc".to_vec(), false));
        let mut unframer = Unframer::new(Framing::Length(1));
        assert_eq!(unframer.push(b"ab", &mut Vec::new()).unwrap(), b"b");
    }
}
