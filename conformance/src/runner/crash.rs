//! A target that pushspec started and that ends by itself, or no longer answers: it is started again,
//! each case that ran at that time runs alone, and whichever brings it down once more has failed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::schedule::{Alive, answers, letters, perform};
use super::{Interrupt, Job, Plan};
use crate::event::{CaseReport, Event, ProcessEnd, Verdict};
use crate::launch::{Ending, Exit, Launched};
use crate::requirement::Level;

/// After so many ends a target is left alone.
const ENDS_BORNE: usize = 10;
/// A connection is seen to close a moment before the process is seen to end.
const LAGS_BY: Duration = Duration::from_secs(1);

/// Watches over a launched target.
pub(super) struct Watch<'a> {
    pub(super) launched: &'a Launched,
    pub(super) alive: &'a Alive,
    pub(super) events: &'a mpsc::UnboundedSender<Event>,
    /// How often it has ended.
    pub(super) ends: usize,
}

impl Watch<'_> {
    /// Whether it has ended by itself, or had to be given up. `silent`: it was seen not to answer.
    pub(super) async fn ended(&self, silent: bool) -> bool {
        if silent
            && timeout(LAGS_BY, self.launched.crashed()).await.is_err()
            // It may have been slow for a moment only.
            && !answers(self.alive).await
        {
            self.launched.give_up().await;
        }
        self.launched.crash().is_some()
    }

    /// Finds out which of the cases that ran when it ended is to blame, and tells the reports of all
    /// of them. When the run cannot go on: why, and the jobs that are left.
    pub(super) async fn resolve(
        &mut self,
        suspects: Vec<(usize, Job)>,
        plan: &Plan,
        interrupt: &Interrupt,
    ) -> Result<(), (String, Vec<(usize, Job)>)> {
        self.tell_end(suspects.iter().map(|(_, job)| named(job)).collect());
        let mut left = suspects.into_iter();
        while let Some((index, job)) = left.next() {
            let give_up = |reason: String, job| {
                Err((reason, std::iter::once((index, job)).chain(left.clone()).collect()))
            };
            if let Some(reason) = interrupt.borrow().clone() {
                return give_up(reason, job);
            }
            if let Err(reason) = self.revive().await {
                return give_up(reason, job);
            }
            // Letters of its own: what the first attempt left may have been kept.
            let name = format!("{}zz", letters(index));
            let (about, alive) = (named(&job), Arc::clone(self.alive));
            let (mut report, dead) =
                perform(job, name, plan.timeout, alive, interrupt.clone(), self.events.clone())
                    .await;
            if self.ended(dead || !answers(self.alive).await).await {
                if let Some(exit) = self.launched.crash() {
                    blame(&mut report, &exit);
                }
                self.tell_end(vec![about]);
            }
            drop(self.events.send(plan.finished(report)));
        }
        self.revive().await.map_err(|reason| (reason, Vec::new()))
    }

    /// Starts it again if it has ended.
    async fn revive(&self) -> Result<(), String> {
        let Some(exit) = self.launched.crash() else { return Ok(()) };
        if self.ends > ENDS_BORNE {
            return Err(format!("the target ended {} times, last with {exit}", self.ends));
        }
        self.launched.restart(Ending::Kill).await.map_err(|error| {
            format!("the target ended ({exit}) and cannot be started again: {error}")
        })
    }

    fn tell_end(&mut self, during: Vec<String>) {
        let Some(exit) = self.launched.crash() else { return };
        self.ends += 1;
        drop(self.events.send(told(exit, during)));
    }
}

/// The event that tells how the target ended.
pub(super) fn told(exit: Exit, during: Vec<String>) -> Event {
    let how = exit.to_string();
    Event::TargetEnded(Box::new(ProcessEnd {
        how,
        during,
        stdout: exit.stdout,
        stderr: exit.stderr,
    }))
}

fn named(job: &Job) -> String {
    format!("{} ({})", job.about.id, job.protocol)
}

/// The target ended twice while this case ran, the second time alone.
fn blame(report: &mut CaseReport, exit: &Exit) {
    report.verdict = Verdict::Fail;
    report.level = Level::Must;
    "the target survives what any client may send".clone_into(&mut report.expected);
    report.found = Some(format!(
        "the target's process ended: {exit}, again when this case was repeated alone"
    ));
}
