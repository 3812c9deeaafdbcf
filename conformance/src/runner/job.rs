//! One case in one protocol at one endpoint, ready to be attempted.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::case::{About, Running};
use crate::evidence::Evidence;
use crate::requirement::{Level, Protocol};

/// A case in one protocol at one endpoint.
#[derive(Clone)]
pub struct Job {
    /// The case.
    pub about: About,
    /// The protocol.
    pub protocol: Protocol,
    /// The endpoint's URL.
    pub endpoint: String,
    /// Why the case does not apply, if that is known beforehand.
    pub not_applicable: Option<String>,
    /// Why the case cannot reach its point, if that is known beforehand.
    pub out_of_reach: Option<String>,
    /// As which level a breach counts, where a profile says so, and why.
    pub counts_as: Option<(Level, String)>,
    /// Nothing else runs while this does.
    pub alone: bool,
    /// Begins an attempt. The name is unique in the run: letters and digits.
    pub attempt: Arc<dyn Fn(Evidence, String) -> Attempt + Send + Sync>,
}

/// An attempt at a case.
pub struct Attempt {
    /// The scenario.
    pub running: Running,
    /// Removes what the scenario left in the target. To be awaited after the scenario, however that
    /// ended.
    pub clean_up: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Generated names and what reports show in their place.
    pub generated: Vec<(String, String)>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("case", &self.about.id)
            .field("protocol", &self.protocol)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}
