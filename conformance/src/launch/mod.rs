//! Starting the target: a command that becomes the endpoint, watched while it is tested.
//!
//! The command runs in a shell, in a process group of its own, so that a Ctrl-C at the terminal does
//! not reach it and all that it started can be ended with it. It learns where to listen from its
//! environment:
//!
//! - `PUSHSPEC_URL`, `PUSHSPEC_HOST`, `PUSHSPEC_PORT` (or `PUSHSPEC_SOCKET`): the first endpoint;
//!   `PUSHSPEC_URL_2` and so on: the further ones;
//! - `PUSHSPEC_DIR`: an empty directory for whatever it keeps. It is the same again after a restart, and
//!   removed at the end.

mod exit;
mod life;
mod process;
mod tail;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use crate::transport::{ConnectError, Connector, Scheme};

pub use exit::Exit;
pub use life::{Life, Restarting};
use process::Process;

/// How long a free address takes at most to show that nobody answers there.
const OCCUPIED: Duration = Duration::from_secs(1);
/// How often a target that is starting is asked whether it listens.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// How to start a target.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The command, for a shell. It has to stay in the foreground.
    pub command: String,
    /// Where it is run; otherwise where pushspec is.
    pub directory: Option<PathBuf>,
    /// The target is ready when each of these accepts a connection.
    pub endpoints: Vec<Connector>,
    /// How long it may take to get ready.
    pub ready_within: Duration,
    /// How long it may take to end when asked to; then it is killed.
    pub ends_within: Duration,
}

/// How a target is ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// SIGTERM, and SIGKILL if it takes too long: the way of a service manager.
    Stop,
    /// SIGKILL: the way of a power cut.
    Kill,
}

/// Why a target could not be started.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LaunchError {
    /// Something listens there already, which would be tested in its stead.
    #[error(
        "something listens at {0} already, before the command of --exec was started (end it, or use port 0 for a free one)"
    )]
    Occupied(String),
    /// The operating system refused.
    #[error("cannot start the command of --exec: {0}")]
    Spawn(String),
    /// It ended before it was ready.
    #[error(
        "the command of --exec ended before anything listened at {endpoint}: {exit}{} (it has to stay in the foreground)",
        exit.last_words()
    )]
    Ended {
        /// What was waited for.
        endpoint: String,
        /// How it ended.
        exit: Box<Exit>,
    },
    /// It does not listen.
    #[error(
        "the command of --exec runs, but nothing listens at {endpoint} after {} s{last_words} (the environment tells it where: PUSHSPEC_PORT; raise --exec-timeout for a slow one)",
        waited.as_secs_f32()
    )]
    NotReady {
        /// What was waited for.
        endpoint: String,
        /// For how long.
        waited: Duration,
        /// The end of what it wrote.
        last_words: String,
    },
}

/// A target that was started. Clones are the same target; when the last one is dropped while it still
/// runs, it is killed.
#[derive(Clone, Debug)]
pub struct Launched {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    launch: Launch,
    scratch: TempDir,
    /// None only until the first start.
    process: Mutex<Option<Process>>,
    /// One ending or starting at a time.
    changing: tokio::sync::Mutex<()>,
    /// How it ended without being asked to.
    crash: watch::Sender<Option<Exit>>,
}

impl Launched {
    /// Starts the target and waits until it is ready.
    pub async fn start(launch: Launch) -> Result<Self, LaunchError> {
        let launched = Self::prepare(launch)?;
        launched.begin().await?;
        Ok(launched)
    }

