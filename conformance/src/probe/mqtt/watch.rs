//! Shows the monitor what goes over the connections of a case, and keeps what it sees.

use pushspec_wire::mqtt::{DecodeError, Packet, Version};

use crate::evidence::{Evidence, Sighting};
use crate::monitor::Monitor;
use crate::trace::EntryId;

/// The monitor of one case and where its sightings go. Clones watch together.
#[derive(Clone, Debug)]
pub struct Watch {
    evidence: Evidence,
    monitor: Monitor,
}

impl Watch {
    /// Watches the connections of a case that gathers its evidence here.
    pub fn new(evidence: Evidence) -> Self {
        Self { evidence, monitor: Monitor::default() }
    }

    pub(super) fn opened(&self, connection: u32, version: Version) {
        self.monitor.opened(connection, version);
    }

    pub(super) fn sending(&self, connection: u32, bytes: &[u8]) {
        self.monitor.sending(connection, bytes);
    }

    pub(super) fn received(
        &self,
        connection: u32,
        packet: &Result<Packet<'_>, DecodeError>,
        bytes: &[u8],
        entry: EntryId,
    ) {
        for broken in self.monitor.received(connection, packet, bytes) {
            self.evidence.sight(Sighting {
                requirement: broken.requirement,
                connection,
                packet: broken.packet,
                found: broken.found,
                entry,
            });
        }
    }
}
