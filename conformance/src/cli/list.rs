//! `pushspec list`

use pushspec::coverage::Covered;
use pushspec::monitor;
use pushspec::report::ExitStatus;
use pushspec::report::listing::{Listed, list};
use pushspec::requirement::{Level, Protocol};
use pushspec::runner::Selection;
use pushspec::suite;

use super::similar::suggestion;
use super::{Wrong, output};

/// List the cases: what they expect, their requirements, level and protocols
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only cases whose id matches, e.g. 'mqtt/will/*' or '**/retained*'.
    #[arg(value_name = "GLOB")]
    case: Vec<String>,
    /// Only this protocol: 3.1, 3.1.1, 5.0 or sse.
    #[arg(long, value_name = "VERSION", value_delimiter = ',')]
    protocol: Vec<Protocol>,
    /// Only cases that judge this requirement.
    #[arg(long, value_name = "ID", num_args = 1..)]
    requirement: Vec<String>,
    /// Only cases of this level or a stronger one: must, should, advice or may.
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,
    /// The requirements instead: which are judged, which cannot be tested from outside, which are open.
    #[arg(long, conflicts_with_all = ["case", "requirement", "level"])]
    coverage: bool,
    /// As JSON: an array with one object for each case and protocol, or for each requirement.
    #[arg(long)]
    json: bool,
}

/// Prints the list.
pub(super) fn run(args: &Args) -> Result<ExitStatus, Wrong> {
    if args.coverage {
        return coverage(args);
    }
    let selection = Selection::all()
        .protocols(args.protocol.iter().copied())
        .cases(args.case.iter().map(String::as_str))
        .map_err(Wrong::usage)?
        .requirements(args.requirement.iter().cloned())
        .level(args.level);
    let cases: Vec<Listed> = suite::all()
        .flat_map(|about| {
            about.protocols().into_iter().map(move |protocol| (about, protocol)).collect::<Vec<_>>()
        })
        .filter(|(about, protocol)| selection.wants(about, *protocol))
        .map(|(about, protocol)| Listed::new(&about, protocol))
        .collect();
    if cases.is_empty() {
        let near = args.case.first().map_or_else(String::new, |pattern| {
            suggestion(pattern, suite::all().map(|about| about.id))
        });
        return Err(Wrong {
            status: ExitStatus::Nothing,
            message: format!("no case is selected{near}; `pushspec list` has them all"),
        });
    }
    let text = if args.json {
        serde_json::to_string_pretty(&cases).map_err(Wrong::internal)? + "\n"
    } else {
        list(&cases, output::look())
    };
    output::print(&text);
    Ok(ExitStatus::Conformant)
}

/// Prints the coverage of the catalogue.
fn coverage(args: &Args) -> Result<ExitStatus, Wrong> {
    let mut covered = pushspec::coverage::coverage(suite::all(), monitor::judged());
    let wanted = |row: &Covered| args.protocol.is_empty() || args.protocol.contains(&row.protocol);
    covered.retain(wanted);
    let text = if args.json {
        serde_json::to_string_pretty(&covered).map_err(Wrong::internal)? + "\n"
    } else {
        pushspec::report::coverage::coverage(&covered, output::look())
    };
    output::print(&text);
    Ok(ExitStatus::Conformant)
}
