//! Runs jobs side by side, longest first, and watches over the target's life.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::crash::Watch;
use super::{Attempt, Interrupt, Job, Plan, verdict};
use crate::case::{Outcome, Stop};
use crate::event::{CaseReport, Endpoint, Event, LeftBehind, Scope, Verdict};
use crate::evidence::Evidence;
use crate::launch::Launched;

/// How many attempts at a connection a target gets before it counts as dead.
const SIGNS_OF_LIFE: u32 = 3;

/// A wait that the spec imposes and others should overlap.
const A_WAIT: Duration = Duration::from_secs(1);
/// How many times as many scenarios as may be busy may wait.
const WAITING: usize = 8;

/// Everything to be run at one endpoint.
pub(super) struct Work {
    /// What is known of it.
    pub endpoint: Endpoint,
    /// The jobs, in the order of reports.
    pub jobs: Vec<Job>,
    /// Whether the target still answers.
    pub alive: Alive,
    /// Looks for what is left of the run.
    pub left: Option<Left>,
}

impl Work {
    /// Nothing to do at this URL.
    pub(super) fn none(url: String) -> Self {
        Self {
            endpoint: Endpoint {
                url,
                protocols: Vec::new(),
                capabilities: BTreeMap::new(),
                configuration: None,
                unreachable: None,
                left: None,
            },
            jobs: Vec::new(),
            alive: Arc::new(|| Box::pin(std::future::ready(true))),
            left: None,
        }
    }
}

impl Work {
    /// What needs something that the target is declared to lack does not apply.
    pub(super) fn restrict(&mut self, without: &[String]) {
        for job in &mut self.jobs {
            let lacking = job.about.needs.iter().find(|need| without.contains(&need.name()));
            if let Some(need) = lacking {
                job.not_applicable
                    .get_or_insert_with(|| format!("the target is declared to lack {need}"));
            }
        }
    }

    /// Leaves the shard's jobs, if there are shards.
    pub(super) fn deal(&mut self, scope: &Scope) {
        let Some(shard) = scope.shard else { return };
        // Those with long waits are dealt out first, so that no shard gets them all.
        let mut jobs = std::mem::take(&mut self.jobs);
        jobs.sort_by_key(|job| (std::cmp::Reverse(job.about.lasts), job.about.id, job.protocol));
        let dealt = jobs.into_iter().enumerate().filter(|(n, _)| shard.has(*n));
        self.jobs = dealt.map(|(_, job)| job).collect();
    }
}

/// Asks whether the target still answers.
pub(super) type Alive = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// Removes what is left of the run, and tells what could not be removed.
pub(super) type Left = Pin<Box<dyn Future<Output = LeftBehind> + Send>>;

/// Runs all jobs. Tells why it stopped early, if it did.
pub(super) async fn run(
    work: Work,
    plan: &Plan,
    launched: Option<&Launched>,
    mut interrupt: Interrupt,
    events: &mpsc::UnboundedSender<Event>,
) -> Option<String> {
    let mut waiting: Vec<(usize, Job)> = work.jobs.into_iter().enumerate().collect();
    waiting.sort_by_key(|(index, job)| (job.alone, std::cmp::Reverse(job.about.lasts), *index));
    let mut waiting: VecDeque<_> = waiting.into();
    let ran = !waiting.is_empty();
    let mut running = JoinSet::new();
    let mut in_flight = BTreeMap::new();
    let mut watch =
        launched.map(|launched| Watch { launched, alive: &work.alive, events, ends: 0 });
    // What ran when the target ended.
    let mut suspects = Vec::new();
    let mut stopped = interrupt.borrow().clone();
    let tell = |event| drop(events.send(event));
    loop {
        while stopped.is_none() && suspects.is_empty() && has_room(&waiting, &in_flight, plan.jobs)
        {
            if waiting.front().is_some_and(|(_, job)| job.alone) && !running.is_empty() {
                break;
            }
            let Some((index, job)) = waiting.pop_front() else { break };
            tell(Event::CaseStarted {
                endpoint: job.endpoint.clone(),
                case: job.about.id.to_owned(),
                protocol: job.protocol,
            });
            in_flight.insert(index, job.clone());
            let (alone, name) = (job.alone, letters(index));
            let alive = Arc::clone(&work.alive);
            let performed =
                perform(job, name, plan.timeout, alive, interrupt.clone(), events.clone());
            running.spawn(async move { (index, performed.await) });
            if alone {
                break;
            }
        }
        tokio::select! {
            biased;
            reason = interrupted(&mut interrupt), if stopped.is_none() => stopped = Some(reason),
            finished = running.join_next() => match finished {
                None => match &mut watch {
                    Some(watch) if !suspects.is_empty() => {
                        let suspects = std::mem::take(&mut suspects);
                        if let Err((why, left)) = watch.resolve(suspects, plan, &interrupt).await {
                            stopped.get_or_insert(why);
                            waiting.extend(left);
                        }
                    }
                    _ => break,
                },
                Some(Ok((index, (report, silent)))) => {
                    let job = in_flight.remove(&index);
                    let ended = match &watch {
                        Some(watch) => watch.ended(silent).await,
                        None => false,
                    };
                    if let (true, Some(job)) = (ended, job) {
                        suspects.push((index, job));
                        continue;
                    }
                    // One that is watched over answers again.
                    if silent && watch.is_none() && stopped.is_none() {
                        stopped = Some(format!("the target stopped answering during {}", report.id));
                    }
                    tell(plan.finished(report));
                }
                // Scenarios panic in a task of their own; this one only awaits.
                Some(Err(_)) => {}
            }
        }
    }
    // Of a target that dies behind its last case nothing else would tell.
    if ran && stopped.is_none() && !answers(&work.alive).await {
        stopped = Some("the target stopped answering by the end of the run".to_owned());
    }
    if let (true, None, Some(left)) = (ran, &stopped, work.left) {
        tell(Event::CleanedUp { endpoint: work.endpoint.url, left: left.await });
    }
    if let Some(reason) = &stopped {
        for (_, job) in waiting {
            let outcome = Err(Stop::Inconclusive(format!("not run: {reason}")));
            let report = verdict::report(&job, outcome, &Evidence::new(), &[], 0);
            tell(plan.finished(report));
        }
    }
    stopped
}

