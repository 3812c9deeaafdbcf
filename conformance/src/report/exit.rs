//! The exit code, and why.

use std::process::ExitCode;

use crate::event::{RunReport, Violation};
use crate::requirement::{Catalogue, Level};

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

    /// How a run that came to this report ends. What lies outside of a run (usage, baseline) is the
    /// caller's to add with [`ExitStatus::or`].
    pub fn of(report: &RunReport) -> Self {
        let totals = &report.totals;
        let holds = |status: Self| match status {
            Self::Internal => totals.error > 0,
            Self::Unreachable => unreachable(report) > 0,
            Self::Nothing => totals.judged() + totals.inconclusive + totals.error == 0,
            Self::Failed => totals.fail > 0 || report.violations.iter().any(breaks_an_obligation),
            Self::Incomplete => {
                totals.inconclusive > 0
                    || report.interrupted.is_some()
                    || !report.target.ended.is_empty()
                    || report.cases.len() < report.planned
            }
            Self::Usage | Self::StaleBaseline => false,
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
    pub const fn verdict(self, report: &RunReport) -> &'static str {
        match self {
            Self::Conformant => "CONFORMANT",
            Self::Failed => "NOT CONFORMANT",
            _ if report.totals.fail > 0 => "NOT CONFORMANT",
            _ => "INCOMPLETE",
        }
    }

    /// Why, in a few words.
    pub fn reason(self, report: &RunReport) -> String {
        let totals = &report.totals;
        match self {
            Self::Conformant => "every obligation judged holds".to_owned(),
            Self::Failed => {
                let violations =
                    report.violations.iter().filter(|found| breaks_an_obligation(found)).count();
                match (totals.fail, violations) {
                    (0, seen) => format!("{} beside the cases", plural(seen, "violation")),
                    (failed, 0) => format!("{} failed", plural(failed, "case")),
                    (failed, seen) => format!(
                        "{} failed, {} beside them",
                        plural(failed, "case"),
                        plural(seen, "violation")
                    ),
                }
            }
            Self::Usage => "usage or configuration".to_owned(),
            Self::Unreachable => {
                format!("{} could not be tested", plural(unreachable(report), "endpoint"))
            }
            Self::Nothing if report.planned == 0 => "no case was selected".to_owned(),
            Self::Nothing => "no case ran".to_owned(),
            Self::Incomplete => match &report.interrupted {
                Some(why) => format!("ended early: {why}"),
                None if totals.inconclusive > 0 => {
                    format!("{} inconclusive", plural(totals.inconclusive, "case"))
                }
                None if !report.target.ended.is_empty() => {
                    format!(
                        "the target ended by itself {}",
                        plural(report.target.ended.len(), "time")
                    )
                }
                None => {
                    let missing = report.planned.saturating_sub(report.cases.len());
                    format!("{} not reported", plural(missing, "case"))
                }
            },
            Self::StaleBaseline => "the baseline lists failures that are gone".to_owned(),
            Self::Internal => {
                format!("{} ended in an error of pushspec itself", plural(totals.error, "case"))
            }
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
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
    use crate::requirement::Protocol;

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
            url: "mqtt://h:1".to_owned(),
            protocols: Vec::new(),
            capabilities: BTreeMap::new(),
            unreachable: unreachable.then(|| "refused".to_owned()),
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
            } else if !(fail || inconclusive || pass) {
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
