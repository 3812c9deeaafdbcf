//! Writing events (9.2.5 grammar).

use super::EncodeError;
use alloc::string::String;
use alloc::vec::Vec;
use memchr::{memchr, memchr2};

/// An event to be written: one block of fields and the empty line that closes it.
///
/// ```
/// use pushspec_wire::sse::Event;
///
/// let mut body = Vec::new();
/// Event::data("a\nb").event("tick").id("7").encode(&mut body)?;
/// assert_eq!(body, b"event: tick\nid: 7\ndata: a\ndata: b\n\n");
/// # Ok::<(), pushspec_wire::sse::EncodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event {
    /// The event type; `message` if there is none.
    pub event: Option<String>,
    /// The payload, of any number of lines. Without it clients dispatch nothing, but do take `id` and
    /// `retry`.
    pub data: Option<String>,
    /// The last event ID; empty resets it.
    pub id: Option<String>,
    /// The reconnection time in milliseconds.
    pub retry: Option<u64>,
}

impl Event {
    /// An event with this payload.
    pub fn data(data: impl Into<String>) -> Self {
        Self { data: Some(data.into()), ..Self::default() }
    }

    /// Names the event's type.
    pub fn event(mut self, event: impl Into<String>) -> Self {
        self.event = Some(event.into());
        self
    }

    /// Sets the last event ID.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the reconnection time in milliseconds.
    pub fn retry(mut self, millis: u64) -> Self {
        self.retry = Some(millis);
        self
    }

    /// Appends the event to `out`; on an error `out` stays as it was.
    ///
    /// The payload is split at CR, LF and CRLF into one `data` field a line: that is the only way to
    /// carry a line end, and every kind comes back as LF. U+0000 is an ordinary character in `data`
    /// and `event`, but makes clients ignore an `id`.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if let Some(id) = &self.id {
            one_line("id", id)?;
            if let Some(at) = memchr(0, id.as_bytes()) {
                return Err(EncodeError::NulInId { at });
            }
        }
        if let Some(event) = &self.event {
            one_line("event", event)?;
        }

        if let Some(event) = &self.event {
            field(out, b"event", event.as_bytes());
        }
        if let Some(id) = &self.id {
            field(out, b"id", id.as_bytes());
        }
        if let Some(retry) = self.retry {
            field(out, b"retry", alloc::format!("{retry}").as_bytes());
        }
        if let Some(data) = &self.data {
            lines(data, |line| field(out, b"data", line));
        }
        out.push(b'\n');
        Ok(())
    }
}

/// Appends a comment, one comment line for each line of `text`. It needs no empty line behind it.
///
/// ```
/// use pushspec_wire::sse::encode_comment;
///
/// let mut body = Vec::new();
/// encode_comment("still here", &mut body);
/// assert_eq!(body, b": still here\n");
/// ```
pub fn encode_comment(text: &str, out: &mut Vec<u8>) {
    lines(text, |line| field(out, b"", line));
}

fn one_line(field: &'static str, value: &str) -> Result<(), EncodeError> {
    match memchr2(b'\r', b'\n', value.as_bytes()) {
        Some(at) => Err(EncodeError::LineEnd { field, at }),
        None => Ok(()),
    }
}

/// The space keeps a value that starts with a space intact, and is what people expect to read.
fn field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.reserve(name.len() + value.len() + 3);
    out.extend_from_slice(name);
    out.push(b':');
    if !value.is_empty() {
        out.push(b' ');
        out.extend_from_slice(value);
    }
    out.push(b'\n');
}

/// Calls `each` for every line, also for an empty one behind the last line end.
fn lines(text: &str, mut each: impl FnMut(&[u8])) {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr2(b'\r', b'\n', rest) {
        each(&rest[..at]);
        let width = if rest[at..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[at + width..];
    }
    each(rest);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn text(event: &Event) -> String {
        let mut out = Vec::new();
        event.encode(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn all_fields() {
        let event = Event::data("x").event("add").id("1").retry(50);
        assert_eq!(text(&event), "event: add\nid: 1\nretry: 50\ndata: x\n\n");
    }

    #[test]
    fn data_is_split_at_every_line_end() {
        assert_eq!(
            text(&Event::data("a\nb\rc\r\nd\n\re")),
            "data: a\ndata: b\ndata: c\ndata: d\ndata:\ndata: e\n\n"
        );
    }

    #[test]
    fn blank_payloads_and_trailing_line_ends_survive() {
        assert_eq!(text(&Event::data("")), "data:\n\n");
        assert_eq!(text(&Event::data("x\n")), "data: x\ndata:\n\n");
        assert_eq!(text(&Event::data(" x")), "data:  x\n\n");
    }

    #[test]
    fn an_empty_id_resets() {
        assert_eq!(text(&Event::default().id("")), "id:\n\n");
    }

    #[test]
    fn one_line_fields_refuse_line_ends() {
        let mut out = Vec::new();
        assert_eq!(
            Event::data("").id("a\rdata: x").encode(&mut out),
            Err(EncodeError::LineEnd { field: "id", at: 1 })
        );
        assert_eq!(
            Event::data("").event("\n").encode(&mut out),
            Err(EncodeError::LineEnd { field: "event", at: 0 })
        );
        assert_eq!(
            Event::data("").id("ab\0").encode(&mut out),
            Err(EncodeError::NulInId { at: 2 })
        );
        assert!(out.is_empty());
    }

    #[test]
    fn comments_cannot_break_out() {
        let mut out = Vec::new();
        encode_comment("a\r\ndata: b\n", &mut out);
        encode_comment("", &mut out);
        assert_eq!(out, b": a\n: data: b\n:\n:\n");
    }
}
