//! Tests: a run leaves nothing in its target, and says so where it does; it gets along with a target
//! that wants a Keep Alive.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::{Access, Configuration, EndpointPlan, MqttAccess, Plan, Selection, run};
use crate::event::{LeftBehind, RunReport, Scope, Verdict};
use crate::reference::mqtt::{Config, Fault, Server};
use crate::requirement::Protocol;
use crate::transport::Connector;

/// What comes of these cases at this server.
async fn report(server: &Arc<Server>, selection: Selection) -> RunReport {
    let opened = Arc::clone(server);
    let url = "mqtt://reference".parse().unwrap();
    let connector = Connector::memory(url, move || opened.connect_in_memory());
    let access = Access::Mqtt(MqttAccess::default());
    let plan = Plan {
        configurations: vec![Configuration::running(EndpointPlan { connector, access }, "left")],
        selection,
        jobs: 8,
        timeout: Duration::from_secs(5),
        profile: None,
        scope: Scope::default(),
        target: None,
        reach: None,
        keep_traces: false,
    };
    let (events, mut told) = mpsc::unbounded_channel();
    let (_interrupt, interrupted) = watch::channel(None);
    run(plan, interrupted, events).await;
    let mut all = Vec::new();
    while let Ok(event) = told.try_recv() {
        all.push(event);
    }
    RunReport::from_events(&all)
}

fn with(fault: Fault) -> Config {
    Config { faults: [fault].into_iter().collect(), ..Config::default() }
}

fn only(pattern: &str, protocol: Protocol) -> Selection {
    Selection::all().protocols([protocol]).cases([pattern]).unwrap()
}

async fn left_by(fault: Fault, pattern: &str, protocol: Protocol) -> LeftBehind {
    let server = Arc::new(Server::start(with(fault)));
    let mut report = report(&server, only(pattern, protocol)).await;
    report.target.endpoints.remove(0).left.unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_session_and_no_retained_message_is_left() {
    let server = Arc::new(Server::start(Config::default()));
    let report = report(&server, Selection::all()).await;
    assert_eq!(report.target.endpoints[0].left, Some(LeftBehind::default()));
    assert_eq!(server.kept().await, Some((0, Vec::new())));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_removed_is_told() {
    for (protocol, keeps) in [
        (Protocol::Mqtt311, Fault::SessionSurvivesCleanSession),
        (Protocol::Mqtt5, Fault::AbsentExpiryIsForever),
    ] {
        let left = left_by(Fault::RetainedNotCleared, "mqtt/retain/*", protocol).await;
        assert!(!left.retained.is_empty() && left.sessions.is_empty(), "{left:?}");
        let left = left_by(keeps, "mqtt/session/*", protocol).await;
        assert!(left.retained.is_empty() && !left.sessions.is_empty(), "{left:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_keep_alive_is_used_where_none_is_refused() {
    for protocol in [Protocol::Mqtt31, Protocol::Mqtt311, Protocol::Mqtt5] {
        let server = Arc::new(Server::start(with(Fault::KeepAliveZeroRefused)));
        let report = report(&server, only("mqtt/{keep-alive,publish}/*", protocol)).await;
        let offered = &report.target.endpoints[0].capabilities[protocol.name()];
        assert_eq!(offered["keep-alive"], "60, since 0 is refused");
        let departures = report.cases.iter().filter(|case| case.verdict != Verdict::Pass);
        let departures: Vec<_> = departures.map(|case| (case.id.as_str(), case.verdict)).collect();
        assert_eq!(departures, [("mqtt/keep-alive/zero-turns-it-off", Verdict::Warn)]);
    }
}
