//! The command line: one file per subcommand. They read what the user says, hand it to the library,
//! and print; what they do is in the library.
#![allow(clippy::print_stderr)]
// The documentation of arguments is their help text.
#![allow(clippy::doc_markdown)]

mod completions;
mod explain;
mod list;
mod output;
mod references;
mod serve;
mod similar;
mod test;

use std::fmt::Display;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pushspec::report::ExitStatus;

/// Says, with evidence, where an MQTT broker or an SSE server departs from its specification.
#[derive(Debug, Parser)]
#[command(name = "pushspec", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  pushspec test                                  see it work, on its own reference targets
  pushspec test mqtt://localhost:1883            test a broker
  pushspec test http://localhost:3000/events     test an event stream
  pushspec explain MQTT-3.3.1-8                  what a requirement says, and which cases judge it

Exit status: 0 conformant · 1 a failure · 2 wrong usage · 3 target unreachable · 4 nothing selected or
run · 5 incomplete or inconclusive · 6 only stale baseline entries · 70 error of pushspec itself";

#[derive(Debug, Subcommand)]
enum Command {
    Test(Box<test::Args>),
    List(list::Args),
    Explain(explain::Args),
    Serve(Box<serve::Args>),
    Completions(completions::Args),
}

/// Runs the tool as the process's arguments say.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Test(args) => test::run(*args),
        Command::List(args) => list::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Serve(args) => serve::run(*args),
        Command::Completions(args) => {
            completions::run(&args);
            Ok(ExitStatus::Conformant)
        }
    };
    match done {
        Ok(status) => status.into(),
        Err(wrong) => {
            eprintln!("error: {}", wrong.message);
            wrong.status.into()
        }
    }
}

/// Why the tool ends without doing what it was asked for.
#[derive(Debug)]
struct Wrong {
    status: ExitStatus,
    message: String,
}

impl Wrong {
    /// What the user asked for cannot be meant.
    fn usage(message: impl Display) -> Self {
        Self { status: ExitStatus::Usage, message: message.to_string() }
    }

    /// It is not the user's fault.
    fn internal(message: impl Display) -> Self {
        Self { status: ExitStatus::Internal, message: message.to_string() }
    }
}

/// The runtime that everything with connections runs on.
fn runtime() -> Result<tokio::runtime::Runtime, Wrong> {
    tokio::runtime::Runtime::new()
        .map_err(|error| Wrong::internal(format!("cannot start the runtime: {error}")))
}

/// Waits until the user or the system wants the process to end.
async fn asked_to_end() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => "interrupted by Ctrl-C",
        _ = terminate.recv() => "terminated by a signal",
    }
}
