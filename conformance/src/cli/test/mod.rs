//! `pushspec test`

mod access;
mod against;
mod args;
mod configured;
mod matrices;
mod tell;

use std::time::Duration;

use pushspec::event::RunReport;
use pushspec::launch::Launch;
use pushspec::report::ExitStatus;
use pushspec::runner::Plan;

use super::baseline::Judge;
use super::output::Files;
use super::{Wrong, profiles, references, runtime};
use against::Earlier;
use args::Traces;

pub(super) use args::Args;

/// How long a target may take to end before it is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// Tests, reports, and tells how the process should end.
pub(super) fn run(args: Args) -> Result<ExitStatus, Wrong> {
    match configured::find(&args)? {
        Some(configured) => configured.run(&args),
        None => one(args, None).map(|tested| tested.status),
    }
}

/// What came of one target.
struct Tested {
    report: RunReport,
    status: ExitStatus,
    /// The user or the system wished for an early end.
    ended: bool,
}

/// Tests one target, which may have a name.
fn one(mut args: Args, name: Option<String>) -> Result<Tested, Wrong> {
    access::assign_ports(&mut args)?;
    let selection = access::selection(&args)?;
    let scope = access::scope(&args)?;
    let password = access::password(&args)?;
    let secrets = access::secrets(&args, password.as_deref());
    let profile = args.profile.as_deref().map(profiles::profile).transpose()?;
    let endpoints = access::endpoints(&args, password.as_deref(), profile.as_ref())?;
    // What cannot be read should not be found out at the end.
    let judge = args.baseline.as_deref().map(Judge::load).transpose()?;
    let earlier = args.against.as_deref().map(Earlier::read).transpose()?;
    let files = Files::create(args.report)?;
    let runtime = runtime()?;
    let tested = runtime.block_on(async {
        // Held until the run is over.
        let references = if endpoints.is_empty() { Some(references::start().await?) } else { None };
        let (references, endpoints) = match references {
            Some(references) => (Some(references.servers), references.endpoints),
            None => (None, endpoints),
        };
        let plan = Plan {
            launch: args.exec.map(|command| Launch {
                command,
                directory: args.exec_dir,
                endpoints: endpoints.iter().map(|endpoint| endpoint.connector.clone()).collect(),
                ready_within: args.exec_timeout,
                ends_within: ENDS_WITHIN,
            }),
            endpoints,
            selection,
            profile,
            scope,
            target: name,
            keep_traces: args.traces == Traces::All,
            jobs: args.jobs.into(),
            timeout: args.timeout,
            run: run_id()?,
        };
        let tested = tell::tell(plan, &secrets, judge.as_ref(), earlier.as_ref(), files).await;
        drop(references);
        tested
    });
    // Nothing that still runs may hold up the end.
    runtime.shutdown_background();
    tested
}

/// Distinguishes this run from all others at a shared target: six letters and digits.
fn run_id() -> Result<String, Wrong> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(Wrong::internal)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn run_ids_differ() {
        assert_ne!(run_id().unwrap(), run_id().unwrap());
    }
}
