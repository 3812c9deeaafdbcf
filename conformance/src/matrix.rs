//! Several targets side by side. The schema of the JSON is `schema/matrix-1.schema.json`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::event::{CaseReport, RunReport, Verdict};
use crate::report::ExitStatus;
use crate::report::html::Named;
use crate::report::text::Look;
use crate::requirement::Protocol;
use crate::schema_file;

/// The version of the matrix's JSON schema. Fields are only added within a major version.
pub const SCHEMA: &str = "pushspec-matrix/1";

/// The reports of several targets.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Matrix {
    /// `pushspec-matrix/1`
    pub schema: String,
    /// The targets, in the order in which they were tested.
    pub targets: Vec<Tested>,
}

/// One target of a matrix.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Tested {
    /// Its name.
    pub name: String,
    /// With which status a run of it alone ends.
    pub exit: u8,
    /// Its report.
    pub report: RunReport,
}

impl Default for Matrix {
    fn default() -> Self {
        Self { schema: SCHEMA.to_owned(), targets: Vec::new() }
    }
}

impl Matrix {
    /// Adds a target.
    pub fn add(&mut self, name: String, status: ExitStatus, report: RunReport) {
        self.targets.push(Tested { name, exit: status.code(), report });
    }

    /// The reports with their names, as the page for browsers wants them.
    pub fn named(&self) -> Vec<Named> {
        self.targets
            .iter()
            .map(|target| Named { name: target.name.clone(), report: target.report.clone() })
            .collect()
    }
}

/// Writes the matrix as JSON.
pub fn write_json(matrix: &Matrix, mut out: impl io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, matrix)?;
    out.write_all(b"\n")
}

/// The schema of the matrix.
pub fn schema() -> Schema {
    schema_file::named(schemars::schema_for!(Matrix), "pushspec matrix", "matrix")
}

/// Writes the matrix for a terminal: the targets with their counts, and the cases that do not pass
/// everywhere.
pub fn write_text(matrix: &Matrix, look: Look) -> String {
    let mut out = format!("\n{}\n", look.rule());
    let widest = matrix.targets.iter().map(|target| target.name.chars().count()).max();
    let width = widest.unwrap_or_default().clamp(6, 24);
    let _ = writeln!(
        out,
        "    {:<width$}  {:>5} {:>5} {:>5} {:>5} {:>5} {:>5} {:>5}  exit",
        "target", "pass", "fail", "warn", "inc", "error", "known", "n/a"
    );
    for (at, target) in matrix.targets.iter().enumerate() {
        let report = &target.report;
        let known = report.cases.iter().filter(|case| case.is_known()).count();
        let name = look.clip(&look.visible(&target.name), width);
        let _ = writeln!(
            out,
            " {}  {name:<width$}  {:>5} {:>5} {:>5} {:>5} {:>5} {known:>5} {:>5}  {}",
            letter(at),
            report.open(Verdict::Pass),
            report.open(Verdict::Fail),
            report.open(Verdict::Warn),
            report.open(Verdict::Inconclusive),
            report.open(Verdict::Error),
            report.open(Verdict::NotApplicable),
            target.exit
        );
    }
    let rows = rows(matrix);
    if !rows.is_empty() {
        let heads = columns((0..matrix.targets.len()).map(letter));
        let _ = writeln!(out, "\n{heads}  not everywhere a pass");
        for ((id, protocol), cells) in rows {
            let cells = columns(cells.iter().map(|cell| word(*cell)));
            let line = format!("{cells}  {} ({protocol})", look.visible(id));
            let _ = writeln!(out, "{}", look.clip(&line, look.width));
        }
    }
    out
}

/// A line of narrow columns.
fn columns(words: impl Iterator<Item = impl std::fmt::Display>) -> String {
    words.fold(String::new(), |mut line, word| {
        let _ = write!(line, " {word:<5}");
        line
    })
}

/// The cases that depart somewhere, at each target the gravest of its endpoints.
fn rows(matrix: &Matrix) -> BTreeMap<(&str, Protocol), Vec<Option<&CaseReport>>> {
    let mut rows: BTreeMap<(&str, Protocol), Vec<Option<&CaseReport>>> = BTreeMap::new();
    for (at, target) in matrix.targets.iter().enumerate() {
        for case in &target.report.cases {
            let cells = rows
                .entry((&case.id, case.protocol))
                .or_insert_with(|| vec![None; matrix.targets.len()]);
            let seen = cells[at].into_iter().chain([case]);
            cells[at] = seen.min_by_key(|case| case.gravity());
        }
    }
    let departs =
        |case: &CaseReport| !matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable);
    rows.retain(|_, cells| cells.iter().flatten().any(|case| departs(case)));
    rows
}

fn word(cell: Option<&CaseReport>) -> &'static str {
    match cell.map(|case| case.verdict) {
        Some(_) if cell.is_some_and(CaseReport::is_known) => "known",
        Some(Verdict::Pass) => "pass",
        Some(Verdict::Fail) => "FAIL",
        Some(Verdict::Warn) => "warn",
        Some(Verdict::Inconclusive) => "inc",
        Some(Verdict::Error) => "ERR",
        Some(Verdict::NotApplicable) => "n/a",
        None => "-",
    }
}

/// A, B, … Z, AA, AB, …
fn letter(at: usize) -> String {
    let last = char::from(b'A' + (at % 26) as u8);
    if at < 26 { last.to_string() } else { format!("{}{last}", letter(at / 26 - 1)) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::sample;

    fn two_targets() -> Matrix {
        let mut matrix = Matrix::default();
        matrix.add("broker".to_owned(), ExitStatus::Failed, sample::report());
        let mut other = sample::report();
        other.cases.truncate(3);
        matrix.add("a-second-one".to_owned(), ExitStatus::Incomplete, other);
        matrix
    }

    #[test]
    fn it_reads_well() {
        insta::assert_snapshot!(write_text(&two_targets(), Look::default()));
    }

    #[test]
    fn what_the_baseline_bears_is_known() {
        let mut matrix = Matrix::default();
        matrix.add("with-a-baseline".to_owned(), ExitStatus::Failed, sample::listed());
        matrix.add("without".to_owned(), ExitStatus::Failed, sample::report());
        insta::assert_snapshot!(write_text(&matrix, Look::default()));
    }

    #[test]
    fn the_schema_in_the_tree_is_current_and_matrices_follow_it() {
        schema_file::tests::the_tree_has("matrix-1.schema.json", &schema());
        let mut written = Vec::new();
        write_json(&two_targets(), &mut written).unwrap();
        schema_file::tests::follows(&schema(), std::str::from_utf8(&written).unwrap());
        assert_eq!(serde_json::from_slice::<Matrix>(&written).unwrap(), two_targets());
    }

    #[test]
    fn there_are_letters_for_any_number() {
        assert_eq!([letter(0), letter(25), letter(26), letter(52)], ["A", "Z", "AA", "BA"]);
    }
}
