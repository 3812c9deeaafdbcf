//! `pushspec report`

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use pushspec::event::RunReport;
use pushspec::report::html::{self, Named};
use pushspec::report::terminal::Terminal;
use pushspec::report::{ExitStatus, Format};

use super::Wrong;
use super::baseline::Judge;
use super::output::{self, Files, ReportTo};

/// Render reports of earlier runs
///
/// Reads JSON reports and event logs (also of a run that was interrupted) and writes them in other
/// formats. Without a format the result is printed as after the run. Several reports make one HTML page
/// with a matrix: cases down, targets across.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// What `--report json=FILE` or `--report ndjson=FILE` has written; NAME=FILE names it in a matrix.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Write a page for a browser; with several reports, a matrix.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the whole report.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a report for CI servers.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write captures for Wireshark into a directory.
    #[arg(long, value_name = "DIR")]
    pcapng: Option<PathBuf>,
    /// Judge by the known departures in this file first.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write any of the formats of `pushspec test --report`.
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<ReportTo>,
}

const EXAMPLES: &str = "\
Examples:
  pushspec report events.ndjson                          print the result
  pushspec report events.ndjson --html out.html --pcapng packets
  pushspec report mosquitto.json nanomq.json --html matrix.html
  pushspec report before=old.json after=new.json --html matrix.html

Exit status: 0 rendered, whatever the verdicts are · 2 wrong usage, or a file that is no report";

/// Reads and renders.
pub(super) fn run(args: Args) -> Result<ExitStatus, Wrong> {
    let judge = args.baseline.as_deref().map(Judge::load).transpose()?;
    let mut reports = args.files.iter().map(|file| named(file)).collect::<Result<Vec<_>, _>>()?;
    if let Some(judge) = judge {
        for named in &mut reports {
            judge.judge(&mut named.report);
        }
    }
    let wanted = wanted(args);
    match &reports[..] {
        [Named { report, .. }] => one(report, wanted),
        several => matrix(several, &wanted),
    }
}

fn one(report: &RunReport, wanted: Vec<ReportTo>) -> Result<ExitStatus, Wrong> {
    let printed = wanted.is_empty();
    if let Some(ReportTo::Log(path)) = wanted.iter().find(|to| matches!(to, ReportTo::Log(_))) {
        return Err(Wrong::usage(format!(
            "ndjson={}: only a run writes its event log",
            path.display()
        )));
    }
    let artefacts = Files::create(wanted)?.write(report)?;
    if printed {
        let finished = Terminal::new(std::io::stdout(), output::look()).finish(report, &[]);
        // That nobody reads to its end is no error.
        drop(finished);
    }
    for artefact in artefacts {
        output::print(&format!("{:<9} {}\n", artefact.format, artefact.path));
    }
    Ok(ExitStatus::Conformant)
}

/// The report of an argument. What names no file as a whole may begin with a name of its own.
fn named(argument: &str) -> Result<Named, Wrong> {
    let (name, path) = match argument.split_once('=') {
        Some((name, path)) if !Path::new(argument).exists() => (name.to_owned(), Path::new(path)),
        _ => {
            let path = Path::new(argument);
            let stem = path.file_stem().unwrap_or(path.as_os_str());
            (stem.to_string_lossy().into_owned(), path)
        }
    };
    Ok(Named { name, report: output::read_report(path)? })
}

fn wanted(args: Args) -> Vec<ReportTo> {
    let files = [
        (Format::Html, args.html),
        (Format::Json, args.json),
        (Format::JUnit, args.junit),
        (Format::Markdown, args.markdown),
    ];
    let mut wanted: Vec<ReportTo> = files
        .into_iter()
        .filter_map(|(format, path)| Some(ReportTo::File(format, path?)))
        .collect();
    wanted.extend(args.pcapng.map(ReportTo::Captures));
    wanted.extend(args.report);
    wanted
}

fn matrix(reports: &[Named], wanted: &[ReportTo]) -> Result<ExitStatus, Wrong> {
    let [ReportTo::File(Format::Html, path)] = wanted else {
        return Err(Wrong::usage(
            "several reports make one page: expected --html FILE and no other format",
        ));
    };
    let wrong = |error| Wrong::usage(format!("cannot write {}: {error}", path.display()));
    let file = File::create(path).map_err(wrong)?;
    html::write_matrix(reports, BufWriter::new(file)).map_err(wrong)?;
    output::print(&format!("html      {}\n", path.display()));
    Ok(ExitStatus::Conformant)
}
