//! What came of a case, and what was seen beside the cases.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::listed::Listed;
use crate::requirement::{Level, Protocol};
use crate::trace::TraceEntry;

/// What one case came to in one protocol at one endpoint.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseReport {
    /// The case's id.
    pub id: String,
    /// In which protocol it ran.
    pub protocol: Protocol,
    /// The endpoint's URL.
    pub endpoint: String,
    /// How a breach is counted.
    pub level: Level,
    /// Ids of the requirements judged, in this protocol.
    pub requirements: Vec<String>,
    /// What it came to.
    pub verdict: Verdict,
    /// What the spec wants: completes "expected that …".
    pub expected: String,
    /// What the target did instead (fail, warn), or why there is no verdict on it
    /// (inconclusive, not-applicable, error).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Recommendations that were not followed beside what the case is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Advice>,
    /// Permitted variation.
    #[serde(default)]
    pub observations: BTreeMap<String, String>,
    /// What was measured, in milliseconds: it differs from run to run, and comparisons leave it out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub measured_ms: BTreeMap<String, f64>,
    /// Everything that went over the case's connections; kept for every verdict but pass and
    /// not-applicable.
    #[serde(default)]
    pub trace: Vec<TraceEntry>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// How it stands to the baseline, where there is one and it has something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Listed>,
    /// A second attempt came to the same verdict.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
}

impl CaseReport {
    /// Whether it is a known departure, which is borne.
    pub fn is_known(&self) -> bool {
        self.baseline.as_ref().is_some_and(Listed::is_known)
    }

    /// Orders cases by how much they need a reader: departures, those that the baseline bears, the rest.
    pub fn gravity(&self) -> impl Ord + use<> {
        let holds = matches!(self.verdict, Verdict::Pass | Verdict::NotApplicable);
        (holds, self.is_known(), self.verdict)
    }
}

/// A recommendation that was not followed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// What is recommended.
    pub expected: String,
    /// What the target did.
    pub found: String,
}

/// A violation that no case asked for, seen by the monitor.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// The requirement's id.
    pub requirement: String,
    /// Whose requirement.
    pub protocol: Protocol,
    /// The endpoint's URL.
    pub endpoint: String,
    /// What was seen.
    pub found: String,
    /// The case during which it was seen, the first by id where there were several.
    pub case: String,
    /// The connection, by its number in that case.
    #[serde(default)]
    pub connection: u32,
    /// The packet that shows it, in one line.
    #[serde(default)]
    pub packet: String,
    /// What led to it: the last entry is the packet.
    #[serde(default)]
    pub trace: Vec<TraceEntry>,
    /// How it stands to the baseline, where there is one and it has something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Listed>,
}

impl Violation {
    /// Whether it is a known departure, which is borne.
    pub fn is_known(&self) -> bool {
        self.baseline.as_ref().is_some_and(Listed::is_known)
    }
}
