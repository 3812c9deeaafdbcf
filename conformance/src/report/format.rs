//! The formats in which reports are written.

use std::io;

use crate::event::RunReport;

use super::{ctrf, html, json, junit, markdown, sarif, tap};

/// A rendering of a whole run that is one file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// The model as it stands, for everything that reads reports.
    Json,
    /// For CI servers, in the dialect of Jenkins.
    JUnit,
    /// For a browser, in one file.
    Html,
    /// For pull requests and wikis.
    Markdown,
    /// Common Test Report Format.
    Ctrf,
    /// Test Anything Protocol 14.
    Tap,
    /// Static Analysis Results Interchange Format 2.1.0.
    Sarif,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Json, Self::JUnit, Self::Html, Self::Markdown, Self::Ctrf, Self::Tap, Self::Sarif];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JUnit => "junit",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Ctrf => "ctrf",
            Self::Tap => "tap",
            Self::Sarif => "sarif",
        }
    }

    /// Writes the report.
    pub fn write(self, report: &RunReport, out: impl io::Write) -> io::Result<()> {
        match self {
            Self::Json => json::write(report, out),
            Self::JUnit => junit::write(report, out),
            Self::Html => html::write(report, out),
            Self::Markdown => markdown::write(report, out),
            Self::Ctrf => ctrf::write(report, out),
            Self::Tap => tap::write(report, out),
            Self::Sarif => sarif::write(report, out),
        }
    }
}
