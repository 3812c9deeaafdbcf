//! The exit code, and why.

use std::collections::BTreeSet;
use std::process::ExitCode;

use crate::event::{CaseReport, ProcessEnd, RunReport, Verdict, Violation};
use crate::listed::Standing;
use crate::requirement::{Catalogue, Level, Protocol};

/// How the tool ends. Where several hold, the gravest wins: see [`ExitStatus::PRECEDENCE`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ExitStatus {
    /// Everything judged holds.
    Conformant,
    /// A MUST is broken.
    Failed,
    /// What the user asked for cannot be meant.
    Usage,
    /// An endpoint could not be tested.
    Unreachable,
    /// Nothing was selected, or nothing ran.
    Nothing,
    /// Cases have no verdict, or the run was ended early.
    Incomplete,
    /// The baseline lists failures that no longer occur.
    StaleBaseline,
    /// The tool's own fault.
    Internal,
}

impl ExitStatus {
    /// The gravest first.
    pub const PRECEDENCE: [Self; 8] = [
        Self::Internal,
        Self::Usage,
        Self::Unreachable,
        Self::Nothing,
        Self::Failed,
        Self::Incomplete,
        Self::StaleBaseline,
        Self::Conformant,
    ];

    /// The code that the process ends with.
    pub const fn code(self) -> u8 {
        match self {
            Self::Conformant => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Nothing => 4,
            Self::Incomplete => 5,
            Self::StaleBaseline => 6,
            Self::Internal => 70,
        }
    }

    /// How a run that came to this report ends, given what its baseline says. What lies outside of a
    /// run (usage, comparison) is the caller's to add with [`ExitStatus::or`].
    pub fn of(report: &RunReport) -> Self {
        Self::given(report, |verdict| report.open(verdict), violations(report))
    }

    /// How a run ends of which is only asked what became worse since an earlier one: a departure of
    /// before does not count. What has changed about it is the comparison's to say.
    pub fn against(report: &RunReport, earlier: &RunReport) -> Self {
        let before: BTreeSet<(Protocol, &str, Verdict)> =
            earlier.cases.iter().map(|case| (case.protocol, &*case.id, case.verdict)).collect();
        let seen: BTreeSet<(Protocol, &str)> =
            earlier.violations.iter().map(|seen| (seen.protocol, &*seen.requirement)).collect();
        let open = |verdict| {
            let new = |case: &&CaseReport| {
                case.verdict == verdict
                    && !case.is_known()
                    && !before.contains(&(case.protocol, &*case.id, verdict))
            };
            report.cases.iter().filter(new).count()
        };
        let violations = report.violations.iter().filter(|violation| {
            breaks_an_obligation(violation)
                && !violation.is_known()
                && !seen.contains(&(violation.protocol, &*violation.requirement))
        });
        Self::given(report, open, violations.count())
    }

    /// How a run ends in which so many cases and violations count.
    fn given(report: &RunReport, open: impl Fn(Verdict) -> usize, violations: usize) -> Self {
        let totals = &report.totals;
        let holds = |status: Self| match status {
            Self::Internal => open(Verdict::Error) > 0,
            Self::Unreachable => unreachable(report) > 0,
            // A run that was ended before anything ran is incomplete.
            Self::Nothing => {
                totals.judged() + totals.inconclusive + totals.error == 0
                    && report.interrupted.is_none()
            }
            Self::Failed => {
                open(Verdict::Fail) > 0
                    || violations > 0
                    || report.listed().any(|listed| listed.standing != Standing::Known)
            }
            Self::Incomplete => {
                open(Verdict::Inconclusive) > 0
                    || report.interrupted.is_some()
                    || ended(report) > 0
                    || report.cases.len() < report.planned
            }
            Self::StaleBaseline => stale(report) > 0,
            Self::Usage => false,
            Self::Conformant => true,
        };
        Self::PRECEDENCE.into_iter().find(|&status| holds(status)).unwrap_or(Self::Internal)
    }

