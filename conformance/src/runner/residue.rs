//! Test: a run leaves nothing in its target.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::{Access, Configuration, EndpointPlan, MqttAccess, Plan, Selection, run};
use crate::event::Scope;
use crate::reference::mqtt::{Config, Server};
use crate::transport::Connector;

#[tokio::test(start_paused = true)]
async fn no_session_and_no_retained_message_is_left() {
    let server = Arc::new(Server::start(Config::default()));
    let opened = Arc::clone(&server);
    let url = "mqtt://reference".parse().unwrap();
    let connector = Connector::memory(url, move || opened.connect_in_memory());
    let access = Access::Mqtt(MqttAccess::default());
    let plan = Plan {
        configurations: vec![Configuration::running(EndpointPlan { connector, access }, "left")],
        selection: Selection::all(),
        jobs: 8,
        timeout: Duration::from_secs(5),
        profile: None,
        scope: Scope::default(),
        target: None,
        keep_traces: false,
    };
    let (events, mut told) = mpsc::unbounded_channel();
    let (_interrupt, interrupted) = watch::channel(None);
    run(plan, interrupted, events).await;
    assert!(told.try_recv().is_ok(), "something was run");
    assert_eq!(server.kept().await, Some((0, Vec::new())));
}
