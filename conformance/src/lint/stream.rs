//! The stream of a captured response: read by the probe, and each line judged.

use std::time::Duration;

use pushspec_wire::sse::{Interpreter, LineDecoder, LineKind};
use tokio::time::Instant;

use super::capture::Capture;
use super::findings::{Finding, Findings, Part, Place, about};
use super::head::{FRAMING_CASE, nowhere};
use super::{Dispatched, LineEnds, Options, StreamReport};
use crate::case::{Finding as Broken, Stop};
use crate::counted::Counted;
use crate::event::Verdict;
use crate::evidence::Gathered;
use crate::probe::sse::{Ending, Http, Notes, Request, Response, Trouble};
use crate::requirement::Protocol;
use crate::trace::{EntryKind, Recorder};

/// Reading from memory takes no time; a deadline there is for the form.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Bytes of an event's data that a report shows.
const SHOWN: usize = 200;
/// The case on the last block of a stream.
pub(super) const LAST_BLOCK_CASE: &str = "sse/end/last-block-is-closed";

/// A stream that was judged, before it is reported.
pub(super) struct Judged {
    source: String,
    notes: Vec<String>,
    at: Option<u64>,
    options: Options,
    lines: LineDecoder,
    interpreter: Interpreter,
    seen: Notes,
    known: u64,
    bytes: u64,
    dispatched: u64,
    events: Vec<Dispatched>,
    findings: Findings,
    inconclusive: Option<String>,
}

/// Judges a stream to its end.
pub(super) async fn judge(capture: &Capture, options: Options) -> Judged {
    let mut judged = Judged {
        source: capture.source.clone(),
        notes: capture.notes.clone(),
        at: capture.stream_at,
        options,
        lines: LineDecoder::default(),
        interpreter: Interpreter::default(),
        seen: Notes::default(),
        known: 0,
        bytes: 0,
        dispatched: 0,
        events: Vec::new(),
        findings: Findings::default(),
        inconclusive: None,
    };
    if capture.missing.is_some() {
        judged.inconclusive.clone_from(&capture.missing);
        return judged;
    }
    match response(capture).await {
        Ok(response) => judged.read(response, capture.framed).await,
        Err(trouble) => judged.inconclusive = Some(trouble.to_string()),
    }
    judged
}

async fn response(capture: &Capture) -> Result<Response, Trouble> {
    let Some(url) = nowhere() else {
        return Err(Trouble::Unreachable("the capture cannot be played back".to_owned()));
    };
    let http =
        Http { connector: capture.played_back(url), trace: Recorder::new(), timeout: PATIENCE };
    http.send(&Request::event_source()).await
}

