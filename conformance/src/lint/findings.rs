//! What a lint holds against a stream.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case::About;
use crate::counted::Counted;
use crate::event::Verdict;
use crate::requirement::{Level, Protocol};
use crate::suite::sse::CASES;

/// Most findings that are kept for one stream.
const KEPT: usize = 1000;

/// Something that does not hold, and where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `fail`, `warn` or `inconclusive`.
    pub verdict: Verdict,
    /// How strongly the requirement asks.
    pub level: Level,
    /// The case that judges the same of an endpoint.
    pub case: String,
    /// The requirements that it judges.
    pub requirements: Vec<String>,
    /// Which part of the response it is about.
    pub part: Part,
    /// Where in that part it begins; absent where it is about something that is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Where in the file it begins, where the part stands there byte for byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_offset: Option<u64>,
    /// The number of the line in the stream, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What stands there, shortened and escaped.
    pub text: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// A part of a response.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Status line and header fields.
    Head,
    /// The stream.
    Stream,
}

/// Where a finding is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Place {
    pub(super) offset: Option<u64>,
    pub(super) file_offset: Option<u64>,
    pub(super) line: Option<u64>,
    pub(super) text: String,
}

impl Finding {
    /// What a case came to; nothing where it holds.
    pub(super) fn of(case: &About, counted: Counted, part: Part, place: Place) -> Option<Self> {
        let found = counted.found?;
        matches!(counted.verdict, Verdict::Fail | Verdict::Warn | Verdict::Inconclusive).then(
            || Self {
                verdict: counted.verdict,
                level: counted.level,
                case: case.id.to_owned(),
                requirements: case
                    .requirements(Protocol::Sse)
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
                part,
                offset: place.offset,
                file_offset: place.file_offset,
                line: place.line,
                text: place.text,
                expected: counted.expected.unwrap_or_else(|| case.expects.to_owned()),
                found,
            },
        )
    }
}

/// The findings of one stream, bounded.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) kept: Vec<Finding>,
    pub(super) further: u64,
    pub(super) gravest: Option<Verdict>,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Option<Finding>) {
        let Some(finding) = finding else { return };
        self.gravest = self.gravest.into_iter().chain([finding.verdict]).min();
        if self.kept.len() < KEPT {
            self.kept.push(finding);
        } else {
            self.further += 1;
        }
    }
}

/// What is known of a case.
pub(super) fn about(id: &str) -> Option<About> {
    CASES.iter().copied().flatten().find(|case| case.id == id).map(crate::case::Case::about)
}

/// A piece of text for reading.
pub(super) fn excerpt(bytes: &[u8], range: Range<usize>) -> String {
    const SHOWN: usize = 80;
    let bytes = bytes.get(range).unwrap_or_default();
    String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).escape_debug().collect()
}
