//! The `JUnit` report, in the dialect of Jenkins.
//!
//! One test suite per endpoint and protocol. A case fails as `<failure>`; a case without a verdict on
//! the target is an `<error>` of type `inconclusive` or `error`, never a pass; one that does not
//! apply is `<skipped>` with its reason, and so is a departure that the baseline bears; a warning passes, and is told in `system-out` and in the
//! property `warning`. What belongs to no case (an endpoint that cannot be tested, a run that was
//! ended early, violations seen beside the cases) is a test case of its own, so that it cannot be
//! overlooked.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::event::{CaseReport, RunReport, Verdict};
use crate::requirement::Protocol;

use super::rows::{Counts, Row, chapter, plain, rows};

/// Writes the report.
pub fn write(report: &RunReport, mut out: impl io::Write) -> io::Result<()> {
    junit(report).serialize(&mut out).map_err(io::Error::other)?;
    out.flush()
}

fn junit(report: &RunReport) -> Report {
    let mut junit = Report::new("pushspec");
    junit.set_time(Duration::from_millis(report.duration_ms));
    let rows = rows(report);
    let mut suites: Vec<(String, Vec<&Row<'_>>)> = Vec::new();
    for row in &rows {
        let name = row.suite();
        match suites.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => rows.push(row),
            None => suites.push((name, vec![row])),
        }
    }
    for (name, rows) in suites {
        let mut suite = TestSuite::new(name);
        suite.set_time(Duration::from_millis(rows.iter().map(|row| row.duration_ms).sum()));
        suite.add_test_cases(rows.into_iter().map(test_case));
        junit.add_test_suite(suite);
    }
    junit
}

fn test_case(row: &Row<'_>) -> TestCase {
    let mut test = TestCase::new(row.name.as_str(), status(row));
    test.set_classname(class(row));
    if row.protocol.is_some() {
        test.set_time(Duration::from_millis(row.duration_ms));
    }
    for id in &row.requirements {
        test.add_property(Property::new("requirement", plain(id)));
    }
    if let Some(level) = row.level {
        test.add_property(Property::new("level", level.to_string()));
    }
    test.add_property(Property::new("verdict", row.verdict));
    if let Some(remark) = &row.remark {
        test.add_property(Property::new("baseline", remark.as_str()));
    }
    let mut said = String::new();
    if let Some(case) = row.case {
        for (name, value) in &case.observations {
            test.add_property(Property::new(plain(&format!("observed: {name}")), plain(value)));
        }
        said = said_of(case);
    } else if row.counts == Counts::Passed {
        let _ = writeln!(said, "warning: {}\n{}", row.message, row.account);
    }
    if row.verdict == Verdict::Warn.name() {
        test.add_property(Property::new("warning", row.message.as_str()));
    }
    if !said.is_empty() {
        test.set_system_out(plain(&said));
    }
    test
}

/// Warnings and advice: a case with nothing worse passes.
fn said_of(case: &CaseReport) -> String {
    let mut said = String::new();
    if case.verdict == Verdict::Warn {
        let found = case.found.as_deref().unwrap_or_default();
        let _ = writeln!(said, "warning: expected that {}; found: {found}", case.expected);
    }
    for advice in &case.advice {
        if case.found.as_ref() != Some(&advice.found) {
            let _ = writeln!(said, "advice: {}; found: {}", advice.expected, advice.found);
        }
    }
    said
}

fn status(row: &Row<'_>) -> TestCaseStatus {
    let (kind, ty) = match row.counts {
        Counts::Passed => return TestCaseStatus::success(),
        Counts::Skipped => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(row.message.as_str());
            return skipped;
        }
        // The only state that reddens no job and is no pass either.
        Counts::Known => {
            let mut known = TestCaseStatus::skipped();
            known.set_message(row.remark.as_deref().unwrap_or_default());
            known.set_description(row.account.as_str());
            return known;
        }
        Counts::Failed => (
            NonSuccessKind::Failure,
            row.level.map_or_else(|| row.verdict.to_owned(), |level| level.to_string()),
        ),
        Counts::Unknown => (NonSuccessKind::Error, row.verdict.to_owned()),
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(ty).set_message(row.message.as_str());
    if row.account != row.message {
        status.set_description(row.account.as_str());
    }
    status
}

