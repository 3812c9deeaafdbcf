//! An event stream taken apart.

use pushspec_wire::sse::{
    DecodeError, Discarded, Field, Interpreter, Line, LineDecoder, LineKind, MessageEvent,
    Terminator,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::report::ExitStatus;

/// What a body holds, line by line, and what a client makes of it.
#[derive(Serialize, JsonSchema, Debug)]
pub struct EventStream<'a> {
    /// `pushspec-decode-sse/1`.
    schema: &'static str,
    /// Every whole line.
    pub lines: Vec<LineView<'a>>,
    /// The bytes behind the last line end.
    #[serde(skip)]
    pub(super) partial: &'a [u8],
    /// What a client sends as `Last-Event-ID` when it reconnects, unless it is empty.
    pub last_event_id: String,
    /// The reconnection time, if the stream set one.
    pub reconnection_time_ms: Option<u64>,
    /// What the end of the body throws away.
    pub discarded: Option<DiscardedView>,
}

/// One line and what it does.
#[derive(Serialize, JsonSchema, Debug)]
pub struct LineView<'a> {
    /// Where it starts in the body.
    pub offset: u64,
    /// Its bytes, with its end and what stands before it.
    #[serde(skip)]
    pub(super) bytes: &'a [u8],
    /// `lf`, `cr` or `crlf`.
    pub end: &'static str,
    /// Whether the byte order mark of the stream stands before it.
    pub byte_order_mark: bool,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
    /// Where its first byte is that is not UTF-8.
    pub ill_formed: Option<u64>,
    /// What it dispatches.
    pub event: Option<EventView>,
}

/// What a line is.
#[derive(Serialize, JsonSchema, PartialEq, Eq, Debug)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are those of the grammar")]
pub enum Kind {
    Empty,
    Comment { text: String },
    Field { name: String, value: String, effect: Effect },
}

/// What a field does.
#[derive(Serialize, JsonSchema, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// A line of data.
    AppendsData,
    /// The type of the event.
    SetsType,
    /// The last event ID of this event and those after it.
    SetsLastEventId,
    /// The reconnection time, at once.
    SetsReconnectionTime,
    /// Nothing: no field has this name.
    IgnoredName,
    /// Nothing: an id with U+0000.
    IgnoredIdWithNul,
    /// Nothing: a reconnection time of other characters than digits.
    IgnoredRetry,
}

/// An event as a client dispatches it.
#[derive(Serialize, JsonSchema, PartialEq, Eq, Debug)]
pub struct EventView {
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its data.
    pub data: String,
    /// Its last event ID.
    pub last_event_id: String,
}

/// What the end of a body throws away.
#[derive(Serialize, JsonSchema, PartialEq, Eq, Debug)]
pub struct DiscardedView {
    /// Where the open block starts.
    pub offset: u64,
    /// Its whole field lines.
    pub fields: usize,
    /// Bytes of its data, with the line feeds that join it.
    pub data: usize,
    /// Bytes of a last line without an end.
    pub partial_line: usize,
}

impl<'a> EventStream<'a> {
    /// Takes a body apart.
    pub fn read(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut decoder = LineDecoder::new(body.len());
        let mut interpreter = Interpreter::new(body.len());
        let mut lines = Vec::new();
        let mut rest = body;
        loop {
            let before = rest;
            let Some(line) = decoder.next_line(&mut rest)? else { break };
            let bytes = &before[..before.len() - rest.len()];
            let kind = Kind::of(&line);
            let event = interpreter.process(&line)?.map(EventView::from);
            lines.push(LineView {
                offset: line.offset,
                bytes,
                end: match line.terminator {
                    Terminator::Lf => "lf",
                    Terminator::Cr => "cr",
                    Terminator::CrLf => "crlf",
                },
                byte_order_mark: line.bom,
                kind,
                ill_formed: line.ill_formed(),
                event,
            });
        }
        let start = usize::try_from(decoder.offset()).unwrap_or(body.len());
        let discarded = interpreter.pending(decoder.partial_line(), decoder.offset());
        Ok(Self {
            schema: "pushspec-decode-sse/1",
            lines,
            partial: &body[start.min(body.len())..],
            last_event_id: interpreter.last_event_id().to_owned(),
            reconnection_time_ms: interpreter
                .reconnection_time()
                .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            discarded: discarded.map(DiscardedView::from),
        })
    }

