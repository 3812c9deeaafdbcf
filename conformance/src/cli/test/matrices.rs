//! The reports of several targets: one each, or one matrix of all.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use pushspec::matrix::Matrix;
use pushspec::report::Format;
use pushspec::report::html;

use crate::cli::Wrong;
use crate::cli::output::ReportTo;

/// What stands in a path for the name of the target.
const TARGET: &str = "{target}";

/// A file with the matrix of all targets, open before the first is tested.
#[derive(Debug)]
pub(super) struct OfAll {
    format: Format,
    path: PathBuf,
    file: File,
}

/// Tells the reports that every target has for itself from those of all targets.
pub(super) fn split(
    reports: &[ReportTo],
    several: bool,
) -> Result<(Vec<ReportTo>, Vec<OfAll>), Wrong> {
    let mut of_each = Vec::new();
    let mut of_all = Vec::new();
    for report in reports {
        match report {
            ReportTo::File(format @ (Format::Json | Format::Html), path)
                if several && !is_of_each(path) =>
            {
                let file = File::create(path).map_err(|error| wrong(path, &error))?;
                of_all.push(OfAll { format: *format, path: path.clone(), file });
            }
            ReportTo::File(_, path) | ReportTo::Log(path) | ReportTo::Captures(path)
                if several && !is_of_each(path) =>
            {
                return Err(Wrong::usage(format!(
                    "--report …={}: there are several targets, so put {TARGET} into the path",
                    path.display()
                )));
            }
            other => of_each.push(other.clone()),
        }
    }
    Ok((of_each, of_all))
}

/// The report of one target.
pub(super) fn of_target(report: &ReportTo, name: &str) -> ReportTo {
    let path = |path: &PathBuf| PathBuf::from(path.to_string_lossy().replace(TARGET, name));
    match report {
        ReportTo::File(format, file) => ReportTo::File(*format, path(file)),
        ReportTo::Log(file) => ReportTo::Log(path(file)),
        ReportTo::Captures(directory) => ReportTo::Captures(path(directory)),
        ReportTo::GitHub => ReportTo::GitHub,
    }
}

/// Writes the matrix, and tells what is where.
pub(super) fn write(files: Vec<OfAll>, matrix: &Matrix) -> Result<Vec<String>, Wrong> {
    let mut told = Vec::new();
    for OfAll { format, path, file } in files {
        let mut out = BufWriter::new(file);
        let written = match format {
            Format::Html => html::write_matrix(&matrix.named(), &mut out),
            _ => pushspec::matrix::write_json(matrix, &mut out),
        };
        written.and_then(|()| out.flush()).map_err(|error| wrong(&path, &error))?;
        told.push(format!("{:<16}{}", format.name(), path.display()));
    }
    Ok(told)
}

fn is_of_each(path: &Path) -> bool {
    path.to_string_lossy().contains(TARGET)
}

fn wrong(path: &Path, error: &std::io::Error) -> Wrong {
    Wrong::usage(format!("cannot write {}: {error}", path.display()))
}
