//! `pushspec baseline`

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use pushspec::baseline::{self, Baseline, Marker};
use pushspec::event::RunReport;
use pushspec::merge::gather;
use pushspec::report::{ExitStatus, terminal};
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
        /// The report of a run, as `--report json=FILE` writes it; or several, of its endpoints.
        #[arg(long, value_name = "REPORT", required = true, num_args = 1..)]
        from: Vec<PathBuf>,
        /// List warnings and cases without a verdict as well; from then on they have to be listed.
        #[arg(long)]
        strict: bool,
    },
    /// Bring it up to date in place: comments and order stay.
    Update {
        /// The baseline.
        file: PathBuf,
        /// The report of a run, as `--report json=FILE` writes it; or several, of its endpoints.
        #[arg(long, value_name = "REPORT", required = true, num_args = 1..)]
        from: Vec<PathBuf>,
    },
    /// Judge a report by it, or without one only the file itself.
    Check {
        /// The baseline.
        file: PathBuf,
        /// The report of a run, as `--report json=FILE` writes it; or several, of its endpoints.
        #[arg(long, value_name = "REPORT", num_args = 1..)]
        from: Vec<PathBuf>,
    },
}

/// Does it.
pub(super) fn run(args: Args) -> Result<ExitStatus, Wrong> {
    match args.action {
        Action::Init { file, from, strict } => {
            let report = read_all(&from)?;
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
            let report = read_all(&from)?;
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
            let judge = Judge::load(&file)?;
            if from.is_empty() {
                let entries = judge.baseline.known.len();
                output::print(&format!("{}: {entries} entries\n", file.display()));
                tell_missing_reasons(&file, &judge.baseline);
                return Ok(ExitStatus::Conformant);
            }
            let mut report = read_all(&from)?;
            judge.judge(&mut report);
            output::print(&terminal::baseline(&report, output::look()));
            Ok(ExitStatus::of(&report))
        }
    }
}

/// A baseline from a file, by which a run is judged today.
pub(super) struct Judge {
    baseline: Baseline,
    file: String,
    today: Date,
}

impl Judge {
    /// Reads it.
    pub(super) fn load(file: &Path) -> Result<Self, Wrong> {
        Ok(Self { baseline: load(file)?, file: file.display().to_string(), today: today()? })
    }

    /// Marks a run as it goes.
    pub(super) fn marker(&self) -> Marker<'_> {
        Marker::new(&self.baseline, self.file.clone(), self.today)
    }

    /// Marks a report.
    pub(super) fn judge(&self, report: &mut RunReport) {
        self.baseline.judge(report, &self.file, self.today);
    }
}

/// Reads a baseline. An entry for a case that does not exist is a slip.
fn load(file: &Path) -> Result<Baseline, Wrong> {
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

/// One report, or those of several endpoints of a target as one.
fn read_all(paths: &[PathBuf]) -> Result<RunReport, Wrong> {
    let reports =
        paths.iter().map(|path| output::read_report(path)).collect::<Result<Vec<_>, _>>()?;
    Ok(gather(reports))
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
