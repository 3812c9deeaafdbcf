//! Server-Sent Events: the `text/event-stream` format of WHATWG HTML, section 9.2.
//!
//! Two layers. [`LineDecoder`] cuts a body that arrives in any chunks into [`Line`]s and loses
//! nothing: comments, unknown fields, ill-formed UTF-8 and the kind of every line end stay visible.
//! [`Interpreter`] turns lines into the events a client would dispatch; [`EventDecoder`] is both in
//! one. [`Event`] is what a server writes.
//!
//! ```
//! use pushspec_wire::sse::{Event, EventDecoder};
//!
//! let mut body = Vec::new();
//! Event::data("two\nlines").id("7").encode(&mut body)?;
//!
//! let mut decoder = EventDecoder::default();
//! let mut input = body.as_slice();
//! while let Some(event) = decoder.next_event(&mut input)? {
//!     assert_eq!(event.event_type, "message");
//!     assert_eq!(event.data, "two\nlines");
//!     assert_eq!(event.last_event_id, "7");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "tokio-util")]
mod codec;
mod encode;
mod error;
mod event_decoder;
mod interpreter;
mod line;
mod line_decoder;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod vectors;

#[cfg(feature = "tokio-util")]
pub use codec::{CodecError, EventCodec};
pub use encode::{Event, encode_comment};
pub use error::{DecodeError, EncodeError};
pub use event_decoder::EventDecoder;
pub use interpreter::{Interpreter, MessageEvent};
pub use line::{Field, Line, LineKind, Terminator};
pub use line_decoder::{LineDecoder, LineEnds};

/// The end of a stream came before the empty line that would have closed its last block: what was
/// pending is thrown away (9.2.6, end of the file).
///
/// ```
/// use pushspec_wire::sse::EventDecoder;
///
/// let mut decoder = EventDecoder::default();
/// assert_eq!(decoder.next_event(&mut &b"data: a\ndata: b\nda"[..])?, None);
/// let lost = decoder.finish().unwrap();
/// assert_eq!((lost.fields, lost.data, lost.partial_line), (2, 4, 2));
/// # Ok::<(), pushspec_wire::sse::DecodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Discarded {
    /// Where the unfinished block starts.
    pub offset: u64,
    /// Whole field lines in it.
    pub fields: usize,
    /// Bytes of `data` values in it, each with the line feed that joins it to the next.
    pub data: usize,
    /// Bytes of a last line that has no line end.
    pub partial_line: usize,
}

/// How much a decoder is willing to hold (registration of `text/event-stream`: a receiver is expected
/// to limit its use of resources).
///
/// ```
/// use pushspec_wire::sse::{EventDecoder, Limits};
///
/// let decoder = EventDecoder::new(Limits { line: 64 << 10, ..Limits::default() });
/// # let _ = decoder;
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Longest line in bytes, without its line end.
    pub line: usize,
    /// Largest data buffer of one event in bytes.
    pub event: usize,
}

impl Default for Limits {
    /// 16 MiB each: more than any event met in the field, little enough to survive a stream without
    /// line ends.
    fn default() -> Self {
        Self { line: 16 << 20, event: 16 << 20 }
    }
}