/// `pushspec.mqtt5.publish`: Jenkins makes package and class of it at the last dot.
fn class(row: &Row<'_>) -> String {
    let version = match row.protocol {
        None => return "pushspec.run".to_owned(),
        Some(Protocol::Mqtt31) => "mqtt31",
        Some(Protocol::Mqtt311) => "mqtt311",
        Some(Protocol::Mqtt5) => "mqtt5",
        Some(Protocol::Sse) => "sse",
    };
    format!("pushspec.{version}.{}", chapter(&row.name).replace('.', "-"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::report::sample;

    fn written(report: &RunReport) -> String {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn reads_well() {
        insta::assert_snapshot!(written(&sample::report()));
    }

    #[test]
    fn what_went_wrong_around_the_cases_is_there() {
        insta::assert_snapshot!(written(&sample::broken_off()));
    }

    #[test]
    fn what_the_baseline_bears_reddens_nothing() {
        let report = sample::listed();
        let text = written(&report);
        let parsed = Report::deserialize_from_str(&text).unwrap();
        let stale = report.baseline.as_ref().unwrap().stale.len();
        // Warnings have to be listed there, and are not.
        let red = report.open(Verdict::Fail) + report.open(Verdict::Warn) + stale;
        assert_eq!(parsed.failures, red);
        assert!(report.open(Verdict::Fail) < report.totals.fail);
        assert!(
            text.contains("message=\"known (bug, https://example.org/2211): it is #known"),
            "{text}"
        );
    }

    #[test]
    fn every_report_can_be_parsed_again() {
        for report in
            [sample::report(), sample::hostile(), sample::broken_off(), sample::conformant()]
        {
            let text = written(&report);
            let parsed = Report::deserialize_from_str(&text).unwrap();
            let counted: usize =
                parsed.test_suites.iter().map(|suite| suite.test_cases.len()).sum();
            assert!(counted >= report.cases.len());
            assert_eq!(parsed.failures, report.totals.fail + report.violations.len());
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        }
    }

    #[test]
    fn only_what_holds_passes() {
        let report = sample::report();
        let parsed = Report::deserialize_from_str(&written(&report)).unwrap();
        let all = || parsed.test_suites.iter().flat_map(|suite| &suite.test_cases);
        let rows = rows(&report);
        for (row, case) in rows.iter().filter_map(|row| Some((row, row.case?))) {
            let class = class(row);
            let test = all()
                .find(|test| {
                    test.name.as_str() == case.id
                        && test.classname.as_ref().unwrap().as_str() == class
                })
                .unwrap();
            let passes = matches!(test.status, TestCaseStatus::Success { .. });
            assert_eq!(
                passes,
                matches!(case.verdict, Verdict::Pass | Verdict::Warn),
                "{}",
                case.id
            );
            let skipped = matches!(test.status, TestCaseStatus::Skipped { .. });
            assert_eq!(skipped, case.verdict == Verdict::NotApplicable, "{}", case.id);
        }
        assert_eq!(parsed.errors, report.totals.error + report.totals.inconclusive);
    }

    #[test]
    fn hostile_texts_survive() {
        let parsed = Report::deserialize_from_str(&written(&sample::hostile())).unwrap();
        let TestCaseStatus::NonSuccess { message, .. } =
            &parsed.test_suites[0].test_cases[0].status
        else {
            unreachable!("it failed");
        };
        let message = message.as_ref().unwrap().as_str();
        assert!(message.starts_with("a\\u{0}b\\u{1b}[2J]]><x y='\"'>&amp;\\u{202e}"), "{message}");
        assert!(message.contains('🦀'));
    }
}
