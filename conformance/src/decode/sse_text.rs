//! An event stream for people: lines left, what they do right.

use super::counted;
use super::rows::Rows;
use super::sse::{Effect, EventStream, EventView, Kind, LineView};
use crate::report::text::{Look, Paint};

/// The most rows that are shown of one line.
const SHOWN_ROWS: usize = 4;
/// The most characters that are shown of a value.
const SHOWN: usize = 60;

impl EventStream<'_> {
    /// For people.
    pub fn text(&self, look: Look) -> String {
        let mut rows = Rows::new(look);
        for line in &self.lines {
            let offset = usize::try_from(line.offset).unwrap_or(usize::MAX);
            let bad = line.ill_formed.map(|_| Paint::Bad);
            let (words, faint) = words(look, line);
            let paint = bad.or_else(|| faint.then_some(Paint::Faint));
            rows.row(offset, &escaped(&rows, line.bytes), &words, paint);
            if let Some(at) = line.ill_formed {
                let pointer = look.pick("▲", "^");
                let words = format!(
                    "{pointer} byte {at} is not well-formed UTF-8, which all of a stream has to be; \
                     clients read U+FFFD [SSE-B1]"
                );
                rows.below(Paint::Bad, &words);
            }
            if let Some(event) = &line.event {
                rows.below(Paint::Good, &dispatched(look, event));
            }
        }
        if !self.partial.is_empty() {
            let offset =
                self.lines.last().map_or(0, |line| line.offset as usize + line.bytes.len());
            let bytes = escaped(&rows, self.partial);
            rows.row(offset, &bytes, "a line without an end", Some(Paint::Doubtful));
        }
        self.summary(&mut rows);
        rows.finish()
    }

    fn summary(&self, rows: &mut Rows) {
        let look = rows.look();
        let events = self.lines.iter().filter(|line| line.event.is_some()).count();
        let time = self
            .reconnection_time_ms
            .map_or_else(|| "not set".to_owned(), |millis| format!("{millis} ms"));
        rows.title(&format!(
            "{}, {}; last event ID {}; reconnection time {time}",
            counted(self.lines.len(), "line"),
            counted(events, "event"),
            quoted(look, &self.last_event_id)
        ));
        if let Some(lost) = &self.discarded {
            let line = if lost.partial_line > 0 {
                format!(", and {} without a line end", counted(lost.partial_line, "byte"))
            } else {
                String::new()
            };
            let words = format!(
                "The stream ends within the block at byte {}, which clients throw away: {} with \
                 {} of data{line} [SSE-G1]",
                lost.offset,
                counted(lost.fields, "field"),
                counted(lost.data, "byte")
            );
            rows.line(Paint::Doubtful, &words);
        }
    }
}

/// What the line is, and whether it can be passed over.
fn words(look: Look, line: &LineView<'_>) -> (String, bool) {
    let mark = if line.byte_order_mark { "byte order mark, then " } else { "" };
    let (words, faint) = match &line.kind {
        Kind::Empty if line.event.is_some() => ("empty line: dispatches".to_owned(), false),
        Kind::Empty => ("empty line: there is no data to dispatch".to_owned(), true),
        Kind::Comment { text } => (format!("comment {}", quoted(look, text)), true),
        Kind::Field { name, value, effect } => {
            let value = quoted(look, value);
            match effect {
                Effect::AppendsData => (format!("data {value}"), false),
                Effect::SetsType => (format!("event type {value}"), false),
                Effect::SetsLastEventId => (format!("last event ID {value}"), false),
                Effect::SetsReconnectionTime => (format!("reconnection time {value} ms"), false),
                Effect::IgnoredName => {
                    (format!("ignored: no field is called {} [SSE-E7]", quoted(look, name)), true)
                }
                Effect::IgnoredIdWithNul => {
                    ("ignored: an id with U+0000 [SSE-E4]".to_owned(), true)
                }
                Effect::IgnoredRetry => {
                    (format!("ignored: {value} is not digits only [SSE-E6]"), true)
                }
            }
        }
    };
    (format!("{mark}{words}"), faint)
}

fn dispatched(look: Look, event: &EventView) -> String {
    let arrow = look.pick("→", "->");
    let (name, data) = (quoted(look, &event.event_type), quoted(look, &event.data));
    let id = quoted(look, &event.last_event_id);
    format!("{arrow} event {name}, data {data}, last event ID {id}")
}

fn quoted(look: Look, text: &str) -> String {
    format!("\"{}\"", look.clip(&look.visible(text), SHOWN))
}

/// The line's bytes as text, its end and everything unprintable escaped.
fn escaped(rows: &Rows, bytes: &[u8]) -> Vec<String> {
    let width = rows.bytes_width();
    let text: Vec<char> = bytes.escape_ascii().map(char::from).collect();
    let mut lines: Vec<String> =
        text.chunks(width).take(SHOWN_ROWS).map(|row| row.iter().collect()).collect();
    if text.len() > width * SHOWN_ROWS {
        lines.push(format!(
            "{} {} in all",
            rows.look().pick("…", "..."),
            counted(bytes.len(), "byte")
        ));
    }
    lines
}
