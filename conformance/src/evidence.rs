//! What a running case gathers: its trace, what it judged, what it observed.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::case::{Finding, Outcome, Stop};
use crate::requirement::RequirementRef;
use crate::trace::{EntryId, EntryKind, Recorder};

/// The evidence of one case. Clones gather into the same place.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What went over the connections.
    pub trace: Recorder,
    gathered: Arc<Mutex<Gathered>>,
}

/// Findings that did not stop the scenario, and observations.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Recommendations that were not followed.
    pub advice: Vec<Finding>,
    /// Permitted variation, for comparisons between builds.
    pub observations: BTreeMap<String, String>,
    /// What was measured, in milliseconds.
    pub measured: BTreeMap<String, f64>,
    /// What the traffic breaks beside what the case judges.
    pub sightings: Vec<Sighting>,
}

/// Something that arrived breaks a requirement that no case had to ask for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// The requirement.
    pub requirement: RequirementRef,
    /// The connection, by its number in the trace.
    pub connection: u32,
    /// What arrived, in one line.
    pub packet: String,
    /// What about it is not as it should be: the same of everything that errs in this way.
    pub found: String,
    /// Its place in the trace.
    pub entry: EntryId,
}

impl Evidence {
    /// Nothing yet; time starts now.
    pub fn new() -> Self {
        Self::default()
    }

    /// Judges: stops the case as broken unless `holds`.
    pub fn judge(&self, holds: bool, expected: impl Display, found: impl Display) -> Outcome {
        if holds { Ok(()) } else { Err(self.broken(expected, found)) }
    }

    /// Judges, and points at the bytes that decide.
    pub fn judge_at(
        &self,
        entry: EntryId,
        bytes: std::ops::Range<usize>,
        holds: bool,
        expected: impl Display,
        found: impl Display,
    ) -> Outcome {
        if holds {
            return Ok(());
        }
        self.trace.mark(entry, bytes, found.to_string());
        Err(self.broken(expected, found))
    }

    /// The stop that says that the requirement is broken.
    pub fn broken(&self, expected: impl Display, found: impl Display) -> Stop {
        let (expected, found) = (expected.to_string(), found.to_string());
        self.trace.add(0, EntryKind::Note, format!("judged: {found}"), &[]);
        Stop::Broken(Finding { expected, found })
    }

    /// Notes that a recommendation is not followed, unless `holds`; the scenario goes on.
    pub fn advise(&self, holds: bool, expected: impl Display, found: impl Display) {
        if !holds {
            self.lock()
                .advice
                .push(Finding { expected: expected.to_string(), found: found.to_string() });
        }
    }

    /// Keeps which of several permitted ways the target took. Never put generated names, times or
    /// ports here: observations are compared between runs.
    pub fn observe(&self, what: &str, value: impl Display) {
        self.lock().observations.insert(what.to_owned(), value.to_string());
    }

    /// Keeps a time that was measured. Comparisons between runs leave it out.
    pub fn measure(&self, what: &str, time: Duration) {
        let millis = (time.as_secs_f64() * 10_000.0).round() / 10.0;
        self.lock().measured.insert(what.to_owned(), millis);
    }

    /// Keeps that the traffic breaks something; the scenario goes on. The first of its kind is enough.
    pub fn sight(&self, sighting: Sighting) {
        let mut gathered = self.lock();
        let known = gathered.sightings.iter().any(|known| {
            known.requirement == sighting.requirement && known.found == sighting.found
        });
        if !known {
            gathered.sightings.push(sighting);
        }
    }

    /// Evidence with the same beginning of time, for what may turn out not to be worth telling.
    pub fn aside(&self) -> Self {
        Self { trace: self.trace.aside(), gathered: Arc::default() }
    }

    /// Adds the trace and the sightings of what was gathered aside.
    pub fn adopt(&self, other: &Self) {
        let (connections, entries) = self.trace.adopt(&other.trace);
        for sighting in other.gathered().sightings {
            self.sight(Sighting {
                connection: sighting.connection + connections,
                entry: sighting.entry.moved_by(entries),
                ..sighting
            });
        }
    }

    /// What was gathered so far.
    pub fn gathered(&self) -> Gathered {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
