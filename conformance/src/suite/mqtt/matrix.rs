//! The kill matrix: every case can fail in every version in which it runs, every fault is found, the
//! reference passes everything. In memory and in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use pushspec_wire::mqtt::{Property, QoS, Version};

use super::{CASES, Cx, Extent, Setting};
use crate::case::{Case, Outcome, Stop};
use crate::counted::Counted;
use crate::event::Verdict;
use crate::evidence::{Evidence, Sighting};
use crate::packs::{self, Pack};
use crate::probe::mqtt::{Capabilities, Residue};
use crate::profile::{Made, Profile, embedded};
use crate::reference::mqtt::{Choice, Config, Fault, FaultSet, Limits, Server};
use crate::requirement::{Catalogue, Level, Protocol};
use crate::transport::Connector;

const VERSIONS: [Version; 3] = [Version::V31, Version::V311, Version::V5];
const TIMEOUT: Duration = Duration::from_secs(5);
const RUN: &str = "run";
const NAME: &str = "n";

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

/// A case in one version, or a requirement that the monitor saw broken, and what it came to.
type CameTo = ((&'static str, Protocol), (Verdict, String));
type Verdicts = BTreeMap<(&'static str, Protocol), (Verdict, String)>;

/// Makes another Server of the reference.
type Change = fn(&mut Limits);

fn cases() -> impl Iterator<Item = &'static Case<Cx>> {
    CASES.iter().copied().flatten()
}

/// Every case in every version in which it runs.
fn pairs() -> impl Iterator<Item = (&'static Case<Cx>, Version)> {
    cases().flat_map(|case| {
        let protocols = case.about().protocols();
        VERSIONS
            .into_iter()
            .filter(move |version| protocols.contains(&Protocol::from(*version)))
            .map(move |version| (case, version))
    })
}

fn with_fault(fault: Fault) -> Vec<Tried> {
    tried(&|config| config.faults = [fault].into_iter().collect())
}

/// Runs in virtual time, in a runtime of its own.
fn in_virtual_time<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(future)
}

/// A Server of a configuration, and what it announces in each version.
struct Tried {
    pack: Pack,
    capabilities: BTreeMap<Version, Arc<Capabilities>>,
}

impl Tried {
    /// The configuration of this pack with something about it changed, and what it announces without
    /// faults: those are to be found out.
    fn new(pack: &Pack, change: &dyn Fn(&mut Config)) -> Self {
        let mut pack = pack.clone();
        change(&mut pack.config);
        let probe = |version| {
            in_virtual_time(async {
                let assumed = Arc::new(Capabilities::assumed(version));
                let config = Config { faults: FaultSet::default(), ..pack.config.clone() };
                let server = Arc::new(Server::start(config));
                let setting = setting(&pack, &server, &assumed, Extent::Sample);
                let cx = Cx::new(setting, Evidence::new(), Residue::default(), "probe".to_owned());
                let opening = cx.opening().with(Property::SessionExpiryInterval(300));
                let accepted = opening.accepted().await.unwrap();
                Arc::new(Capabilities::announced(version, &accepted.connack, &pack.declared))
            })
        };
        let capabilities = VERSIONS.into_iter().map(|version| (version, probe(version))).collect();
        Self { pack, capabilities }
    }

    fn start(&self) -> Arc<Server> {
        Arc::new(Server::start(self.pack.config.clone()))
    }

    fn setting(&self, server: &Arc<Server>, version: Version, extent: Extent) -> Setting {
        setting(&self.pack, server, &self.capabilities[&version], extent)
    }
}

fn setting(
    pack: &Pack,
    server: &Arc<Server>,
    capabilities: &Arc<Capabilities>,
    extent: Extent,
) -> Setting {
    let opened = Arc::clone(server);
    let connector = if pack.websocket {
        let url = "ws://reference/mqtt".parse().unwrap();
        Connector::memory(url, move || opened.connect_in_memory_by_websocket())
    } else {
        let url = "mqtt://reference".parse().unwrap();
        Connector::memory(url, move || opened.connect_in_memory())
    };
    Setting {
        connector,
        version: capabilities.version,
        capabilities: Arc::clone(capabilities),
        timeout: TIMEOUT,
        user_name: pack.user.map(|(name, _)| name.to_owned()),
        password: pack.user.map(|(_, password)| password.to_owned()),
        run: RUN.to_owned(),
        declared: Arc::new(pack.declared.clone()),
        life: Some(packs::life(server)),
        extent,
    }
}

/// Every pack with something about its configuration changed. A case belongs to the first to which it
/// applies without that change.
fn tried(change: &dyn Fn(&mut Config)) -> Vec<Tried> {
    packs::all().iter().map(|pack| Tried::new(pack, change)).collect()
}

/// The pack that a case belongs to in a version, by its place: the first that lacks nothing.
fn pack_of(case: &Case<Cx>, version: Version) -> usize {
    static UNCHANGED: LazyLock<Vec<Tried>> = LazyLock::new(|| tried(&|_| {}));
    let lacks_nothing = |tried: &Tried| {
        in_virtual_time(async {
            let setting = tried.setting(&tried.start(), version, Extent::Sample);
            case.needs.iter().all(|need| setting.lacks(*need).is_none())
        })
    };
    UNCHANGED.iter().position(lacks_nothing).unwrap_or(0)
}

/// The same for all cases.
static PACKS: LazyLock<BTreeMap<(&str, Version), usize>> = LazyLock::new(|| {
    pairs().map(|(case, version)| ((case.id, version), pack_of(case, version))).collect()
});

/// What a case comes to, as the runner counts it, and why.
fn verdict(level: Level, outcome: Outcome, evidence: &Evidence) -> (Verdict, String) {
    let counted = Counted::new(level, outcome, &evidence.gathered());
    let found = counted.found.unwrap_or_default();
    (counted.verdict, found.replace(&format!("pushspec/{RUN}/{NAME}/"), "~/"))
}

/// What the monitor saw, as the report counts it.
fn seen(sighting: Sighting) -> CameTo {
    let requirement = sighting.requirement;
    let row = Catalogue::embedded().get(requirement.protocol, requirement.id);
    let verdict = match row.map_or(Level::Must, |row| row.level.level()) {
        Level::Must => Verdict::Fail,
        _ => Verdict::Warn,
    };
    ((requirement.id, requirement.protocol), (verdict, sighting.found))
}

/// Runs one case. As with the runner, it has to come to its end in time.
async fn attempt(case: &'static Case<Cx>, setting: Setting, name: String) -> Vec<CameTo> {
    let key = (case.id, Protocol::from(setting.version));
    if let Some(lacking) = case.needs.iter().find_map(|need| setting.lacks(*need)) {
        return vec![(key, (Verdict::NotApplicable, lacking))];
    }
    let evidence = Evidence::new();
    let limit = case.about().limit(setting.timeout);
    let cx = Cx::new(setting, evidence.clone(), Residue::default(), name);
    let outcome = match tokio::time::timeout(limit, (case.run)(cx)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Stop::Inconclusive("the scenario did not come to its end".to_owned())),
    };
    let came_to = verdict(case.about().level_in(key.1), outcome, &evidence);
    let seen = evidence.gathered().sightings.into_iter().map(seen);
    [(key, came_to)].into_iter().chain(seen).collect()
}

