//! One run of the target's command: a process group, watched until it ends.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use super::Ending;
use super::exit::{Exit, last_words};
use super::tail::Tail;

/// How long the output of a process that has ended may still be held open by others.
const LAST_OUTPUT: Duration = Duration::from_millis(300);

/// A process group. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Process {
    group: Pid,
    asked: Arc<AtomicBool>,
    exit: watch::Receiver<Option<Exit>>,
    stdout: Tail,
    stderr: Tail,
}

impl Process {
    /// Starts the command in a shell. An end that nobody asked for is told to `crash`.
    pub(super) fn start(
        command: &str,
        directory: Option<&Path>,
        environment: Vec<(String, String)>,
        crash: watch::Sender<Option<Exit>>,
    ) -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh");
        if let Some(directory) = directory {
            shell.current_dir(directory);
        }
        let mut child = shell
            .args(["-c", command])
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let group = child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .ok_or_else(|| io::Error::other("it has no process id"))?;
        let (tell, exit) = watch::channel(None);
        let process = Self {
            group,
            asked: Arc::default(),
            exit,
            stdout: Tail::default(),
            stderr: Tail::default(),
        };
        let mut output = tokio::task::JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            output.spawn(process.stdout.clone().follow(stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            output.spawn(process.stderr.clone().follow(stderr));
        }
        let watched = process.clone();
        tokio::spawn(async move {
            let Some(exit) = watched.wait(child, &mut output).await else { return };
            if !exit.asked {
                crash.send_replace(Some(exit.clone()));
            }
            tell.send_replace(Some(exit));
        });
        Ok(process)
    }

    /// Waits for the shell to end, and then for what it wrote.
    async fn wait(&self, mut child: Child, output: &mut tokio::task::JoinSet<()>) -> Option<Exit> {
        let status = child.wait().await.ok()?;
        let asked = self.asked.load(Ordering::SeqCst);
        let read = async { while output.join_next().await.is_some() {} };
        let _ = timeout(LAST_OUTPUT, read).await;
        let (stdout, stderr) = (self.stdout.lines(), self.stderr.lines());
        Some(Exit { status, asked, hung: false, stdout, stderr })
    }

    /// How it ended, if it has.
    pub(super) fn exit(&self) -> Option<Exit> {
        self.exit.borrow().clone()
    }

    /// Waits until it ends.
    pub(super) async fn ended(&self) -> Exit {
        let mut exit = self.exit.clone();
        loop {
            if let Some(exit) = exit.borrow_and_update().clone() {
                return exit;
            }
            if exit.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Ends the whole group, and waits until it has ended.
    pub(super) async fn end(&self, how: Ending, within: Duration) -> Exit {
        if self.exit().is_none() {
            self.asked.store(true, Ordering::SeqCst);
            if how == Ending::Stop {
                self.signal(Signal::TERM);
                if let Ok(exit) = timeout(within, self.ended()).await {
                    self.signal(Signal::KILL);
                    return exit;
                }
            }
        }
        // Also what a shell that has ended has left behind.
        self.signal(Signal::KILL);
        self.ended().await
    }

    /// Kills the whole group without waiting.
    pub(super) fn kill_now(&self) {
        self.asked.store(true, Ordering::SeqCst);
        self.signal(Signal::KILL);
    }

    /// The last words so far.
    pub(super) fn last_words(&self) -> String {
        last_words(&self.stderr.lines(), &self.stdout.lines())
    }

    fn signal(&self, signal: Signal) {
        // That nobody is left is what is wanted.
        let _ = kill_process_group(self.group, signal);
    }
}
