//! One run, told as it goes.

use std::time::Duration;

use pushspec::event::{Event, RunReport};
use pushspec::report::{ExitStatus, Secrets};
use pushspec::runner::{self, Plan};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Tested;
use super::against::{Compared, Earlier};
use crate::cli::baseline::Judge;
use crate::cli::output::{self, Files};
use crate::cli::{Asked, Wrong};

/// Runs the plan and tells it as it goes.
pub(super) async fn tell(
    plan: Plan,
    secrets: &Secrets,
    judge: Option<&Judge>,
    earlier: Option<&Earlier>,
    mut files: Files,
) -> Result<Tested, Wrong> {
    let mut asked = Asked::listen()?;
    let (told, mut events) = mpsc::unbounded_channel();
    let (interrupt, interrupted) = watch::channel(None);
    let running = tokio::spawn(runner::run(plan, interrupted, told));
    let began = Instant::now();
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut terminal = output::terminal();
    let mut log: Vec<Event> = Vec::new();
    let mut marker = judge.map(Judge::marker);
    let mut ending = false;
    loop {
        let printed = tokio::select! {
            event = events.recv() => {
                let Some(event) = event else { break };
                let mut event = secrets.hide(event);
                if let Some(marker) = &mut marker {
                    marker.mark(&mut event);
                }
                files.log(&event);
                let printed = terminal.handle(&event);
                log.push(event);
                printed
            }
            _ = second.tick() => terminal.tick(began.elapsed()),
            why = asked.wish() => {
                if ending {
                    // Asked twice: what is left in the target stays there.
                    running.abort();
                    break;
                }
                ending = true;
                interrupt.send_replace(Some(why.to_owned()));
                Ok(())
            }
        };
        // A closed pipe is no reason to leave things in the target, nor to lose the reports.
        drop(printed);
    }
    let panicked = running.await.is_err_and(|error| error.is_panic());
    let mut report = RunReport::from_events(&log);
    if let Some(marker) = &marker {
        let judged = marker.close(&report);
        files.log(&judged);
        log.push(judged);
        report = RunReport::from_events(&log);
    }
    let artefacts = files.write(&report)?;
    let compared = earlier.map(|earlier| earlier.compare(&report));
    let (status, printed) = match &compared {
        Some(Ok(Compared { text, status, reason })) => {
            (*status, terminal.finish_compared(&report, &artefacts, (text, *status, reason)))
        }
        _ => (ExitStatus::of(&report), terminal.finish(&report, &artefacts)),
    };
    if printed.is_ok() && panicked {
        return Err(Wrong::internal("the runner failed"));
    }
    compared.transpose()?;
    Ok(Tested { report, status, ended: ending })
}
