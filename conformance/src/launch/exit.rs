//! How a process ended, and its last words.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

/// How a target's process ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exit {
    /// What the operating system says.
    pub status: ExitStatus,
    /// It was ended by us.
    pub asked: bool,
    /// It was ended because it ran and no longer answered.
    pub hung: bool,
    /// The last lines that it wrote to its standard output.
    pub stdout: Vec<String>,
    /// The last lines that it wrote to its standard error.
    pub stderr: Vec<String>,
}

impl Exit {
    /// `; its last words: …`, or nothing if it said nothing.
    pub fn last_words(&self) -> String {
        last_words(&self.stderr, &self.stdout)
    }
}

/// The last line that says something, from the place where errors are written to if there is one.
pub(super) fn last_words(stderr: &[String], stdout: &[String]) -> String {
    let said = |lines: &[String]| lines.iter().rev().find(|line| !line.trim().is_empty()).cloned();
    said(stderr)
        .or_else(|| said(stdout))
        .map_or_else(String::new, |line| format!("; its last words: {}", line.trim()))
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hung {
            return f.write_str("killed, since it no longer answered");
        }
        match (self.status.signal(), self.status.code()) {
            (Some(signal), _) => {
                write!(f, "killed by signal {signal}")?;
                name(signal).map_or(Ok(()), |name| write!(f, " ({name})"))
            }
            (None, Some(code)) => {
                write!(f, "exit status {code}")?;
                // What shells make of the signal that killed their command.
                name(code - 128).map_or(Ok(()), |name| write!(f, " (killed by {name})"))
            }
            (None, None) => f.write_str("ended in an unknown way"),
        }
    }
}

/// Those whose number is the same everywhere.
const fn name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(raw: i32) -> String {
        let status = ExitStatus::from_raw(raw);
        let (stdout, stderr) = (Vec::new(), Vec::new());
        Exit { status, asked: false, hung: false, stdout, stderr }.to_string()
    }

    #[test]
    fn every_way_to_end_is_told() {
        assert_eq!(exit(0), "exit status 0");
        assert_eq!(exit(3 << 8), "exit status 3");
        assert_eq!(exit(11), "killed by signal 11 (SIGSEGV)");
        assert_eq!(exit(139 << 8), "exit status 139 (killed by SIGSEGV)");
        assert_eq!(exit(33), "killed by signal 33");
    }

    #[test]
    fn errors_are_the_better_last_words() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(last_words(&lines("a\nb\n \n"), &lines("c")), "; its last words: b");
        assert_eq!(last_words(&[], &lines("c")), "; its last words: c");
        assert_eq!(last_words(&[], &[]), "");
    }
}
