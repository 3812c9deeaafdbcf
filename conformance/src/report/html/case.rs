//! What a page shows of one case.

use serde_json::json;

use crate::event::{CaseReport, Target, Verdict};
use crate::report::rows::{chapter, plain};
use crate::report::terminal::{explain_command, rerun_command};
use crate::requirement::{Catalogue, Protocol};
use crate::trace::TraceEntry;

use super::{KNOWN, word};

/// One case at one endpoint.
pub(super) struct CaseView {
    pub(super) anchor: String,
    pub(super) verdict: &'static str,
    pub(super) word: &'static str,
    pub(super) id: String,
    pub(super) protocol: &'static str,
    pub(super) title: &'static str,
    pub(super) chapter: String,
    pub(super) level: String,
    /// Where several were tested.
    pub(super) endpoint: Option<String>,
    pub(super) requirements: Vec<RequirementView>,
    pub(super) expected: String,
    pub(super) found: String,
    pub(super) found_is: &'static str,
    /// How it stands to the baseline.
    pub(super) remark: Option<String>,
    pub(super) advice: Vec<(String, String)>,
    pub(super) observations: Vec<(String, String)>,
    pub(super) measured: Vec<(String, String)>,
    pub(super) duration_ms: u64,
    /// A second attempt came to the same.
    pub(super) repeated: bool,
    pub(super) entries: usize,
    pub(super) bytes_as: &'static str,
    /// JSON without a character that could end a script element.
    pub(super) trace: String,
    pub(super) explain: String,
    pub(super) rerun: String,
}

/// A requirement as a reader looks it up.
pub(super) struct RequirementView {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) place: String,
    pub(super) link: String,
}

impl CaseView {
    pub(super) fn new(
        target: &Target,
        case: &CaseReport,
        anchor: String,
        endpoint: Option<String>,
    ) -> Self {
        Self {
            anchor,
            verdict: shown(case).0,
            word: shown(case).1,
            id: plain(&case.id),
            protocol: case.protocol.name(),
            title: case.protocol.title(),
            chapter: plain(chapter(&case.id)),
            level: case.level.to_string(),
            endpoint,
            requirements: requirements(case),
            expected: plain(&case.expected),
            found: plain(case.found.as_deref().unwrap_or_default()),
            found_is: match case.verdict {
                Verdict::NotApplicable | Verdict::Inconclusive | Verdict::Error => "because",
                Verdict::Fail | Verdict::Warn | Verdict::Pass => "found",
            },
            remark: case.baseline.as_ref().map(|listed| plain(&listed.remark())),
            advice: case
                .advice
                .iter()
                .filter(|advice| case.found.as_ref() != Some(&advice.found))
                .map(|advice| (plain(&advice.expected), plain(&advice.found)))
                .collect(),
            observations: case
                .observations
                .iter()
                .map(|(name, value)| (plain(name), plain(value)))
                .collect(),
            measured: case
                .measured_ms
                .iter()
                .map(|(name, value)| (plain(name), format!("{value:.1}")))
                .collect(),
            duration_ms: case.duration_ms,
            repeated: case.repeated,
            entries: case.trace.len(),
            bytes_as: if case.protocol == Protocol::Sse { "text" } else { "hex" },
            trace: script_json(&case.trace),
            explain: explain_command(case).unwrap_or_default(),
            rerun: rerun_command(target, case),
        }
    }
}

/// The verdict that a page shows, as its name and its word: what the baseline bears is known.
pub(super) fn shown(case: &CaseReport) -> (&'static str, &'static str) {
    if case.is_known() { KNOWN } else { (case.verdict.name(), word(case.verdict)) }
}

/// The anchor of a case: a place in the page to link to.
pub(super) fn anchor(protocol: Protocol, id: &str) -> String {
    plain(&format!("{}:{id}", protocol.name()))
}

pub(super) fn requirements(case: &CaseReport) -> Vec<RequirementView> {
    case.requirements.iter().map(|id| requirement(case.protocol, id)).collect()
}

pub(super) fn requirement(protocol: Protocol, id: &str) -> RequirementView {
    match Catalogue::embedded().get(protocol, id) {
        Some(known) => RequirementView {
            id: known.id.to_owned(),
            text: known.text.to_owned(),
            place: known.place(),
            link: known.link().to_owned(),
        },
        None => RequirementView {
            id: plain(id),
            text: String::new(),
            place: String::new(),
            link: String::new(),
        },
    }
}

/// `[at, connection, kind, summary, bytes, length, [[start, end, note]…]]` for each entry.
fn script_json(trace: &[TraceEntry]) -> String {
    let entries: Vec<_> = trace
        .iter()
        .map(|entry| {
            let marks: Vec<_> = entry
                .marks
                .iter()
                .map(|mark| json!([mark.start, mark.end, plain(&mark.note)]))
                .collect();
            json!([
                entry.at_ms,
                entry.connection,
                entry.kind,
                plain(&entry.summary),
                entry.bytes,
                entry.length,
                marks
            ])
        })
        .collect();
    // Within strings only, where these stand for themselves.
    serde_json::Value::from(entries)
        .to_string()
        .replace('<', r"\u003c")
        .replace('>', r"\u003e")
        .replace('&', r"\u0026")
}
