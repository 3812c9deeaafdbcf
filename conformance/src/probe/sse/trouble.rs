//! What goes wrong on the way to what a case looks for.

use std::time::Duration;

use pushspec_wire::sse::DecodeError;

use super::FramingError;
use crate::case::Stop;
use crate::evidence::Evidence;

/// Something awaited did not come. With `?` it ends the case as inconclusive, since what a case does
/// not judge is a precondition; where it is what the case judges, say so with [`Judged`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Trouble {
    /// No connection.
    #[error("{0}")]
    Unreachable(String),
    /// Nothing came in time.
    #[error("{awaited} did not come within {} s", .waited.as_secs_f32())]
    Silent {
        /// What was awaited.
        awaited: String,
        /// For how long.
        waited: Duration,
    },
    /// The connection ended before what was awaited.
    #[error("the connection ended before {awaited}")]
    Ended {
        /// What was awaited.
        awaited: String,
    },
    /// The connection broke.
    #[error("the connection broke while {awaited} was awaited: {reason}")]
    Broken {
        /// What was awaited.
        awaited: String,
        /// What the system said.
        reason: String,
    },
    /// The answer is not HTTP.
    #[error("the answer is not HTTP: it begins with {begins:?}")]
    NotHttp {
        /// Its first bytes.
        begins: String,
    },
    /// The server does not choose HTTP/2 when TLS is negotiated.
    #[error("HTTP/2 is not chosen in ALPN")]
    NotChosen,
    /// It is redirected without end, or to where it cannot go.
    #[error("{0}")]
    Redirect(String),
    /// HTTP/2 is broken.
    #[error("the answer breaks HTTP/2: {0}")]
    Http2(String),
    /// The head of the response is without end.
    #[error("the response's head has more than {limit} bytes or {headers} header fields")]
    HeadTooLarge {
        /// How many bytes were read.
        limit: usize,
        /// How many header fields are accepted.
        headers: usize,
    },
    /// The body's framing is wrong.
    #[error("the body is framed wrongly: {0}")]
    Framing(FramingError),
    /// The body's content coding is unknown or its bytes do not fit it.
    #[error("the content coding {coding:?} cannot be undone: {reason}")]
    Coding {
        /// The coding's name.
        coding: String,
        /// What is wrong.
        reason: String,
    },
    /// The response has the wrong status.
    #[error("the answer is {0}")]
    Status(String),
    /// A body that should be short is not.
    #[error("the body has more than {0} bytes")]
    TooMuch(usize),
    /// The stream exceeds what a receiver is willing to hold.
    #[error("{0}")]
    Unbounded(#[from] DecodeError),
    /// The command of `--trigger` failed.
    #[error("the trigger failed: {0}")]
    Trigger(String),
}

impl Trouble {
    pub(super) fn silent(awaited: &str, waited: Duration) -> Self {
        Self::Silent { awaited: awaited.to_owned(), waited }
    }

    pub(super) fn ended(awaited: &str) -> Self {
        Self::Ended { awaited: awaited.to_owned() }
    }

    /// Whether it is nothing but silence.
    pub const fn is_silence(&self) -> bool {
        matches!(self, Self::Silent { .. })
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Inconclusive(trouble.to_string())
    }
}

/// Turns what did not come into a broken requirement.
pub trait Judged<T> {
    /// What was awaited is what the case judges.
    fn judged(self, evidence: &Evidence, expected: &str) -> Result<T, Stop>;
}

impl<T> Judged<T> for Result<T, Trouble> {
    fn judged(self, evidence: &Evidence, expected: &str) -> Result<T, Stop> {
        self.map_err(|trouble| match trouble {
            // That there is no target says nothing about its conformance.
            Trouble::Unreachable(_) | Trouble::Trigger(_) => trouble.into(),
            trouble => evidence.broken(expected, trouble),
        })
    }
}
