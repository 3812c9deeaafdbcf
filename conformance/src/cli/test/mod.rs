//! `pushspec test`

mod access;
mod against;
mod args;
mod configured;
mod matrices;
mod reach;
mod set_up;
mod tell;

use std::ffi::OsString;
use std::net::TcpListener;
use std::time::Duration;

use pushspec::event::RunReport;
use pushspec::launch::Launch;
use pushspec::profile::Profile;
use pushspec::report::{ExitStatus, Secrets};
use pushspec::runner::{Configuration, Plan};

use super::baseline::Judge;
use super::output::Files;
use super::{Wrong, profiles, references, runtime};
use against::Earlier;
use args::Traces;

pub(super) use args::Args;

/// How long a target may take to end before it is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// Tests, reports, and tells how the process should end. The line is what the user gave as arguments.
pub(super) fn run(args: Args, line: &[OsString]) -> Result<ExitStatus, Wrong> {
    match configured::find(&args)? {
        Some(configured) => configured.run(&args, line),
        None => one(args, line, None, Vec::new()).map(|tested| tested.status),
    }
}

/// What came of one target.
struct Tested {
    report: RunReport,
    status: ExitStatus,
    /// The user or the system wished for an early end.
    ended: bool,
}

/// Reads what a target's arguments name, as its run will: what is wrong should be known before any
/// target is tested.
fn look_at(args: &Args) -> Result<(), Wrong> {
    access::selection(args)?;
    access::scope(args)?;
    access::password(args)?;
    args.profile.as_deref().map(profiles::profile).transpose()?;
    args.baseline.as_deref().map(Judge::load).transpose()?;
    args.against.as_deref().map(Earlier::read).transpose()?;
    Files::try_out(&args.report)
}

/// Tests one target, which may have a name and further configurations. The line is what the user gave.
fn one(
    mut args: Args,
    line: &[OsString],
    name: Option<String>,
    further: Vec<(String, Args)>,
) -> Result<Tested, Wrong> {
    let selection = access::selection(&args)?;
    let scope = access::scope(&args)?;
    let profile = args.profile.as_deref().map(profiles::profile).transpose()?;
    let (mut secrets, mut held) = (Vec::new(), Vec::new());
    let mut configured = |name, args: &mut Args| {
        configuration(args, name, profile.as_ref(), &mut secrets, &mut held)
    };
    let mut configurations = vec![configured(None, &mut args)?];
    for (name, mut args) in further {
        configurations.push(configured(Some(name), &mut args)?);
    }
    // The targets are about to listen there.
    drop(held);
    let secrets = Secrets::new(secrets);
    // What cannot be read should not be found out at the end.
    let judge = args.baseline.as_deref().map(Judge::load).transpose()?;
    let earlier = args.against.as_deref().map(Earlier::read).transpose()?;
    let files = Files::create(args.report)?;
    let runtime = runtime()?;
    let tested = runtime.block_on(async {
        // Held until the run is over.
        let mut servers = None;
        if configurations[0].endpoints.is_empty() {
            let references = references::start().await?;
            servers = Some(references.servers);
            configurations = references.configurations;
        }
        let plan = Plan {
            configurations,
            selection,
            profile,
            scope,
            reach: Some(reach::reach(line, name.as_deref())),
            target: name,
            keep_traces: args.traces == Traces::All,
            jobs: args.jobs.into(),
            timeout: args.timeout,
        };
        let tested = tell::tell(plan, &secrets, judge.as_ref(), earlier.as_ref(), files).await;
        drop(servers);
        tested
    });
    // Nothing that still runs may hold up the end.
    runtime.shutdown_background();
    tested
}

/// The target in one configuration.
fn configuration(
    args: &mut Args,
    name: Option<String>,
    profile: Option<&Profile>,
    secrets: &mut Vec<String>,
    held: &mut Vec<TcpListener>,
) -> Result<Configuration, Wrong> {
    access::assign_ports(args, held)?;
    let password = access::password(args)?;
    secrets.extend(access::secrets(args, password.as_deref()));
    let endpoints = access::endpoints(args, password.as_deref(), profile)?;
    let launch = args.exec.clone().map(|command| Launch {
        command,
        directory: args.exec_dir.clone(),
        endpoints: endpoints.iter().map(|endpoint| endpoint.connector.clone()).collect(),
        ready_within: args.exec_timeout,
        ends_within: ENDS_WITHIN,
    });
    let (without, run) = (args.without.clone(), run_id()?);
    Ok(Configuration { name, endpoints, launch, without, run })
}

/// Distinguishes this run from all others at a shared target: six letters and digits.
pub(super) fn run_id() -> Result<String, Wrong> {
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
