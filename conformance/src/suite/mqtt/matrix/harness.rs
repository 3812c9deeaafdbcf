//! Runs cases against the reference in any of its configurations, in memory and in virtual time.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use pushspec_wire::mqtt::{Property, Version};

use crate::case::{Case, Outcome, Stop};
use crate::counted::Counted;
use crate::event::Verdict;
use crate::evidence::{Evidence, Sighting};
use crate::packs::{self, Pack};
use crate::probe::mqtt::{Capabilities, Residue};
use crate::reference::mqtt::{Config, Fault, FaultSet, Server};
use crate::requirement::{Catalogue, Level, Protocol};
use crate::suite::mqtt::{CASES, Cx, Extent, Setting};
use crate::transport::Connector;

pub(super) const VERSIONS: [Version; 3] = [Version::V31, Version::V311, Version::V5];
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
pub(super) const RUN: &str = "run";
pub(super) const NAME: &str = "n";
/// A case in one version, or a requirement that the monitor saw broken, and what it came to.
pub(super) type CameTo = ((&'static str, Protocol), (Verdict, String));
pub(super) type Verdicts = BTreeMap<(&'static str, Protocol), (Verdict, String)>;
pub(super) fn cases() -> impl Iterator<Item = &'static Case<Cx>> {
    CASES.iter().copied().flatten()
}

/// Every case in every version in which it runs.
pub(super) fn pairs() -> impl Iterator<Item = (&'static Case<Cx>, Version)> {
    cases().flat_map(|case| {
        let protocols = case.about().protocols();
        VERSIONS
            .into_iter()
            .filter(move |version| protocols.contains(&Protocol::from(*version)))
            .map(move |version| (case, version))
    })
}

pub(super) fn with_fault(fault: Fault) -> Vec<Tried> {
    tried(&|config| config.faults = [fault].into_iter().collect())
}

/// Runs in virtual time, in a runtime of its own.
pub(super) fn in_virtual_time<T>(future: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(future)
}

/// A Server of a configuration, and what it announces in each version.
pub(super) struct Tried {
    pub(super) pack: Pack,
    capabilities: BTreeMap<Version, Arc<Capabilities>>,
}

impl Tried {
    /// The configuration of this pack with something about it changed, and what it announces without
    /// faults: those are to be found out.
    pub(super) fn new(pack: &Pack, change: &dyn Fn(&mut Config)) -> Self {
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

    pub(super) fn start(&self) -> Arc<Server> {
        Arc::new(Server::start(self.pack.config.clone()))
    }

    pub(super) fn setting(
        &self,
        server: &Arc<Server>,
        version: Version,
        extent: Extent,
    ) -> Setting {
        setting(&self.pack, server, &self.capabilities[&version], extent)
    }
}

pub(super) fn setting(
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
pub(super) fn tried(change: &dyn Fn(&mut Config)) -> Vec<Tried> {
    packs::all().iter().map(|pack| Tried::new(pack, change)).collect()
}

/// The pack that a case belongs to in a version, by its place: the first that lacks nothing.
pub(super) fn pack_of(case: &Case<Cx>, version: Version) -> usize {
    pub(super) static UNCHANGED: LazyLock<Vec<Tried>> = LazyLock::new(|| tried(&|_| {}));
    let lacks_nothing = |tried: &Tried| {
        in_virtual_time(async {
            let setting = tried.setting(&tried.start(), version, Extent::Sample);
            case.needs.iter().all(|need| setting.lacks(*need).is_none())
        })
    };
    UNCHANGED.iter().position(lacks_nothing).unwrap_or(0)
}

/// The same for all cases.
pub(super) static PACKS: LazyLock<BTreeMap<(&str, Version), usize>> = LazyLock::new(|| {
    pairs().map(|(case, version)| ((case.id, version), pack_of(case, version))).collect()
});

/// What a case comes to, as the runner counts it, and why.
pub(super) fn verdict(level: Level, outcome: Outcome, evidence: &Evidence) -> (Verdict, String) {
    let counted = Counted::new(level, outcome, &evidence.gathered());
    let found = counted.found.unwrap_or_default();
    (counted.verdict, found.replace(&format!("pushspec/{RUN}/{NAME}/"), "~/"))
}

/// What the monitor saw, as the report counts it.
pub(super) fn seen(sighting: Sighting) -> CameTo {
    let requirement = sighting.requirement;
    let row = Catalogue::embedded().get(requirement.protocol, requirement.id);
    let verdict = match row.map_or(Level::Must, |row| row.level.level()) {
        Level::Must => Verdict::Fail,
        _ => Verdict::Warn,
    };
    ((requirement.id, requirement.protocol), (verdict, sighting.found))
}

/// Runs one case. As with the runner, it has to come to its end in time.
pub(super) async fn attempt(
    case: &'static Case<Cx>,
    setting: Setting,
    name: String,
) -> Vec<CameTo> {
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
pub(super) fn against(tried: &[Tried]) -> Verdicts {
    at_extent(Extent::Sample, tried)
}

pub(super) fn at_extent(extent: Extent, tried: &[Tried]) -> Verdicts {
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
pub(super) fn against_each(faults: &[Fault]) -> BTreeMap<Fault, Verdicts> {
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

pub(super) fn kills(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Warn)
}

/// One line for each case that ends in one of these verdicts for one reason, with its versions.
pub(super) fn lines(verdicts: &Verdicts, shown: impl Fn(Verdict) -> bool) -> String {
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