    /// The graver of the two.
    pub fn or(self, other: Self) -> Self {
        Self::PRECEDENCE
            .into_iter()
            .find(|status| *status == self || *status == other)
            .unwrap_or(self)
    }

    /// What it says of the target, in capitals.
    pub fn verdict(self, report: &RunReport) -> &'static str {
        let known = report.standing(Standing::Known) > 0;
        match self {
            Self::Conformant if known => "AS THE BASELINE SAYS",
            Self::Conformant => "CONFORMANT",
            Self::Failed => "NOT CONFORMANT",
            Self::StaleBaseline => "BASELINE OUT OF DATE",
            _ if report.open(Verdict::Fail) > 0 => "NOT CONFORMANT",
            _ => "INCOMPLETE",
        }
    }

    /// Why, in a few words.
    pub fn reason(self, report: &RunReport) -> String {
        match self {
            Self::Conformant if report.standing(Standing::Known) > 0 => {
                "as the baseline says".to_owned()
            }
            Self::Conformant => "every obligation judged holds".to_owned(),
            Self::Failed if report.listed().any(|listed| listed.standing != Standing::Known) => {
                not_as_listed(report)
            }
            Self::Failed => match (report.open(Verdict::Fail), violations(report)) {
                (0, seen) => format!("{} beside the cases", plural(seen, "violation")),
                (failed, 0) => format!("{} failed", plural(failed, "case")),
                (failed, seen) => format!(
                    "{} failed, {} beside them",
                    plural(failed, "case"),
                    plural(seen, "violation")
                ),
            },
            Self::Usage => "usage or configuration".to_owned(),
            Self::Unreachable => {
                format!("{} could not be tested", plural(unreachable(report), "endpoint"))
            }
            Self::Nothing if report.planned == 0 => "no case was selected".to_owned(),
            Self::Nothing => "no case ran".to_owned(),
            Self::Incomplete => match &report.interrupted {
                Some(why) => format!("ended early: {why}"),
                None if report.open(Verdict::Inconclusive) > 0 => {
                    let open = report.open(Verdict::Inconclusive);
                    format!("{} inconclusive", plural(open, "case"))
                }
                None if ended(report) > 0 => {
                    format!("the target ended by itself {}", plural(ended(report), "time"))
                }
                None => {
                    let missing = report.planned.saturating_sub(report.cases.len());
                    format!("{} not reported", plural(missing, "case"))
                }
            },
            Self::StaleBaseline => {
                let entries = if stale(report) == 1 { "entry" } else { "entries" };
                format!("{} stale {entries} in the baseline", stale(report))
            }
            Self::Internal => {
                let errors = plural(report.open(Verdict::Error), "case");
                format!("{errors} ended in an error of pushspec itself")
            }
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

/// Obligations that were seen to be broken beside the cases, and are not known to be.
fn violations(report: &RunReport) -> usize {
    let open = |seen: &&Violation| breaks_an_obligation(seen) && !seen.is_known();
    report.violations.iter().filter(open).count()
}

/// How often the target ended by itself otherwise than in a case that is known.
fn ended(report: &RunReport) -> usize {
    let known: BTreeSet<String> = report
        .cases
        .iter()
        .filter(|case| case.is_known())
        .map(|case| format!("{} ({})", case.id, case.protocol))
        .collect();
    let unknown = |end: &&ProcessEnd| !end.during.iter().any(|case| known.contains(case));
    report.target.ended.iter().filter(unknown).count()
}

fn stale(report: &RunReport) -> usize {
    report.baseline.as_ref().map_or(0, |baseline| baseline.stale.len())
}

/// How what departs differs from what the baseline lists.
fn not_as_listed(report: &RunReport) -> String {
    if report.standing(Standing::Changed) + report.standing(Standing::Expired) > 0 {
        return "departures differ from the baseline".to_owned();
    }
    let unlisted = report.standing(Standing::Unlisted);
    let noun =
        if report.open(Verdict::Fail) + violations(report) > 0 { "failure" } else { "departure" };
    format!("{} not in the baseline", plural(unlisted, noun))
}

fn unreachable(report: &RunReport) -> usize {
    report.target.endpoints.iter().filter(|endpoint| endpoint.unreachable.is_some()).count()
}

/// A violation of something that is not in the catalogue counts in full: better loud than lost.
pub(crate) fn breaks_an_obligation(violation: &Violation) -> bool {
    Catalogue::embedded()
        .get(violation.protocol, &violation.requirement)
        .is_none_or(|requirement| requirement.level.level() == Level::Must)
}

pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::event::{Endpoint, Target, Totals};

    fn violation(requirement: &str) -> Violation {
        Violation {
            requirement: requirement.to_owned(),
            protocol: Protocol::Mqtt5,
            endpoint: String::new(),
            found: String::new(),
            case: String::new(),
            connection: 0,
            packet: String::new(),
            trace: Vec::new(),
            baseline: None,
        }
    }

    /// A report in which exactly these hold.
    #[allow(clippy::fn_params_excessive_bools)]
    fn report(
        error: bool,
        unreachable: bool,
        fail: bool,
        inconclusive: bool,
        pass: bool,
        interrupted: bool,
    ) -> RunReport {
        let count = usize::from;
        let endpoint = Endpoint {
            configuration: None,
            url: "mqtt://h:1".to_owned(),
            protocols: Vec::new(),
            capabilities: BTreeMap::new(),
            unreachable: unreachable.then(|| "refused".to_owned()),
            left: None,
        };
        RunReport {
            target: Target { endpoints: vec![endpoint], ..Target::default() },
            totals: Totals {
                error: count(error),
                fail: count(fail),
                inconclusive: count(inconclusive),
                pass: count(pass),
                warn: 0,
                not_applicable: 1,
            },
            interrupted: interrupted.then(|| "Ctrl-C".to_owned()),
            ..RunReport::default()
        }
    }

    #[test]
    fn the_first_that_holds_wins() {
        for bits in 0_u8..64 {
            let bit = |at: u8| bits >> at & 1 == 1;
            let [error, unreachable, fail, inconclusive, pass, interrupted] =
                std::array::from_fn(|at| bit(at as u8));
            let expected = if error {
                70
            } else if unreachable {
                3
            } else if !(fail || inconclusive || pass || interrupted) {
                4
            } else if fail {
                1
            } else if inconclusive || interrupted {
                5
            } else {
                0
            };
            let report = report(error, unreachable, fail, inconclusive, pass, interrupted);
            assert_eq!(ExitStatus::of(&report).code(), expected, "{report:?}");
        }
    }

    #[test]
    fn precedence_orders_every_pair() {
        let codes = ExitStatus::PRECEDENCE.map(ExitStatus::code);
        assert_eq!(codes, [70, 2, 3, 4, 1, 5, 6, 0]);
        for (at, graver) in ExitStatus::PRECEDENCE.into_iter().enumerate() {
            for other in &ExitStatus::PRECEDENCE[at..] {
                assert_eq!(graver.or(*other), graver);
                assert_eq!(other.or(graver), graver);
            }
        }
    }

    #[test]
    fn an_empty_run_is_never_green() {
        assert_eq!(ExitStatus::of(&RunReport::default()), ExitStatus::Nothing);
    }

    #[test]
    fn a_missing_case_makes_a_run_incomplete() {
        let mut report = report(false, false, false, false, true, false);
        report.planned = 2;
        assert_eq!(ExitStatus::of(&report), ExitStatus::Incomplete);
    }

    #[test]
    fn what_the_baseline_says_decides() {
        let mut report = crate::report::sample::listed();
        assert_eq!(ExitStatus::of(&report), ExitStatus::Internal);
        report.cases.retain(|case| case.verdict == Verdict::Pass || case.is_known());
        report.target.endpoints.iter_mut().for_each(|endpoint| endpoint.unreachable = None);
        report.target.ended.clear();
        report.interrupted = None;
        report.planned = report.cases.len();
        report.settle();
        assert!(report.totals.fail > 0 && !report.violations.is_empty());
        assert_eq!(ExitStatus::of(&report), ExitStatus::StaleBaseline);
        report.baseline.iter_mut().for_each(|baseline| baseline.stale.clear());
        assert_eq!(ExitStatus::of(&report), ExitStatus::Conformant);
        assert_eq!(ExitStatus::Conformant.verdict(&report), "AS THE BASELINE SAYS");
        report.cases[0].baseline = report.violations[0]
            .baseline
            .clone()
            .map(|listed| crate::listed::Listed { standing: Standing::Unlisted, ..listed });
        assert_eq!(ExitStatus::of(&report), ExitStatus::Failed);
    }

    #[test]
    fn a_departure_of_before_does_not_count_against_an_earlier_run() {
        let now = RunReport {
            violations: vec![violation("MQTT-3.3.1-2")],
            ..report(false, false, false, false, true, false)
        };
        assert_eq!(ExitStatus::of(&now), ExitStatus::Failed);
        assert_eq!(ExitStatus::against(&now, &now), ExitStatus::Conformant);
        assert_eq!(ExitStatus::against(&now, &RunReport::default()), ExitStatus::Failed);
        let mut now = crate::report::sample::report();
        now.cases.retain(|case| matches!(case.verdict, Verdict::Fail | Verdict::Inconclusive));
        now.target.endpoints.iter_mut().for_each(|endpoint| endpoint.unreachable = None);
        now.target.ended.clear();
        now.interrupted = None;
        now.planned = now.cases.len();
        now.settle();
        assert_eq!(ExitStatus::of(&now), ExitStatus::Failed);
        assert_eq!(ExitStatus::against(&now, &now), ExitStatus::Conformant);
        let mut before = now.clone();
        before.cases.retain(|case| case.verdict == Verdict::Fail);
        assert_eq!(ExitStatus::against(&now, &before), ExitStatus::Incomplete);
        before.cases.remove(0);
        assert_eq!(ExitStatus::against(&now, &before), ExitStatus::Failed);
    }

    #[test]
    fn a_known_crash_leaves_nothing_incomplete() {
        let mut report = crate::report::sample::listed();
        report.cases.retain(CaseReport::is_known);
        report.target.endpoints.iter_mut().for_each(|endpoint| endpoint.unreachable = None);
        report.interrupted = None;
        report.baseline = None;
        report.planned = report.cases.len();
        report.settle();
        let during = |case: &str| ProcessEnd {
            how: "signal 11".to_owned(),
            during: vec!["mqtt/ping/is-answered (5.0)".to_owned(), case.to_owned()],
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        let known = format!("{} ({})", report.cases[0].id, report.cases[0].protocol);
        report.target.ended = vec![during(&known)];
        assert_eq!(ExitStatus::of(&report), ExitStatus::Conformant);
        report.target.ended.push(during("mqtt/will/delay (5.0)"));
        assert_eq!(ExitStatus::of(&report), ExitStatus::Incomplete);
    }

    #[test]
    fn warnings_are_no_failure() {
        let mut report = report(false, false, false, false, true, false);
        report.totals.warn = 3;
        assert_eq!(ExitStatus::of(&report), ExitStatus::Conformant);
    }

    #[test]
    fn a_violation_fails_as_its_requirement_demands() {
        let with = |id| RunReport {
            violations: vec![violation(id)],
            ..report(false, false, false, false, true, false)
        };
        assert_eq!(ExitStatus::of(&with("MQTT-3.3.1-2")), ExitStatus::Failed);
        assert_eq!(ExitStatus::of(&with("X5-S02")), ExitStatus::Conformant);
        assert_eq!(ExitStatus::of(&with("not in the catalogue")), ExitStatus::Failed);
    }

    #[test]
    fn every_status_has_a_reason() {
        let mut report = report(true, true, true, true, true, true);
        report.violations.push(violation("MQTT-3.3.1-2"));
        let reasons = ExitStatus::PRECEDENCE.map(|status| status.reason(&report));
        insta::assert_debug_snapshot!(reasons);
    }
}
