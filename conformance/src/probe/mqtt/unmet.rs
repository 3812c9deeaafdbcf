//! What was awaited and did not come.

use std::fmt;

use crate::case::Stop;
use crate::evidence::Evidence;

/// Something awaited did not come. With `?` it ends the case as inconclusive, since what a case does
/// not judge is a precondition; where it is what the case judges, say so with [`Judged`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unmet {
    /// What was awaited.
    pub awaited: String,
    /// What came instead.
    pub found: String,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "awaited {}, but {}", self.awaited, self.found)
    }
}

impl From<Unmet> for Stop {
    fn from(unmet: Unmet) -> Self {
        Self::Inconclusive(unmet.to_string())
    }
}

/// Turns what did not come into a broken requirement.
pub trait Judged<T> {
    /// What was awaited is what the case judges.
    fn judged(self, evidence: &Evidence, expected: &str) -> Result<T, Stop>;
}

impl<T> Judged<T> for Result<T, Unmet> {
    fn judged(self, evidence: &Evidence, expected: &str) -> Result<T, Stop> {
        self.map_err(|unmet| evidence.broken(expected, &unmet.found))
    }
}