/// Whether the scenario does next to nothing for seconds, because the spec makes it wait.
fn waits(job: &Job) -> bool {
    job.not_applicable.is_none() && job.about.lasts >= A_WAIT
}

/// Whether the next job may begin. Scenarios that wait take no part in the number of those that run at
/// the same time, so that their waits overlap; unless one at a time is wanted.
fn has_room(next: &VecDeque<(usize, Job)>, running: &BTreeMap<usize, Job>, jobs: usize) -> bool {
    if jobs <= 1 {
        return running.is_empty();
    }
    match next.front() {
        Some((_, job)) if waits(job) && !job.alone => running.len() < jobs * WAITING,
        _ => running.values().filter(|job| !waits(job)).count() < jobs,
    }
}

/// Brings one job to its report, and tells whether the target is dead.
pub(super) async fn perform(
    job: Job,
    name: String,
    reply: Duration,
    alive: Alive,
    interrupt: Interrupt,
    events: mpsc::UnboundedSender<Event>,
) -> (CaseReport, bool) {
    let known = (job.not_applicable.clone().map(Stop::NotApplicable))
        .or_else(|| job.out_of_reach.clone().map(Stop::Inconclusive));
    if let Some(stop) = known {
        let outcome = Err(stop);
        return (verdict::report(&job, outcome, &Evidence::new(), &[], 0), false);
    }
    let first = attempt(&job, format!("{name}x"), reply, interrupt.clone(), &events).await;
    if matches!(first.verdict, Verdict::Pass | Verdict::NotApplicable | Verdict::Error)
        || interrupt.borrow().is_some()
    {
        return (first, false);
    }
    if !answers(&alive).await {
        return (blamed_on_death(first), true);
    }
    // What is held against a target has to be repeatable.
    let mut second = attempt(&job, format!("{name}y"), reply, interrupt.clone(), &events).await;
    if !answers(&alive).await {
        return (blamed_on_death(first), true);
    }
    if interrupt.borrow().is_some() {
        return (first, false);
    }
    if second.verdict == first.verdict {
        return (CaseReport { repeated: true, ..first }, false);
    }
    if first.verdict == Verdict::Inconclusive {
        // A slow target that made it the second time, or failed it.
        if second.verdict == Verdict::Fail || second.verdict == Verdict::Warn {
            second = unstable(second, &first);
        }
        return (second, false);
    }
    (unstable(first, &second), false)
}

fn unstable(finding: CaseReport, other: &CaseReport) -> CaseReport {
    let found = finding.found.unwrap_or_default();
    CaseReport {
        found: Some(format!(
            "not repeatable: {} once ({found}), {} when repeated",
            finding.verdict, other.verdict
        )),
        verdict: Verdict::Inconclusive,
        ..finding
    }
}

/// A target that died may have died of another case that ran at the same time.
fn blamed_on_death(report: CaseReport) -> CaseReport {
    let found = report.found.unwrap_or_default();
    CaseReport {
        found: Some(format!(
            "the target stopped answering while this case ran ({found}); with --jobs 1 only the case that ends it is hit"
        )),
        verdict: Verdict::Inconclusive,
        ..report
    }
}

/// Whether the target answers.
pub(super) async fn answers(alive: &Alive) -> bool {
    for _ in 0..SIGNS_OF_LIFE {
        if alive().await {
            return true;
        }
    }
    false
}

/// One attempt, from its first connection to its clean-up.
async fn attempt(
    job: &Job,
    name: String,
    reply: Duration,
    mut interrupt: Interrupt,
    events: &mpsc::UnboundedSender<Event>,
) -> CaseReport {
    let began = Instant::now();
    let evidence = Evidence::new();
    let Attempt { running, clean_up, generated } = (job.attempt)(evidence.clone(), name);
    let limit = job.about.limit(reply);
    // A task of its own, so that a panic is this case's and nobody else's.
    let mut scenario = tokio::spawn(running);
    let outcome: Outcome = tokio::select! {
        biased;
        finished = timeout(limit, &mut scenario) => match finished {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => Err(Stop::Error(format!("the case itself failed: {panic}"))),
            Err(_) => Err(Stop::Inconclusive(format!(
                "the scenario did not come to its end within {} s", limit.as_secs()
            ))),
        },
        reason = interrupted(&mut interrupt) => Err(Stop::Inconclusive(format!("not finished: {reason}"))),
    };
    scenario.abort();
    let _ = timeout(reply * 4, clean_up).await;
    // What was seen stays true, whatever the verdict comes to.
    for violation in verdict::violations(job, &evidence, &generated) {
        let _ = events.send(Event::ViolationSeen(Box::new(violation)));
    }
    verdict::report(job, outcome, &evidence, &generated, began.elapsed().as_millis() as u64)
}

/// Waits for the run to be interrupted, and tells why it was.
pub(super) async fn interrupted(interrupt: &mut Interrupt) -> String {
    loop {
        if let Some(reason) = interrupt.borrow_and_update().clone() {
            return reason;
        }
        if interrupt.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// A short name made of letters and digits.
pub(super) fn letters(mut number: usize) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b"abcdefghijklmnopqrstuvw"[number % 23]));
        number /= 23;
        if number == 0 {
            return name;
        }
    }
}
