//! The language-neutral vectors of `fixtures/sse`.
#![allow(clippy::unwrap_used, clippy::struct_excessive_bools, clippy::struct_field_names)]

use super::{EventDecoder, Interpreter, LineDecoder, LineKind, Terminator};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    requirements: Vec<String>,
    #[serde(rename = "why")]
    _why: String,
    #[serde(rename = "peers")]
    _peers: Option<serde_json::Value>,
    input: Option<String>,
    input_hex: Option<String>,
    lines: Vec<Line>,
    events: Vec<Event>,
    last_event_id: String,
    retry_ms: Option<Retry>,
    discarded: Option<Discarded>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Line {
    offset: u64,
    #[serde(default)]
    bom: bool,
    #[serde(default)]
    empty: bool,
    comment: Option<String>,
    field: Option<String>,
    value: Option<String>,
    #[serde(default = "yes")]
    colon: bool,
    #[serde(default)]
    space: bool,
    end: String,
    /// The last event ID string, where the line changed it.
    last_event_id: Option<String>,
    /// The reconnection time, where the line changed it.
    retry_ms: Option<Retry>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Event {
    #[serde(rename = "type")]
    event_type: String,
    data: String,
    id: String,
    /// How many bytes of the body are enough for it.
    after: usize,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Retry {
    Millis(u64),
    Huge(String),
}

impl From<Duration> for Retry {
    fn from(time: Duration) -> Self {
        match u64::try_from(time.as_millis()) {
            Ok(millis) if millis < 1 << 63 => Self::Millis(millis),
            _ => Self::Huge("huge".into()),
        }
    }
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct Discarded {
    offset: u64,
    fields: usize,
    data: usize,
    partial_line: usize,
}

fn yes() -> bool {
    true
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sse");
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
        .collect();
    files.sort();
    files
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Vector {
    fn body(&self) -> Vec<u8> {
        match (&self.input, &self.input_hex) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(hex)) => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect(),
            _ => panic!("{}: one of input and input_hex", self.name),
        }
    }

    fn check_lines(&self) {
        let body = self.body();
        let mut input = body.as_slice();
        let mut decoder = LineDecoder::default();
        let mut interpreter = Interpreter::default();
        let mut lines = Vec::new();
        while let Some(line) = decoder.next_line(&mut input).unwrap() {
            let before = (interpreter.last_event_id().to_owned(), interpreter.reconnection_time());
            interpreter.process(&line).unwrap();
            let (id, retry) = (interpreter.last_event_id(), interpreter.reconnection_time());
            let mut expected = Line {
                last_event_id: (id != before.0).then(|| id.to_owned()),
                retry_ms: retry.filter(|_| retry != before.1).map(Retry::from),
                offset: line.offset,
                bom: line.bom,
                empty: false,
                comment: None,
                field: None,
                value: None,
                colon: true,
                space: false,
                end: match line.terminator {
                    Terminator::Lf => "lf",
                    Terminator::Cr => "cr",
                    Terminator::CrLf => "crlf",
                }
                .into(),
            };
            match line.kind() {
                LineKind::Empty => expected.empty = true,
                LineKind::Comment(comment) => expected.comment = Some(lossy(comment)),
                LineKind::Field(field) => {
                    expected.field = Some(lossy(field.name));
                    expected.value = Some(lossy(field.value));
                    expected.colon = field.colon;
                    expected.space = field.space;
                }
            }
            lines.push(expected);
        }
        assert_eq!(lines, self.lines, "{}", self.name);
    }

    fn check_events(&self, chunk: usize) {
        let mut decoder = EventDecoder::default();
        let mut events = Vec::new();
        let mut read = 0;
        for mut input in self.body().chunks(chunk) {
            read += input.len();
            while let Some(event) = decoder.next_event(&mut input).unwrap() {
                // In chunks of one byte it is there with its last byte and not later.
                let expected = self.events.get(events.len()).map_or(0, |event| event.after);
                assert!(read >= expected && (chunk > 1 || read == expected), "{}", self.name);
                events.push(Event {
                    after: expected,
                    event_type: event.event_type.into_owned(),
                    data: event.data.into_owned(),
                    id: event.last_event_id.into_owned(),
                });
            }
        }
        let name = &self.name;
        assert_eq!(events, self.events, "{name} in chunks of {chunk}");
        assert_eq!(decoder.last_event_id(), self.last_event_id, "{name}");
        let retry = decoder.reconnection_time();
        assert_eq!(retry.map(Retry::from), self.retry_ms, "{name}");
        let discarded = decoder.finish().map(|discarded| Discarded {
            offset: discarded.offset,
            fields: discarded.fields,
            data: discarded.data,
            partial_line: discarded.partial_line,
        });
        assert_eq!(discarded, self.discarded, "{name} in chunks of {chunk}");
    }
}

#[test]
fn every_vector_in_every_chunking() {
    let mut count = 0;
    for path in files() {
        let file: File = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let mut names = BTreeSet::new();
        for vector in &file.vectors {
            assert!(names.insert(&vector.name), "{} twice", vector.name);
            assert!(vector.requirements.iter().all(|id| id.starts_with("SSE-")));
            vector.check_lines();
            for chunk in [1, 2, 3, 7, usize::MAX] {
                vector.check_events(chunk);
            }
            count += 1;
        }
    }
    assert!(count >= 150, "only {count} vectors were found");
}
