//! The packet trace of a case as a table: time, connection, direction, decoded summary, bytes, with
//! the deciding bytes marked.

use crate::event::CaseReport;
use crate::report::text::{Look, Paint, wrap};
use crate::requirement::Protocol;
use crate::trace::{EntryKind, TraceEntry};

/// Longer traces are shortened.
const SHOWN_ENTRIES: usize = 36;
/// Of a shortened trace: so many entries from its beginning, …
const FIRST: usize = 4;
/// … so many from its end, …
const LAST: usize = 25;
/// … and so many around each one that decides.
const AROUND: usize = 3;
/// At most so many rows of bytes of one entry.
const SHOWN_ROWS: usize = 6;
/// Columns for the mark of bytes that are left out.
const LEFT_OUT: usize = 3;
/// Columns in front of the summary.
const MARGIN: usize = 16;

/// The trace as a table; empty if there is none.
pub(in crate::report) fn trace_text(case: &CaseReport, look: Look) -> String {
    trace_lines(&case.trace, case.protocol, look)
}

/// Entries of a trace as a table; empty if there are none.
pub(in crate::report) fn trace_lines(
    trace: &[TraceEntry],
    protocol: Protocol,
    look: Look,
) -> String {
    let columns = Columns::new(look, protocol);
    let mut out = String::new();
    let mut left_out = 0;
    for (at, entry) in trace.iter().enumerate() {
        if shown(trace, at) {
            columns.gap(&mut out, &mut left_out);
            columns.entry(&mut out, entry);
        } else {
            left_out += 1;
        }
    }
    columns.gap(&mut out, &mut left_out);
    out
}

fn shown(trace: &[TraceEntry], at: usize) -> bool {
    if trace.len() <= SHOWN_ENTRIES || at < FIRST || at + LAST >= trace.len() {
        return true;
    }
    let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(trace.len());
    trace[around].iter().any(|entry| !entry.marks.is_empty())
}

struct Columns {
    look: Look,
    /// Bytes of event streams are text.
    as_text: bool,
    summary: usize,
    bytes: usize,
}

impl Columns {
    fn new(look: Look, protocol: Protocol) -> Self {
        // Bytes in hex, and room for the mark of what is left out.
        let shown = match look.width {
            108.. => 16,
            72.. => 8,
            _ => 4,
        };
        let bytes = shown * 3 - 1 + LEFT_OUT;
        let summary = look.width.saturating_sub(MARGIN + 2 + bytes).max(20);
        Self { look, as_text: protocol == Protocol::Sse, summary, bytes }
    }

    fn gap(&self, out: &mut String, left_out: &mut usize) {
        if *left_out > 0 {
            let entries = if *left_out == 1 { "entry" } else { "entries" };
            let line = format!(
                "{:>MARGIN$}{left_out} {entries} left out, all in the JSON report",
                self.look.pick("⋮  ", ":  "),
            );
            out.push_str(&self.look.paint(Paint::Faint, line).to_string());
            out.push('\n');
            *left_out = 0;
        }
    }

    fn entry(&self, out: &mut String, entry: &TraceEntry) {
        let table = self.lay_out(entry);
        let connection = match entry.connection {
            0 => String::new(),
            number => number.to_string(),
        };
        let place = format!("{:>9.1} {connection:>2} {} ", entry.at_ms, self.symbol(entry.kind));
        for (at, line) in table.iter().enumerate() {
            let margin = if at == 0 { place.as_str() } else { "" };
            let margin = format!("{margin:<MARGIN$}");
            out.push_str(&self.look.paint(Paint::Faint, margin).to_string());
            let Line { left, right, marks } = line;
            if right.is_empty() {
                let plain = if *marks {
                    self.look.paint(Paint::Bad, left).to_string()
                } else {
                    left.clone()
                };
                out.push_str(&plain);
            } else {
                let left = format!("{left:<width$}  ", width = self.summary);
                let paint = if *marks { Paint::Bad } else { Paint::Faint };
                if *marks {
                    out.push_str(&self.look.paint(paint, left + right).to_string());
                } else {
                    out.push_str(&left);
                    out.push_str(&self.look.paint(paint, right).to_string());
                }
            }
            out.push('\n');
        }
    }

