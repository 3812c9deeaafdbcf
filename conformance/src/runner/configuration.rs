//! Several configurations of one target: each is there for the cases that do not apply to those
//! before it. All run at the same time, and together they are one run.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::schedule::{self, Work};
use super::{EndpointPlan, Interrupt, Plan, crash, jobs};
use crate::event::Event;
use crate::launch::{Launch, LaunchError, Launched};

/// The target in one configuration.
#[derive(Debug)]
pub struct Configuration {
    /// Its name; the first one has none.
    pub name: Option<String>,
    /// The endpoints, tested one after the other.
    pub endpoints: Vec<EndpointPlan>,
    /// How to start the target that has these endpoints, if it does not run already.
    pub launch: Option<Launch>,
    /// What it is declared to lack.
    pub without: Vec<String>,
    /// Distinguishes its names from all others: at most six letters and digits.
    pub run: String,
}

#[cfg(test)]
impl Configuration {
    /// A target that has one endpoint and runs already.
    pub(crate) fn running(endpoint: EndpointPlan, run: &str) -> Self {
        let (endpoints, run) = (vec![endpoint], run.to_owned());
        Self { name: None, endpoints, launch: None, without: Vec::new(), run }
    }
}

/// A configuration whose target runs, and what is to be done there.
struct Begun {
    launched: Option<Launched>,
    works: Vec<Work>,
}

/// Tests all configurations of the plan. Tells why it stopped early, if it did.
pub(super) async fn all(
    plan: &Plan,
    interrupt: &Interrupt,
    events: &mpsc::UnboundedSender<Event>,
) -> Option<String> {
    let mut begun = Vec::new();
    for configuration in &plan.configurations {
        begun.push(begin(configuration, plan, interrupt, events).await);
    }
    share_out(&mut begun);
    // Where a further configuration has nothing to add, there is nothing to tell of it.
    for other in begun.iter_mut().skip(1) {
        other.works.retain(|work| !work.jobs.is_empty());
    }
    for work in begun.iter_mut().flat_map(|begun| &mut begun.works) {
        work.deal(&plan.scope);
        let planned =
            Event::EndpointPlanned { endpoint: work.endpoint.clone(), cases: work.jobs.len() };
        drop(events.send(planned));
    }
    let stopped = begun.into_iter().map(|begun| finish(begun, plan, interrupt, events));
    join_all(stopped).await.into_iter().flatten().next()
}

/// Starts the target and makes the jobs of its endpoints.
async fn begin(
    configuration: &Configuration,
    plan: &Plan,
    interrupt: &Interrupt,
    events: &mpsc::UnboundedSender<Event>,
) -> Begun {
    let tell = |event| drop(events.send(event));
    let unreachable = |endpoint: &EndpointPlan, reason: String| Event::EndpointUnreachable {
        url: endpoint.connector.url().to_string(),
        reason: match &configuration.name {
            Some(name) => format!("{reason} (configuration {name})"),
            None => reason,
        },
    };
    let launched = match launched(configuration.launch.as_ref(), interrupt).await {
        Ok(launched) => launched,
        Err(error) => {
            if let LaunchError::Ended { exit, .. } = &error {
                tell(crash::told(exit.as_ref().clone(), Vec::new()));
            }
            for endpoint in &configuration.endpoints {
                tell(unreachable(endpoint, error.to_string()));
            }
            return Begun { launched: None, works: Vec::new() };
        }
    };
    let mut works = Vec::new();
    for endpoint in &configuration.endpoints {
        if interrupt.borrow().is_some() {
            break;
        }
        let mut asked = interrupt.clone();
        // First contact may take long, too, and leaves nothing behind.
        let planned = tokio::select! {
            biased;
            _ = schedule::interrupted(&mut asked) => break,
            planned = jobs(endpoint, configuration, plan, launched.as_ref()) => planned,
        };
        match planned {
            Ok(mut work) => {
                work.endpoint.configuration.clone_from(&configuration.name);
                works.push(work);
            }
            Err(undetected) => tell(unreachable(endpoint, undetected.to_string())),
        }
    }
    Begun { launched, works }
}

/// Starts the target, where that is wanted. None, too, when the run is interrupted meanwhile.
async fn launched(
    launch: Option<&Launch>,
    interrupt: &Interrupt,
) -> Result<Option<Launched>, LaunchError> {
    let Some(launch) = launch else { return Ok(None) };
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

/// What does not apply to the first configuration goes to the first of the others to which it does.
fn share_out(begun: &mut [Begun]) {
    let Some((first, others)) = begun.split_first_mut() else { return };
    let key = |job: &super::Job| (job.about.id, job.protocol);
    let applies = |job: &&super::Job| job.not_applicable.is_none();
    let mut judged: BTreeSet<_> =
        first.works.iter().flat_map(|work| &work.jobs).filter(applies).map(key).collect();
    let mut taken = BTreeSet::new();
    for work in others.iter_mut().flat_map(|other| &mut other.works) {
        work.jobs.retain(|job| {
            let is_first = applies(&job) && judged.insert(key(job));
            if is_first {
                taken.insert(key(job));
            }
            is_first
        });
    }
    for work in &mut first.works {
        work.jobs.retain(|job| applies(&job) || !taken.contains(&key(job)));
    }
}

/// Tests one endpoint after the other, and ends the target.
async fn finish(
    begun: Begun,
    plan: &Plan,
    interrupt: &Interrupt,
    events: &mpsc::UnboundedSender<Event>,
) -> Option<String> {
    let launched = begun.launched.as_ref();
    let mut interrupted = None;
    for work in begun.works {
        // What was planned is told of, whether it is run or not.
        let stopped = schedule::run(work, plan, launched, interrupt.clone(), events).await;
        interrupted = stopped.or(interrupted);
    }
    if let Some(launched) = launched {
        launched.stop().await;
    }
    interrupted
}
