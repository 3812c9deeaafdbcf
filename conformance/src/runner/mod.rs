//! The runner: probes endpoints, selects and schedules cases, confirms findings, cleans up, and tells
//! all of it as events.

mod crash;
mod detect;
mod job;
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

use std::fmt;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::event::{CaseReport, EVENTS_SCHEMA, Event, Scope, Tool, Verdict};
use crate::launch::{Launch, LaunchError, Launched};
use crate::probe::sse::{Replay, Stimulus};
use crate::profile::Profile;
use crate::transport::Connector;

pub use detect::Undetected;
pub use job::{Attempt, Job};
pub use select::{Selection, SelectionError};

/// What is to be run.
#[derive(Debug)]
pub struct Plan {
    /// The endpoints, tested one after the other.
    pub endpoints: Vec<EndpointPlan>,
    /// How to start the target that has these endpoints, if it does not run already.
    pub launch: Option<Launch>,
    /// Which cases.
    pub selection: Selection,
    /// What the endpoints are asked for beyond, or short of, their specifications.
    pub profile: Option<Profile>,
    /// The same as reports tell it, with what the target is declared to lack and the part of the cases
    /// that this run does.
    pub scope: Scope,
    /// The name of the target in `pushspec.toml`.
    pub target: Option<String>,
    /// Passing cases keep their traces, too.
    pub keep_traces: bool,
    /// How many cases run at the same time.
    pub jobs: usize,
    /// How long a reply may take.
    pub timeout: Duration,
    /// Distinguishes this run's names from all others: at most six letters and digits.
    pub run: String,
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
    Mqtt {
        /// User Name of every CONNECT.
        user_name: Option<String>,
        /// Password of every CONNECT.
        password: Option<String>,
    },
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

impl fmt::Debug for Access {
    // Never the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mqtt { user_name, .. } => f.debug_tuple("Mqtt").field(user_name).finish(),
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
        scope: plan.scope.clone(),
    });
    let interrupted = match launched(&plan, &interrupt).await {
        Ok(launched) => {
            let interrupted = endpoints(&plan, launched.as_ref(), &interrupt, &events).await;
            if let Some(launched) = &launched {
                launched.stop().await;
            }
            interrupted
        }
        Err(error) => {
            if let LaunchError::Ended { exit, .. } = &error {
                tell(crash::told(exit.as_ref().clone(), Vec::new()));
            }
            for endpoint in &plan.endpoints {
                let url = endpoint.connector.url().to_string();
                tell(Event::EndpointUnreachable { url, reason: error.to_string() });
            }
            None
        }
    };
    let interrupted = interrupt.borrow().clone().or(interrupted);
    tell(Event::RunFinished { interrupted, duration_ms: began.elapsed().as_millis() as u64 });
}

/// Starts the target, where that is wanted. None, too, when the run is interrupted meanwhile.
async fn launched(plan: &Plan, interrupt: &Interrupt) -> Result<Option<Launched>, LaunchError> {
    let Some(launch) = &plan.launch else { return Ok(None) };
    let launched = Launched::prepare(launch.clone())?;
    let mut interrupt = interrupt.clone();
    tokio::select! {
        biased;
        _ = schedule::interrupted(&mut interrupt) => {
            launched.stop().await;
            Ok(None)
        }
        begun = launched.begin() => begun.map(|()| Some(launched)),
    }
}

/// Tests one endpoint after the other. Tells why it stopped early, if it did.
async fn endpoints(
    plan: &Plan,
    launched: Option<&Launched>,
    interrupt: &Interrupt,
    events: &mpsc::UnboundedSender<Event>,
) -> Option<String> {
    let tell = |event| drop(events.send(event));
    let mut interrupted = None;
    for endpoint in &plan.endpoints {
        if interrupt.borrow().is_some() {
            break;
        }
        match jobs(endpoint, plan, launched, &tell).await {
            Ok(jobs) => {
                let stopped = schedule::run(jobs, plan, launched, interrupt.clone(), events).await;
                interrupted = stopped.or(interrupted);
            }
            Err(undetected) => tell(Event::EndpointUnreachable {
                url: endpoint.connector.url().to_string(),
                reason: undetected.to_string(),
            }),
        }
    }
    interrupted
}

/// Probes an endpoint and makes its jobs.
async fn jobs(
    endpoint: &EndpointPlan,
    plan: &Plan,
    launched: Option<&Launched>,
    tell: &impl Fn(Event),
) -> Result<schedule::Work, Undetected> {
    let mut work = match &endpoint.access {
        Access::Mqtt { user_name, password } => {
            mqtt::work(endpoint, user_name.as_deref(), password.as_deref(), plan, launched).await?
        }
        Access::Sse { .. } => sse::work(endpoint, plan, launched).await?,
    };
    if let Some(profile) = &plan.profile {
        profiled::apply(profile, &mut work);
    }
    work.restrict(&plan.scope);
    tell(Event::EndpointPlanned { endpoint: work.endpoint.clone(), cases: work.jobs.len() });
    Ok(work)
}