    const fn symbol(&self, kind: EntryKind) -> &'static str {
        match kind {
            EntryKind::Sent => self.look.pick("→", ">"),
            EntryKind::Received => self.look.pick("←", "<"),
            EntryKind::Opened => "+",
            EntryKind::Closed => self.look.pick("✕", "x"),
            EntryKind::Left => "-",
            EntryKind::Waited => self.look.pick("…", "~"),
            EntryKind::Note => self.look.pick("·", "*"),
        }
    }

    /// Summary and notes on the left, bytes and carets on the right, each caret right below its bytes
    /// and beside its note.
    fn lay_out(&self, entry: &TraceEntry) -> Vec<Line> {
        // What has no bytes beside it may use their columns.
        let room =
            if entry.bytes.is_empty() { self.summary + 2 + self.bytes } else { self.summary };
        let mut left = wrap(&self.look.visible(&entry.summary), room);
        let mut right: Vec<String> = Vec::new();
        let mut marked: Vec<usize> = Vec::new();
        for row in self.rows(entry) {
            if let Some(carets) = row.carets {
                while right.len() + 1 < left.len() {
                    right.push(String::new());
                }
                right.push(row.bytes);
                left.resize(left.len().max(right.len()), String::new());
                let first = right.len();
                right.push(carets);
                left.extend(row.notes);
                marked.extend(first..left.len().max(right.len()));
            } else {
                right.push(row.bytes);
            }
        }
        // Bytes that were not kept cannot be marked; what they show can still be said.
        let kept = entry.bytes.len() / 2;
        for mark in entry.marks.iter().filter(|mark| mark.start >= kept) {
            let note = format!("byte {}: {}", mark.start, self.look.visible(&mark.note));
            let first = left.len();
            left.extend(wrap(&note, room));
            marked.extend(first..left.len());
        }
        let height = left.len().max(right.len());
        left.resize(height, String::new());
        right.resize(height, String::new());
        left.into_iter()
            .zip(right)
            .enumerate()
            .map(|(at, (left, right))| Line { left, right, marks: marked.contains(&at) })
            .collect()
    }

    /// The rows of bytes that are shown: the first, and those with marks.
    fn rows(&self, entry: &TraceEntry) -> Vec<Row> {
        let cells = self.cells(&entry.bytes);
        let mut rows = Vec::new();
        let mut before = None;
        let all = self.pack(&cells);
        let marks = |from: usize, to: usize| {
            entry
                .marks
                .iter()
                .filter(move |mark| mark.start < to && mark.end.max(mark.start + 1) > from)
        };
        for (at, &(from, to)) in all.iter().enumerate() {
            let any = marks(from, to).next().is_some();
            if (at > 0 && !any) || rows.len() >= SHOWN_ROWS {
                continue;
            }
            let mut bytes = String::new();
            let mut carets = String::new();
            if before.is_some_and(|before| before + 1 < at) {
                let bytes = self.look.pick("…", "..").to_owned();
                rows.push(Row { bytes, carets: None, notes: Vec::new() });
            }
            before = Some(at);
            for (offset, cell) in cells[from..to].iter().enumerate() {
                let width = cell.chars().count();
                let shown = marks(from + offset, from + offset + 1).next().is_some();
                let under = if shown { self.look.pick("▲", "^") } else { " " };
                // The blank between two marked bytes is left unmarked.
                bytes.push_str(cell);
                carets.push_str(&under.repeat(width));
                if !self.as_text {
                    bytes.push(' ');
                    carets.push(' ');
                }
            }
            let more = to < cells.len() || entry.length > cells.len() as u64;
            let next_is_shown =
                all.get(at + 1).is_some_and(|&(from, to)| marks(from, to).next().is_some());
            let mut bytes = bytes.trim_end().to_owned();
            if more && !next_is_shown {
                bytes.push_str(self.look.pick(" …", " .."));
            }
            let notes: Vec<&str> = marks(from, to)
                .filter(|mark| mark.start >= from || at == 0)
                .map(|mark| mark.note.as_str())
                .collect();
            let notes = if notes.is_empty() {
                Vec::new()
            } else {
                wrap(
                    &format!(
                        "{} {}",
                        self.look.pick("▲", "^"),
                        self.look.visible(&notes.join("; "))
                    ),
                    self.summary,
                )
            };
            rows.push(Row { bytes, carets: any.then(|| carets.trim_end().to_owned()), notes });
        }
        rows
    }

    /// What stands for each byte.
    fn cells(&self, hex: &str) -> Vec<String> {
        hex.as_bytes()
            .chunks_exact(2)
            .map(|pair| {
                let pair = String::from_utf8_lossy(pair).into_owned();
                match u8::from_str_radix(&pair, 16) {
                    Ok(byte) if self.as_text => byte.escape_ascii().to_string(),
                    _ => pair,
                }
            })
            .collect()
    }

    /// Which cells stand in which row.
    fn pack(&self, cells: &[String]) -> Vec<(usize, usize)> {
        let room = self.bytes - LEFT_OUT;
        let mut rows = Vec::new();
        let (mut from, mut used) = (0, 0);
        for (at, cell) in cells.iter().enumerate() {
            let width = cell.len() + usize::from(!self.as_text && used > 0);
            if used + width > room && at > from {
                rows.push((from, at));
                (from, used) = (at, 0);
            }
            used += width;
        }
        if from < cells.len() {
            rows.push((from, cells.len()));
        }
        rows
    }
}

