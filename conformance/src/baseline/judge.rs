//! A report beside its baseline.

use std::collections::BTreeMap;

use toml_edit::Date;

use super::{Baseline, Entry, signature};
use crate::event::{CaseReport, Endpoint, RunReport, Verdict, Violation};
use crate::report::{ExitStatus, breaks_an_obligation};
use crate::requirement::Level;

/// Entries are told beforehand that they will expire, in days.
const SOON: i64 = 30;

/// A case, or what the monitor saw, with the entry that is about it.
#[derive(Clone, PartialEq, Debug)]
pub struct Covered<'a> {
    /// What the run found. A violation that the monitor saw counts as a case `monitor/REQUIREMENT`.
    pub case: CaseReport,
    /// What the baseline says.
    pub entry: &'a Entry,
}

/// An entry that excuses nothing any more.
#[derive(Clone, PartialEq, Debug)]
pub struct Stale<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// Why it is stale.
    pub why: String,
}

/// What a report comes to, given what is known of the target.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Judgement<'a> {
    /// Departures as they are listed.
    pub known: Vec<Covered<'a>>,
    /// Departures that are listed, but look different now.
    pub changed: Vec<Covered<'a>>,
    /// Departures whose entry has expired.
    pub expired: Vec<Covered<'a>>,
    /// Departures that are not listed: failures, and whatever else departs where the baseline is
    /// strict.
    pub unlisted: Vec<CaseReport>,
    /// Warnings that are not listed, where they need not be.
    pub warnings: usize,
    /// Entries of departures that are gone.
    pub stale: Vec<Stale<'a>>,
    /// Entries that will expire within a month.
    pub soon: Vec<&'a Entry>,
    /// How many entries are about what this run did not do.
    pub not_covered: usize,
    status: Option<ExitStatus>,
}

impl Judgement<'_> {
    /// How the tool ends.
    pub fn status(&self) -> ExitStatus {
        self.status.unwrap_or(ExitStatus::Internal)
    }
}

impl Baseline {
    /// Judges a report on a certain day.
    pub fn judge(&self, report: &RunReport, today: Date) -> Judgement<'_> {
        let mut judgement = Judgement::default();
        let mut excused = report.clone();
        excused.cases.clear();
        excused.violations.clear();
        let cases = report.cases.iter().cloned();
        for case in cases.chain(report.violations.iter().map(as_case)) {
            let is_case = !case.id.starts_with(MONITOR);
            let known = self.sort(case.clone(), report, today, &mut judgement);
            match (is_case, known) {
                (true, true) => {
                    excused.cases.push(CaseReport { verdict: Verdict::Pass, ..case });
                }
                (true, false) => excused.cases.push(case),
                (false, _) => {}
            }
        }
        let unknown = |violation: &&Violation| {
            let case = as_case(violation);
            !judgement.known.iter().any(|known| known.case == case)
        };
        excused.violations = report.violations.iter().filter(unknown).cloned().collect();
        excused.settle();
        judgement.stale = self.stale(report);
        let met = [&judgement.known, &judgement.changed, &judgement.expired];
        let met = |entry: &Entry| met.into_iter().flatten().any(|covered| covered.entry == entry);
        let open = self.known.iter().filter(|entry| !entry.is_covered(report) && !met(entry));
        judgement.not_covered = open.count();
        judgement.soon = self.known.iter().filter(|entry| entry.expires_soon(today)).collect();
        let red = !judgement.changed.is_empty()
            || !judgement.expired.is_empty()
            || (self.strict && !judgement.unlisted.is_empty());
        let mut status = ExitStatus::of(&excused);
        if red {
            status = status.or(ExitStatus::Failed);
        }
        if !judgement.stale.is_empty() {
            status = status.or(ExitStatus::StaleBaseline);
        }
        judgement.status = Some(status);
        judgement
    }

    /// Puts a case where it belongs, and tells whether it is as listed.
    fn sort<'a>(
        &'a self,
        case: CaseReport,
        report: &RunReport,
        today: Date,
        judgement: &mut Judgement<'a>,
    ) -> bool {
        let departs = !matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable);
        match self.known.iter().find(|entry| entry.is_about(&case, report)) {
            Some(entry) if entry.signatures.contains(&signature(&case)) => {
                if entry.expires.is_some_and(|expires| expires <= today) {
                    judgement.expired.push(Covered { case, entry });
                    return false;
                }
                judgement.known.push(Covered { case, entry });
                true
            }
            Some(entry) if departs => {
                judgement.changed.push(Covered { case, entry });
                false
            }
            None if departs => {
                if self.strict || case.verdict == Verdict::Fail {
                    judgement.unlisted.push(case);
                } else if case.verdict == Verdict::Warn {
                    judgement.warnings += 1;
                }
                false
            }
            _ => false,
        }
    }

    /// Entries of departures that are gone.
    fn stale(&self, report: &RunReport) -> Vec<Stale<'_>> {
        let stale = |entry: &'_ Entry| {
            let mut about = report.cases.iter().filter(|case| entry.is_about(case, report));
            let gone = about.clone().find(|case| {
                matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable)
                    && !entry.signatures.contains(&signature(case))
            });
            if let Some(case) = gone {
                return Some(format!("{} at {}", case.verdict, case.endpoint));
            }
            let seen = report.violations.iter().any(|v| entry.is_about(&as_case(v), report));
            let missing = about.next().is_none() && !seen && entry.is_covered(report);
            missing.then(|| "no case of this id and protocol was run".to_owned())
        };
        self.known.iter().filter_map(|entry| stale(entry).map(|why| Stale { entry, why })).collect()
    }
}

