//! A restart. It keeps what outlives connections: Sessions, retained messages, Will Messages that are
//! still to come.

use std::time::Duration;

use pushspec_wire::mqtt::ReasonCode;

use super::end::Cause;
use super::{Broker, ConnectionId, Fault};

impl Broker {
    /// Ends all connections and begins again; `abruptly` without a word to the Clients.
    pub fn restart(&mut self, abruptly: bool, now: Duration) {
        let all: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for id in all {
            if !abruptly {
                self.farewell(id, ReasonCode::SERVER_SHUTTING_DOWN, "the Server restarts");
            }
            self.end(id, Cause::Error, now);
        }
        self.old_aliases.clear();
        if self.has(Fault::RestartLosesSessions) {
            self.sessions.clear();
        }
        if self.has(Fault::RestartLosesRetained) {
            self.retained.retain(|topic, _| topic.starts_with('$'));
        }
        for session in self.sessions.values_mut() {
            if self.config.faults.has(Fault::RestartLosesQueue) {
                session.queue.clear();
            }
            if self.config.faults.has(Fault::RestartLosesReceived) {
                session.received.clear();
            }
        }
        for will in std::mem::take(&mut self.published_wills) {
            self.route(will, now);
        }
    }
}
