//! Why a stream cannot be read further, and why an event cannot be written.

use thiserror::Error;

/// Why a stream cannot be read further. Nothing in the text format itself is an error (9.2.6 gives
/// every byte sequence a meaning); only the receiver's own limits are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A line is longer than the limit.
    #[error("the line at offset {offset} is longer than {limit} bytes")]
    LineTooLong {
        /// Where the line starts.
        offset: u64,
        /// [`Limits::line`](super::Limits::line).
        limit: usize,
    },
    /// The data of one event is larger than the limit.
    #[error("the data of the event at offset {offset} is larger than {limit} bytes")]
    EventTooLarge {
        /// Where the event's first line starts.
        offset: u64,
        /// [`Limits::event`](super::Limits::event).
        limit: usize,
    },
}

/// Why an event cannot be written: its value would be read back as something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A CR or LF in a field that is one line: what follows would be read as further fields.
    #[error("`{field}` holds a line end at byte {at}")]
    LineEnd {
        /// The field's name.
        field: &'static str,
        /// Where in the value.
        at: usize,
    },
    /// U+0000 in `id`: clients ignore such a field.
    #[error("`id` holds U+0000 at byte {at}")]
    NulInId {
        /// Where in the value.
        at: usize,
    },
}
