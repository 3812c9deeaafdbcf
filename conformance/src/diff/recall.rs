//! Test: two builds of the reference told apart by whole runs. What is planted is told in its class, and what
//! is the same is not told at all.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Class, Diff, compare};
use crate::event::RunReport;
use crate::reference::mqtt::{Choice, Config, Server};
use crate::requirement::Protocol;
use crate::runner::{Access, MqttAccess, Plan, Selection, whole};
use crate::transport::Connector;

/// Chapters whose cases each take little time.
const CASES: [&str; 9] = [
    "mqtt/connect/*",
    "mqtt/publish/*",
    "mqtt/retain/*",
    "mqtt/will/*",
    "mqtt/subscribe/*",
    "mqtt/session/*",
    "mqtt/redelivery/*",
    "mqtt/message/*",
    "mqtt/malformed/*-*",
];

/// A fault and a case that it makes fail, or warn.
const PLANTED: [(&str, &str); 12] = [
    ("accepts-second-connect", "mqtt/connect/second-connect-closes"),
    ("packet-before-connack", "mqtt/connect/connack-comes-first"),
    ("takeover-says-nothing", "mqtt/connect/takes-over-the-client-id"),
    ("accepts-pingreq-flags", "mqtt/malformed/pingreq-flags"),
    ("no-puback", "mqtt/publish/qos-1-is-acknowledged"),
    ("passes-on-dup", "mqtt/publish/dup-is-not-passed-on"),
    ("retained-flag-0", "mqtt/retain/reaches-a-new-subscriber"),
    ("will-never", "mqtt/will/is-published-at-takeover"),
    ("suback-wrong-id", "mqtt/subscribe/is-answered"),
    ("no-local-on-shared", "mqtt/subscribe/no-local-on-shared"),
    ("never-redelivers", "mqtt/redelivery/unacknowledged-qos-1-comes-again"),
    ("ignores-receive-maximum", "mqtt/message/receive-maximum-is-respected"),
];

/// A whole run, in virtual time.
fn tested(config: &Config, name: &str) -> RunReport {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let server = Arc::new(Server::start(config.clone()));
        let url = "mqtt://reference".parse().unwrap();
        let connector = Connector::memory(url, move || server.connect_in_memory());
        let access = Access::Mqtt(MqttAccess::default());
        let protocols = [Protocol::Mqtt311, Protocol::Mqtt5];
        let selection = Selection::all().protocols(protocols).cases(CASES).unwrap();
        let plan = whole::plan(connector, access, name, selection);
        whole::told(Plan { keep_traces: true, ..plan }).await
    })
}

fn right() -> RunReport {
    let report = tested(&Config::default(), "right");
    assert!(report.totals.pass > 150, "{:?}", report.totals);
    report
}

fn changed(before: &RunReport, after: &RunReport) -> Diff {
    compare(("before", before), ("after", after)).unwrap()
}

fn classes(diff: &Diff) -> BTreeSet<Class> {
    diff.counts().into_keys().collect()
}

fn has(diff: &Diff, class: Class, case: &str) -> bool {
    diff.changes.iter().any(|change| change.class == class && change.case == case)
}

fn told(diff: &Diff) -> Vec<(Class, &str)> {
    diff.changes.iter().map(|change| (change.class, change.case.as_str())).collect()
}

#[test]
fn runs_of_one_build_do_not_differ() {
    let first = right();
    for number in 0..20 {
        let again = tested(&Config::default(), &format!("again{}", char::from(b'a' + number)));
        let diff = changed(&first, &again);
        assert_eq!(told(&diff), [], "run {number}");
        assert_eq!(diff.unchanged, first.cases.len());
    }
}

#[test]
fn every_planted_fault_is_a_regression_and_its_mending_a_fix() {
    let right = right();
    let worse = [Class::Regressed, Class::Lost, Class::Behaviour].into();
    let better = [Class::Fixed, Class::New, Class::Behaviour].into();
    for (fault, case) in PLANTED {
        let config =
            Config { faults: [fault.parse().unwrap()].into_iter().collect(), ..Config::default() };
        let faulty = tested(&config, "faulty");
        let diff = changed(&right, &faulty);
        assert!(has(&diff, Class::Regressed, case), "{fault}: {:?}", told(&diff));
        assert!(classes(&diff).is_subset(&worse), "{fault}: {:?}", told(&diff));
        let back = changed(&faulty, &right);
        assert!(has(&back, Class::Fixed, case), "{fault}: {:?}", told(&back));
        assert!(classes(&back).is_subset(&better), "{fault}: {:?}", told(&back));
    }
}

#[test]
fn another_way_to_be_right_is_behaviour() {
    let right = right();
    for choice in [
        Choice::PublishesAtPubrel,
        Choice::KeepsQos0,
        Choice::CopyForEachSubscription,
        Choice::RetainedBeforeSuback,
    ] {
        let other = tested(&Config { choices: [choice].into(), ..Config::default() }, "other");
        let diff = changed(&right, &other);
        assert_eq!(classes(&diff), [Class::Behaviour].into(), "{choice:?}: {:?}", told(&diff));
    }
}

#[test]
fn what_is_offered_no_more_is_lost_and_what_is_offered_anew_is_new() {
    let right = right();
    let mut config = Config::default();
    config.limits.retain_available = false;
    let without = tested(&config, "without");
    let case = "mqtt/retain/reaches-a-new-subscriber";
    let diff = changed(&right, &without);
    assert!(has(&diff, Class::Lost, case), "{:?}", told(&diff));
    assert!(!classes(&diff).contains(&Class::Regressed), "{:?}", told(&diff));
    let back = changed(&without, &right);
    assert!(has(&back, Class::New, case), "{:?}", told(&back));
    assert!(!back.has_regressions(), "{:?}", told(&back));
}
