//! A report beside its baseline.

use std::collections::BTreeMap;

use toml_edit::Date;

use super::{Baseline, Entry, signature};
use crate::event::{CaseReport, Endpoint, Event, RunReport, Target, Verdict, Violation};
use crate::listed::{BaselineReport, Listed, ListedEntry, Remark, Standing};
use crate::report::breaks_an_obligation;
use crate::requirement::Level;

/// Entries are told beforehand that they will expire, in days.
const SOON: i64 = 30;

impl Baseline {
    /// Judges a report on a certain day: marks what departs, and tells what the file has to say beyond
    /// that.
    pub fn judge(&self, report: &mut RunReport, file: &str, today: Date) {
        let target = &report.target;
        for case in &mut report.cases {
            case.baseline = self.listed(case, target, today);
        }
        for violation in &mut report.violations {
            violation.baseline = self.listed(&as_case(violation), target, today);
        }
        report.baseline = Some(self.closing(report, file, today));
    }

    /// How a case stands.
    fn listed(&self, case: &CaseReport, target: &Target, today: Date) -> Option<Listed> {
        if !departs(case) {
            return None;
        }
        let entry = self.known.iter().find(|entry| entry.is_about(case, target));
        let standing = match entry {
            Some(entry) if !entry.bears(case) => Standing::Changed,
            Some(entry) if entry.expires.is_some_and(|expires| expires <= today) => {
                Standing::Expired
            }
            Some(_) => Standing::Known,
            None if self.strict || case.verdict == Verdict::Fail => Standing::Unlisted,
            None => return None,
        };
        Some(Listed { standing, signature: signature(case), entry: entry.map(ListedEntry::from) })
    }

    /// What can only be told when the run is over.
    fn closing(&self, report: &RunReport, file: &str, today: Date) -> BaselineReport {
        let remark = |entry: &Entry, said: String| Remark {
            line: entry.line,
            case: entry.case.clone(),
            protocol: entry.protocol,
            said,
        };
        let stale =
            self.known.iter().filter_map(|entry| Some(remark(entry, stale(entry, report)?)));
        let soon = self.known.iter().filter_map(|entry| {
            let expires = entry.expires.filter(|expires| {
                let left = days(*expires) - days(today);
                0 < left && left <= SOON
            })?;
            Some(remark(entry, format!("expires on {expires}")))
        });
        let met = |entry: &Entry| {
            let about = |listed: &Listed| {
                listed.entry.as_ref().is_some_and(|about| about.line == entry.line)
            };
            report.listed().any(about)
        };
        let open = self.known.iter().filter(|entry| !entry.is_covered(report) && !met(entry));
        BaselineReport {
            file: file.to_owned(),
            stale: stale.collect(),
            soon: soon.collect(),
            not_covered: open.count(),
        }
    }
}

/// A baseline beside a run that goes on: marks events as they come.
#[derive(Debug)]
pub struct Marker<'a> {
    baseline: &'a Baseline,
    file: String,
    today: Date,
    target: Target,
}

impl<'a> Marker<'a> {
    /// For a run that has not begun.
    pub fn new(baseline: &'a Baseline, file: String, today: Date) -> Self {
        Self { baseline, file, today, target: Target::default() }
    }

    /// Marks what an event tells, where the baseline has something to say of it.
    pub fn mark(&mut self, event: &mut Event) {
        match event {
            Event::RunStarted { target, .. } => self.target.name.clone_from(target),
            Event::EndpointPlanned { endpoint, .. } => self.target.endpoints.push(endpoint.clone()),
            Event::CaseFinished(case) => {
                case.baseline = self.baseline.listed(case, &self.target, self.today);
            }
            Event::ViolationSeen(violation) => {
                let case = as_case(violation);
                violation.baseline = self.baseline.listed(&case, &self.target, self.today);
            }
            _ => {}
        }
    }

    /// What is to be told once the run is over.
    pub fn close(&self, report: &RunReport) -> Event {
        let closing = self.baseline.closing(report, &self.file, self.today);
        Event::BaselineJudged(Box::new(closing))
    }
}

/// Why an entry excuses nothing any more, where that is so.
fn stale(entry: &Entry, report: &RunReport) -> Option<String> {
    let mut about = report.cases.iter().filter(|case| entry.is_about(case, &report.target));
    if let Some(case) = about.clone().find(|case| !departs(case) && !entry.bears(case)) {
        return Some(format!("{} at {}", case.verdict, case.endpoint));
    }
    let seen = report.violations.iter().any(|v| entry.is_about(&as_case(v), &report.target));
    let varies = entry.also.contains(&Verdict::Pass);
    let missing = about.next().is_none() && !seen && !varies && entry.is_covered(report);
    missing.then(|| "no case of this id and protocol was run".to_owned())
}

const fn departs(case: &CaseReport) -> bool {
    !matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable)
}

/// A violation as if a case had judged it.
pub(crate) fn as_case(violation: &Violation) -> CaseReport {
    let obliged = breaks_an_obligation(violation);
    CaseReport {
        id: format!("monitor/{}", violation.requirement),
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
        baseline: None,
        repeated: false,
    }
}

impl Entry {
    /// Whether it lists a case that ends like this.
    fn bears(&self, case: &CaseReport) -> bool {
        self.also.contains(&case.verdict) || self.signatures.contains(&signature(case))
    }

    fn is_about(&self, case: &CaseReport, target: &Target) -> bool {
        self.case == case.id
            && self.protocol == case.protocol
            && self.is_about_target(target)
            && target
                .endpoints
                .iter()
                .any(|endpoint| endpoint.url == case.endpoint && self.is_about_endpoint(endpoint))
    }

    /// Whether it says something of an endpoint, which has to speak its protocol for that.
    fn is_about_endpoint(&self, endpoint: &Endpoint) -> bool {
        let at = self.endpoint.as_ref().is_none_or(|wanted| {
            *wanted == endpoint.url || endpoint.url.split(':').next() == Some(wanted)
        });
        let offers = endpoint.capabilities.get(self.protocol.name());
        at && endpoint.protocols.contains(&self.protocol)
            && self.when.iter().all(|(name, value)| {
                offers.and_then(|offers| offers.get(name)).is_some_and(|offered| offered == value)
            })
    }

    /// Whether the run did everything that the entry is about.
    fn is_covered(&self, report: &RunReport) -> bool {
        report.scope.is_whole()
            && report.interrupted.is_none()
            && self.is_about_target(&report.target)
            && report
                .target
                .endpoints
                .iter()
                .any(|endpoint| endpoint.unreachable.is_none() && self.is_about_endpoint(endpoint))
    }

    fn is_about_target(&self, target: &Target) -> bool {
        self.target.is_none() || self.target == target.name
    }
}

impl From<&Entry> for ListedEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            line: entry.line,
            signatures: entry.signatures.clone(),
            disposition: entry.disposition,
            why: entry.why.clone(),
            issue: entry.issue.clone(),
            expires: entry.expires.map(|expires| expires.to_string()),
        }
    }
}

/// Days since a day long ago, near enough to count weeks.
fn days(date: Date) -> i64 {
    i64::from(date.year) * 365 + i64::from(date.month) * 30 + i64::from(date.day)
}
