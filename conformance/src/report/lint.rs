//! What a lint found, for people, and how the tool ends after it.

use std::fmt::Write as _;

use super::ExitStatus;
use super::exit::plural;
use super::text::{Look, Paint, hang};
use crate::event::Verdict;
use crate::lint::{Dispatched, Finding, Part, Report, StreamReport};

/// The text for people.
pub fn text(report: &Report, look: Look) -> String {
    let mut out = String::new();
    for stream in &report.streams {
        one(&mut out, stream, look);
    }
    let status = exit_status(report);
    let (paint, word) = match status {
        ExitStatus::Conformant => (Paint::Good, "CONFORMANT"),
        ExitStatus::Failed => (Paint::Bad, "NOT CONFORMANT"),
        _ => (Paint::Doubtful, "INCONCLUSIVE"),
    };
    let count = |verdict| {
        let findings = report.streams.iter().flat_map(|stream| &stream.findings);
        findings.filter(|finding| finding.verdict == verdict).count()
    };
    let _ = writeln!(
        out,
        "{}  {}, {}",
        look.paint(paint, word),
        plural(count(Verdict::Fail), "failure"),
        plural(count(Verdict::Warn), "warning")
    );
    out
}

/// How the tool ends.
pub fn exit_status(report: &Report) -> ExitStatus {
    report
        .streams
        .iter()
        .map(|stream| match stream.verdict {
            Verdict::Fail => ExitStatus::Failed,
            Verdict::Error => ExitStatus::Internal,
            Verdict::Inconclusive => ExitStatus::Incomplete,
            Verdict::Warn | Verdict::Pass => ExitStatus::Conformant,
            Verdict::NotApplicable => ExitStatus::Nothing,
        })
        .reduce(ExitStatus::or)
        .unwrap_or(ExitStatus::Nothing)
}

fn one(out: &mut String, stream: &StreamReport, look: Look) {
    let _ = writeln!(out, "{}", look.paint(Paint::Strong, look.visible(&stream.source)));
    let ends = &stream.line_ends;
    let kinds = [("LF", ends.lf), ("CRLF", ends.crlf), ("CR", ends.cr)];
    let used: Vec<_> =
        kinds.iter().filter(|(_, count)| *count > 0).map(|(kind, _)| *kind).collect();
    let _ = writeln!(
        out,
        "  {}, {}{}, {}, {}",
        counted(stream.bytes, "byte"),
        counted(stream.lines, "line"),
        if used.is_empty() { String::new() } else { format!(" ({})", used.join(" and ")) },
        counted(stream.comments, "comment"),
        counted(stream.dispatched, "event")
    );
    for note in &stream.notes {
        hang(out, "  note  ", &look.visible(note), look.width);
    }
    if !stream.ignored_fields.is_empty() {
        let names = look.visible(&stream.ignored_fields.join(", "));
        hang(out, "  note  ", &format!("clients ignore the fields {names}"), look.width);
    }
    for event in &stream.events {
        dispatched(out, event, look);
    }
    let further = stream.dispatched - stream.events.len() as u64;
    if further > 0 {
        let further = counted(further, "more event");
        let _ = writeln!(out, "  {further} (--events {} shows all)", stream.dispatched);
    }
    if let Some(time) = stream.reconnection_time_ms {
        let _ = writeln!(out, "  clients reconnect after {time} ms");
    }
    if !stream.last_event_id.is_empty() {
        let id = look.visible(&stream.last_event_id);
        let _ = writeln!(out, "  and resume with Last-Event-ID: {id}");
    }
    out.push('\n');
    for finding in &stream.findings {
        found(out, finding, look);
    }
    if stream.further_findings > 0 {
        let _ = writeln!(out, "{}\n", counted(stream.further_findings, "more finding"));
    }
    if let Some(reason) = &stream.inconclusive {
        hang(out, "INCONCLUSIVE  ", &look.visible(reason), look.width);
        out.push('\n');
    }
}

/// `1 event`, `2 events`.
fn counted(count: impl TryInto<usize>, noun: &str) -> String {
    plural(count.try_into().unwrap_or(usize::MAX), noun)
}

fn dispatched(out: &mut String, event: &Dispatched, look: Look) {
    let id = if event.last_event_id.is_empty() {
        String::new()
    } else {
        format!(" id={}", look.visible(&event.last_event_id))
    };
    let line = format!(
        "  {:>8}  {}{id} {}: {}",
        event.offset,
        look.visible(&event.event_type),
        counted(event.data_bytes, "byte"),
        look.visible(&event.data)
    );
    let _ = writeln!(out, "{}", look.clip(&line, look.width));
}

fn found(out: &mut String, finding: &Finding, look: Look) {
    let (paint, word) = match finding.verdict {
        Verdict::Fail => (Paint::Bad, "FAIL"),
        Verdict::Warn => (Paint::Doubtful, "WARN"),
        _ => (Paint::Doubtful, "INCONCLUSIVE"),
    };
    let _ = writeln!(
        out,
        "{}  {}  {} · {}",
        look.paint(paint, word),
        finding.case,
        finding.level,
        finding.requirements.join(" ")
    );
    let part = match finding.part {
        Part::Head => "the head",
        Part::Stream => "the stream",
    };
    if let Some(offset) = finding.offset {
        let line = finding.line.map_or_else(String::new, |line| format!(", line {line}"));
        let file = match finding.file_offset {
            Some(at) if at != offset => format!(" (byte {at} of the file)"),
            _ => String::new(),
        };
        let _ = writeln!(out, "  at        byte {offset} of {part}{line}{file}");
    }
    if !finding.text.is_empty() {
        hang(out, "  there     ", &look.visible(&finding.text), look.width);
    }
    hang(out, "  expected  ", &look.visible(&finding.expected), look.width);
    hang(out, "  found     ", &look.visible(&finding.found), look.width);
    out.push('\n');
}
