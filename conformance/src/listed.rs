//! What a baseline says of what a run found, as the report keeps it. A renderer needs no more than this
//! to tell what is known and borne from what is not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::requirement::Protocol;

/// A departure beside the baseline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Listed {
    /// How it stands.
    pub standing: Standing,
    /// What it looks like, as a baseline lists it.
    pub signature: String,
    /// The entry that is about it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<ListedEntry>,
}

impl Listed {
    /// Whether it is borne.
    pub fn is_known(&self) -> bool {
        self.standing == Standing::Known
    }

    /// How it stands, and why, in one line.
    pub fn remark(&self) -> String {
        let Some(entry) = &self.entry else { return "not in the baseline".to_owned() };
        match self.standing {
            Standing::Known => {
                let issue = entry.issue.as_ref().map(|issue| format!(", {issue}"));
                let issue = issue.unwrap_or_default();
                format!("known ({}{issue}): {}", entry.disposition.name(), entry.why)
            }
            Standing::Changed => {
                let looks = entry.signatures.join(" | ");
                format!("known otherwise (line {} of the baseline): {looks}", entry.line)
            }
            Standing::Expired => {
                let date = entry.expires.as_deref().unwrap_or_default();
                format!("known until {date} (line {} of the baseline): {}", entry.line, entry.why)
            }
            Standing::Unlisted => "not in the baseline".to_owned(),
        }
    }
}

/// How a departure stands to the baseline.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is listed as it is, and borne.
    Known,
    /// It is listed, and looks different.
    Changed,
    /// It is listed, and the time for which it was borne is over.
    Expired,
    /// It has to be listed, and is not.
    Unlisted,
}

/// An entry of the baseline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ListedEntry {
    /// Its line in the file.
    pub line: usize,
    /// What the departure is to look like: one of these.
    pub signatures: Vec<String>,
    /// What is to become of it.
    pub disposition: Disposition,
    /// Why it is believed, and why it is borne.
    pub why: String,
    /// Where it is tracked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// From this day on it is borne no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// What is to become of a known departure.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// The target will be corrected.
    Bug,
    /// The target will stay as it is.
    WontFix,
    /// The specification can be read in more than one way.
    SpecAmbiguous,
    /// The case is wrong.
    SuiteBug,
}

impl Disposition {
    /// As the file writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bug => "bug",
            Self::WontFix => "wont-fix",
            Self::SpecAmbiguous => "spec-ambiguous",
            Self::SuiteBug => "suite-bug",
        }
    }
}

/// The baseline by which a run was judged, beside what its cases say of it themselves.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct BaselineReport {
    /// The file.
    pub file: String,
    /// Entries of departures that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<Remark>,
    /// Entries that expire within a month.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub soon: Vec<Remark>,
    /// How many entries are about what this run did not do.
    #[serde(default)]
    pub not_covered: usize,
}

/// Something to be said of an entry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Remark {
    /// Its line in the file.
    pub line: usize,
    /// The case that it is about.
    pub case: String,
    /// In which protocol.
    pub protocol: Protocol,
    /// What is to be said.
    pub said: String,
}
