//! `pushspec explain`

use pushspec::case::About;
use pushspec::coverage::coverage;
use pushspec::monitor;
use pushspec::report::ExitStatus;
use pushspec::report::listing::{explain_case, explain_requirement};
use pushspec::requirement::{Catalogue, Protocol};
use pushspec::suite;

use super::similar::suggestion;
use super::{Wrong, output};

/// Explain a requirement or a case: what it says, where, how it is judged, what is accepted
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A requirement such as MQTT-3.3.1-8, X5-N17 or SSE-C3, or a case such as mqtt/will/retained.
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// Only this protocol: requirement ids repeat between versions with different meanings.
    #[arg(long, value_name = "VERSION")]
    protocol: Option<Protocol>,
}

/// Prints the explanations.
pub(super) fn run(args: &Args) -> Result<ExitStatus, Wrong> {
    let look = output::look();
    let cases: Vec<About> = suite::all().collect();
    let covered = coverage(suite::all(), monitor::judged());
    let mut texts = Vec::new();
    for id in &args.ids {
        if let Some(about) = cases.iter().find(|about| about.id == id.as_str()) {
            texts.push(explain_case(about, look));
            continue;
        }
        let rows = Catalogue::embedded().find(id);
        let wanted: Vec<_> = rows
            .iter()
            .filter(|row| args.protocol.is_none_or(|protocol| row.protocol == protocol))
            .collect();
        if wanted.is_empty() {
            if let Some(row) = rows.first() {
                let only = row.protocol.title();
                return Err(Wrong::usage(format!("{id} is a requirement of {only} only")));
            }
            let requirements = Catalogue::embedded().iter().map(|row| row.id);
            let near = suggestion(id, requirements.chain(cases.iter().map(|about| about.id)));
            return Err(Wrong::usage(format!("`{id}` is no requirement and no case{near}")));
        }
        for row in wanted {
            texts.push(explain_requirement(row, &covered, &cases, look));
        }
    }
    output::print(&texts.join("\n"));
    Ok(ExitStatus::Conformant)
}
