//! The runner: probes endpoints, selects and schedules cases, confirms findings, cleans up, and tells
//! all of it as events.

mod configuration;
mod crash;
mod detect;
mod job;
mod left;
mod mqtt;
mod profiled;
#[cfg(test)]
mod residue;
mod schedule;
mod select;
mod sse;
#[cfg(test)]
mod undisturbed;
mod verdict;
#[cfg(test)]
pub(crate) mod whole;

use std::fmt;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::event::{CaseReport, EVENTS_SCHEMA, Event, Reach, Scope, Tool, Verdict};
use crate::launch::{Launched, Life};
use crate::probe::mqtt::Declared;
use crate::probe::sse::{Replay, Stimulus};
use crate::profile::Profile;
use crate::transport::Connector;

pub use configuration::Configuration;
pub use detect::Undetected;
pub use job::{Attempt, Job};
pub use select::{Selection, SelectionError};

/// What is to be run.
#[derive(Debug)]
pub struct Plan {
    /// The target, in one configuration or several.
    pub configurations: Vec<Configuration>,
    /// Which cases.
    pub selection: Selection,
    /// What the endpoints are asked for beyond, or short of, their specifications.
    pub profile: Option<Profile>,
    /// The same as reports tell it, with what the target is declared to lack and the part of the cases
    /// that this run does.
    pub scope: Scope,
    /// The name of the target in `pushspec.toml`.
    pub target: Option<String>,
    /// The words that lead to it, for those who read of it.
    pub reach: Option<Reach>,
    /// Passing cases keep their traces, too.
    pub keep_traces: bool,
    /// How many cases run at the same time.
    pub jobs: usize,
    /// How long a reply may take.
    pub timeout: Duration,
}

impl Plan {
    /// The event that tells a report. What passes needs no proof, unless it is asked for.
    fn finished(&self, mut report: CaseReport) -> Event {
        let passed = matches!(report.verdict, Verdict::Pass | Verdict::NotApplicable);
        if passed && !self.keep_traces {
            report.trace.clear();
        }
        Event::CaseFinished(Box::new(report))
    }
}

/// One endpoint and how to deal with it.
#[derive(Debug)]
pub struct EndpointPlan {
    /// Opens connections.
    pub connector: Connector,
    /// What the user said of it.
    pub access: Access,
}

/// What the user says of an endpoint beside its URL.
pub enum Access {
    /// An MQTT Server.
    Mqtt(MqttAccess),
    /// A server of event streams.
    Sse {
        /// How to cause an event.
        stimulus: Option<Box<Stimulus>>,
        /// POST to it ends all streams.
        closer: Option<Box<Connector>>,
        /// The same stream through a proxy.
        via: Option<Box<Connector>>,
        /// What it is declared to do with a last event ID.
        replay: Replay,
        /// Whether its events are declared to outlive its process.
        persistent: bool,
        /// For how long a stream should stay open, whatever happens on it.
        idle: Option<Duration>,
    },
}

/// What the user says of an MQTT Server beside its URL.
#[derive(Clone, Default)]
pub struct MqttAccess {
    /// User Name of every CONNECT.
    pub user_name: Option<String>,
    /// Password of every CONNECT.
    pub password: Option<String>,
    /// How it is set up.
    pub declared: Declared,
    /// It can be ended and started again, though it is no process of its own.
    pub life: Option<Life>,
}

impl fmt::Debug for Access {
    // Never the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mqtt(access) => f.debug_tuple("Mqtt").field(&access.user_name).finish(),
            Self::Sse { stimulus, .. } => f.debug_tuple("Sse").field(stimulus).finish(),
        }
    }
}

/// Why a run should stop early; `None` while it should not. Clones of the receiver see the same.
pub type Interrupt = watch::Receiver<Option<String>>;

/// Runs the plan to its end, or until interrupted. Every event goes to `events`, the last one is
/// always [`Event::RunFinished`].
pub async fn run(plan: Plan, interrupt: Interrupt, events: mpsc::UnboundedSender<Event>) {
    let began = Instant::now();
    // That nobody listens any more is no reason to leave things in the target.
    let tell = |event| drop(events.send(event));
    tell(Event::RunStarted {
        schema: EVENTS_SCHEMA.to_owned(),
        tool: Tool::this(),
        target: plan.target.clone(),
        reach: plan.reach.clone(),
        scope: plan.scope.clone(),
    });
    let interrupted = configuration::all(&plan, &interrupt, &events).await;
    let interrupted = interrupt.borrow().clone().or(interrupted);
    tell(Event::RunFinished { interrupted, duration_ms: began.elapsed().as_millis() as u64 });
}

/// Probes an endpoint and makes its jobs.
async fn jobs(
    endpoint: &EndpointPlan,
    configuration: &Configuration,
    plan: &Plan,
    launched: Option<&Launched>,
) -> Result<schedule::Work, Undetected> {
    let mut work = match &endpoint.access {
        Access::Mqtt(access) => {
            mqtt::work(endpoint, access, &configuration.run, plan, launched).await?
        }
        Access::Sse { .. } => sse::work(endpoint, &configuration.run, plan, launched).await?,
    };
    if let Some(profile) = &plan.profile {
        profiled::apply(profile, &mut work);
    }
    work.restrict(&configuration.without);
    Ok(work)
}
