//! `pushspec init`

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use pushspec::config::EXAMPLE;
use pushspec::report::ExitStatus;

use super::{Wrong, output};

/// Write a first pushspec.toml, with every option explained
///
/// `pushspec test` then tests the targets that it describes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file, which must not exist yet.
    #[arg(default_value = "pushspec.toml")]
    file: PathBuf,
}

/// Writes it.
pub(super) fn run(args: &Args) -> Result<ExitStatus, Wrong> {
    let name = args.file.display();
    let written =
        File::create_new(&args.file).and_then(|mut file| file.write_all(EXAMPLE.as_bytes()));
    match written {
        Ok(()) => {
            output::print(&format!("{name}: written; edit it, and run `pushspec test`\n"));
            Ok(ExitStatus::Conformant)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(Wrong::usage(format!("{name}: it exists already and is left as it is")))
        }
        Err(error) => Err(Wrong::usage(format!("{name}: {error}"))),
    }
}
