//! What test reports list: one row per case, and one for all that belongs to no case (an endpoint
//! that cannot be tested, a run that was ended early, violations seen beside the cases), so that it
//! cannot be overlooked.

use std::fmt::Write as _;

use crate::event::{CaseReport, ProcessEnd, RunReport, Verdict, Violation};
use crate::listed::Listed;
use crate::requirement::{Catalogue, Level, Protocol};

use super::terminal::{trace_lines, trace_text};
use super::text::Look;

/// How wide traces are in files.
pub(super) const LOOK: Look = Look { width: 100, colour: false, unicode: true };

/// How a row counts for tools that know no more than this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Counts {
    /// Everything holds; there may be a warning.
    Passed,
    /// An obligation is broken.
    Failed,
    /// It does not apply.
    Skipped,
    /// There is no verdict, and there should be one: never a pass.
    Unknown,
    /// It departs, and the baseline bears that: neither a pass nor a failure.
    Known,
}

/// One line of a test report.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// The endpoint; empty for what concerns all of the run.
    pub(super) endpoint: String,
    /// In which protocol, where there is one.
    pub(super) protocol: Option<Protocol>,
    /// The case's id, or what stands for it.
    pub(super) name: String,
    /// How it counts.
    pub(super) counts: Counts,
    /// The verdict as a word.
    pub(super) verdict: &'static str,
    /// The level, as a word.
    pub(super) level: Option<Level>,
    /// Ids of the requirements, with whose they are.
    pub(super) requirements: Vec<&'a str>,
    /// What was found, or why there is no verdict.
    pub(super) message: String,
    /// How it stands to the baseline, where that has something to say.
    pub(super) remark: Option<String>,
    /// Everything that proves it: requirements, expected, found, trace.
    pub(super) account: String,
    /// Milliseconds.
    pub(super) duration_ms: u64,
    /// The case, where it is one.
    pub(super) case: Option<&'a CaseReport>,
}

impl Row<'_> {
    /// The endpoint with the protocol: what rows are grouped by.
    pub(super) fn suite(&self) -> String {
        match self.protocol {
            Some(protocol) => format!("{} {}", self.endpoint, protocol.title()),
            None if self.endpoint.is_empty() => "run".to_owned(),
            None => self.endpoint.clone(),
        }
    }
}

/// All rows, in the order of the report.
pub(super) fn rows(report: &RunReport) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for endpoint in &report.target.endpoints {
        if let Some(reason) = &endpoint.unreachable {
            rows.push(beside(&endpoint.url, "endpoint", "unreachable", reason));
        }
    }
    rows.extend(report.cases.iter().map(of_case));
    rows.extend(report.violations.iter().map(of_violation));
    for stale in report.baseline.iter().flat_map(|baseline| &baseline.stale) {
        let said = format!("listed in line {} of the baseline: {}", stale.line, stale.said);
        let name = format!("baseline/{}", stale.case);
        rows.push(Row {
            protocol: Some(stale.protocol),
            counts: Counts::Failed,
            ..beside("", &plain(&name), "stale", &said)
        });
    }
    for end in &report.target.ended {
        rows.push(Row {
            account: plain(&last_words(end)),
            ..beside("", "target-stays", "ended", &end.how)
        });
    }
    if let Some(why) = &report.interrupted {
        rows.push(beside("", "run-to-its-end", "incomplete", &ended_early(report, why)));
    }
    rows
}

/// How the target's process ended, during what, and what it wrote last.
pub(super) fn last_words(end: &ProcessEnd) -> String {
    let mut lines = vec![end.how.clone()];
    lines.extend(end.during.iter().map(|case| format!("during {case}")));
    lines.extend(end.stdout.iter().map(|line| format!("stdout: {line}")));
    lines.extend(end.stderr.iter().map(|line| format!("stderr: {line}")));
    lines.join("\n")
}

/// Why a run was ended early, and what is missing for it.
pub(super) fn ended_early(report: &RunReport, why: &str) -> String {
    let missing = report.planned.saturating_sub(report.cases.len());
    format!("{why} ({missing} of {} planned cases not reported)", report.planned)
}

