//! Profiles: what a kind of endpoint is asked for beyond, or short of, its specification.
//!
//! A profile is a TOML file. It says which features such endpoints lack, which cases do not apply to
//! them and why, which count as another level, how streams are asked for, and which replay is promised. `profiles/` holds those
//! that come with the tool; they are files like any other.

mod embedded;
mod parse;

use std::collections::BTreeMap;

use globset::GlobMatcher;

use crate::case::{About, Need};
use crate::probe::sse::Replay;
use crate::requirement::Level;
use crate::transport::Opening;

pub use embedded::{DEFAULT, EMBEDDED, Embedded, embedded};
pub use parse::{Invalid, ProfileError};

/// What a kind of endpoint is asked for.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What it is called.
    pub name: String,
    /// What it is for, in one line.
    pub title: String,
    /// How event streams are asked for.
    pub opening: Opening,
    /// What is promised of replay.
    pub replay: Option<Replay>,
    lacks: Vec<Lack>,
    rules: Vec<Rule>,
}

/// A feature that such endpoints are documented to lack.
#[derive(Clone, Debug)]
struct Lack {
    need: Need,
    why: String,
}

/// What a profile says of some cases.
#[derive(Clone, Debug)]
struct Rule {
    cases: GlobMatcher,
    said: Said,
    why: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Said {
    Counts(Level),
    DoesNotApply,
}

/// What a profile makes of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Made {
    /// It counts as this level, for this reason.
    Counts(Level, String),
    /// It does not apply, for this reason.
    DoesNotApply(String),
}

impl Profile {
    /// Reads a profile, or says what is wrong with it and how to put it right.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        parse::profile(text)
    }

    /// The features that such endpoints lack.
    pub fn lacking(&self) -> impl Iterator<Item = Need> {
        self.lacks.iter().map(|lack| lack.need)
    }

    /// What it makes of a case; nothing where it leaves the case as it is. A case that needs a feature
    /// that is lacking does not apply; of the rules, the last one that names the case decides.
    pub fn made_of(&self, case: &About) -> Option<Made> {
        let told = |why: &str| format!("{why} (profile {})", self.name);
        let needed = |lack: &&Lack| case.needs.contains(&lack.need);
        if let Some(lack) = self.lacks.iter().find(needed) {
            return Some(Made::DoesNotApply(told(&lack.why)));
        }
        let rule = self.rules.iter().rev().find(|rule| rule.cases.is_match(case.id))?;
        Some(match rule.said {
            Said::Counts(level) => Made::Counts(level, told(&rule.why)),
            Said::DoesNotApply => Made::DoesNotApply(told(&rule.why)),
        })
    }

    /// How many of these cases it says something about, by what it says.
    pub fn changes<'a>(
        &self,
        cases: impl IntoIterator<Item = &'a About>,
    ) -> BTreeMap<String, usize> {
        let mut changes = BTreeMap::new();
        for case in cases {
            let said = match self.made_of(case) {
                Some(Made::Counts(level, _)) => format!("count as {level}"),
                Some(Made::DoesNotApply(_)) => "do not apply".to_owned(),
                None => continue,
            };
            *changes.entry(said).or_default() += 1;
        }
        changes
    }
}

#[cfg(test)]
mod tests;
