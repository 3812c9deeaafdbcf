//! The `JUnit` report, in the dialect of Jenkins.
//!
//! One test suite per endpoint and protocol. A case fails as `<failure>`; a case without a verdict on
//! the target is an `<error>` of type `inconclusive` or `error`, never a pass; one that does not
//! apply is `<skipped>` with its reason; a warning passes, and is told in `system-out` and in the
//! property `warning`. What belongs to no case (an endpoint that cannot be tested, a run that was
//! ended early, violations seen beside the cases) is a test case of its own, so that it cannot be
//! overlooked.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::event::{CaseReport, RunReport, Verdict, Violation};
use crate::requirement::{Catalogue, Level, Protocol};

use super::terminal::{trace_lines, trace_text};
use super::text::Look;

/// How wide traces are in `<failure>` texts.
const LOOK: Look = Look { width: 100, colour: false, unicode: true };

/// Writes the report.
pub fn write(report: &RunReport, mut out: impl io::Write) -> io::Result<()> {
    junit(report).serialize(&mut out).map_err(io::Error::other)?;
    out.flush()
}

fn junit(report: &RunReport) -> Report {
    let mut junit = Report::new("pushspec");
    junit.set_time(Duration::from_millis(report.duration_ms));
    for endpoint in &report.target.endpoints {
        if let Some(reason) = &endpoint.unreachable {
            let mut suite = TestSuite::new(plain(&endpoint.url));
            suite.add_test_case(error("endpoint", "unreachable", reason));
            junit.add_test_suite(suite);
        }
        for &protocol in &endpoint.protocols {
            let suite = suite(report, &endpoint.url, protocol);
            if !suite.test_cases.is_empty() {
                junit.add_test_suite(suite);
            }
        }
    }
    if let Some(why) = &report.interrupted {
        let missing = report.planned.saturating_sub(report.cases.len());
        let text = format!("{why} ({missing} of {} planned cases not reported)", report.planned);
        let mut suite = TestSuite::new("run");
        suite.add_test_case(error("run-to-its-end", "incomplete", &text));
        junit.add_test_suite(suite);
    }
    junit
}

fn suite(report: &RunReport, url: &str, protocol: Protocol) -> TestSuite {
    let mut suite = TestSuite::new(plain(&format!("{url} {}", protocol.title())));
    let mut time = Duration::ZERO;
    for case in &report.cases {
        if case.endpoint == url && case.protocol == protocol {
            time += Duration::from_millis(case.duration_ms);
            suite.add_test_case(test_case(case));
        }
    }
    for violation in &report.violations {
        if violation.endpoint == url && violation.protocol == protocol {
            suite.add_test_case(violation_case(violation));
        }
    }
    suite.set_time(time);
    suite
}

fn test_case(case: &CaseReport) -> TestCase {
    let found = case.found.as_deref().unwrap_or_default();
    let status = match case.verdict {
        Verdict::Pass | Verdict::Warn => TestCaseStatus::success(),
        Verdict::Fail => status(NonSuccessKind::Failure, &case.level.to_string(), found, case),
        Verdict::Inconclusive | Verdict::Error => {
            status(NonSuccessKind::Error, case.verdict.name(), found, case)
        }
        Verdict::NotApplicable => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(plain(found));
            skipped
        }
    };
    let mut test = TestCase::new(plain(&case.id), status);
    test.set_classname(class(case.protocol, &case.id));
    test.set_time(Duration::from_millis(case.duration_ms));
    for id in &case.requirements {
        test.add_property(Property::new("requirement", plain(id)));
    }
    test.add_property(Property::new("level", case.level.to_string()));
    test.add_property(Property::new("verdict", case.verdict.name()));
    for (name, value) in &case.observations {
        test.add_property(Property::new(plain(&format!("observed: {name}")), plain(value)));
    }
    let mut said = String::new();
    if case.verdict == Verdict::Warn {
        test.add_property(Property::new("warning", plain(found)));
        let _ = writeln!(said, "warning: expected that {}; found: {found}", case.expected);
    }
    for advice in &case.advice {
        if case.found.as_ref() != Some(&advice.found) {
            let _ = writeln!(said, "advice: {}; found: {}", advice.expected, advice.found);
        }
    }
    if !said.is_empty() {
        test.set_system_out(plain(&said));
    }
    test
}

fn status(kind: NonSuccessKind, ty: &str, found: &str, case: &CaseReport) -> TestCaseStatus {
    let mut text = String::new();
    for id in &case.requirements {
        if let Some(requirement) = Catalogue::embedded().get(case.protocol, id) {
            let _ = writeln!(text, "{id}  {}", requirement.text);
            let _ = writeln!(text, "{}  {}", requirement.place(), requirement.link());
        }
    }
    let _ = writeln!(text, "\nexpected: {}\nfound:    {found}\n", case.expected);
    text.push_str(&trace_text(case, LOOK));
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(ty).set_message(plain(found)).set_description(plain(&text));
    status
}

fn violation_case(violation: &Violation) -> TestCase {
    let requirement = Catalogue::embedded().get(violation.protocol, &violation.requirement);
    let level = requirement.map_or(Level::Must, |requirement| requirement.level.level());
    let name = format!("monitor/{}", violation.requirement);
    let text = format!(
        "{}\nseen during {}\n\n{}",
        requirement.map_or("", |requirement| requirement.text),
        violation.case,
        trace_lines(&violation.trace, violation.protocol, LOOK)
    );
    let status = if level == Level::Must {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status
            .set_type(level.to_string())
            .set_message(plain(&violation.found))
            .set_description(plain(&text));
        status
    } else {
        TestCaseStatus::success()
    };
    let mut case = TestCase::new(plain(&name), status);
    case.set_classname(class(violation.protocol, &format!("mqtt/{name}")));
    case.add_property(Property::new("requirement", plain(&violation.requirement)));
    if level != Level::Must {
        case.set_system_out(plain(&format!("warning: {}\n{text}", violation.found)));
    }
    case
}

fn error(name: &str, ty: &str, message: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type(ty).set_message(plain(message));
    let mut test = TestCase::new(name, status);
    test.set_classname("pushspec.run");
    test
}

/// `pushspec.mqtt5.publish`: Jenkins makes package and class of it at the last dot.
fn class(protocol: Protocol, id: &str) -> String {
    let version = match protocol {
        Protocol::Mqtt31 => "mqtt31",
        Protocol::Mqtt311 => "mqtt311",
        Protocol::Mqtt5 => "mqtt5",
        Protocol::Sse => "sse",
    };
    let group = match id.split('/').collect::<Vec<_>>()[..] {
        [_, .., group, _] => group,
        _ => "other",
    };
    plain(&format!("pushspec.{version}.{}", group.replace('.', "-")))
}

/// The text without what XML cannot hold, and made harmless for consoles that print it.
fn plain(text: &str) -> String {
    text.split('\n').map(|line| LOOK.visible(line)).collect::<Vec<_>>().join("\n")
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
        for case in &report.cases {
            let class = class(case.protocol, &case.id);
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
