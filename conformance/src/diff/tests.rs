#![allow(clippy::unwrap_used)]

use super::*;
use crate::event::{CaseReport, RunReport, Scope, Shard, Violation};
use crate::report::sample;
use crate::report::text::Look;
use crate::schema_file;
use crate::trace::TraceEntry;

/// A run at one endpoint in which these cases came to these verdicts.
fn run(cases: &[(&str, Verdict)]) -> RunReport {
    let sample = sample::report();
    let case = |(id, verdict): &(&str, Verdict)| CaseReport {
        id: (*id).to_owned(),
        protocol: Protocol::Mqtt5,
        endpoint: "mqtt://h:1883".to_owned(),
        verdict: *verdict,
        found: (*verdict != Verdict::Pass).then(|| "it stays open".to_owned()),
        advice: Vec::new(),
        observations: BTreeMap::new(),
        trace: Vec::new(),
        ..sample.cases[0].clone()
    };
    let mut run = RunReport {
        cases: cases.iter().map(case).collect(),
        violations: Vec::new(),
        interrupted: None,
        ..sample.clone()
    };
    run.target.endpoints.truncate(1);
    let endpoint = &mut run.target.endpoints[0];
    endpoint.url = "mqtt://h:1883".to_owned();
    endpoint.unreachable = None;
    endpoint.protocols = vec![Protocol::Mqtt5];
    endpoint.capabilities.clear();
    run.settle();
    run
}

fn diff(base: &RunReport, head: &RunReport) -> Diff {
    compare(("base.json", base), ("head.json", head)).unwrap()
}

/// The class of the only case.
fn class(before: Verdict, after: Verdict) -> Option<Class> {
    let diff = diff(&run(&[("a", before)]), &run(&[("a", after)]));
    assert!(diff.changes.len() <= 1);
    diff.changes.first().map(|change| change.class)
}

#[test]
fn every_step_between_verdicts_has_its_class() {
    use Class::{Fixed, Lost, New, Regressed};
    use Verdict::{Error, Fail, Inconclusive, NotApplicable, Pass, Warn};
    let steps = [
        (Pass, Warn, Regressed),
        (Pass, Fail, Regressed),
        (Warn, Fail, Regressed),
        (NotApplicable, Fail, Regressed),
        (NotApplicable, Warn, Regressed),
        (Fail, Warn, Fixed),
        (Fail, Pass, Fixed),
        (Warn, Pass, Fixed),
        (Pass, NotApplicable, Lost),
        (Fail, NotApplicable, Lost),
        (Pass, Inconclusive, Lost),
        (Fail, Inconclusive, Lost),
        (NotApplicable, Error, Lost),
        (NotApplicable, Pass, New),
        (Inconclusive, Pass, New),
        (Inconclusive, Fail, New),
        (Error, NotApplicable, New),
    ];
    for (before, after, expected) in steps {
        assert_eq!(class(before, after), Some(expected), "{before} -> {after}");
    }
    for same in [Pass, Warn, Fail, NotApplicable, Inconclusive, Error] {
        assert_eq!(class(same, same), None, "{same}");
    }
    assert_eq!(class(Inconclusive, Error), None);
}

#[test]
fn a_case_that_is_gone_is_lost_and_one_that_comes_is_new() {
    let (one, two) =
        (run(&[("a", Verdict::Pass)]), run(&[("a", Verdict::Pass), ("b", Verdict::Fail)]));
    assert_eq!(diff(&two, &one).counts(), [(Class::Lost, 1)].into());
    assert_eq!(diff(&one, &two).counts(), [(Class::New, 1)].into());
    assert!(diff(&two, &one).has_regressions());
    assert!(!diff(&one, &two).has_regressions());
}

#[test]
fn where_not_the_same_was_asked_for_a_missing_case_says_nothing() {
    let two = run(&[("a", Verdict::Pass), ("b", Verdict::Pass)]);
    let mut one = run(&[("a", Verdict::Pass)]);
    one.scope = Scope { cases: vec!["a".to_owned()], ..Scope::default() };
    let told = diff(&two, &one);
    assert_eq!((told.changes.len(), told.not_compared), (0, 1));
    assert_eq!(told.conditions, ["selection: everything against case a"]);
    one.scope = Scope { shard: Some(Shard { index: 1, of: 2 }), ..Scope::default() };
    assert_eq!(diff(&two, &one).conditions, ["selection: everything against shard 1/2"]);
    let mut later = run(&[("a", Verdict::Pass)]);
    later.tool.version = "9.9.9".to_owned();
    let told = diff(&two, &later);
    assert_eq!((told.changes.len(), told.not_compared), (0, 1));
    assert!(told.conditions[0].starts_with("suite: "), "{:?}", told.conditions);
}

#[test]
fn a_failure_that_looks_different_is_a_regression_and_ports_are_no_difference() {
    let base = run(&[("a", Verdict::Fail)]);
    let with = |found: &str| {
        let mut head = base.clone();
        head.cases[0].found = Some(found.to_owned());
        head
    };
    assert_eq!(diff(&base, &with("it crashes")).counts(), [(Class::Regressed, 1)].into());
    let (one, other) = (with("no reply within 5 s, id=3"), with("no reply within 2.5 s, id=4"));
    assert_eq!(diff(&one, &other).changes, []);
}

