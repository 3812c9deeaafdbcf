#![allow(clippy::unwrap_used)]

use super::*;
use crate::event::{CaseReport, RunReport, Verdict, Violation};
use crate::listed::Standing;
use crate::report::{ExitStatus, sample};

const TODAY: Date = Date { year: 2026, month: 11, day: 27 };

/// A whole run in which everything is right that is not said here.
fn report(cases: &[(&str, Verdict, &str)]) -> RunReport {
    let sample = sample::report();
    let mut report = RunReport {
        cases: cases
            .iter()
            .map(|(id, verdict, found)| case(&sample, id, *verdict, found))
            .collect(),
        violations: Vec::new(),
        interrupted: None,
        ..sample
    };
    report.target.endpoints.truncate(1);
    report.target.endpoints[0].unreachable = None;
    report.target.ended = Vec::new();
    report.target.endpoints[0].url = "mqtt://h:1883".to_owned();
    report.target.endpoints[0].protocols = vec![Protocol::Mqtt5];
    report.planned = report.cases.len();
    report.settle();
    report
}

fn case(sample: &RunReport, id: &str, verdict: Verdict, found: &str) -> CaseReport {
    CaseReport {
        id: id.to_owned(),
        protocol: Protocol::Mqtt5,
        endpoint: "mqtt://h:1883".to_owned(),
        requirements: vec!["MQTT-3.1.0-2".to_owned()],
        verdict,
        found: (!found.is_empty()).then(|| found.to_owned()),
        advice: Vec::new(),
        ..sample.cases[0].clone()
    }
}

fn entry(case: &str, signature: &str, more: &str) -> String {
    format!(
        "[[known]]\ncase = \"{case}\"\nprotocol = \"5.0\"\nsignature = \"{signature}\"\n\
         disposition = \"bug\"\nwhy = \"so\"\n{more}\n"
    )
}

const FAILS: &str = "fail MQTT-3.1.0-2: it stays open";

fn judged(baseline: &str, report: &RunReport) -> RunReport {
    let mut report = report.clone();
    baseline.parse::<Baseline>().unwrap().judge(&mut report, "broker.toml", TODAY);
    report
}

fn status(baseline: &str, report: &RunReport) -> ExitStatus {
    ExitStatus::of(&judged(baseline, report))
}

#[test]
fn what_is_listed_as_it_is_passes() {
    let one = report(&[("a", Verdict::Fail, "it stays open"), ("b", Verdict::Pass, "")]);
    assert_eq!(status("", &one), ExitStatus::Failed);
    assert_eq!(status(&entry("a", FAILS, ""), &one), ExitStatus::Conformant);
}

#[test]
fn a_case_without_a_verdict_can_be_listed() {
    let one = report(&[("a", Verdict::Inconclusive, "never answered"), ("b", Verdict::Pass, "")]);
    assert_eq!(status("", &one), ExitStatus::Incomplete);
    let listed = entry("a", "inconclusive MQTT-3.1.0-2: never answered", "");
    assert_eq!(status(&listed, &one), ExitStatus::Conformant);
}

#[test]
fn what_looks_different_is_red() {
    let one = report(&[("a", Verdict::Fail, "it crashes")]);
    let changed = judged(&entry("a", FAILS, ""), &one);
    assert_eq!(changed.standing(Standing::Changed), 1);
    assert_eq!(ExitStatus::of(&changed), ExitStatus::Failed);
    // Also where it has become a warning.
    let milder = report(&[("a", Verdict::Warn, "it stays open")]);
    assert_eq!(status(&entry("a", FAILS, ""), &milder), ExitStatus::Failed);
}

#[test]
fn one_of_several_signatures_is_enough() {
    let text = entry("a", FAILS, "").replace(
        &format!("signature = \"{FAILS}\""),
        &format!("signature = [\"{FAILS}\", \"fail MQTT-3.1.0-2: it crashes\"]"),
    );
    let one = report(&[("a", Verdict::Fail, "it crashes")]);
    assert_eq!(status(&text, &one), ExitStatus::Conformant);
}

