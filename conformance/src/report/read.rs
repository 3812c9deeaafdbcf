//! Reads what earlier runs have left: a JSON report, or an event log that may have been cut short.

use std::path::Path;
use std::{fs, io};

use serde::Deserialize;
use serde_json::Value;

use crate::event::{EVENTS_SCHEMA, Event, RunReport, SCHEMA};

use super::ndjson;

/// Why a file cannot be taken for a report.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It cannot be read at all.
    #[error("cannot read it: {0}")]
    Io(#[from] io::Error),
    /// There is nothing in it.
    #[error("it is empty: expected a JSON report or an event log of pushspec")]
    Empty,
    /// It is something else.
    #[error("it is no report of pushspec: expected a JSON report or an event log ({0})")]
    Foreign(String),
    /// It is of a version that this one does not know.
    #[error(
        "it has the schema {found}, and this pushspec reads {known}: use the one that wrote it"
    )]
    Version {
        /// What it says.
        found: String,
        /// What would have been right.
        known: &'static str,
    },
    /// It is a report, but not a whole one.
    #[error("the report is broken: {0}")]
    Broken(serde_json::Error),
    /// A line of a log is no event.
    #[error("line {line} of the event log is broken: {error}")]
    BrokenLine {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        error: serde_json::Error,
    },
}

/// Reads the report at a path.
pub fn read(path: &Path) -> Result<RunReport, ReadError> {
    parse(&fs::read(path)?)
}

/// Reads a report, or the events of a log.
pub fn parse(bytes: &[u8]) -> Result<RunReport, ReadError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // A report is one object in many lines, or in one without `event`.
    if let Ok(Tagged { event: Some(_), schema }) = serde_json::from_slice(first) {
        known(schema, EVENTS_SCHEMA)?;
        return log(bytes);
    }
    let Tagged { schema, .. } =
        serde_json::from_slice(bytes).map_err(|error| match error.classify() {
            // The beginning of a report, whose end is missing, is worth telling apart.
            serde_json::error::Category::Eof => ReadError::Broken(error),
            _ => ReadError::Foreign(error.to_string()),
        })?;
    known(schema, SCHEMA)?;
    serde_json::from_slice(bytes).map_err(ReadError::Broken)
}

/// What tells a report, a line of a log, and other JSON apart.
#[derive(Deserialize)]
struct Tagged {
    event: Option<String>,
    schema: Option<String>,
}

fn known(found: Option<String>, known: &'static str) -> Result<(), ReadError> {
    match found {
        Some(found) if found == known => Ok(()),
        Some(found) if found.starts_with("pushspec-") => Err(ReadError::Version { found, known }),
        Some(found) => Err(ReadError::Foreign(format!("its schema is `{found}`"))),
        None => Err(ReadError::Foreign("it has no `schema`".to_owned())),
    }
}

fn log(bytes: &[u8]) -> Result<RunReport, ReadError> {
    let mut events: Vec<Event> = Vec::new();
    let mut lines = bytes.split(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(event) => events.push(event),
            // The line that was being written when the run was ended: only that one has no end.
            Err(_) if lines.peek().is_none() => {}
            // A later version within the same number may tell more.
            Err(_) if unknown_kind(line) => {}
            Err(error) => return Err(ReadError::BrokenLine { line: at + 1, error }),
        }
    }
    Ok(RunReport::from_events(&events))
}

/// Whether the line is an event of a kind that this version does not know.
fn unknown_kind(line: &[u8]) -> bool {
    let Ok(Tagged { event: Some(kind), .. }) = serde_json::from_slice(line) else { return false };
    let schema = ndjson::schema();
    let known = |variant: &Value| variant["properties"]["event"]["const"] == kind.as_str();
    !schema.get("oneOf").and_then(Value::as_array).is_some_and(|all| all.iter().any(known))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::report::{json, sample};

    fn log_of(events: &[Event]) -> Vec<u8> {
        let mut log = Vec::new();
        for event in events {
            ndjson::write(event, &mut log).unwrap();
        }
        log
    }

    fn problem(bytes: &[u8]) -> String {
        parse(bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_log_gives_the_report_of_its_run() {
        let events = sample::events();
        assert_eq!(parse(&log_of(&events)).unwrap(), RunReport::from_events(&events));
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let report = sample::report();
        let mut bytes = Vec::new();
        json::write(&report, &mut bytes).unwrap();
        assert_eq!(parse(&bytes).unwrap(), report);
        let compact = serde_json::to_vec(&report).unwrap();
        assert_eq!(parse(&compact).unwrap(), report);
    }

    #[test]
    fn an_event_of_a_later_kind_is_passed_over() {
        let mut log = log_of(&sample::events()[..3]);
        log.extend_from_slice(b"{\"event\":\"weather\",\"rain\":true}\n");
        log.extend_from_slice(&log_of(&sample::events()[3..]));
        assert_eq!(parse(&log).unwrap(), RunReport::from_events(&sample::events()));
    }

    #[test]
    fn what_is_no_report_is_told_in_one_line() {
        let newer = |schema: &str| {
            let mut report = serde_json::to_value(sample::report()).unwrap();
            report["schema"] = schema.into();
            serde_json::to_vec(&report).unwrap()
        };
        let mut broken = log_of(&sample::events());
        broken.splice(0..0, log_of(&sample::events()[..1]));
        let at = broken.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        broken.splice(at..at, b"{\"event\":\"case-finished\"}\n".iter().copied());
        let report = serde_json::to_vec_pretty(&sample::report()).unwrap();
        let told = [
            problem(b""),
            problem(b" \n"),
            problem(b"<testsuites/>"),
            problem(b"[1, 2]"),
            problem(b"{\"results\": {}}"),
            problem(b"{\"schema\": \"https://example.org/x\"}"),
            problem(&newer("pushspec-report/2")),
            problem(b"{\"event\":\"run-started\",\"schema\":\"pushspec-events/2\",\"x\":1}\n"),
            problem(b"{\"schema\": \"pushspec-report/1\", \"cases\": 3}"),
            problem(&report[..report.len() / 2]),
            problem(&broken),
            problem(b"\xff\xfe{\0"),
        ];
        for line in &told {
            assert_eq!(line.lines().count(), 1, "{line}");
        }
        insta::assert_debug_snapshot!(told);
    }

    proptest! {
        #[test]
        fn a_log_that_was_cut_gives_all_that_is_whole(cut in any::<prop::sample::Index>()) {
            let events = sample::events();
            let whole = log_of(&events);
            let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let length = first + cut.index(whole.len() - first);
            let report = parse(&whole[..length]).unwrap();
            let mut complete = String::from_utf8_lossy(&whole[..length]).matches('\n').count();
            // Only its end is missing.
            complete += usize::from(whole.get(length) == Some(&b'\n'));
            prop_assert_eq!(&report, &RunReport::from_events(&events[..complete]));
            prop_assert!(report.interrupted.is_some() || complete == events.len());
        }

        #[test]
        fn no_bytes_upset_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }
    }
}
