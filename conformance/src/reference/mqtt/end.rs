//! How connections, Will Messages and Sessions end (5.0 sections 3.1.2.5, 3.1.3.2.2, 3.14.4 and 4.1).

use std::time::Duration;

use pushspec_wire::mqtt::{Disconnect, QoS, ReasonCode};

use super::session::{Held, Keeping, Outgoing, Session, Step};
use super::{Broker, ConnectionId, Fault};

/// Why a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cause {
    /// The Client's DISCONNECT with this code.
    Disconnect(ReasonCode),
    /// A protocol violation, or a refusal.
    Error,
    /// Keep Alive, or no CONNECT in time.
    Silence,
    /// Another connection with the Client Identifier.
    Takeover,
    /// The network connection is gone.
    Lost,
}

impl Broker {
    /// The Client's DISCONNECT (5.0 section 3.14).
    pub(super) fn disconnect_received(
        &mut self,
        id: ConnectionId,
        packet: &Disconnect<'_>,
        now: Duration,
    ) {
        let Some(client) = self.client(id) else { return };
        let (client_id, from_0) = (client.id.clone(), client.began_without_expiry);
        if let Some(interval) = packet.properties.session_expiry_interval() {
            if from_0 && interval > 0 && !self.has(Fault::AcceptsExpiryRaisedFrom0) {
                let why = "the Session Expiry Interval may not be raised from 0";
                return self.fail(id, ReasonCode::PROTOCOL_ERROR, why, now);
            }
            let ignored = self.has(Fault::IgnoresDisconnectExpiry);
            if let Some(session) = self.sessions.get_mut(&client_id).filter(|_| !ignored) {
                session.keeping = Keeping::from_interval(interval);
            }
        }
        self.end(id, Cause::Disconnect(packet.reason), now);
    }

    /// The network connection ends, and with it what does not outlive it.
    pub(super) fn end(&mut self, id: ConnectionId, cause: Cause, now: Duration) {
        let Some(connection) = self.connections.remove(&id) else { return };
        let stays = matches!(cause, Cause::Disconnect(_)) && self.has(Fault::StaysAfterDisconnect);
        if cause != Cause::Lost && !stays {
            self.close(id);
        }
        let Some(client) = connection.client else { return };
        let publishes_will = self.publishes_will(cause);
        let (lateness, faults) = (self.lateness(), self.config.faults.clone());
        self.old_aliases.insert(client.id.clone(), client.aliases);
        let Some(session) = self.sessions.get_mut(&client.id) else { return };
        // After a takeover that a fault leaves out, the Session belongs to another connection.
        if session.connection != Some(id) {
            return;
        }
        session.connection = None;
        for flying in &mut session.in_flight {
            flying.sent = false;
        }
        let moved = if faults.has(Fault::SharedMovesQos2) {
            session.take_shared_qos_2()
        } else {
            Vec::new()
        };
        let late = Duration::from_secs(if faults.has(Fault::WillLate) { 4 } else { 0 });
        match &mut session.will {
            Some(will) if publishes_will => will.due = Some(now + will.delay + lateness + late),
            _ => session.will = None,
        }
        match session.keeping {
            // The end of the Session would publish it.
            Keeping::None => session.ends_at = Some(now + late),
            Keeping::For(time) => session.ends_at = Some(now + time + lateness),
            Keeping::Forever => session.ends_at = None,
        }
        for outgoing in moved {
            self.deliver_again(&outgoing, now);
        }
        self.publish_due_wills(now);
        self.end_due_sessions(now);
    }

    fn publishes_will(&self, cause: Cause) -> bool {
        match cause {
            Cause::Disconnect(ReasonCode(0)) => self.has(Fault::WillOnDisconnect),
            Cause::Disconnect(ReasonCode(4)) => !self.has(Fault::WillNotOnDisconnect04),
            Cause::Disconnect(reason) if reason.is_error() => {
                !self.has(Fault::ErrorDisconnectDiscardsWill)
            }
            Cause::Disconnect(_) | Cause::Lost => true,
            Cause::Error => !self.has(Fault::WillNotOnError),
            Cause::Silence => !self.has(Fault::WillNotOnKeepAlive),
            Cause::Takeover => !self.has(Fault::WillNotOnTakeover),
        }
    }

    /// Will Messages whose delay has passed.
    pub(super) fn publish_due_wills(&mut self, now: Duration) {
        let due: Vec<String> = self
            .sessions
            .iter()
            .filter(|(_, session)| {
                session.will.as_ref().and_then(|will| will.due).is_some_and(|due| due <= now)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in due {
            self.publish_will(&id, now);
        }
    }

    fn publish_will(&mut self, client_id: &str, now: Duration) {
        let repeats = self.has(Fault::WillRepeated);
        let Some(session) = self.sessions.get_mut(client_id) else { return };
        let Some(mut will) = session.will.take() else { return };
        will.due = None;
        if repeats {
            session.will = Some(will.clone());
        }
        if self.has(Fault::RestartRepeatsWills) {
            self.published_wills.push(will.message.clone());
        }
        self.route(will.message, now);
    }

    /// Sessions whose interval has passed.
    pub(super) fn end_due_sessions(&mut self, now: Duration) {
        let due: Vec<String> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.ends_at.is_some_and(|at| at <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for id in due {
            self.end_session(&id, now);
        }
    }

    /// The Session ends: its Will, if it is still to come, is published (MQTT-3.1.2-8), and what was
    /// under way for a shared subscription goes on (5.0 section 4.8.2).
    pub(super) fn end_session(&mut self, client_id: &str, now: Duration) {
        let pending =
            |session: &Session| session.will.as_ref().is_some_and(|will| will.due.is_some());
        if self.sessions.get(client_id).is_some_and(pending) {
            if self.has(Fault::WillWaitsBeyondSession) {
                // It goes on as a Session of nothing but a Will.
                if let Some(session) = self.sessions.get_mut(client_id) {
                    let will = session.will.take();
                    *session = Session::new(Keeping::None);
                    session.ends_at = will.as_ref().and_then(|will| will.due);
                    session.will = will;
                }
                if self.sessions.get(client_id).and_then(|session| session.ends_at) > Some(now) {
                    return;
                }
            }
            self.publish_will(client_id, now);
        }
        let Some(session) = self.sessions.remove(client_id) else { return };
        if self.has(Fault::RetainedLostWithSession) {
            for topic in &session.retained {
                self.retained.remove(topic);
            }
        }
        let unacknowledged = session
            .in_flight
            .into_iter()
            .filter(|flying| {
                flying.step == Step::Published
                    && match flying.outgoing.qos {
                        QoS::ExactlyOnce => self.has(Fault::SharedPassesOnQos2),
                        _ => !self.has(Fault::SharedLosesQos1),
                    }
            })
            .map(|flying| flying.outgoing);
        let outgoing: Vec<Outgoing> = unacknowledged.chain(session.queue).collect();
        for outgoing in outgoing {
            self.deliver_again(&outgoing, now);
        }
    }

    /// A message of a shared subscription to one of those that are in it now.
    pub(super) fn deliver_again(&mut self, outgoing: &Outgoing, now: Duration) {
        if let Some(shared) = &outgoing.shared {
            self.deliver_shared(shared, &outgoing.message, now);
        }
    }

    /// All members of a shared subscription, in the order of their Client Identifiers.
    pub(super) fn members(&self, shared: &str) -> Vec<(String, Held)> {
        self.sessions
            .iter()
            .filter_map(|(id, session)| {
                let held = session.subscriptions.get(shared)?.first()?;
                Some((id.clone(), held.clone()))
            })
            .collect()
    }
}
