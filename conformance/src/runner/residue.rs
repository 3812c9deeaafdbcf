//! Tests: a run leaves nothing in its target, and says so where it does; it gets along with a target
//! that wants a Keep Alive or a method.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Access, MqttAccess, Selection, whole};
use crate::event::{LeftBehind, RunReport, Verdict};
use crate::packs;
use crate::reference::mqtt::{Config, Fault, Server};
use crate::requirement::Protocol;
use crate::transport::Connector;

/// What comes of these cases at this server.
async fn report(server: &Arc<Server>, selection: Selection) -> RunReport {
    report_of(server, MqttAccess::default(), selection).await
}

async fn report_of(server: &Arc<Server>, access: MqttAccess, selection: Selection) -> RunReport {
    let opened = Arc::clone(server);
    let url = "mqtt://reference".parse().unwrap();
    let connector = Connector::memory(url, move || opened.connect_in_memory());
    whole::told(whole::plan(connector, Access::Mqtt(access), "left", selection)).await
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
async fn a_server_that_wants_an_authentication_method_gets_it() {
    let pack = packs::all().into_iter().find(|pack| pack.declared.scram).unwrap();
    let config = Config { only_by_method: true, ..pack.config };
    let (name, password) = pack.user.unwrap();
    let access = MqttAccess {
        user_name: Some(name.to_owned()),
        password: Some(password.to_owned()),
        declared: pack.declared,
        ..MqttAccess::default()
    };
    let server = Arc::new(Server::start(config));
    let cases = only("mqtt/{auth,authentication,publish,will}/*", Protocol::Mqtt5);
    let report = report_of(&server, access, cases).await;
    let offered = &report.target.endpoints[0].capabilities[Protocol::Mqtt5.name()];
    assert_eq!(offered["authentication"], "by a method only");
    let with = |verdict| report.cases.iter().filter(move |case| case.verdict == verdict);
    let without: BTreeSet<&str> =
        with(Verdict::NotApplicable).map(|case| case.id.as_str()).collect();
    for unasked in ["mqtt/auth/without-a-method", "mqtt/authentication/unsolicited"] {
        assert!(without.contains(unasked), "{unasked}");
    }
    assert_eq!(with(Verdict::Pass).count() + without.len(), report.cases.len());
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
