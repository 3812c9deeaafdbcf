//! `pushspec snapshot`

use std::path::PathBuf;

use pushspec::report::ExitStatus;
use pushspec::snapshot;

use super::{Wrong, output};

/// Print a report as plain text without anything that differs from run to run
///
/// Kept under version control, it lets the changes of a target's behaviour be reviewed like code.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The report, as `--report json=FILE` writes it.
    report: PathBuf,
    /// Compare with this file instead of printing: exit status 1 where it is not the same.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  pushspec snapshot out.json >broker.snapshot
  pushspec snapshot out.json --check broker.snapshot";

/// Prints it, or compares.
pub(super) fn run(args: &Args) -> Result<ExitStatus, Wrong> {
    let now = snapshot::write(&output::read_report(&args.report)?);
    let Some(check) = &args.check else {
        output::print(&now);
        return Ok(ExitStatus::Conformant);
    };
    let kept = std::fs::read_to_string(check)
        .map_err(|error| Wrong::usage(format!("{}: {error}", check.display())))?;
    if kept == now {
        output::print(&format!("{}: the same\n", check.display()));
        return Ok(ExitStatus::Conformant);
    }
    let difference = similar::TextDiff::from_lines(&kept, &now);
    let name = check.display().to_string();
    output::print(&difference.unified_diff().header(&name, "now").to_string());
    Ok(ExitStatus::Failed)
}