impl Judged {
    async fn read(&mut self, mut response: Response, framed: bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match response.read(deadline, "more of the capture").await {
                Ok(Some(content)) => {
                    self.bytes += content.len() as u64;
                    if let Err(error) = self.process(&content) {
                        self.inconclusive = Some(format!("{error}; the rest was not read"));
                        return;
                    }
                }
                Ok(None) => {
                    return self.end(self.options.complete || framed && is_delimited(&response));
                }
                Err(Trouble::Framing(error)) => {
                    let place = Place { text: "the chunked coding".to_owned(), ..Place::default() };
                    let found = format!("{error}, behind {} bytes of the stream", self.bytes);
                    self.broken(FRAMING_CASE, "a body that fits its framing", found, place);
                    return;
                }
                Err(Trouble::Ended { .. }) => {
                    self.notes.push("the capture ends before the response does".to_owned());
                    return self.end(self.options.complete);
                }
                Err(trouble) => {
                    self.inconclusive = Some(trouble.to_string());
                    return;
                }
            }
        }
    }

    fn process(&mut self, content: &[u8]) -> Result<(), pushspec_wire::sse::DecodeError> {
        // The lint has no trace; remarks lead to places in the stream instead.
        let trace = Recorder::new();
        let entry = trace.add(0, EntryKind::Note, "", &[]);
        let mut input = content;
        while let Some(line) = self.lines.next_line(&mut input)? {
            match line.kind() {
                LineKind::Field(field) => {
                    let known: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];
                    self.known += u64::from(known.contains(&field.name));
                }
                LineKind::Empty | LineKind::Comment(_) => self.known += 1,
            }
            self.seen.line(&line, entry, &[]);
            if let Some(event) = self.interpreter.process(&line)? {
                self.dispatched += 1;
                if self.events.len() < self.options.events {
                    self.events.push(Dispatched {
                        offset: event.offset,
                        end: event.end,
                        event_type: shortened(&event.event_type),
                        data: shortened(&event.data),
                        data_bytes: event.data.len() as u64,
                        last_event_id: shortened(&event.last_event_id),
                    });
                }
            }
            for (remark, sample) in self.seen.take_remarks() {
                let (expected, found) = (remark.expected(), remark.found(&sample));
                let place = Place {
                    offset: Some(sample.offset),
                    file_offset: self.at.map(|at| at + sample.offset),
                    line: Some(sample.line),
                    text: sample.text,
                };
                broken(&mut self.findings, remark.case(), expected, found, place);
            }
        }
        Ok(())
    }

    fn end(&mut self, complete: bool) {
        let ending = Ending::of(&self.lines, &self.interpreter, complete);
        let lines = self.seen.lines + u64::from(!ending.partial_line.is_empty());
        if lines > 0 && self.known == 0 && !ending.partial_line.starts_with(b"data") {
            self.inconclusive = Some(format!(
                "none of its {lines} lines means anything to a client: is this an event stream?"
            ));
            return;
        }
        let (Some(discarded), lost @ 1..) = (ending.discarded, ending.lost_fields()) else {
            return;
        };
        if complete {
            let place = Place {
                offset: Some(discarded.offset),
                file_offset: self.at.map(|at| at + discarded.offset),
                line: None,
                text: String::from_utf8_lossy(&ending.partial_line).escape_debug().collect(),
            };
            let found = format!("a block of {lost} fields is lost");
            self.broken(LAST_BLOCK_CASE, "an empty line behind the last field", found, place);
        } else {
            self.notes.push(format!(
                "the capture ends within a block of {lost} fields, which begins at byte {}: if the stream ends there, too (--complete), clients throw it away",
                discarded.offset
            ));
        }
    }

    fn broken(&mut self, case: &str, expected: &str, found: String, place: Place) {
        broken(&mut self.findings, case, expected, found, place);
    }

    /// Adds what was found elsewhere.
    pub(super) fn found(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            // What the stream itself showed is known more exactly.
            if !self.findings.kept.iter().any(|known| known.case == finding.case) {
                self.findings.add(Some(finding));
            }
        }
    }

    pub(super) fn report(self) -> StreamReport {
        let ends = self.lines.line_ends();
        let mut findings = self.findings.kept;
        findings.sort_by_key(|finding| (finding.part, finding.offset));
        let undecided = self.inconclusive.as_ref().map(|_| Verdict::Inconclusive);
        StreamReport {
            source: self.source,
            verdict: self
                .findings
                .gravest
                .into_iter()
                .chain(undecided)
                .min()
                .unwrap_or(Verdict::Pass),
            inconclusive: self.inconclusive,
            notes: self.notes,
            bytes: self.bytes,
            lines: self.seen.lines,
            comments: self.seen.comments,
            line_ends: LineEnds { lf: ends.lf, crlf: ends.crlf, cr: ends.cr },
            ignored_fields: self.seen.unknown.into_iter().collect(),
            reconnection_time_ms: self
                .interpreter
                .reconnection_time()
                .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            last_event_id: shortened(self.interpreter.last_event_id()),
            dispatched: self.dispatched,
            events: self.events,
            findings,
            further_findings: self.findings.further,
        }
    }
}

/// Counts a breach as the case does that judges it at an endpoint.
fn broken(findings: &mut Findings, case: &str, expected: &str, found: String, place: Place) {
    let Some(about) = about(case) else { return };
    let stop = Stop::Broken(Broken { expected: expected.to_owned(), found });
    let counted = Counted::new(about.level_in(Protocol::Sse), Err(stop), &Gathered::default());
    findings.add(Finding::of(&about, counted, Part::Stream, place));
}

/// Whether the response itself says where it ends, so that the end of the capture is not taken for it.
fn is_delimited(response: &Response) -> bool {
    response.framing != crate::probe::sse::Framing::Close
}

fn shortened(text: &str) -> String {
    if text.len() <= SHOWN {
        return text.to_owned();
    }
    let mut end = SHOWN;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}
