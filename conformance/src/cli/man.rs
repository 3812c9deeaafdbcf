//! `pushspec man`

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap_mangen::Man;
use pushspec::report::ExitStatus;

use super::{Wrong, output};

/// Print the manual page, or write those of all subcommands into a directory
///
/// To read it: pushspec man | man -l -
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write pushspec.1, pushspec-test.1 and so on into this directory.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Renders it.
pub(super) fn run(args: &Args) -> Result<ExitStatus, Wrong> {
    let command = super::Cli::command();
    if let Some(directory) = &args.dir {
        let wrong = |error| Wrong::usage(format!("{}: {error}", directory.display()));
        std::fs::create_dir_all(directory).map_err(wrong)?;
        clap_mangen::generate_to(command, directory as &Path).map_err(wrong)?;
        return Ok(ExitStatus::Conformant);
    }
    let mut page = Vec::new();
    Man::new(command).render(&mut page).map_err(Wrong::internal)?;
    output::print(&String::from_utf8_lossy(&page));
    Ok(ExitStatus::Conformant)
}