/// Every case in every version against a Server of its own, made of these configurations.
fn against(tried: &[Tried]) -> Verdicts {
    at_extent(Extent::Sample, tried)
}

fn at_extent(extent: Extent, tried: &[Tried]) -> Verdicts {
    pairs()
        .flat_map(|(case, version)| {
            let tried = &tried[PACKS[&(case.id, version)]];
            in_virtual_time(async {
                let setting = tried.setting(&tried.start(), version, extent);
                attempt(case, setting, NAME.to_owned()).await
            })
        })
        .collect()
}

/// Every case against these faults, each alone. On all processors, since these are many thousand runs.
fn against_each(faults: &[Fault]) -> BTreeMap<Fault, Verdicts> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdicts = against(&with_fault(*fault));
                    results.lock().unwrap().insert(*fault, verdicts);
                }
            });
        }
    });
    results.into_inner().unwrap()
}

fn kills(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Warn)
}

/// One line for each case that ends in one of these verdicts for one reason, with its versions.
fn lines(verdicts: &Verdicts, shown: impl Fn(Verdict) -> bool) -> String {
    let mut grouped: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for ((id, protocol), (verdict, found)) in verdicts {
        if shown(*verdict) {
            let line = format!("{found}\u{0}{verdict}");
            grouped.entry((*id, line)).or_default().push(protocol.name());
        }
    }
    grouped.into_iter().fold(String::new(), |mut text, ((id, line), protocols)| {
        let (found, verdict) = line.split_once('\u{0}').unwrap();
        let separator = if found.is_empty() { "" } else { ": " };
        writeln!(text, "  {verdict} {id} ({}){separator}{found}", protocols.join(", ")).unwrap();
        text
    })
}

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

