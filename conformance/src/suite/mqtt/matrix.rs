//! The kill matrix: every case can fail in every version in which it runs, every fault is found, the
//! reference passes everything. In memory and in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod harness;
mod likeness;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use pushspec_wire::mqtt::{QoS, Version};

use self::harness::{
    NAME, PACKS, Tried, VERSIONS, Verdicts, against, against_each, at_extent, attempt, cases,
    in_virtual_time, kills, lines, pairs, tried, with_fault,
};
use super::{Cx, Extent};
use crate::case::Stop;
use crate::event::Verdict;
use crate::evidence::Evidence;
use crate::probe::mqtt::Residue;
use crate::reference::mqtt::{Choice, Config, Fault, Limits, Server};
use crate::requirement::{Catalogue, Level, Protocol};

/// Faults of the whole Server: no case reaches its point, or next to none.
const WHOLE_SERVER: [Fault; 5] = [
    Fault::ClosesOnAnything,
    Fault::NeverAnswers,
    Fault::Garbage,
    Fault::Flood,
    Fault::AcknowledgesEverything,
];

/// Cases that end with CONNACK, as all that they judge. A Server that closes at the next packet passes
/// them, and no others: nothing illegal is sent without a positive control.
const NOTHING_BEHIND_CONNECT: [&str; 9] = [
    "mqtt/connect/accepts-client-ids-of-23-letters-and-digits",
    "mqtt/connect/announced-user-name-may-be-missing",
    "mqtt/connect/is-accepted",
    "mqtt/connect/other-versions",
    "mqtt/connect/response-information",
    "mqtt/session/absent-is-not-claimed",
    "mqtt/session/ends-when-it-expires",
    "mqtt/session/ends-with-the-connection-by-default",
    "mqtt/session/expiry-is-as-told",
];

/// Ways that a case warns of: permitted, and against a recommendation.
const NOT_RECOMMENDED: [(&str, &str); 2] = [
    ("ForgetsRetainedQos0", "mqtt/retain/qos-0-takes-its-place"),
    ("SaysNothingOnErrors", "mqtt/disconnect/says-why"),
];

/// Makes another Server of the reference.
type Change = fn(&mut Limits);

#[test]
fn the_reference_passes_everything() {
    let verdicts = at_extent(Extent::Whole, &tried(&|_| {}));
    assert_eq!(lines(&verdicts, |verdict| verdict != Verdict::Pass), "");
}

#[test]
fn what_is_permitted_is_observed() {
    let packs = tried(&|_| {});
    let permission = |protocol, id: &&str| {
        let row = Catalogue::embedded().get(protocol, id);
        row.is_some_and(|row| row.level.level() == Level::May)
    };
    let mut silent = Vec::new();
    for (case, version) in pairs() {
        let protocol = Protocol::from(version);
        if !case.about().requirements(protocol).iter().any(|id| permission(protocol, id)) {
            continue;
        }
        let evidence = in_virtual_time(async {
            let tried = &packs[PACKS[&(case.id, version)]];
            let evidence = Evidence::new();
            let setting = tried.setting(&tried.start(), version, Extent::Sample);
            let cx = Cx::new(setting, evidence.clone(), Residue::default(), NAME.to_owned());
            assert_eq!((case.run)(cx).await, Ok(()), "{} {version}", case.id);
            evidence
        });
        if evidence.gathered().observations.is_empty() {
            silent.push((case.id, protocol));
        }
    }
    assert_eq!(silent, Vec::new(), "a case on a permission says which way was taken");
}

#[test]
fn every_variant_of_every_malformed_packet_can_fail() {
    let number = |text: &str| {
        text.split(|c: char| !c.is_ascii_digit()).find_map(|n| n.parse::<usize>().ok())
    };
    let mut all = 0;
    for fault in [Fault::PassesOverMalformed, Fault::TakesMalformedConnect] {
        let tried = with_fault(fault).swap_remove(0);
        let connect = fault == Fault::TakesMalformedConnect;
        for (case, version) in pairs() {
            let parts: Vec<&str> = case.id.split('/').collect();
            if parts.len() != 4 || parts[1] != "malformed" || (parts[2] == "connect") != connect {
                continue;
            }
            let (outcome, _) = in_virtual_time(async {
                let setting = tried.setting(&tried.start(), version, Extent::Whole);
                let evidence = Evidence::new();
                let cx = Cx::new(setting, evidence.clone(), Residue::default(), NAME.to_owned());
                ((case.run)(cx).await, evidence)
            });
            let Err(Stop::Broken(finding)) = outcome else {
                panic!("{} {version}: {outcome:?}", case.id)
            };
            // "each of the 12 illegal packets", "12 of them did not".
            assert_eq!(
                number(&finding.expected),
                number(&finding.found),
                "{} {version}: {finding:?}",
                case.id
            );
            all += number(&finding.found).unwrap();
        }
    }
    insta::assert_snapshot!("malformed_variants", all.to_string());
}

