//! The report as one HTML file for a browser: everything is in it, nothing is loaded, and its content
//! security policy lets no script run but its own. Several reports make a matrix.
//!
//! Texts are escaped by the templates. Traces are JSON in script elements, made into text nodes when
//! somebody looks at them, so that big reports stay usable.

mod case;
mod coverage;
mod matrix;
mod single;

use std::io;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::event::{RunReport, Verdict};

use super::exit::ExitStatus;

pub use matrix::Named;

const STYLE: &str = include_str!("../../../templates/style.css");
const SCRIPT: &str = include_str!("../../../templates/page.js");

/// The gravest first, as pages list them.
const VERDICTS: [Verdict; 6] = [
    Verdict::Fail,
    Verdict::Error,
    Verdict::Inconclusive,
    Verdict::Warn,
    Verdict::Pass,
    Verdict::NotApplicable,
];

/// Writes the page of one report.
pub fn write(report: &RunReport, mut out: impl io::Write) -> io::Result<()> {
    single::Page::new(report).write_into(&mut out)?;
    out.flush()
}

/// Writes the page that shows several reports side by side.
pub fn write_matrix(reports: &[Named], mut out: impl io::Write) -> io::Result<()> {
    matrix::Page::new(reports).write_into(&mut out)?;
    out.flush()
}

/// What stands around every page.
struct Frame {
    title: String,
    verdict: String,
    reason: String,
    tone: &'static str,
    tool: String,
    policy: String,
    style: &'static str,
    script: &'static str,
}

impl Frame {
    fn new(verdict: &str, reason: String, tone: &'static str, tool: String) -> Self {
        let hash = STANDARD.encode(Sha256::digest(SCRIPT));
        Self {
            title: format!("{verdict} · pushspec"),
            verdict: verdict.to_owned(),
            reason,
            tone,
            tool,
            policy: format!(
                "default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
                 script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
            ),
            style: STYLE,
            script: SCRIPT,
        }
    }
}

/// The colour of a whole run, by the name of a verdict.
fn tone(report: &RunReport) -> &'static str {
    match ExitStatus::of(report) {
        ExitStatus::Conformant => "pass",
        ExitStatus::Failed => "fail",
        _ if report.open(Verdict::Fail) > 0 => "fail",
        _ => "inconclusive",
    }
}

/// A verdict with how often it came; pressed, it filters.
struct Tile {
    verdict: &'static str,
    word: &'static str,
    count: usize,
}

/// What the baseline bears is told apart from the verdicts that count.
const KNOWN: (&str, &str) = ("known", "KNOWN");

fn tiles(count: impl Fn(Verdict) -> usize, known: usize) -> Vec<Tile> {
    VERDICTS
        .into_iter()
        .map(|verdict| (verdict.name(), word(verdict), count(verdict)))
        .chain([(KNOWN.0, KNOWN.1, known)])
        .map(|(verdict, word, count)| Tile { verdict, word, count })
        .filter(|tile| tile.count > 0)
        .collect()
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotApplicable => "N/A",
        Verdict::Fail => "FAIL",
        Verdict::Error => "ERROR",
        Verdict::Inconclusive => "INCONCLUSIVE",
        Verdict::Warn => "WARN",
        Verdict::Pass => "PASS",
    }
}

/// The distinct values in their order.
fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut known, value| {
        if !known.contains(&value) {
            known.push(value);
        }
        known
    })
}

#[cfg(test)]
mod tests;