    /// A target that is still to be started, with [`Launched::begin`].
    pub fn prepare(launch: Launch) -> Result<Self, LaunchError> {
        let scratch = tempfile::Builder::new()
            .prefix("pushspec-")
            .tempdir()
            .map_err(|error| LaunchError::Spawn(error.to_string()))?;
        let shared = Shared {
            launch,
            scratch,
            process: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            crash: watch::Sender::new(None),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Starts it for the first time and waits until it is ready. When this is not awaited to its end,
    /// [`Launched::stop`] ends what has begun.
    pub async fn begin(&self) -> Result<(), LaunchError> {
        for endpoint in &self.shared.launch.endpoints {
            match endpoint.connect(OCCUPIED).await {
                Err(ConnectError::Io { .. } | ConnectError::TimedOut { .. }) => {}
                _ => return Err(LaunchError::Occupied(endpoint.url().to_string())),
            }
        }
        self.run().await
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.exit().is_none()
    }

    /// How it ended, if it has.
    pub fn exit(&self) -> Option<Exit> {
        self.shared.process().as_ref().and_then(Process::exit)
    }

    /// How it ended without being asked to, or had to be given up, if it has.
    pub fn crash(&self) -> Option<Exit> {
        self.shared.crash.borrow().clone()
    }

    /// Waits until it ends without being asked to.
    pub async fn crashed(&self) -> Exit {
        let mut crash = self.shared.crash.subscribe();
        loop {
            if let Some(exit) = crash.borrow_and_update().clone() {
                return exit;
            }
            if crash.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Ends it as a service manager does, and with it everything that it started.
    pub async fn stop(&self) -> Option<Exit> {
        let _changing = self.shared.changing.lock().await;
        self.end(Ending::Stop).await
    }

    /// Kills it, and everything that it started.
    pub async fn kill(&self) -> Option<Exit> {
        let _changing = self.shared.changing.lock().await;
        self.end(Ending::Kill).await
    }

    /// Kills it because it runs and no longer answers, which counts as a crash.
    pub async fn give_up(&self) {
        let _changing = self.shared.changing.lock().await;
        // It may end by itself at this very moment, and then has told.
        if let Some(exit) = self.end(Ending::Kill).await.filter(|exit| exit.asked) {
            self.shared.crash.send_replace(Some(Exit { hung: true, ..exit }));
        }
    }

    /// Ends it, starts it again, and waits until it is ready.
    pub async fn restart(&self, how: Ending) -> Result<(), LaunchError> {
        let _changing = self.shared.changing.lock().await;
        self.end(how).await;
        self.run().await
    }

    async fn end(&self, how: Ending) -> Option<Exit> {
        let process = self.shared.process().clone()?;
        Some(process.end(how, self.shared.launch.ends_within).await)
    }

    /// Starts the command and waits until every endpoint accepts a connection.
    async fn run(&self) -> Result<(), LaunchError> {
        let launch = &self.shared.launch;
        self.shared.crash.send_replace(None);
        let directory = launch.directory.as_deref();
        let crash = self.shared.crash.clone();
        let process = Process::start(&launch.command, directory, self.environment(), crash)
            .map_err(|error| LaunchError::Spawn(error.to_string()))?;
        *self.shared.process() = Some(process.clone());
        let deadline = Instant::now() + launch.ready_within;
        for endpoint in &launch.endpoints {
            let name = endpoint.url().to_string();
            tokio::select! {
                biased;
                exit = process.ended() => {
                    return Err(LaunchError::Ended { endpoint: name, exit: Box::new(exit) });
                }
                ready = timeout_at(deadline, answers(endpoint)) => if ready.is_err() {
                    let last_words = process.last_words();
                    process.end(Ending::Stop, launch.ends_within).await;
                    let waited = launch.ready_within;
                    return Err(LaunchError::NotReady { endpoint: name, waited, last_words });
                }
            }
        }
        Ok(())
    }

    fn environment(&self) -> Vec<(String, String)> {
        let directory = self.shared.scratch.path().display().to_string();
        let mut variables = vec![("PUSHSPEC_DIR".to_owned(), directory)];
        for (index, endpoint) in self.shared.launch.endpoints.iter().enumerate() {
            let url = endpoint.url();
            let nth = if index == 0 { String::new() } else { format!("_{}", index + 1) };
            let mut set = |name: &str, value: String| {
                variables.push((format!("PUSHSPEC_{name}{nth}"), value));
            };
            set("URL", url.to_string());
            if url.scheme() == Scheme::Unix {
                set("SOCKET", url.path().to_owned());
            } else {
                set("HOST", url.host().to_owned());
                set("PORT", url.port().to_string());
            }
        }
        variables
    }
}

impl Shared {
    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(process) = self.process().take() {
            process.kill_now();
        }
    }
}

async fn answers(endpoint: &Connector) {
    while endpoint.connect(OCCUPIED).await.is_err() {
        sleep(ASK_EVERY).await;
    }
}
