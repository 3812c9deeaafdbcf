//! The monitor: a passive judge of everything that goes over the connections of a case, in both
//! directions. It does no I/O and sends nothing; what it is told, and in which order, is all it knows.
//!
//! `history` keeps what happened, `rules` compares each packet of the Server with it. A rule sees
//! the history before the packet. Once the case itself has sent what no conforming Client sends, the
//! Server may do much on that connection, so the rules that rely on our side are silent from there on.

mod history;
mod rule;
mod rules;
#[cfg(test)]
mod script;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pushspec_wire::mqtt::{DecodeError, Packet, Version};

use crate::requirement::RequirementRef;
use history::History;
use rule::Arrived;

/// What a packet breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// The requirement.
    pub requirement: RequirementRef,
    /// The packet, in one line.
    pub packet: String,
    /// What about it is not as it should be. Never holds generated names or identifiers, so that it
    /// says the same of every packet that errs in this way.
    pub found: String,
}

/// Judges the traffic of all connections of one case. Clones judge together.
#[derive(Clone, Default)]
pub struct Monitor(Arc<Mutex<History>>);

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").finish_non_exhaustive()
    }
}

impl Monitor {
    /// A network connection was opened, to be used in this version.
    pub fn opened(&self, connection: u32, version: Version) {
        self.lock().open(connection, version);
    }

    /// These bytes are about to be sent; they may be part of a packet, or none at all.
    pub fn sending(&self, connection: u32, bytes: &[u8]) {
        self.lock().sending(connection, bytes);
    }

    /// A packet of the Server has arrived. Tells what it breaks.
    pub fn received(
        &self,
        connection: u32,
        packet: &Result<Packet<'_>, DecodeError>,
        bytes: &[u8],
    ) -> Vec<Broken> {
        let mut history = self.lock();
        let broken = history.link(connection).map_or_else(Vec::new, |link| {
            let session = history.session_of(link);
            rules::judge(&Arrived { link, session, packet, bytes })
        });
        if let Ok(packet) = packet {
            history.received(connection, packet);
        }
        broken
    }

    fn lock(&self) -> MutexGuard<'_, History> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every requirement that the monitor judges.
pub fn judged() -> impl Iterator<Item = RequirementRef> {
    rules::RULES.iter().flat_map(|rule| rule.judges).flat_map(rule::Cited::everywhere)
}