/// The reference Server with the limits that AWS documents for its broker.
fn like_aws_iot_core(config: &mut Config) {
    config.choices.insert(Choice::NoSubscriptionIdentifiers);
    config.limits.maximum_qos = QoS::AtLeastOnce;
    config.limits.maximum_packet_size = 146 << 10;
    config.limits.topic_alias_maximum = 8;
    config.limits.topic_bytes = 256;
    config.limits.subscriptions = 50;
}

/// The reference Server with the defaults that the documentation of EMQX has.
fn like_emqx(config: &mut Config) {
    config.faults = [Fault::AcceptsIllFormedUtf8].into_iter().collect();
    config.limits.maximum_packet_size = 1 << 20;
    config.limits.receive_maximum = 32;
    config.limits.topic_alias_maximum = 65_535;
}

/// What makes a reference Server one of another kind.
type Likeness = fn(&mut Config);

/// What is held against a Server of that kind in spite of its profile.
fn held_against(profile: &Profile, packs: &[Pack], kind: Likeness) -> Verdicts {
    let abouts: BTreeMap<_, _> = cases().map(|case| (case.id, case.about())).collect();
    let excepted = |id: &str| {
        let made = abouts.get(id).and_then(|about| profile.made_of(about));
        matches!(made, Some(Made::DoesNotApply(_)))
    };
    let tried: Vec<_> = packs.iter().map(|pack| Tried::new(pack, &kind)).collect();
    let mut verdicts = against(&tried);
    verdicts.retain(|(id, _), (verdict, _)| {
        !matches!(verdict, Verdict::Pass | Verdict::NotApplicable) && !excepted(id)
    });
    verdicts
}

#[test]
fn a_profile_keeps_what_is_documented_from_being_held_against_a_broker() {
    let kinds: [(&str, Likeness); 2] = [("aws-iot-core", like_aws_iot_core), ("emqx", like_emqx)];
    for (name, kind) in kinds {
        let profile = Profile::parse(embedded(name).unwrap().text).unwrap();
        let mut declared = packs::all();
        for pack in &mut declared {
            pack.declared.without.extend(profile.lacking());
        }
        assert_eq!(lines(&held_against(&profile, &declared, kind), |_| true), "", "{name}");
    }
}

#[test]
fn what_a_broker_cannot_say_itself_its_profile_has_to() {
    let profile = Profile::parse(embedded("aws-iot-core").unwrap().text).unwrap();
    let undeclared = held_against(&profile, &packs::all(), like_aws_iot_core);
    assert!(
        undeclared.contains_key(&("mqtt/publish/every-qos-from-every-version", Protocol::Mqtt311))
    );
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
