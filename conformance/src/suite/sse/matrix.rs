//! The kill matrix: every case can fail, every fault is found, the reference passes everything. In
//! memory and in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::{CASES, Cx, Restarter, Setting};
use crate::case::{Case, Need, Outcome};
use crate::counted::Counted;
use crate::event::Verdict;
use crate::evidence::Evidence;
use crate::probe::sse::{
    Capabilities, HeadComes, Http, PublishFormat, Replay, Stimulus, UnknownId, survey,
};
use crate::reference::sse::{Config, Fault, LineEnd, Server};
use crate::requirement::{Level, Protocol};
use crate::trace::Recorder;
use crate::transport::Connector;

fn cases() -> impl Iterator<Item = &'static Case<Cx>> {
    CASES.iter().copied().flatten()
}

/// An embedded server as an endpoint with everything that it offers.
pub(super) fn setting(server: &Arc<Server>) -> Setting {
    setting_at(server, "/events")
}

/// The same where the stream is asked for at another path.
fn setting_at(server: &Arc<Server>, path: &str) -> Setting {
    let connector = |path: &str| {
        let server = Arc::clone(server);
        let url = format!("http://reference{path}").parse().unwrap();
        Connector::memory(url, move || server.connect_in_memory())
    };
    Setting {
        connector: connector(path),
        stimulus: Some(Stimulus::Publish {
            connector: connector("/publish"),
            format: PublishFormat::Json,
        }),
        closer: Some(connector("/close")),
        via: Some(connector("/proxied/events")),
        replay: Replay::Promised(Some(UnknownId::FromStart)),
        idle: Some(Duration::from_secs(60)),
        capabilities: Arc::new(Capabilities {
            stimulus: true,
            http2: true,
            redirects: vec![302],
            ..Capabilities::default()
        }),
        timeout: Duration::from_secs(5),
        run: "run".to_owned(),
        floor: Arc::default(),
        persistent: true,
        restarter: Some(restarter(server)),
    }
}

fn restarter(server: &Arc<Server>) -> Restarter {
    let server = Arc::clone(server);
    Restarter::new(move || {
        server.restart();
        std::future::ready(Ok(()))
    })
}

/// What a case comes to, as the runner counts it, and why.
fn verdict(level: Level, outcome: Outcome, evidence: &Evidence) -> (Verdict, String) {
    let counted = Counted::new(level, outcome, &evidence.gathered());
    (counted.verdict, counted.found.unwrap_or_default())
}

/// How a breach of a case is counted.
fn level(case: &Case<Cx>) -> Level {
    case.about().level_in(Protocol::Sse)
}

/// Runs one case in virtual time. Nothing in the world may make it last for ever.
pub(super) async fn attempt(case: &Case<Cx>, setting: Setting) -> (Verdict, String) {
    if let Some(lacking) = case.needs.iter().find_map(|need| setting.lacks(*need)) {
        return (Verdict::NotApplicable, lacking);
    }
    let evidence = Evidence::new();
    let cx = Cx::new(setting, evidence.clone(), "1".to_owned());
    let outcome = tokio::time::timeout(Duration::from_secs(600), (case.run)(cx)).await;
    verdict(level(case), outcome.expect("the case has a deadline for everything"), &evidence)
}

/// Every case against a server of its own with this configuration.
fn against(config: &Config) -> BTreeMap<&'static str, (Verdict, String)> {
    against_at(config, |case| {
        if case.needs.contains(&Need::Redirect) {
            "/moved/302"
        } else if case.id == "sse/end/done-marker" {
            "/answer"
        } else {
            "/events"
        }
    })
}

/// The same where each case asks for the stream at a path of its own.
fn against_at(
    config: &Config,
    path: impl Fn(&Case<Cx>) -> &'static str,
) -> BTreeMap<&'static str, (Verdict, String)> {
    against_setting(config, |server, case| setting_at(server, path(case)))
}

/// The same where each case gets a setting of its own.
fn against_setting(
    config: &Config,
    setting: impl Fn(&Arc<Server>, &Case<Cx>) -> Setting,
) -> BTreeMap<&'static str, (Verdict, String)> {
    cases()
        .map(|case| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build()
                .unwrap();
            let verdict = runtime.block_on(async {
                let server = Arc::new(Server::start(config.clone()));
                attempt(case, setting(&server, case)).await
            });
            (case.id, verdict)
        })
        .collect()
}

fn kills(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Warn)
}

#[test]
fn the_reference_passes_everything() {
    let mut notes = String::new();
    for (id, (verdict, found)) in against(&Config::default()) {
        // The reference answers 405 and the like, so every case applies.
        if verdict != Verdict::Pass {
            writeln!(notes, "{id}: {verdict}: {found}").unwrap();
        }
    }
    assert_eq!(notes, "");
}

