//! Why a stream cannot be read further, and why an event cannot be written.

use thiserror::Error;

/// Why a stream cannot be read further. Nothing in the text format itself is an error (9.2.6 gives
/// every byte sequence a meaning); only the receiver's own limits are.
///
/// ```
/// use pushspec_wire::sse::{DecodeError, EventDecoder, Limits};
///
/// let mut decoder = EventDecoder::new(Limits { line: 4, ..Limits::default() });
/// let error = decoder.next_event(&mut &b"data: too long\n"[..]).unwrap_err();
/// assert_eq!(error, DecodeError::LineTooLong { offset: 0, limit: 4 });
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A line is longer than the limit.
    #[error(
        "the line at byte {offset} is longer than {limit} bytes, the most that this reader takes [SSE-P5]"
    )]
    LineTooLong {
        /// Where the line starts.
        offset: u64,
        /// [`Limits::line`](super::Limits::line).
        limit: usize,
    },
    /// The data of one event is larger than the limit.
    #[error(
        "the data of the event at byte {offset} is larger than {limit} bytes, the most that this reader takes [SSE-P5]"
    )]
    EventTooLarge {
        /// Where the event's first line starts.
        offset: u64,
        /// [`Limits::event`](super::Limits::event).
        limit: usize,
    },
}

/// Why an event cannot be written: its value would be read back as something else.
///
/// ```
/// use pushspec_wire::sse::{EncodeError, Event};
///
/// let error = Event::data("x").id("1\ndata: forged").encode(&mut Vec::new());
/// assert_eq!(error, Err(EncodeError::LineEnd { field: "id", at: 1 }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A CR or LF in a field that is one line: what follows would be read as further fields.
    #[error("`{field}` holds a line end at byte {at}, where it has to be one line [SSE-A3]")]
    LineEnd {
        /// The field's name.
        field: &'static str,
        /// Where in the value.
        at: usize,
    },
    /// U+0000 in `id`: clients ignore such a field.
    #[error("`id` holds U+0000 at byte {at}, for which clients ignore it [SSE-E4]")]
    NulInId {
        /// Where in the value.
        at: usize,
    },
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::super::{Event, EventDecoder, Limits};

    #[test]
    fn every_error_explains_itself() {
        let event = |data: &str| Event::data(data);
        let write = |event: Event| event.encode(&mut Vec::new()).map_err(|error| error.to_string());
        let read = |limits, body: &str| {
            let mut decoder = EventDecoder::new(limits);
            decoder.next_event(&mut body.as_bytes()).map(drop).map_err(|error| error.to_string())
        };
        let found = [
            read(Limits { line: 4, event: 9 }, "data\ndata:too long\n"),
            read(Limits { line: 9, event: 3 }, "\ndata:ab\ndata:cd\n"),
            write(event("").id("a\nb")),
            write(event("").event("a\r")),
            write(event("").id("\0")),
        ];
        let texts: Vec<_> = found.into_iter().filter_map(Result::err).collect();
        insta::assert_snapshot!(texts.join("\n"));
    }
}