fn beside(endpoint: &str, name: &str, verdict: &'static str, message: &str) -> Row<'static> {
    Row {
        endpoint: plain(endpoint),
        protocol: None,
        name: name.to_owned(),
        counts: Counts::Unknown,
        verdict,
        level: None,
        requirements: Vec::new(),
        message: plain(message),
        remark: None,
        account: plain(message),
        duration_ms: 0,
        case: None,
    }
}

fn of_case(case: &CaseReport) -> Row<'_> {
    let counts = match case.verdict {
        Verdict::Pass | Verdict::Warn => Counts::Passed,
        Verdict::Fail => Counts::Failed,
        Verdict::NotApplicable => Counts::Skipped,
        Verdict::Inconclusive | Verdict::Error => Counts::Unknown,
    };
    let told = matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable);
    Row {
        endpoint: plain(&case.endpoint),
        protocol: Some(case.protocol),
        name: plain(&case.id),
        counts: listed(counts, case.baseline.as_ref()),
        verdict: case.verdict.name(),
        level: Some(case.level),
        requirements: case.requirements.iter().map(String::as_str).collect(),
        message: plain(case.found.as_deref().unwrap_or_default()),
        remark: remark(case.baseline.as_ref()),
        account: if told { String::new() } else { plain(&account(case)) },
        duration_ms: case.duration_ms,
        case: Some(case),
    }
}

/// How it counts, given the baseline: what has to be listed and is not, or otherwise, fails.
fn listed(counts: Counts, listed: Option<&Listed>) -> Counts {
    match (listed, counts) {
        (Some(listed), _) if listed.is_known() => Counts::Known,
        (Some(_), Counts::Passed) => Counts::Failed,
        _ => counts,
    }
}

fn remark(listed: Option<&Listed>) -> Option<String> {
    listed.map(|listed| plain(&listed.remark()))
}

fn of_violation(violation: &Violation) -> Row<'_> {
    let level = level(violation);
    let counts = if level == Level::Must { Counts::Failed } else { Counts::Passed };
    Row {
        endpoint: plain(&violation.endpoint),
        protocol: Some(violation.protocol),
        name: plain(&format!("monitor/{}", violation.requirement)),
        counts: listed(counts, violation.baseline.as_ref()),
        verdict: if level == Level::Must { "fail" } else { "warn" },
        level: Some(level),
        requirements: vec![&violation.requirement],
        message: plain(&violation.found),
        remark: remark(violation.baseline.as_ref()),
        account: plain(&format!(
            "{}\nseen during {}\n\n{}",
            stated(violation.protocol, &violation.requirement),
            violation.case,
            trace_lines(&violation.trace, violation.protocol, LOOK)
        )),
        duration_ms: 0,
        case: None,
    }
}

/// At which level a violation counts: in full where the requirement is not in the catalogue.
pub(super) fn level(violation: &Violation) -> Level {
    Catalogue::embedded()
        .get(violation.protocol, &violation.requirement)
        .map_or(Level::Must, |requirement| requirement.level.level())
}

/// All that proves the verdict of a case: requirements, expected, found, trace.
pub(super) fn account(case: &CaseReport) -> String {
    let mut text = String::new();
    for id in &case.requirements {
        text.push_str(&stated(case.protocol, id));
        text.push('\n');
    }
    let found = case.found.as_deref().unwrap_or_default();
    let _ = writeln!(text, "\nexpected: {}\nfound:    {found}", case.expected);
    if let Some(listed) = &case.baseline {
        let _ = writeln!(text, "baseline: {}", listed.remark());
    }
    text.push('\n');
    text.push_str(&trace_text(case, LOOK));
    text
}

/// The text of a requirement, its place and a link to it.
fn stated(protocol: Protocol, id: &str) -> String {
    Catalogue::embedded().get(protocol, id).map_or_else(
        || id.to_owned(),
        |requirement| {
            format!("{id}  {}\n{}  {}", requirement.text, requirement.place(), requirement.link())
        },
    )
}

/// The group of a case: the middle of its id.
pub(super) fn chapter(id: &str) -> &str {
    match id.split('/').collect::<Vec<_>>()[..] {
        [_, .., group, _] | [group @ "monitor", _] => group,
        _ => "other",
    }
}

/// The text without what XML cannot hold, and made harmless for consoles that print it.
pub(super) fn plain(text: &str) -> String {
    text.split('\n').map(|line| LOOK.visible(line)).collect::<Vec<_>>().join("\n")
}
