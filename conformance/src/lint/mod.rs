//! Judging a captured event stream, without any endpoint.
//!
//! A capture becomes a response that is played back in memory, so that it is read by the probe and
//! judged by the cases: there is one implementation of each judgement.

mod capture;
mod findings;
mod head;
mod stream;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Tool, Verdict};

pub use capture::{Capture, CaptureError, captures};
pub use findings::{Finding, Part};

/// The version of the format of [`Report`] as JSON. Fields are only added within a major version.
pub const SCHEMA: &str = "pushspec-lint/1";

/// What came of the streams in a capture.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`SCHEMA`]
    pub schema: String,
    /// What made the report.
    pub tool: Tool,
    /// The streams, in the order in which they stand in the capture.
    pub streams: Vec<StreamReport>,
}

/// What came of one stream.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StreamReport {
    /// Where in the capture it stands: `body`, `response`, or which entry of an archive.
    pub source: String,
    /// The gravest of the findings; `pass` where there is none.
    pub verdict: Verdict,
    /// Why nothing could be judged, or not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inconclusive: Option<String>,
    /// What there is to know about how it was read.
    pub notes: Vec<String>,
    /// Bytes of the stream, framing and content coding undone.
    pub bytes: u64,
    /// Lines that have an end.
    pub lines: u64,
    /// Comments among them.
    pub comments: u64,
    /// Lines by their ends.
    pub line_ends: LineEnds,
    /// Names of fields that clients ignore, but for those that findings name.
    pub ignored_fields: Vec<String>,
    /// The reconnection time that the stream sets, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconnection_time_ms: Option<u64>,
    /// What a client would send as `Last-Event-ID` after this stream; empty where it would not.
    pub last_event_id: String,
    /// How many events a client dispatches.
    pub dispatched: u64,
    /// The first of them.
    pub events: Vec<Dispatched>,
    /// What does not hold, by place.
    pub findings: Vec<Finding>,
    /// How many further findings there are.
    pub further_findings: u64,
}

/// How many lines end in which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct LineEnds {
    /// U+000A alone.
    pub lf: u64,
    /// U+000D and U+000A.
    pub crlf: u64,
    /// U+000D alone.
    pub cr: u64,
}

/// An event as a client dispatches it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Dispatched {
    /// Where in the stream its block begins.
    pub offset: u64,
    /// Where the empty line ends that dispatches it.
    pub end: u64,
    /// Its type.
    pub event_type: String,
    /// Its data, cut to a length for reading.
    pub data: String,
    /// The length of its data in bytes.
    pub data_bytes: u64,
    /// The last event ID that it comes with.
    pub last_event_id: String,
}

/// How captures are judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The capture ends where the stream ended: an unclosed block is lost then.
    pub complete: bool,
    /// How many events are kept for the report.
    pub events: usize,
}

/// Judges what was captured.
pub async fn lint(captures: Vec<Capture>, options: Options) -> Report {
    let mut streams = Vec::new();
    for capture in captures {
        let mut judged = stream::judge(&capture, options).await;
        if capture.has_head {
            judged.found(head::judge(&capture).await);
        }
        streams.push(judged.report());
    }
    Report { schema: SCHEMA.to_owned(), tool: Tool::this(), streams }
}

#[cfg(test)]
mod tests;
