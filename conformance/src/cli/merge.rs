//! `pushspec merge`

use std::path::PathBuf;

use pushspec::merge::merge;
use pushspec::report::ExitStatus;
use pushspec::report::terminal::Terminal;

use super::Wrong;
use super::baseline::Judge;
use super::output::{self, Files, ReportTo};

/// Join the reports of the shards of one run
///
/// Each shard is a run of `pushspec test --shard I/N --report json=FILE`. A shard that is missing makes
/// the whole incomplete (exit status 5).
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The reports of the shards, in any order.
    #[arg(value_name = "REPORT", required = true)]
    reports: Vec<PathBuf>,
    /// Write the whole: FORMAT=FILE as for `pushspec test`. May be given several times.
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<ReportTo>,
    /// Judge the whole by the known departures in this file.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  pushspec test mqtt://localhost:1883 --shard 1/2 --report json=1.json
  pushspec test mqtt://localhost:1883 --shard 2/2 --report json=2.json
  pushspec merge 1.json 2.json --report json=all.json --report junit=all.xml";

/// Joins, reports, and tells how to end.
pub(super) fn run(args: Args) -> Result<ExitStatus, Wrong> {
    let judge = args.baseline.as_deref().map(Judge::load).transpose()?;
    let reports = args
        .reports
        .iter()
        .map(|path| Ok((path.display().to_string(), output::read_report(path)?)))
        .collect::<Result<_, Wrong>>()?;
    let mut whole = merge(reports).map_err(Wrong::usage)?;
    if let Some(judge) = judge {
        judge.judge(&mut whole);
    }
    let artefacts = Files::create(args.report)?.write(&whole)?;
    // That nobody reads to its end is no error.
    drop(Terminal::new(std::io::stdout(), output::look()).finish(&whole, &artefacts));
    Ok(ExitStatus::of(&whole))
}