#[test]
fn every_case_fails_in_every_version_and_every_fault_is_found() {
    let faults: Vec<Fault> =
        Fault::ALL.iter().copied().filter(|fault| !WHOLE_SERVER.contains(fault)).collect();
    let mut toothless: BTreeSet<_> =
        pairs().map(|(case, version)| (case.id, Protocol::from(version))).collect();
    let mut unfound = Vec::new();
    let mut matrix = String::new();
    for (fault, verdicts) in against_each(&faults) {
        assert_eq!(lines(&verdicts, |verdict| verdict == Verdict::Error), "", "{fault}");
        let killers = lines(&verdicts, kills);
        writeln!(matrix, "{fault}: {}\n{killers}", fault.about()).unwrap();
        if killers.is_empty() {
            unfound.push(fault.name());
        }
        toothless.retain(|pair| !kills(verdicts[pair].0));
    }
    insta::assert_snapshot!("kill_matrix", matrix);
    assert_eq!((unfound, toothless), (Vec::new(), BTreeSet::new()), "not found, cannot fail");
}

#[test]
fn a_server_that_is_wrong_altogether_passes_next_to_nothing() {
    for (fault, verdicts) in against_each(&WHOLE_SERVER) {
        assert_eq!(lines(&verdicts, |verdict| verdict == Verdict::Error), "", "{fault}");
        let passed = verdicts.iter().filter(|(_, (verdict, _))| *verdict == Verdict::Pass);
        let passed: BTreeSet<&str> = passed.map(|((id, _), _)| *id).collect();
        match fault {
            Fault::ClosesOnAnything => assert_eq!(passed, NOTHING_BEHIND_CONNECT.into()),
            // Acknowledgements are right, but nothing that has to be delivered, refused or closed is.
            Fault::AcknowledgesEverything => insta::assert_snapshot!(
                "passes_by_acknowledging_everything",
                lines(&verdicts, |v| v == Verdict::Pass)
            ),
            // Many closures and answers are right behind a flood, but no message is.
            Fault::Flood => insta::assert_snapshot!(
                "passes_under_flood",
                lines(&verdicts, |v| v == Verdict::Pass)
            ),
            _ => assert_eq!(passed, BTreeSet::new(), "{fault}"),
        }
    }
}

