//! What the user declares of a server's replay: the specification itself demands none (9.2.4).

use std::fmt;
use std::str::FromStr;

/// What a server is declared to do for a client that comes back with a last event ID.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Replay {
    /// Nothing is declared: replay is observed, and a broken one is a warning.
    #[default]
    Undeclared,
    /// It sends what came after a known id. For an unknown or expired one it does as declared, if
    /// anything is.
    Promised(Option<UnknownId>),
    /// It does not replay: a stream always begins with new events.
    Declined,
}

/// What a server does with an id that it does not know, or no longer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnknownId {
    /// It sends everything that it still has.
    FromStart,
    /// It sends new events only.
    Live,
    /// It sends an event that tells the client of the gap, before any other.
    ResetEvent,
    /// It answers with a status from 400 to 499.
    Error,
}

impl UnknownId {
    /// As the command line takes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FromStart => "from-start",
            Self::Live => "live",
            Self::ResetEvent => "reset-event",
            Self::Error => "error",
        }
    }

    /// What a client that names such an id sees.
    pub const fn about(self) -> &'static str {
        match self {
            Self::FromStart => "everything that the server still has",
            Self::Live => "new events only",
            Self::ResetEvent => "an event that tells of the gap, and then new events",
            Self::Error => "a status from 400 to 499",
        }
    }
}

impl fmt::Display for UnknownId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The text declares nothing that a server could do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected from-start, live, reset-event, error or none{}", hint(.0))]
pub struct UnknownPolicy(String);

fn hint(text: &str) -> &'static str {
    if text.contains("://") { " (write --replay behind the URL, or --replay=POLICY)" } else { "" }
}

impl FromStr for Replay {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        use UnknownId::{Error, FromStart, Live, ResetEvent};
        match text {
            "none" => Ok(Self::Declined),
            // What `--replay` alone stands for.
            "" => Ok(Self::Promised(None)),
            _ => [FromStart, Live, ResetEvent, Error]
                .into_iter()
                .find(|policy| policy.name() == text)
                .map(|policy| Self::Promised(Some(policy)))
                .ok_or_else(|| UnknownPolicy(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn policies_read_back() {
        for policy in ["from-start", "live", "reset-event", "error"] {
            let Replay::Promised(Some(read)) = policy.parse().unwrap() else { panic!("{policy}") };
            assert_eq!(read.name(), policy);
        }
        assert_eq!("none".parse(), Ok(Replay::Declined));
        assert_eq!("".parse(), Ok(Replay::Promised(None)));
        let error = "http://x/".parse::<Replay>().unwrap_err().to_string();
        assert!(error.contains("behind the URL"), "{error}");
        assert!(!"always".parse::<Replay>().unwrap_err().to_string().contains("URL"));
    }
}