    /// How the tool ends: bytes that no server may send fail, an open block is incomplete.
    pub fn status(&self) -> ExitStatus {
        if self.lines.is_empty() && self.partial.is_empty() {
            ExitStatus::Nothing
        } else if self.lines.iter().any(|line| line.ill_formed.is_some()) {
            ExitStatus::Failed
        } else if self.discarded.is_some() {
            ExitStatus::Incomplete
        } else {
            ExitStatus::Conformant
        }
    }

    /// For machines.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

impl Kind {
    fn of(line: &Line<'_>) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        match line.kind() {
            LineKind::Empty => Self::Empty,
            LineKind::Comment(comment) => Self::Comment { text: text(comment) },
            LineKind::Field(field) => Self::Field {
                name: text(field.name),
                value: text(field.value),
                effect: Effect::of(&field, line),
            },
        }
    }
}

impl Effect {
    fn of(field: &Field<'_>, line: &Line<'_>) -> Self {
        match field.name {
            b"data" => Self::AppendsData,
            b"event" => Self::SetsType,
            b"id" if field.value.contains(&0) => Self::IgnoredIdWithNul,
            b"id" => Self::SetsLastEventId,
            b"retry" => {
                // Asked of an interpreter that has seen no other.
                let mut fresh = Interpreter::default();
                let taken = fresh.process(line).is_ok() && fresh.reconnection_time().is_some();
                if taken { Self::SetsReconnectionTime } else { Self::IgnoredRetry }
            }
            _ => Self::IgnoredName,
        }
    }
}

impl From<MessageEvent<'_>> for EventView {
    fn from(event: MessageEvent<'_>) -> Self {
        Self {
            event_type: event.event_type.into_owned(),
            data: event.data.into_owned(),
            last_event_id: event.last_event_id.into_owned(),
        }
    }
}

impl From<Discarded> for DiscardedView {
    fn from(discarded: Discarded) -> Self {
        let Discarded { offset, fields, data, partial_line } = discarded;
        Self { offset, fields, data, partial_line }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_know_what_they_do() {
        let body = b"data:a\nData:b\nid:1\0\nid:2\nretry:5\nretry: x\nevent:e\n:c\n\n";
        let stream = EventStream::read(body).unwrap();
        let effects: Vec<_> = stream
            .lines
            .iter()
            .filter_map(|line| match &line.kind {
                Kind::Field { effect, .. } => Some(*effect),
                _ => None,
            })
            .collect();
        assert_eq!(
            effects,
            [
                Effect::AppendsData,
                Effect::IgnoredName,
                Effect::IgnoredIdWithNul,
                Effect::SetsLastEventId,
                Effect::SetsReconnectionTime,
                Effect::IgnoredRetry,
                Effect::SetsType,
            ]
        );
        assert_eq!(stream.reconnection_time_ms, Some(5));
        assert_eq!(stream.last_event_id, "2");
        assert_eq!(stream.lines.iter().filter(|line| line.event.is_some()).count(), 1);
    }

    #[test]
    fn how_it_ends() {
        let status = |body: &[u8]| EventStream::read(body).unwrap().status();
        assert_eq!(status(b""), ExitStatus::Nothing);
        assert_eq!(status(b"data:x\n\n"), ExitStatus::Conformant);
        assert_eq!(status(b"data:x\n"), ExitStatus::Incomplete);
        assert_eq!(status(b"data:x"), ExitStatus::Incomplete);
        assert_eq!(status(b"data:\xff\n\n"), ExitStatus::Failed);
    }
}
