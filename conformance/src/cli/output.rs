//! Where a run is told: terminal or log, and the files of `--report`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use indicatif::ProgressDrawTarget;
use pushspec::event::{Event, RunReport};
use pushspec::report::terminal::{Artefact, Terminal};
use pushspec::report::text::Look;
use pushspec::report::{Format, github, ndjson, pcapng, read};

use super::Wrong;

/// What `--report` can name, for its help.
pub(super) const FORMATS: &str = "Reports:
  json=FILE      the whole report; its schema is in the repository
  ndjson=FILE    the event log, written as the run goes; `pushspec report` renders it later
  html=FILE      one self-contained page: search, coverage of requirements, packet traces
  junit=FILE     for CI servers (Jenkins, GitLab, …)
  markdown=FILE  for pull requests and wikis
  github         step summary and annotations, within GitHub Actions
  ctrf=FILE      Common Test Report Format
  tap=FILE       Test Anything Protocol 14
  sarif=FILE     findings in SARIF 2.1.0
  pcapng=DIR     a capture for Wireshark of each case that did not pass";

const EXPECTED: &str = "expected FORMAT=FILE with json, ndjson, html, junit, markdown, ctrf, tap or sarif, pcapng=DIR, or github";

/// A report that the user wants written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum ReportTo {
    /// A file, written at the end.
    File(Format, PathBuf),
    /// The event log, written as the run goes.
    Log(PathBuf),
    /// A directory of captures.
    Captures(PathBuf),
    /// What GitHub Actions shows.
    GitHub,
}

impl ReportTo {
    const fn name(&self) -> &'static str {
        match self {
            Self::File(format, _) => format.name(),
            Self::Log(_) => "ndjson",
            Self::Captures(_) => "pcapng",
            Self::GitHub => "github",
        }
    }

    fn path(&self) -> Option<&Path> {
        match self {
            Self::File(_, path) | Self::Log(path) | Self::Captures(path) => Some(path),
            Self::GitHub => None,
        }
    }
}

impl FromStr for ReportTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "github" {
            return Ok(Self::GitHub);
        }
        let (name, path) = text.split_once('=').ok_or(EXPECTED)?;
        let known = Format::ALL.into_iter().find(|format| format.name() == name);
        match (name, known) {
            _ if path.is_empty() => Err(EXPECTED.to_owned()),
            ("ndjson", _) => Ok(Self::Log(path.into())),
            ("pcapng", _) => Ok(Self::Captures(path.into())),
            (_, Some(format)) => Ok(Self::File(format, path.into())),
            _ => Err(format!("no report format `{name}`: {EXPECTED}")),
        }
    }
}

/// The reports' files, open before the run begins: that one cannot be written should not be found out
/// at its end.
#[derive(Debug)]
pub(super) struct Files {
    reports: Vec<(ReportTo, Option<File>)>,
    /// The first trouble with a log. It ends the log, but neither the run nor the other reports.
    trouble: Option<Wrong>,
}

impl Files {
    /// Finds out whether they can be created, without changing what is there.
    pub(super) fn try_out(reports: &[ReportTo]) -> Result<(), Wrong> {
        for report in reports {
            let (ReportTo::File(_, path) | ReportTo::Log(path)) = report else { continue };
            let exists = path.exists();
            // Of a pipe the reader would take this for the end.
            if exists && !path.is_file() && !path.is_dir() {
                continue;
            }
            let opened = File::options().append(true).create(true).open(path);
            opened.map_err(|error| wrong(path, &error))?;
            if !exists {
                std::fs::remove_file(path).map_err(|error| wrong(path, &error))?;
            }
        }
        Ok(())
    }