/// What stands before the requirement in the place of a case's id.
const MONITOR: &str = "monitor/";

/// A violation as if a case had judged it.
pub(crate) fn as_case(violation: &Violation) -> CaseReport {
    let obliged = breaks_an_obligation(violation);
    CaseReport {
        id: format!("{MONITOR}{}", violation.requirement),
        protocol: violation.protocol,
        endpoint: violation.endpoint.clone(),
        level: if obliged { Level::Must } else { Level::Should },
        requirements: vec![violation.requirement.clone()],
        verdict: if obliged { Verdict::Fail } else { Verdict::Warn },
        expected: String::new(),
        // Which of several violations is seen first varies; that the requirement is broken does not.
        found: None,
        advice: Vec::new(),
        observations: BTreeMap::new(),
        trace: Vec::new(),
        measured_ms: BTreeMap::new(),
        duration_ms: 0,
    }
}

impl Entry {
    fn is_about(&self, case: &CaseReport, report: &RunReport) -> bool {
        self.case == case.id
            && self.protocol == case.protocol
            && self.is_about_target(report)
            && report
                .target
                .endpoints
                .iter()
                .any(|endpoint| endpoint.url == case.endpoint && self.is_about_endpoint(endpoint))
    }

    fn is_about_target(&self, report: &RunReport) -> bool {
        self.target.is_none() || self.target == report.target.name
    }

    fn is_about_endpoint(&self, endpoint: &Endpoint) -> bool {
        let at = self.endpoint.as_ref().is_none_or(|wanted| {
            *wanted == endpoint.url || endpoint.url.split(':').next() == Some(wanted)
        });
        let offers = endpoint.capabilities.get(self.protocol.name());
        at && self.when.iter().all(|(name, value)| {
            offers.and_then(|offers| offers.get(name)).is_some_and(|offered| offered == value)
        })
    }

    /// Whether the run did everything that the entry is about.
    fn is_covered(&self, report: &RunReport) -> bool {
        report.scope.is_whole()
            && report.interrupted.is_none()
            && self.is_about_target(report)
            && report.target.endpoints.iter().any(|endpoint| {
                endpoint.unreachable.is_none()
                    && endpoint.protocols.contains(&self.protocol)
                    && self.is_about_endpoint(endpoint)
            })
    }

    fn expires_soon(&self, today: Date) -> bool {
        self.expires.is_some_and(|expires| {
            let left = days(expires) - days(today);
            0 < left && left <= SOON
        })
    }
}

/// Days since a day long ago, near enough to count weeks.
fn days(date: Date) -> i64 {
    i64::from(date.year) * 365 + i64::from(date.month) * 30 + i64::from(date.day)
}