#[test]
fn every_case_fails_and_every_fault_is_found() {
    let mut unkilled = Vec::new();
    let mut toothless: BTreeSet<_> = cases().map(|case| case.id).collect();
    let mut matrix = String::new();
    for fault in Fault::ALL {
        writeln!(matrix, "{fault}: {}", fault.about()).unwrap();
        let mut killed = false;
        for (id, (verdict, found)) in against(&Config::with_fault(*fault)) {
            assert_ne!(verdict, Verdict::Error, "{fault} {id}: {found}");
            if kills(verdict) {
                writeln!(matrix, "  {verdict} {id}: {found}").unwrap();
                toothless.remove(id);
                killed = true;
            }
        }
        if !killed {
            unkilled.push(fault.name());
        }
    }
    insta::assert_snapshot!("kill_matrix", matrix);
    assert_eq!(unkilled, Vec::<&str>::new(), "faults that no case finds");
    assert_eq!(toothless, BTreeSet::new(), "cases that no fault fails");
}

#[test]
fn other_ways_to_be_right_do_not_fail() {
    let ways = [
        ("CR", Config { line_end: LineEnd::Cr, ..Config::default() }),
        ("CRLF", Config { line_end: LineEnd::CrLf, ..Config::default() }),
        ("mixed line ends", Config { line_end: LineEnd::Mixed, ..Config::default() }),
        ("no ids", Config { ids: false, ..Config::default() }),
    ];
    for (way, config) in ways {
        for (id, (verdict, found)) in against(&config) {
            assert!(
                matches!(verdict, Verdict::Pass | Verdict::NotApplicable),
                "{way}: {id}: {verdict}: {found}"
            );
        }
    }
}

#[test]
fn header_fields_that_come_late_are_blamed_once() {
    let verdicts = against_setting(&Config::with_fault(Fault::HeadersHeld), |server, case| {
        let redirect = case.needs.contains(&Need::Redirect);
        let setting = setting_at(server, if redirect { "/moved/302" } else { "/events" });
        let surveyed =
            Capabilities { head: HeadComes::WithEvent, ..(*setting.capabilities).clone() };
        Setting { capabilities: Arc::new(surveyed), ..setting }
    });
    let blamed: Vec<_> = verdicts.iter().filter(|(_, (verdict, _))| kills(*verdict)).collect();
    assert_eq!(blamed.len(), 1, "{blamed:?}");
    assert_eq!(*blamed[0].0, "sse/delivery/headers-at-once");
    for (id, (verdict, found)) in verdicts {
        assert_ne!(verdict, Verdict::Inconclusive, "{id}: {found}");
    }
}

#[test]
fn redirects_are_followed() {
    for path in ["/moved/301", "/moved/302", "/moved/303", "/moved/307", "/moved/308"] {
        for (id, (verdict, found)) in against_at(&Config::default(), |_| path) {
            // Where it redirects to, the stream does not end.
            let expected = match id {
                "sse/end/done-marker" => Verdict::NotApplicable,
                _ => Verdict::Pass,
            };
            assert_eq!(verdict, expected, "{path}: {id}: {found}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_without_end_are_told() {
    let server = Arc::new(Server::start(Config::default()));
    let connector = setting_at(&server, "/moved/round").connector;
    let http = Http { connector, trace: Recorder::new(), timeout: Duration::from_secs(5) };
    let told = survey(&http, None, "hello").await.unwrap_err().to_string();
    assert!(told.contains("more than 20 times"), "{told}");
}

#[test]
fn verdicts_are_the_same_every_time() {
    let first = against(&Config::default());
    for _ in 0..3 {
        assert_eq!(against(&Config::default()), first);
    }
}

#[tokio::test(start_paused = true)]
async fn all_cases_at_once_do_not_disturb_each_other() {
    let server = Arc::new(Server::start(Config { history_events: 12, ..Config::default() }));
    let setting = setting(&server);
    let mut running = tokio::task::JoinSet::new();
    for (number, case) in cases().enumerate() {
        // Ending all streams disturbs everyone, and is meant to.
        if case.id.starts_with("sse/end/") || case.needs.contains(&Need::Restart) {
            continue;
        }
        let setting = setting.clone();
        running.spawn(async move {
            let evidence = Evidence::new();
            let cx = Cx::new(setting, evidence.clone(), number.to_string());
            let outcome = (case.run)(cx).await;
            (case.id, verdict(level(case), outcome, &evidence))
        });
    }
    while let Some(finished) = running.join_next().await {
        let (id, (verdict, found)) = finished.unwrap();
        assert!(
            matches!(verdict, Verdict::Pass | Verdict::NotApplicable),
            "{id}: {verdict}: {found}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_survey_finds_ids_and_stimulus() {
    let server = Arc::new(Server::start(Config::default()));
    let setting = setting(&server);
    let http = Http {
        connector: setting.connector.clone(),
        trace: Recorder::new(),
        timeout: setting.timeout,
    };
    let found = survey(&http, setting.stimulus.as_ref(), "hello").await.unwrap();
    assert_eq!(found.ids, Some(true));
    assert!(found.stimulus && found.http2);
    assert_eq!(found.head, HeadComes::AtOnce);
    let silent = survey(&http, None, "hello").await.unwrap();
    assert_eq!(silent.ids, None);

    let server = Arc::new(Server::start(Config::with_fault(Fault::HeadersHeld)));
    let setting = super::matrix::setting(&server);
    let http = Http { connector: setting.connector.clone(), ..http };
    let late = survey(&http, setting.stimulus.as_ref(), "hello").await.unwrap();
    assert_eq!(late.head, HeadComes::WithEvent);
}