    /// Creates them.
    pub(super) fn create(reports: Vec<ReportTo>) -> Result<Self, Wrong> {
        for (at, report) in reports.iter().enumerate() {
            let path = report.path();
            if path.is_some() && reports[..at].iter().any(|before| before.path() == path) {
                return Err(Wrong::usage(format!(
                    "--report {}={}: another report goes to the same place",
                    report.name(),
                    path.unwrap_or(Path::new("")).display()
                )));
            }
        }
        let reports = reports
            .into_iter()
            .map(|report| {
                let file = match &report {
                    ReportTo::File(_, path) | ReportTo::Log(path) => Some(created(path)?),
                    ReportTo::Captures(directory) => {
                        std::fs::create_dir_all(directory)
                            .map_err(|error| wrong(directory, &error))?;
                        let trial = directory.join(".pushspec");
                        created(&trial)?;
                        std::fs::remove_file(&trial).map_err(|error| wrong(&trial, &error))?;
                        None
                    }
                    ReportTo::GitHub => Some(step_summary()?),
                };
                Ok((report, file))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { reports, trouble: None })
    }

    /// Adds the event to the logs.
    pub(super) fn log(&mut self, event: &Event) {
        for (report, file) in &mut self.reports {
            let (ReportTo::Log(path), Some(open)) = (&*report, &mut *file) else { continue };
            if let Err(error) = ndjson::write(event, open) {
                self.trouble.get_or_insert(failed(path, &error));
                *file = None;
            }
        }
    }

    /// Writes what is written at the end, and says what is where. What cannot be written keeps
    /// nothing else from being written.
    pub(super) fn write(self, report: &RunReport) -> Result<Vec<Artefact>, Wrong> {
        let mut artefacts = Vec::new();
        let mut trouble = self.trouble;
        for (to, file) in self.reports {
            let path = to.path().unwrap_or(Path::new("GITHUB_STEP_SUMMARY"));
            match written(&to, file, report) {
                Ok(told) => artefacts.push(Artefact { format: to.name().to_owned(), path: told }),
                Err(error) => drop(trouble.get_or_insert(failed(path, &error))),
            }
        }
        trouble.map_or(Ok(artefacts), Err)
    }
}

fn written(to: &ReportTo, file: Option<File>, report: &RunReport) -> io::Result<String> {
    match (to, file) {
        (ReportTo::File(format, path), Some(file)) => {
            format.write(report, BufWriter::new(file))?;
            Ok(path.display().to_string())
        }
        (ReportTo::Captures(directory), _) => {
            let count = pcapng::write_all(report, directory)?;
            let files = if count == 1 { "file" } else { "files" };
            Ok(format!("{} ({count} {files})", directory.display()))
        }
        (ReportTo::GitHub, Some(mut summary)) => {
            let taken = summary.metadata()?.len() as usize;
            summary.write_all(github::summary(report, taken).as_bytes())?;
            print(&github::annotations(report));
            Ok("step summary and annotations".to_owned())
        }
        (ReportTo::Log(path) | ReportTo::File(_, path), _) => Ok(path.display().to_string()),
        (ReportTo::GitHub, None) => Ok(String::new()),
    }
}

fn created(path: &Path) -> Result<File, Wrong> {
    File::create(path).map_err(|error| wrong(path, &error))
}

/// The file that GitHub Actions names, open to add to it.
fn step_summary() -> Result<File, Wrong> {
    let path = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty());
    let path = path.map(PathBuf::from).ok_or_else(|| {
        Wrong::usage(
            "--report github: $GITHUB_STEP_SUMMARY is not set, so this is not a step of GitHub \
             Actions; markdown=FILE writes the same anywhere",
        )
    })?;
    File::options().append(true).create(true).open(&path).map_err(|error| wrong(&path, &error))
}

fn wrong(path: &Path, error: &io::Error) -> Wrong {
    Wrong::usage(format!("cannot write {}: {error}", path.display()))
}

fn failed(path: &Path, error: &io::Error) -> Wrong {
    Wrong::internal(format!("cannot write {}: {error}", path.display()))
}

/// The report of an earlier run.
pub(super) fn read_report(path: &Path) -> Result<RunReport, Wrong> {
    read::read(path).map_err(|error| Wrong::usage(format!("{}: {error}", path.display())))
}

/// How standard output is to look.
pub(super) fn look() -> Look {
    let is_terminal = io::stdout().is_terminal();
    Look::detect(is_terminal, |name| match (name, std::env::var(name).ok()) {
        // Shells rarely export it.
        ("COLUMNS", None) if is_terminal => {
            terminal_size::terminal_size().map(|(width, _)| width.0.to_string())
        }
        (_, value) => value,
    })
}

/// The run on standard output, with a progress bar where somebody watches.
pub(super) fn terminal() -> Terminal<Stdout> {
    let terminal = Terminal::new(io::stdout(), look());
    let watched = io::stdout().is_terminal() && io::stderr().is_terminal();
    if watched { terminal.with_bar(ProgressDrawTarget::stderr()) } else { terminal }
}

/// Prints a text as a whole. That nobody reads to its end is no error.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
