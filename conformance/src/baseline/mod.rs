//! Baselines: the departures of a target that are known, each with its reason, in a file that is edited
//! by hand and kept in the user's repository. It works as a ratchet: what is not listed fails, and what
//! is listed has to be there still, and in the same way.

mod edit;
mod judge;
mod signature;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use toml_edit::{Date, Datetime};

use crate::event::Verdict;
use crate::listed::Disposition;
use crate::requirement::Protocol;
use crate::toml_file::{self, Spanned, TomlError, line_of};

pub use edit::{init, update};
pub use judge::Marker;
pub(crate) use judge::as_case;
pub use signature::signature;
pub(crate) use signature::steady;

/// The known departures of a target.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Baseline {
    /// Warnings and cases without a verdict have to be listed as well.
    pub strict: bool,
    /// The entries, in the order of the file.
    pub known: Vec<Entry>,
}

/// One known departure.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Its line in the file.
    pub line: usize,
    /// The case's id, or `monitor/` and a requirement.
    pub case: String,
    /// In which protocol.
    pub protocol: Protocol,
    /// Only at endpoints of this scheme, or whose URL this is.
    pub endpoint: Option<String>,
    /// Only at the target of this name in `pushspec.toml`.
    pub target: Option<String>,
    /// Only where the target offers just this: capabilities as the report shows them.
    pub when: BTreeMap<String, String>,
    /// What the departure looks like; any of these, where it varies.
    pub signatures: Vec<String>,
    /// Verdicts that the case may come to as well, whatever that looks like, where the target does not
    /// behave the same each time.
    pub also: Vec<Verdict>,
    /// What is to become of it.
    pub disposition: Disposition,
    /// Why it is believed, and why it is borne.
    pub why: String,
    /// Where it is tracked.
    pub issue: Option<String>,
    /// From this day on it excuses nothing any more.
    pub expires: Option<Date>,
}

/// Why a text is no baseline.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not the TOML of a baseline.
    #[error(transparent)]
    Toml(#[from] TomlError),
    /// Two entries are about the same.
    #[error("line {second}: {case} in {protocol} is listed already, in line {first}")]
    Duplicate {
        /// The line of the earlier entry.
        first: usize,
        /// The line of the later entry.
        second: usize,
        /// The case.
        case: String,
        /// In which protocol.
        protocol: Protocol,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawBaseline {
    #[serde(default)]
    strict: bool,
    #[serde(default)]
    known: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawEntry {
    case: Spanned<String>,
    protocol: Spanned<String>,
    endpoint: Option<String>,
    target: Option<String>,
    #[serde(default)]
    when: BTreeMap<String, String>,
    signature: Signatures,
    #[serde(default)]
    also: Vec<Verdict>,
    disposition: Disposition,
    #[serde(default)]
    why: String,
    issue: Option<String>,
    expires: Option<Spanned<Datetime>>,
}

/// One text, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Signatures {
    One(String),
    Several(Vec<String>),
}

impl std::str::FromStr for Baseline {
    type Err = BaselineError;

    fn from_str(text: &str) -> Result<Self, BaselineError> {
        let raw: RawBaseline = toml_file::parse(text)?;
        let mut known: Vec<Entry> = Vec::with_capacity(raw.known.len());
        for entry in raw.known {
            let entry = entry.checked(text)?;
            if let Some(before) = known.iter().find(|before| before.is_about_the_same(&entry)) {
                return Err(BaselineError::Duplicate {
                    first: before.line,
                    second: entry.line,
                    case: entry.case,
                    protocol: entry.protocol,
                });
            }
            known.push(entry);
        }
        Ok(Self { strict: raw.strict, known })
    }
}

impl RawEntry {
    fn checked(self, text: &str) -> Result<Entry, TomlError> {
        let line = |span: std::ops::Range<usize>| line_of(text, span.start);
        let protocol = self.protocol.get_ref().parse().map_err(|_| TomlError {
            line: line(self.protocol.span()),
            message: format!(
                "`{}` is no protocol: expected 3.1, 3.1.1, 5.0 or sse",
                self.protocol.get_ref()
            ),
        })?;
        let expires = match &self.expires {
            Some(expires) => Some(expires.get_ref().date.ok_or_else(|| TomlError {
                line: line(expires.span()),
                message: "expires: expected a date such as 2027-03-01".to_owned(),
            })?),
            None => None,
        };
        let signatures = match self.signature {
            Signatures::One(signature) => vec![signature],
            Signatures::Several(signatures) => signatures,
        };
        Ok(Entry {
            line: line(self.case.span()),
            case: self.case.into_inner(),
            protocol,
            endpoint: self.endpoint,
            target: self.target,
            when: self.when,
            signatures,
            also: self.also,
            disposition: self.disposition,
            why: self.why,
            issue: self.issue,
            expires,
        })
    }
}

impl Entry {
    fn is_about_the_same(&self, other: &Self) -> bool {
        (&self.case, self.protocol, &self.endpoint, &self.target, &self.when)
            == (&other.case, other.protocol, &other.endpoint, &other.target, &other.when)
    }
}