#[test]
fn an_unexpected_pass_is_stale_and_so_is_what_was_not_run() {
    let one = report(&[("a", Verdict::Pass, "")]);
    assert_eq!(status(&entry("a", FAILS, ""), &one), ExitStatus::StaleBaseline);
    assert_eq!(status(&entry("gone", FAILS, ""), &one), ExitStatus::StaleBaseline);
    // A failure weighs more.
    let two = report(&[("a", Verdict::Pass, ""), ("b", Verdict::Fail, "x")]);
    assert_eq!(status(&entry("a", FAILS, ""), &two), ExitStatus::Failed);
}

#[test]
fn a_run_of_a_part_says_nothing_of_the_rest() {
    let mut part = report(&[("a", Verdict::Pass, "")]);
    part.scope.cases = vec!["a".to_owned()];
    let part = judged(&entry("elsewhere", FAILS, ""), &part);
    assert_eq!(ExitStatus::of(&part), ExitStatus::Conformant);
    assert_eq!(part.baseline.unwrap().not_covered, 1);
}

#[test]
fn an_entry_expires() {
    let one = report(&[("a", Verdict::Fail, "it stays open")]);
    let until = |date: &str| entry("a", FAILS, &format!("expires = {date}"));
    assert_eq!(status(&until("2026-11-27"), &one), ExitStatus::Failed);
    assert_eq!(status(&until("2026-11-28"), &one), ExitStatus::Conformant);
    let soon = |date| judged(&until(date), &one).baseline.unwrap().soon.len();
    assert_eq!((soon("2026-12-20"), soon("2027-06-01")), (1, 0));
}

#[test]
fn endpoint_target_and_condition_narrow_an_entry() {
    let mut one = report(&[("a", Verdict::Fail, "it stays open")]);
    let with = |more: &str| entry("a", FAILS, more);
    assert_eq!(status(&with("endpoint = \"mqtt\""), &one), ExitStatus::Conformant);
    assert_eq!(status(&with("endpoint = \"ws\""), &one), ExitStatus::Failed);
    assert_eq!(status(&with("target = \"b\""), &one), ExitStatus::Failed);
    one.target.name = Some("b".to_owned());
    assert_eq!(status(&with("target = \"b\""), &one), ExitStatus::Conformant);
    let offers = [("retain".to_owned(), "no".to_owned())].into_iter().collect();
    one.target.endpoints[0].capabilities = [("5.0".to_owned(), offers)].into_iter().collect();
    assert_eq!(status(&with("when = { retain = \"no\" }"), &one), ExitStatus::Conformant);
    assert_eq!(status(&with("when = { retain = \"yes\" }"), &one), ExitStatus::Failed);
}

#[test]
fn strict_wants_warnings_listed() {
    let one = report(&[("a", Verdict::Warn, "no code"), ("b", Verdict::Pass, "")]);
    assert_eq!(status("", &one), ExitStatus::Conformant);
    assert_eq!(status("strict = true", &one), ExitStatus::Failed);
}

fn violation() -> Violation {
    Violation {
        requirement: "MQTT-3.3.1-2".to_owned(),
        protocol: Protocol::Mqtt5,
        endpoint: "mqtt://h:1883".to_owned(),
        found: "DUP".to_owned(),
        case: "a".to_owned(),
        connection: 1,
        packet: String::new(),
        trace: Vec::new(),
        baseline: None,
    }
}

#[test]
fn what_the_monitor_saw_can_be_listed() {
    let mut one = report(&[("a", Verdict::Pass, "")]);
    one.violations = vec![violation()];
    assert_eq!(status("", &one), ExitStatus::Failed);
    let listed = entry("monitor/MQTT-3.3.1-2", "fail MQTT-3.3.1-2", "");
    assert_eq!(status(&listed, &one), ExitStatus::Conformant);
    one.violations.clear();
    assert_eq!(status(&listed, &one), ExitStatus::StaleBaseline);
    // Where it is not seen each time.
    assert_eq!(status(&format!("{listed}also = [\"pass\"]\n"), &one), ExitStatus::Conformant);
}