#[test]
fn other_ways_to_be_right_do_not_fail() {
    // What 3.x offers no way to announce, only 5.0 may leave out.
    let ways: [(&str, &[Version], Change); 13] = [
        ("receive maximum 1", &VERSIONS, |limits| limits.receive_maximum = 1),
        ("receive maximum 2", &VERSIONS, |limits| limits.receive_maximum = 2),
        ("receive maximum 3", &VERSIONS, |limits| limits.receive_maximum = 3),
        ("receive maximum 4", &VERSIONS, |limits| limits.receive_maximum = 4),
        ("receive maximum 5", &VERSIONS, |limits| limits.receive_maximum = 5),
        ("maximum QoS 0", &[Version::V5], |limits| limits.maximum_qos = QoS::AtMostOnce),
        ("maximum QoS 1", &[Version::V5], |limits| limits.maximum_qos = QoS::AtLeastOnce),
        ("no retained messages", &[Version::V5], |limits| limits.retain_available = false),
        ("no topic aliases", &VERSIONS, |limits| limits.topic_alias_maximum = 0),
        ("server keep alive 1 s", &VERSIONS, |limits| limits.server_keep_alive = Some(1)),
        ("server keep alive 60 s", &VERSIONS, |limits| limits.server_keep_alive = Some(60)),
        ("maximum packet size 1 KiB", &VERSIONS, |limits| limits.maximum_packet_size = 1024),
        ("maximum packet size 256", &VERSIONS, |limits| limits.maximum_packet_size = 256),
    ];
    let mut accused = String::new();
    let mut look = |way: &str, change: &dyn Fn(&mut Config), versions: &[Version]| {
        let mut verdicts = against(&tried(change));
        verdicts.retain(|(_, protocol), _| versions.contains(&protocol.mqtt().unwrap()));
        let right = |verdict| matches!(verdict, Verdict::Pass | Verdict::NotApplicable);
        for case in NOT_RECOMMENDED.iter().filter(|(on, _)| *on == way).map(|(_, case)| case) {
            verdicts.retain(|(id, _), (verdict, _)| id != case || *verdict != Verdict::Warn);
        }
        let lines = lines(&verdicts, |verdict| !right(verdict));
        if !lines.is_empty() {
            writeln!(accused, "{way}\n{lines}").unwrap();
        }
    };
    for choice in Choice::ALL {
        let change = |config: &mut Config| config.choices.extend([*choice]);
        look(&format!("{choice:?}"), &change, &VERSIONS);
    }
    for (way, versions, change) in ways {
        look(way, &|config| change(&mut config.limits), versions);
    }
    assert_eq!(accused, "");
}
#[test]
fn a_keep_alive_that_is_only_repeated_is_judged_all_the_same() {
    let judged = |id: &str, fault: Option<Fault>| {
        let tried = tried(&move |config| {
            config.choices.insert(Choice::RepeatsKeepAlive);
            config.faults = fault.into_iter().collect();
        });
        let case = cases().find(|case| case.id == id).unwrap();
        let came_to = in_virtual_time(async {
            let setting = tried[0].setting(&tried[0].start(), Version::V5, Extent::Sample);
            attempt(case, setting, NAME.to_owned()).await
        });
        came_to[0].1.0
    };
    for (id, fault, expected) in [
        ("pingreq-keeps-the-connection", Fault::KeepAliveIgnoresPingreq, Verdict::Warn),
        ("silence-ends-the-connection", Fault::KeepAliveNever, Verdict::Fail),
        ("zero-turns-it-off", Fault::KeepAliveZeroTimesOut, Verdict::Warn),
    ] {
        let id = format!("mqtt/keep-alive/{id}");
        assert_eq!(judged(&id, None), Verdict::Pass, "{id}");
        assert_eq!(judged(&id, Some(fault)), expected, "{id}");
    }
    let will = "mqtt/will/is-published-after-keep-alive";
    assert_eq!(judged(will, None), Verdict::Pass);
    assert_eq!(judged(will, Some(Fault::WillNotOnKeepAlive)), Verdict::Fail);
}

#[test]
fn what_nobody_could_see_is_not_passed() {
    let unseen =
        |config: &mut Config| config.denied_subscribe.extend(config.denied_publish.clone());
    let verdicts = against(&tried(&unseen));
    for (id, expected) in [
        ("mqtt/authorisation/denied-publish-qos-0", Verdict::Inconclusive),
        ("mqtt/authorisation/denied-publish-qos-1", Verdict::Pass),
        ("mqtt/authorisation/denied-will", Verdict::Inconclusive),
    ] {
        for protocol in [Protocol::Mqtt311, Protocol::Mqtt5] {
            let (verdict, found) = &verdicts[&(id, protocol)];
            assert_eq!(*verdict, expected, "{id}: {found}");
        }
    }
}

#[test]
fn verdicts_are_the_same_every_time() {
    let tried = tried(&|_| {});
    let first = against(&tried);
    for _ in 0..2 {
        assert_eq!(against(&tried), first);
    }
}

#[test]
fn all_cases_at_once_do_not_disturb_each_other() {
    let tried = tried(&|_| {});
    let packs = &*PACKS;
    let verdicts: Verdicts = in_virtual_time(async {
        let servers: Vec<Arc<Server>> = tried.iter().map(Tried::start).collect();
        let mut running = tokio::task::JoinSet::new();
        // Those that disturb others are meant to, and run alone.
        let together = pairs().filter(|(case, _)| !case.disturbs);
        for (number, (case, version)) in together.enumerate() {
            let pack = packs[&(case.id, version)];
            let setting = tried[pack].setting(&servers[pack], version, Extent::Sample);
            running.spawn(attempt(case, setting, format!("n{number}")));
        }
        running.join_all().await.into_iter().flatten().collect()
    });
    assert_eq!(lines(&verdicts, |verdict| verdict != Verdict::Pass), "");
}
