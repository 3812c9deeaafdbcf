//! The command line: one file per subcommand. They read what the user says, hand it to the library,
//! and print; what they do is in the library.
#![allow(clippy::print_stderr)]
// The documentation of arguments is their help text.
#![allow(clippy::doc_markdown)]

mod baseline;
mod completions;
mod decode;
mod diff;
mod explain;
mod init;
mod lint;
mod list;
mod man;
mod merge;
mod output;
mod profiles;
mod references;
mod report;
mod serve;
mod similar;
mod snapshot;
mod test;

use std::ffi::OsString;
use std::fmt::Display;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pushspec::report::ExitStatus;
use tokio::signal::unix::{Signal, SignalKind, signal};

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
  pushspec lint stream.txt                       judge a captured event stream
  pushspec explain MQTT-3.3.1-8                  what a requirement says, and which cases judge it
  pushspec decode --hex 'c0 00'                  what bytes mean, and what is wrong with them

Exit status: 0 conformant · 1 a failure · 2 wrong usage · 3 target unreachable
4 nothing selected or nothing run · 5 incomplete or inconclusive
6 only stale entries in the baseline · 70 error of pushspec itself";

#[derive(Debug, Subcommand)]
enum Command {
    Test(Box<test::Args>),
    Init(init::Args),
    Report(report::Args),
    Baseline(baseline::Args),
    Diff(diff::Args),
    Snapshot(snapshot::Args),
    Merge(merge::Args),
    List(list::Args),
    Explain(explain::Args),
    Decode(decode::Args),
    Lint(lint::Args),
    Profiles(profiles::Args),
    Serve(Box<serve::Args>),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the tool as the process's arguments say.
pub(crate) fn main() -> ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    let cli = Cli::parse_from(&line);
    let done = match cli.command {
        // Behind the name of the program and of the command.
        Command::Test(args) => test::run(*args, line.get(2..).unwrap_or_default()),
        Command::Init(args) => init::run(&args),
        Command::Report(args) => report::run(args),
        Command::Baseline(args) => baseline::run(args),
        Command::Diff(args) => diff::run(&args),
        Command::Snapshot(args) => snapshot::run(&args),
        Command::Merge(args) => merge::run(args),
        Command::List(args) => list::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Decode(args) => decode::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Profiles(args) => profiles::run(&args),
        Command::Serve(args) => serve::run(*args),
        Command::Completions(args) => {
            completions::run(&args);
            Ok(ExitStatus::Conformant)
        }
        Command::Man(args) => man::run(&args),
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

/// The wish of the user or the system that the process ends. Listens from the moment it is made, so
/// that no signal falls between two waits.
struct Asked {
    interrupt: Signal,
    terminate: Signal,
}

impl Asked {
    /// Begins to listen. Has to be called within a runtime.
    fn listen() -> Result<Self, Wrong> {
        let on = |kind| signal(kind).map_err(|error| Wrong::internal(format!("signals: {error}")));
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
        })
    }

    /// Waits for it, and tells in which way it came.
    async fn wish(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "interrupted by Ctrl-C",
            _ = self.terminate.recv() => "terminated by a signal",
        }
    }
}