#[test]
fn slips_are_told_with_their_line() {
    let problem = |text: &str| text.parse::<Baseline>().unwrap_err().to_string();
    let twice = format!("# known\n{}{}", entry("a", FAILS, ""), entry("a", "fail: x", ""));
    assert_eq!(problem(&twice), "line 10: a in 5.0 is listed already, in line 3");
    let typo = entry("a", FAILS, "").replace("signature", "signatur");
    assert!(problem(&typo).contains("did you mean `signature`?"), "{}", problem(&typo));
    let other = entry("a", FAILS, "").replace("\"bug\"", "\"bugs\"");
    assert!(problem(&other).starts_with("line 5: unknown variant `bugs`"), "{}", problem(&other));
    assert!(problem(&entry("a", FAILS, "").replace("5.0", "5.1")).starts_with("line 3: `5.1`"));
    assert!(problem(&entry("a", FAILS, "expires = 10:00:00")).contains("expected a date"));
}

#[test]
fn a_first_baseline_makes_its_report_pass() {
    let one = report(&[
        ("a", Verdict::Fail, "it stays open"),
        ("b", Verdict::Warn, "no code"),
        ("c", Verdict::Inconclusive, "no \"answer\""),
        ("d", Verdict::Pass, ""),
    ]);
    let strict = init(&one, true, TODAY).unwrap();
    assert_eq!(status(&strict, &one), ExitStatus::Conformant);
    assert_eq!(update(&strict, &one, TODAY).unwrap(), strict);
    insta::assert_snapshot!(strict);
    let lax = init(&report(&[("b", Verdict::Warn, "no code")]), false, TODAY).unwrap();
    assert!(!lax.contains("[[known]]"), "{lax}");
}

#[test]
fn an_update_leaves_the_rest_as_it_is() {
    let text = format!(
        "# ours\nstrict = false\n\n# stays\n{}\n# goes\n{}\n# changes\n{}",
        entry("stays", FAILS, "issue = \"https://example.org/1\" # see there"),
        entry("goes", FAILS, ""),
        entry("changes", FAILS, "expires = 2030-01-01"),
    );
    let now = report(&[
        ("stays", Verdict::Fail, "it stays open"),
        ("goes", Verdict::Pass, ""),
        ("changes", Verdict::Fail, "it crashes"),
        ("new", Verdict::Fail, "it lies"),
    ]);
    let updated = update(&text, &now, TODAY).unwrap();
    assert_eq!(status(&updated, &now), ExitStatus::Conformant);
    insta::assert_snapshot!(updated);
}

#[test]
fn what_departs_at_one_endpoint_only_is_listed_for_that_one() {
    let mut two = report(&[("a", Verdict::Fail, "it stays open"), ("a", Verdict::Pass, "")]);
    let mut ws = two.target.endpoints[0].clone();
    ws.url = "ws://h:80/mqtt".to_owned();
    two.cases[1].endpoint.clone_from(&ws.url);
    two.target.endpoints.push(ws);
    two.settle();
    let first = init(&two, false, TODAY).unwrap();
    assert!(first.contains("endpoint = \"mqtt\""), "{first}");
    assert_eq!(status(&first, &two), ExitStatus::Conformant);
    // Without it the pass at the other endpoint is unexpected.
    assert_eq!(status(&entry("a", FAILS, ""), &two), ExitStatus::StaleBaseline);
}

/// Some have a port for each version.
#[test]
fn what_an_endpoint_does_not_speak_is_no_matter_of_it() {
    let mut two =
        report(&[("a", Verdict::Fail, "it stays open"), ("a", Verdict::NotApplicable, "")]);
    two.cases[1].endpoint = "mqtt://h:1884".to_owned();
    let mut other = two.target.endpoints[0].clone();
    other.url.clone_from(&two.cases[1].endpoint);
    other.protocols = vec![Protocol::Mqtt311];
    two.target.endpoints.push(other);
    let listed = entry("a", FAILS, "");
    assert_eq!(status(&listed, &two), ExitStatus::Conformant);
    assert!(!init(&two, false, TODAY).unwrap().contains("endpoint ="));
    two.target.endpoints[1].protocols.push(Protocol::Mqtt5);
    assert_eq!(status(&listed, &two), ExitStatus::StaleBaseline);
}

