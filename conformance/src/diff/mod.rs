//! What changed between two runs, such as those of two builds of a broker.

mod compare;
mod html;
mod json;
mod markdown;
#[cfg(test)]
mod recall;
#[cfg(test)]
mod tests;
mod text;
mod trace;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::Verdict;
use crate::requirement::{Level, Protocol};

pub use compare::{Incomparable, compare};
pub use html::write as write_html;
pub use json::{schema, write as write_json};
pub use markdown::write as write_markdown;
pub use text::write as write_text;
pub use trace::{Kept, Line};

/// The version of the diff's JSON schema. Fields are only added within a major version.
pub const SCHEMA: &str = "pushspec-diff/1";

/// How a case differs between two runs.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It departs more than before, or in another way.
    Regressed,
    /// It had a verdict, and has none any more. Counts as a regression.
    Lost,
    /// It departs less than before.
    Fixed,
    /// As conformant as before, but another of the permitted ways is taken.
    Behaviour,
    /// It has a verdict for the first time.
    New,
}

impl Class {
    /// Those that need the reader most come first.
    pub const ALL: [Self; 5] =
        [Self::Regressed, Self::Lost, Self::Fixed, Self::Behaviour, Self::New];

    /// As texts write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Regressed => "REGRESSED",
            Self::Lost => "LOST",
            Self::Fixed => "FIXED",
            Self::Behaviour => "BEHAVIOUR",
            Self::New => "NEW",
        }
    }

    /// Whether the target has become worse.
    pub const fn is_regression(self) -> bool {
        matches!(self, Self::Regressed | Self::Lost)
    }
}

/// Two runs compared.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    /// `pushspec-diff/1`
    pub schema: String,
    /// The earlier run.
    pub base: Side,
    /// The later run.
    pub head: Side,
    /// What was not the same about the runs themselves, so that not all can be compared.
    pub conditions: Vec<String>,
    /// What changed, the gravest first.
    pub changes: Vec<Change>,
    /// How many cases came to the same in both.
    pub unchanged: usize,
    /// How many cases only one of the runs was meant to do.
    pub not_compared: usize,
}

impl Diff {
    /// Whether the target has become worse.
    pub fn has_regressions(&self) -> bool {
        self.changes.iter().any(|change| change.class.is_regression())
    }

    /// How many changes there are of each class.
    pub fn counts(&self) -> BTreeMap<Class, usize> {
        let mut counts = BTreeMap::new();
        for change in &self.changes {
            *counts.entry(change.class).or_default() += 1;
        }
        counts
    }
}

/// One of two runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// What the user calls it.
    pub name: String,
    /// The version of pushspec.
    pub version: String,
    /// How many cases it reports.
    pub cases: usize,
}

/// One case, or one capability, that is not what it was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// How it differs.
    pub class: Class,
    /// The endpoint, in words that hold for both runs.
    pub endpoint: String,
    /// In which protocol.
    pub protocol: Protocol,
    /// The case's id, `monitor/` and a requirement, or `capability/` and its name.
    pub case: String,
    /// How a breach is counted.
    pub level: Level,
    /// Ids of the requirements judged.
    pub requirements: Vec<String>,
    /// What it came to before; absent where it was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<State>,
    /// What it comes to now; absent where it was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<State>,
    /// Which permitted ways are not the same.
    pub observations: Vec<Observation>,
    /// Of which runs there is a trace.
    pub traces: Kept,
    /// The traces of both compared, packet by packet; empty unless both are there.
    pub trace: Vec<Line>,
}

/// So many lines of a difference between traces show what it is.
const LINES: usize = 40;

impl Change {
    /// The difference between the traces as far as texts show it, and how many lines that leaves out.
    fn shown(&self) -> (&[Line], usize) {
        let shown = &self.trace[..self.trace.len().min(LINES)];
        (shown, self.trace.len() - shown.len())
    }
}

/// What a case came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// The verdict.
    pub verdict: Verdict,
    /// What the target did, or why there is no verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// A permitted way that is not the same.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// What was observed.
    pub what: String,
    /// Before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
