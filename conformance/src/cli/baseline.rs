//! `pushspec baseline`

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use pushspec::baseline::{self, Baseline};
use pushspec::event::RunReport;
use pushspec::report::ExitStatus;
use pushspec::suite;
use toml_edit::Date;

use super::similar::suggestion;
use super::{Wrong, output};

/// Keep the list of a target's known departures
///
/// A baseline is a file in your repository that names each known departure, what it looks like, and why
/// it is borne. `pushspec test --baseline FILE` then fails on what is not listed, on what is listed and
/// looks different, and (exit status 6) on what is listed and gone.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

const EXAMPLES: &str = "\
Examples:
  pushspec test mqtt://localhost:1883 --report json=out.json
  pushspec baseline init broker.toml --from out.json
  pushspec test mqtt://localhost:1883 --baseline broker.toml --report json=out.json
  pushspec baseline update broker.toml --from out.json";

#[derive(Debug, Subcommand)]
enum Action {
    /// Write a first baseline: everything that departs in a report.
    Init {
        /// The baseline, which must not exist yet.
        file: PathBuf,
        /// The report of a run, as `--report json=FILE` writes it.
        #[arg(long, value_name = "REPORT")]
        from: PathBuf,
        /// List warnings and cases without a verdict as well; from then on they have to be listed.
        #[arg(long)]
        strict: bool,
    },
    /// Bring it up to date in place: comments and order stay.
    Update {
        /// The baseline.
        file: PathBuf,
        /// The report of a run, as `--report json=FILE` writes it.
        #[arg(long, value_name = "REPORT")]
        from: PathBuf,
    },
    /// Judge a report by it, or without one only the file itself.
    Check {
        /// The baseline.
        file: PathBuf,
        /// The report of a run, as `--report json=FILE` writes it.
        #[arg(long, value_name = "REPORT")]
        from: Option<PathBuf>,
    },
}

/// Does it.
pub(super) fn run(args: Args) -> Result<ExitStatus, Wrong> {
    match args.action {
        Action::Init { file, from, strict } => {
            let report = output::read_report(&from)?;
            if file.exists() {
                return Err(Wrong::usage(format!(
                    "{}: it exists already (bring it up to date with `pushspec baseline update`)",
                    file.display()
                )));
            }
            let text = baseline::init(&report, strict, today()?).map_err(Wrong::internal)?;
            write(&file, &text)?;
            tell_missing_reasons(&file, &load(&file)?);
            Ok(ExitStatus::Conformant)
        }
        Action::Update { file, from } => {
            let report = output::read_report(&from)?;
            let text = read(&file)?;
            let updated =
                baseline::update(&text, &report, today()?).map_err(|error| wrong(&file, error))?;
            if updated == text {
                output::print(&format!("{}: it is up to date\n", file.display()));
            } else {
                write(&file, &updated)?;
            }
            tell_missing_reasons(&file, &load(&file)?);
            Ok(ExitStatus::Conformant)
        }
        Action::Check { file, from } => {
            let baseline = load(&file)?;
            let Some(from) = from else {
                let entries = baseline.known.len();
                output::print(&format!("{}: {entries} entries\n", file.display()));
                tell_missing_reasons(&file, &baseline);
                return Ok(ExitStatus::Conformant);
            };
            judge(&baseline, &file, &output::read_report(&from)?)
        }
    }
}

/// Prints what a report comes to by a baseline, and tells how to end.
pub(super) fn judge(
    baseline: &Baseline,
    file: &Path,
    report: &RunReport,
) -> Result<ExitStatus, Wrong> {
    let judgement = baseline.judge(report, today()?);
    let name = file.display().to_string();
    output::print(&baseline::tell(&judgement, &name, report, output::look()));
    Ok(judgement.status())
}

/// Reads a baseline. An entry for a case that does not exist is a slip.
pub(super) fn load(file: &Path) -> Result<Baseline, Wrong> {
    let baseline: Baseline = read(file)?.parse().map_err(|error| wrong(file, error))?;
    for entry in &baseline.known {
        let known =
            entry.case.starts_with("monitor/") || suite::all().any(|about| about.id == entry.case);
        if !known {
            let near = suggestion(&entry.case, suite::all().map(|about| about.id));
            return Err(wrong(
                file,
                format!("line {}: there is no case `{}`{near}", entry.line, entry.case),
            ));
        }
    }
    Ok(baseline)
}

fn tell_missing_reasons(file: &Path, baseline: &Baseline) {
    let missing = baseline.known.iter().filter(|entry| entry.why.trim().is_empty());
    let lines: Vec<String> = missing.map(|entry| entry.line.to_string()).collect();
    if !lines.is_empty() {
        output::print(&format!(
            "{}: say why these are borne, in `why`: lines {}\n",
            file.display(),
            lines.join(", ")
        ));
    }
}

fn read(file: &Path) -> Result<String, Wrong> {
    fs::read_to_string(file).map_err(|error| wrong(file, error))
}

fn write(file: &Path, text: &str) -> Result<(), Wrong> {
    fs::write(file, text).map_err(|error| wrong(file, error))?;
    output::print(&format!("{}: written\n", file.display()));
    Ok(())
}

fn wrong(file: &Path, error: impl std::fmt::Display) -> Wrong {
    Wrong::usage(format!("{}: {error}", file.display()))
}

/// Today in UTC.
fn today() -> Result<Date, Wrong> {
    let now = time::OffsetDateTime::now_utc();
    let year = u16::try_from(now.year()).map_err(Wrong::internal)?;
    Ok(Date { year, month: now.month().into(), day: now.day() })
}