#[test]
fn permitted_variation_is_behaviour() {
    let base = run(&[("a", Verdict::Pass)]);
    let mut head = base.clone();
    head.cases[0].observations.insert("answer".to_owned(), "closes".to_owned());
    let offers = [("receive-maximum".to_owned(), "20".to_owned())].into();
    head.target.endpoints[0].capabilities.insert("5.0".to_owned(), offers);
    let told = diff(&base, &head);
    assert_eq!(told.counts(), [(Class::Behaviour, 2)].into());
    assert!(!told.has_regressions());
    assert_eq!(told.changes[1].case, "capability/receive-maximum");
}

#[test]
fn what_the_monitor_sees_is_compared_too() {
    let base = run(&[("a", Verdict::Pass)]);
    let mut head = base.clone();
    head.violations.push(Violation {
        requirement: "MQTT-3.3.1-2".to_owned(),
        protocol: Protocol::Mqtt5,
        endpoint: "mqtt://h:1883".to_owned(),
        found: "DUP".to_owned(),
        case: "a".to_owned(),
        connection: 1,
        packet: String::new(),
        trace: Vec::new(),
        baseline: None,
    });
    assert_eq!(diff(&base, &head).counts(), [(Class::Regressed, 1)].into());
    assert_eq!(diff(&head, &base).counts(), [(Class::Fixed, 1)].into());
    assert_eq!(diff(&head, &head).changes, []);
}

#[test]
fn endpoints_are_the_same_on_other_ports_but_not_in_other_protocols() {
    let base = run(&[("a", Verdict::Pass)]);
    let mut head = run(&[("a", Verdict::Fail)]);
    head.target.endpoints[0].url = "mqtt://h:4711".to_owned();
    head.cases[0].endpoint = "mqtt://h:4711".to_owned();
    let told = diff(&base, &head);
    assert_eq!(
        (told.changes[0].endpoint.as_str(), told.changes[0].class),
        ("mqtt", Class::Regressed)
    );
    head.target.endpoints[0].url = "http://h:4711/".to_owned();
    let error = compare(("a", &base), ("b", &head)).unwrap_err().to_string();
    assert!(error.contains("no endpoint in common: mqtt://h:1883 in the first"), "{error}");
}

#[test]
fn a_target_that_is_gone_has_lost_everything() {
    let base = run(&[("a", Verdict::Pass), ("b", Verdict::Fail)]);
    let mut head = run(&[]);
    head.target.endpoints[0].unreachable = Some("refused".to_owned());
    let told = diff(&base, &head);
    assert_eq!(told.counts(), [(Class::Lost, 2)].into());
    assert!(told.conditions.iter().any(|line| line.contains("could not be tested")));
}

/// One change of each class, with hostile texts.
fn everything() -> Diff {
    use Verdict::{Fail, Inconclusive, NotApplicable, Pass};
    let entry = |text: &str| TraceEntry { summary: text.to_owned(), ..sample::entry() };
    let mut base = run(&[
        ("mqtt/a/worse", Pass),
        ("mqtt/b/lost", Pass),
        ("mqtt/c/better", Fail),
        ("mqtt/d/other", Pass),
        ("mqtt/e/new", NotApplicable),
        ("mqtt/f/same", Pass),
    ]);
    let mut head = run(&[
        ("mqtt/a/worse", Fail),
        ("mqtt/b/lost", Inconclusive),
        ("mqtt/c/better", Pass),
        ("mqtt/d/other", Pass),
        ("mqtt/e/new", Pass),
        ("mqtt/f/same", Pass),
    ]);
    base.cases[0].trace =
        ["CONNECT", "CONNACK 0x00", "PUBLISH", "DISCONNECT 0x81"].map(entry).into();
    head.cases[0].trace = ["CONNECT", "CONNACK 0x00", "PUBLISH", "PUBACK <b>|"].map(entry).into();
    head.cases[0].found = Some("PUBACK </pre><script>\u{1b}[31m | `x`".to_owned());
    base.cases[3].observations.insert("answer".to_owned(), "closes".to_owned());
    head.cases[3].observations.insert("answer".to_owned(), "DISCONNECT 0x95".to_owned());
    base.tool.version = "0.0.9".to_owned();
    diff(&base, &head)
}

#[test]
fn the_text_reads_well() {
    insta::assert_snapshot!(write_text(&everything(), Look::default()));
}

#[test]
fn the_markdown_reads_well() {
    insta::assert_snapshot!(write_markdown(&everything()));
}

#[test]
fn the_page_holds_everything_and_nothing_escapes() {
    let page = write_html(&everything()).unwrap();
    for text in
        ["REGRESSED", "LOST", "FIXED", "BEHAVIOUR", "NEW", "mqtt/a/worse", "+ 1 -&#62; PUBACK"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("<b>"));
}

#[test]
fn a_huge_diff_is_cut_in_markdown() {
    let ids: Vec<String> = (0..2000).map(|n| format!("mqtt/case/{n}")).collect();
    let of = |verdict| run(&ids.iter().map(|id| (id.as_str(), verdict)).collect::<Vec<_>>());
    let text = write_markdown(&diff(&of(Verdict::Pass), &of(Verdict::Fail)));
    assert!(text.len() < 61_000 && text.contains("more changes"), "{}", text.len());
}

#[test]
fn the_schema_in_the_tree_is_current_and_diffs_follow_it() {
    schema_file::tests::the_tree_has("diff-1.schema.json", &schema());
    let diff = everything();
    let written = write_json(&diff).unwrap();
    schema_file::tests::follows(&schema(), &written);
    assert_eq!(serde_json::from_str::<Diff>(&written).unwrap(), diff);
}
