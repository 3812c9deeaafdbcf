//! `pushspec profiles`, and reading the one that `--profile` names.

use std::fmt::Write as _;

use pushspec::profile::{DEFAULT, EMBEDDED, Profile, ProfileError, embedded};
use pushspec::report::ExitStatus;
use pushspec::suite;

use super::similar::suggestion;
use super::{Wrong, output};

/// List the profiles, or print one to be copied and changed
///
/// A profile says what a kind of endpoint is asked for: which cases do not apply and why, which count
/// as another level, how event streams are asked for, and which replay is promised.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Print the file of this profile.
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  pushspec profiles
  pushspec test http://localhost:8000/v1/chat/completions --profile llm
  pushspec profiles llm > mine.toml     # change it, and then:
  pushspec test http://localhost:8000/v1/chat/completions --profile ./mine.toml";

/// Prints them.
pub(super) fn run(args: &Args) -> Result<ExitStatus, Wrong> {
    let text = match &args.name {
        Some(name) => named(name)?.to_owned(),
        None => list()?,
    };
    output::print(&text);
    Ok(ExitStatus::Conformant)
}

fn list() -> Result<String, Wrong> {
    let cases: Vec<_> = suite::all().collect();
    let mut out = String::new();
    for file in EMBEDDED {
        let profile = Profile::parse(file.text).map_err(Wrong::internal)?;
        let default = if file.name == DEFAULT { " (default)" } else { "" };
        let _ = writeln!(out, "{:<16} {}{default}", file.name, profile.title);
        for (said, count) in profile.changes(&cases) {
            let _ = writeln!(out, "{:16} {count} cases {said}", "");
        }
    }
    out.push_str("\n`pushspec profiles NAME` prints one; --profile takes a name or a file\n");
    Ok(out)
}

fn named(name: &str) -> Result<&'static str, Wrong> {
    embedded(name).map(|file| file.text).ok_or_else(|| {
        let near = suggestion(name, EMBEDDED.iter().map(|file| file.name));
        Wrong::usage(format!("`{name}` is no profile{near}; `pushspec profiles` has them all"))
    })
}

/// Whether this is the path of a profile rather than the name of one that comes with the tool.
pub(super) fn is_path(name: &str) -> bool {
    name.contains(['/', '.']) && embedded(name).is_none()
}

/// The profile of this name, or in this file.
pub(super) fn profile(name: &str) -> Result<Profile, Wrong> {
    let text = if is_path(name) {
        std::fs::read_to_string(name)
            .map_err(|error| Wrong::usage(format!("--profile {name}: cannot read it: {error}")))?
    } else {
        named(name)
            .map_err(|wrong| Wrong::usage(format!("--profile {}", wrong.message)))?
            .to_owned()
    };
    Profile::parse(&text).map_err(|error| {
        let near = match &error {
            ProfileError::UnknownCase { id } => suggestion(id, suite::all().map(|about| about.id)),
            _ => String::new(),
        };
        Wrong::usage(format!("--profile {name}: {error}{near}"))
    })
}
