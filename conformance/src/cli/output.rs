//! Where a run is told: terminal or log, and the files of `--report`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};
use std::path::PathBuf;
use std::str::FromStr;

use indicatif::ProgressDrawTarget;
use pushspec::event::RunReport;
use pushspec::report::terminal::{Artefact, Terminal};
use pushspec::report::text::Look;
use pushspec::report::{json, junit};

use super::Wrong;

/// A report that the user wants written, `FORMAT=FILE`.
#[derive(Clone, Debug)]
pub(super) struct ReportTo {
    format: Format,
    path: PathBuf,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Json,
    JUnit,
}

impl Format {
    const ALL: [(&'static str, Self); 2] = [("json", Self::Json), ("junit", Self::JUnit)];

    const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JUnit => "junit",
        }
    }
}

impl FromStr for ReportTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected json=FILE or junit=FILE";
        let (name, path) = text.split_once('=').ok_or(expected)?;
        let format = Format::ALL.into_iter().find(|(known, _)| *known == name);
        match format {
            Some((_, format)) if !path.is_empty() => Ok(Self { format, path: path.into() }),
            Some(_) => Err(expected.to_owned()),
            None => Err(format!("no report format `{name}`: {expected}")),
        }
    }
}

/// The files of the reports, open before the run begins: that one cannot be written should not be
/// found out at its end.
#[derive(Debug)]
pub(super) struct Files(Vec<(ReportTo, File)>);

impl Files {
    /// Creates them.
    pub(super) fn create(reports: Vec<ReportTo>) -> Result<Self, Wrong> {
        reports
            .into_iter()
            .map(|report| match File::create(&report.path) {
                Ok(file) => Ok((report, file)),
                Err(error) => {
                    Err(Wrong::usage(format!("cannot write {}: {error}", report.path.display())))
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Writes them, and says what is where.
    pub(super) fn write(self, report: &RunReport) -> Result<Vec<Artefact>, Wrong> {
        self.0
            .into_iter()
            .map(|(ReportTo { format, path }, file)| {
                let out = BufWriter::new(file);
                let written = match format {
                    Format::Json => json::write(report, out),
                    Format::JUnit => junit::write(report, out),
                };
                written.map_err(|error| {
                    Wrong::internal(format!("cannot write {}: {error}", path.display()))
                })?;
                Ok(Artefact { format: format.name().to_owned(), path: path.display().to_string() })
            })
            .collect()
    }
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
