//! For tests: whole runs, in one piece.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::{Access, Configuration, EndpointPlan, Plan, Selection, run};
use crate::event::{Event, RunReport, Scope};
use crate::transport::Connector;

/// A plan with nothing special about it, for one endpoint.
pub(crate) fn plan(connector: Connector, access: Access, name: &str, selection: Selection) -> Plan {
    Plan {
        configurations: vec![Configuration::running(EndpointPlan { connector, access }, name)],
        selection,
        jobs: 8,
        timeout: Duration::from_secs(5),
        profile: None,
        scope: Scope::default(),
        target: None,
        reach: None,
        keep_traces: false,
    }
}

/// What the run tells, from its begin to its end.
pub(crate) async fn told(plan: Plan) -> RunReport {
    let (events, mut told) = mpsc::unbounded_channel();
    let (_interrupt, interrupted) = watch::channel(None);
    run(plan, interrupted, events).await;
    let log: Vec<Event> = std::iter::from_fn(|| told.try_recv().ok()).collect();
    RunReport::from_events(&log)
}