struct Row {
    bytes: String,
    carets: Option<String>,
    notes: Vec<String>,
}

struct Line {
    left: String,
    right: String,
    marks: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::format_collect)]

    use proptest::prelude::*;

    use super::*;
    use crate::report::sample;
    use crate::trace::Mark;

    const LOOK: Look = Look { width: 80, colour: false, unicode: true };

    fn text(entries: Vec<TraceEntry>, look: Look) -> String {
        let mut case = sample::report().cases.swap_remove(0);
        case.protocol = Protocol::Mqtt5;
        case.trace = entries;
        trace_text(&case, look)
    }

    #[test]
    fn marks_far_behind_the_beginning_are_shown() {
        let entry = TraceEntry {
            summary: "SUBSCRIBE id=1 with a reserved bit set in the options of its second filter"
                .to_owned(),
            bytes: (0..60_u8).map(|byte| format!("{byte:02x}")).collect(),
            length: 60,
            marks: vec![
                Mark { start: 22, end: 25, note: "reserved bits".to_owned() },
                Mark { start: 44, end: 45, note: "more of them".to_owned() },
                Mark { start: 2_000, end: 2_001, note: "and one that was not kept".to_owned() },
            ],
            ..sample::entry()
        };
        insta::assert_snapshot!(text(vec![entry.clone()], LOOK));
        insta::assert_snapshot!(text(vec![entry], Look { unicode: false, ..LOOK }));
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_every_mark_has_its_carets(
            summary in "\\PC{0,120}",
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
            marks in proptest::collection::vec((0_usize..120, 0_usize..20, "[a-z ]{0,60}"), 0..4),
            width in 60_usize..160,
            sse in any::<bool>(),
        ) {
            let entry = TraceEntry {
                summary,
                bytes: bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
                length: bytes.len() as u64,
                marks: marks
                    .iter()
                    .map(|(start, length, note)| Mark {
                        start: *start,
                        end: start + length,
                        note: note.clone(),
                    })
                    .collect(),
                ..sample::entry()
            };
            let look = Look { width, ..LOOK };
            let protocol = if sse { Protocol::Sse } else { Protocol::Mqtt5 };
            let columns = Columns::new(look, protocol);
            let mut out = String::new();
            columns.entry(&mut out, &entry);
            for line in out.lines() {
                prop_assert!(line.chars().count() <= width, "{line}");
            }
            let visible = marks.iter().any(|(start, _, _)| *start < bytes.len());
            prop_assert_eq!(visible, columns.rows(&entry).iter().any(|row| row.carets.is_some()));
        }
    }
}
