//! A run held against an earlier one: only what became worse counts.

use std::path::Path;

use pushspec::diff::{self, Diff};
use pushspec::event::RunReport;
use pushspec::report::ExitStatus;

use crate::cli::Wrong;
use crate::cli::diff::{compare, status};
use crate::cli::output;

/// The earlier run.
pub(super) struct Earlier {
    name: String,
    report: RunReport,
}

/// What came of the comparison.
pub(super) struct Compared {
    /// What changed.
    pub(super) text: String,
    /// How the run ends.
    pub(super) status: ExitStatus,
    /// Why, in a few words.
    pub(super) reason: String,
}

impl Earlier {
    /// Reads its report.
    pub(super) fn read(path: &Path) -> Result<Self, Wrong> {
        Ok(Self { name: path.display().to_string(), report: output::read_report(path)? })
    }

    /// Compares a run with it.
    pub(super) fn compare(&self, report: &RunReport) -> Result<Compared, Wrong> {
        let diff = compare((&self.name, &self.report), ("this run", report))?;
        let alone = ExitStatus::against(report, &self.report);
        let status = alone.or(status(&diff));
        Ok(Compared {
            text: diff::write_text(&diff, output::look()),
            status,
            reason: self.reason(status, &diff, report),
        })
    }

    fn reason(&self, status: ExitStatus, diff: &Diff, report: &RunReport) -> String {
        match status {
            ExitStatus::Conformant => format!("nothing became worse since {}", self.name),
            ExitStatus::Failed if diff.has_regressions() => {
                format!("worse than {}", self.name)
            }
            ExitStatus::Failed => format!("failures that {} has not", self.name),
            status => status.reason(report),
        }
    }
}