#[test]
fn what_the_monitor_saw_over_one_transport_only_is_listed_for_that_one() {
    let mut two = report(&[("a", Verdict::Pass, ""), ("a", Verdict::Pass, "")]);
    let mut ws = two.target.endpoints[0].clone();
    ws.url = "ws://h:80/mqtt".to_owned();
    two.cases[1].endpoint.clone_from(&ws.url);
    two.target.endpoints.push(ws);
    let seen = |endpoint: &str, found: &str| Violation {
        endpoint: endpoint.to_owned(),
        found: found.to_owned(),
        ..violation()
    };
    two.violations =
        vec![seen("ws://h:80/mqtt", "DUP"), seen("ws://h:80/mqtt", "DUP, differently")];
    two.settle();
    let first = init(&two, false, TODAY).unwrap();
    assert_eq!(first.matches("endpoint = \"ws\"").count(), 1, "{first}");
    assert_eq!(status(&first, &two), ExitStatus::Conformant);
    // A run that is over the other one alone misses nothing.
    let mut one = two.clone();
    one.violations.clear();
    one.cases.truncate(1);
    one.target.endpoints.truncate(1);
    one.planned = one.cases.len();
    one.settle();
    assert_eq!(status(&first, &one), ExitStatus::Conformant);
    two.violations.push(seen("mqtt://h:1883", "DUP"));
    assert!(!init(&two, false, TODAY).unwrap().contains("endpoint = "));
}

#[test]
fn the_result_reads_well() {
    let text = format!(
        "{}{}{}{}",
        entry("known", FAILS, ""),
        entry("changed", FAILS, ""),
        entry("stale", FAILS, ""),
        entry("old", FAILS, "expires = 2026-01-01")
    );
    let now = report(&[
        ("known", Verdict::Fail, "it stays open"),
        ("changed", Verdict::Fail, "it crashes"),
        ("stale", Verdict::Pass, ""),
        ("old", Verdict::Fail, "it stays open"),
        ("new", Verdict::Fail, "it lies"),
    ]);
    let look = crate::report::text::Look::default();
    insta::assert_snapshot!(crate::report::terminal::baseline(&judged(&text, &now), look));
}

#[test]
fn a_case_may_have_other_verdicts_where_the_target_varies() {
    let also = entry("a", FAILS, "also = [\"inconclusive\", \"pass\"]");
    for (verdict, found, expected) in [
        (Verdict::Fail, "it stays open", ExitStatus::Conformant),
        (Verdict::Inconclusive, "once so, once not", ExitStatus::Conformant),
        (Verdict::Pass, "", ExitStatus::Conformant),
        (Verdict::Fail, "it crashes", ExitStatus::Failed),
        (Verdict::NotApplicable, "", ExitStatus::StaleBaseline),
    ] {
        let one = report(&[("a", verdict, found), ("b", Verdict::Pass, "")]);
        assert_eq!(status(&also, &one), expected, "{verdict} {found}");
    }
    let one = report(&[("a", Verdict::Inconclusive, "once so, once not")]);
    assert_eq!(update(&also, &one, TODAY).unwrap(), also);
}

#[test]
fn a_run_marked_as_it_goes_is_the_report_judged_afterwards() {
    let text = format!(
        "strict = true\n{}{}",
        entry("mqtt/malformed/publish-with-both-qos-bits", "fail: otherwise", ""),
        entry("mqtt/gone", FAILS, "")
    );
    let baseline: Baseline = text.parse().unwrap();
    let mut marker = Marker::new(&baseline, "broker.toml".to_owned(), TODAY);
    let mut events = sample::events();
    for event in &mut events {
        marker.mark(event);
    }
    events.push(marker.close(&RunReport::from_events(&events)));
    let afterwards = judged(&text, &RunReport::from_events(&sample::events()));
    assert!(afterwards.listed().count() > 1);
    assert_eq!(RunReport::from_events(&events), afterwards);
}
