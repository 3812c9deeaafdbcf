//! A directory in which commands are run, as a user's repository.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pushspec::event::RunReport;

use crate::tool::pushspec;

/// A directory that is the current one of every command in it.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = pushspec();
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    /// Runs a command, which has to end with this status, and gives what it printed.
    pub(crate) fn run(&self, arguments: &[&str], status: i32) -> String {
        let Output { status: ended, stdout, stderr } = self.command(arguments).output().unwrap();
        let out = String::from_utf8(stdout).unwrap();
        let err = String::from_utf8(stderr).unwrap();
        assert_eq!(ended.code(), Some(status), "{arguments:?}\n{out}\n{err}");
        out + &err
    }

    /// All files in it, with what they hold.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files(self.0.path())
    }

    pub(crate) fn report(&self, name: &str) -> RunReport {
        serde_json::from_str(&self.read(name)).unwrap()
    }
}

/// All files below, with what they hold.
pub(crate) fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = std::fs::read(&path).unwrap();
            found.push((path, content));
        }
    }
    found
}
