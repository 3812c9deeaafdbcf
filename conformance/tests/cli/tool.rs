//! Running the binary.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pushspec::event::RunReport;
use tempfile::TempDir;

/// The binary, in an environment that does not depend on who runs the tests.
pub(crate) fn pushspec() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pushspec"));
    command.stdin(Stdio::null()).env("COLUMNS", "100").env("LC_ALL", "C.UTF-8");
    for variable in ["NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command
}

/// What the binary said and left.
pub(crate) struct Done {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    /// The JSON report, if one was written.
    pub(crate) report: Option<RunReport>,
    /// The reports as they are in the files.
    pub(crate) files: String,
}

impl Done {
    /// The report, which has to be there.
    pub(crate) fn report(&self) -> &RunReport {
        self.report.as_ref().unwrap_or_else(|| panic!("no report\n{}\n{}", self.out, self.err))
    }

    /// For a failed assertion.
    pub(crate) fn said(&self) -> String {
        format!("status {}\n{}\n{}", self.status, self.out, self.err)
    }
}

/// A run of `pushspec test` that is on its way.
pub(crate) struct Run {
    child: Child,
    directory: TempDir,
}

/// Starts `pushspec test` with these arguments and both reports.
pub(crate) fn start(arguments: &[&str]) -> Run {
    start_with(arguments, &[])
}

/// The same with environment variables.
pub(crate) fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    let child = pushspec()
        .arg("test")
        .args(arguments)
        .arg(format!("--report=json={}", directory.path().join("report.json").display()))
        .arg(format!("--report=junit={}", directory.path().join("report.xml").display()))
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Run { child, directory }
}

/// Runs `pushspec test` to its end.
pub(crate) fn test(arguments: &[&str]) -> Done {
    start(arguments).done()
}

impl Run {
    /// Sends a signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits for its end.
    pub(crate) fn done(self) -> Done {
        let output = self.child.wait_with_output().unwrap();
        let read = |name: &str| std::fs::read_to_string(self.directory.path().join(name));
        let json = read("report.json").unwrap_or_default();
        follows_the_schema("report", &json);
        Done {
            status: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
            report: serde_json::from_str(&json).ok(),
            files: json + &read("report.xml").unwrap_or_default(),
        }
    }
}

/// What is written follows the schema of its name in the tree.
pub(crate) fn follows_the_schema(name: &str, json: &str) {
    // A run that was refused leaves the file empty or does not make one.
    if json.is_empty() {
        return;
    }
    let path = format!("{}/schema/{name}-1.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let problems: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?}");
}

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// A reference target in a process of its own, ended when dropped.
pub(crate) struct Served {
    child: Child,
    /// Where it listens.
    pub(crate) urls: Vec<String>,
}

/// Runs `pushspec serve` with these arguments and waits until it listens on so many addresses.
pub(crate) fn serve(arguments: &[&str], listeners: usize) -> Served {
    serve_with(arguments, &[], listeners)
}

/// The same with environment variables.
pub(crate) fn serve_with(
    arguments: &[&str],
    variables: &[(&str, &str)],
    listeners: usize,
) -> Served {
    let mut child = pushspec()
        .arg("serve")
        .args(arguments)
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let urls: Vec<String> = lines
        .take(listeners)
        .map(|line| line.unwrap().strip_prefix("listening on ").unwrap().to_owned())
        .collect();
    assert_eq!(urls.len(), listeners);
    Served { child, urls }
}

impl Served {
    /// The only address.
    pub(crate) fn url(&self) -> &str {
        &self.urls[0]
    }

    /// Asks it to end and tells with which status it did.
    pub(crate) fn end(mut self) -> i32 {
        signal(&self.child, "TERM");
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not end");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port on which nothing listens.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A path in a directory that is removed with the returned guard.
pub(crate) fn scratch(name: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    (directory, path)
}

/// The text as a trace has it.
pub(crate) fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
