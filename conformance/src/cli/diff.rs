//! `pushspec diff`

use std::path::PathBuf;

use clap::ValueEnum;
use pushspec::diff::{self, Diff};
use pushspec::event::RunReport;
use pushspec::report::ExitStatus;

use super::{Wrong, output};

/// Compare two runs, such as those of two builds
///
/// Every case is REGRESSED, LOST (it had a verdict and has none any more; counts as a regression), FIXED,
/// BEHAVIOUR (as conformant as before, but another of the permitted ways is taken), NEW or unchanged.
/// Where both runs have a trace, the difference is shown packet by packet; passing cases keep theirs only
/// with `pushspec test --traces all`. Names, ports and times are no difference.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The report of the earlier run, as `--report json=FILE` writes it.
    base: PathBuf,
    /// The report of the later run.
    head: PathBuf,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  pushspec diff v1.json v2.json
  pushspec diff v1.json v2.json --format markdown >>\"$GITHUB_STEP_SUMMARY\"

Exit status: 0 nothing became worse · 1 regressions · 2 wrong usage, or not comparable";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a terminal.
    Text,
    /// For pull requests and step summaries.
    Markdown,
    /// For programs; its schema is in the repository.
    Json,
    /// A page for a browser.
    Html,
}

/// Compares and prints.
pub(super) fn run(args: &Args) -> Result<ExitStatus, Wrong> {
    let (base, head) = (output::read_report(&args.base)?, output::read_report(&args.head)?);
    let (base_name, head_name) = (args.base.display().to_string(), args.head.display().to_string());
    let diff = compare((&base_name, &base), (&head_name, &head))?;
    match args.format {
        Format::Text => output::print(&diff::write_text(&diff, output::look())),
        Format::Markdown => output::print(&diff::write_markdown(&diff)),
        Format::Json => output::print(&diff::write_json(&diff).map_err(Wrong::internal)?),
        Format::Html => output::print(&diff::write_html(&diff).map_err(Wrong::internal)?),
    }
    Ok(status(&diff))
}

/// Compares two named reports.
pub(super) fn compare(base: (&str, &RunReport), head: (&str, &RunReport)) -> Result<Diff, Wrong> {
    diff::compare(base, head).map_err(Wrong::usage)
}

/// How to end.
pub(super) fn status(diff: &Diff) -> ExitStatus {
    if diff.has_regressions() { ExitStatus::Failed } else { ExitStatus::Conformant }
}
