//! `pushspec completions`

use std::io;

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

/// Print the completions for a shell
///
/// For bash: pushspec completions bash > ~/.local/share/bash-completion/completions/pushspec
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell.
    shell: Shell,
}

/// Prints them.
pub(super) fn run(args: &Args) {
    generate(args.shell, &mut super::Cli::command(), "pushspec", &mut io::stdout());
}
