//! PUBLISH to Clients: queues, flow control, acknowledgements and redelivery (5.0 sections 4.3, 4.4
//! and 4.9).

use std::sync::Arc;
use std::time::Duration;

use pushspec_wire::mqtt::{
    Delivery, Packet, PacketId, Properties, Property, PubAck, PubRec, PubRel, Publish, QoS,
    ReasonCode, Version,
};

use super::session::{InFlight, Outgoing, Session, Step};
use super::{Broker, Choice, ConnectionId, Fault};

/// How late what was in flight is sent again, where that is chosen.
const RESENDS_AFTER: Duration = Duration::from_secs(11);

impl Broker {
    /// A message for one Client: sent now, or waiting.
    pub(super) fn enqueue(&mut self, client_id: &str, mut outgoing: Outgoing, now: Duration) {
        let lost_offline = match outgoing.qos {
            // What the reference does with QoS 0 for an absent Client; 5.0 leaves the choice.
            QoS::AtMostOnce => !self.chooses(Choice::KeepsQos0),
            QoS::AtLeastOnce => self.has(Fault::DropsOfflineQos1),
            QoS::ExactlyOnce => self.has(Fault::DropsOfflineQos2),
        };
        let everyone = self.has(Fault::SessionsShared);
        let bare = self.has(Fault::QueueDropsProperties);
        let room = self.config.limits.queued_messages;
        let Some(session) = self.sessions.get_mut(client_id) else { return };
        if session.connection.is_none() {
            if everyone && !lost_offline {
                for session in self.sessions.values_mut() {
                    session.queue.push_back(outgoing.clone());
                }
                return;
            }
            if lost_offline || session.queue.len() >= room {
                return;
            }
            if bare {
                outgoing.message = Arc::new(outgoing.message.without_properties());
            }
        } else if outgoing.qos > QoS::AtMostOnce && session.queue.len() >= room {
            return;
        }
        session.queue.push_back(outgoing);
        self.pump(client_id, now);
    }

    /// A Client is connected: what is unacknowledged is sent again (MQTT-4.4.0-1), then what waits.
    pub(super) fn resume(&mut self, client_id: &str, now: Duration) {
        let (forgets, republishes, new_ids) = (
            self.has(Fault::NeverRedelivers),
            self.has(Fault::RepublishesInsteadOfPubrel),
            self.has(Fault::RedeliveryNewId),
        );
        let expires = self.has(Fault::ExpiresInFlight);
        let late = self.chooses(Choice::ResendsLate);
        if let Some(session) = self.sessions.get_mut(client_id) {
            if forgets {
                session.in_flight.clear();
            }
            if expires {
                session.in_flight.retain(|flying| !flying.outgoing.message.has_expired(now));
            }
            for flying in &mut session.in_flight {
                match flying.step {
                    Step::Acknowledged => flying.step = Step::Published,
                    Step::Released if republishes => flying.step = Step::Published,
                    _ => {}
                }
            }
            if new_ids {
                for index in 0..session.in_flight.len() {
                    if let Some(id) = session.fresh_id() {
                        session.in_flight[index].id = id;
                    }
                }
            }
            session.resends_at =
                (late && !session.in_flight.is_empty()).then(|| now + RESENDS_AFTER);
            let (received, connection) = (session.received.clone(), session.connection);
            if let Some(client) = connection.and_then(|id| self.client_mut(id)) {
                client.unreleased = received;
            }
        }
        self.pump(client_id, now);
    }

    /// Sends again what is to be sent late.
    pub(super) fn resend_due(&mut self, now: Duration) {
        let due = |session: &Session| session.resends_at.is_some_and(|at| at <= now);
        let due = self.sessions.iter().filter(|(_, session)| due(session));
        let due: Vec<String> = due.map(|(client_id, _)| client_id.clone()).collect();
        for client_id in due {
            if let Some(session) = self.sessions.get_mut(&client_id) {
                session.resends_at = None;
            }
            self.pump(&client_id, now);
        }
    }

    /// Sends what may be sent.
    pub(super) fn pump(&mut self, client_id: &str, now: Duration) {
        let Some(session) = self.sessions.get(client_id) else { return };
        // What is sent for the first time goes behind what is sent again.
        let (Some(id), None) = (session.connection, session.resends_at) else { return };
        if !self.resend(id, client_id, now) {
            return;
        }
        loop {
            let window_open = self.window_is_open(id);
            let Some(session) = self.sessions.get_mut(client_id) else { return };
            // QoS 0 does not count against the Receive Maximum.
            let next = session
                .queue
                .iter()
                .position(|outgoing| outgoing.qos == QoS::AtMostOnce || window_open);
            let Some(outgoing) = next.and_then(|index| session.queue.remove(index)) else { return };
            if outgoing.message.has_expired(now) && !self.has(Fault::ExpiryIgnored) {
                continue;
            }
            if !self.send_first_time(id, client_id, &outgoing, now) {
                return;
            }
        }
    }

    fn window_is_open(&self, id: ConnectionId) -> bool {
        let most = if self.chooses(Choice::OneInFlight) { 1 } else { u16::MAX };
        self.client(id).is_some_and(|client| {
            client.window.len() < usize::from(client.receive_maximum.min(most))
        })
    }

    /// Sends again what was in flight when the connection before ended. Tells whether all of it went.
    fn resend(&mut self, id: ConnectionId, client_id: &str, now: Duration) -> bool {
        loop {
            let Some(session) = self.sessions.get_mut(client_id) else { return false };
            let Some(flying) = session
                .in_flight
                .iter_mut()
                .find(|flying| !flying.sent && flying.step != Step::Acknowledged)
            else {
                return true;
            };
            let (packet_id, step) = (flying.id, flying.step);
            if step == Step::Published {
                let outgoing = flying.outgoing.clone();
                if !self.window_is_open(id) {
                    return false;
                }
                self.mark_sent(client_id, packet_id);
                self.open_window(id, packet_id);
                let dup = !self.has(Fault::RedeliveryWithoutDup);
                self.send_publish(id, &outgoing, Some(packet_id), dup, now);
            } else {
                flying.sent = true;
                let outgoing = flying.outgoing.clone();
                if self.has(Fault::RepublishesWithPubrel) {
                    self.send_publish(id, &outgoing, Some(packet_id), true, now);
                }
                self.send_pubrel(id, packet_id, ReasonCode::SUCCESS);
            }
        }
    }

    fn mark_sent(&mut self, client_id: &str, packet_id: PacketId) {
        if let Some(session) = self.sessions.get_mut(client_id) {
            session
                .in_flight
                .iter_mut()
                .filter(|flying| flying.id == packet_id)
                .for_each(|flying| flying.sent = true);
        }
    }

    fn open_window(&mut self, id: ConnectionId, packet_id: PacketId) {
        if let Some(client) = self.client_mut(id) {
            client.window.insert(packet_id);
        }
    }

    /// Sends a message that was not sent before. Tells whether the next one may follow.
    fn send_first_time(
        &mut self,
        id: ConnectionId,
        client_id: &str,
        outgoing: &Outgoing,
        now: Duration,
    ) -> bool {
        let reuses = self.has(Fault::ReusesIdsInFlight);
        let Some(session) = self.sessions.get_mut(client_id) else { return false };
        let packet_id = match outgoing.qos {
            QoS::AtMostOnce => None,
            _ if reuses => Some(PacketId::MIN),
            _ => {
                let Some(packet_id) = session.fresh_id() else {
                    session.queue.push_front(outgoing.clone());
                    return false;
                };
                Some(packet_id)
            }
        };
        if !self.send_publish(
            id,
            outgoing,
            packet_id,
            outgoing.message.dup && self.has(Fault::PassesOnDup),
            now,
        ) {
            // Too large for the Client: as if it were delivered (MQTT-3.1.2-25).
            if self.has(Fault::OversizeBlocks)
                && let Some(session) = self.sessions.get_mut(client_id)
            {
                session.queue.push_front(outgoing.clone());
                return false;
            }
            return true;
        }
        if let Some(packet_id) = packet_id {
            self.open_window(id, packet_id);
            if let Some(session) = self.sessions.get_mut(client_id) {
                session.in_flight.push(InFlight {
                    id: packet_id,
                    outgoing: outgoing.clone(),
                    step: Step::Published,
                    sent: true,
                });
            }
        }
        true
    }

    /// Sends PUBLISH, unless it is larger than the Client takes.
    fn send_publish(
        &mut self,
        id: ConnectionId,
        outgoing: &Outgoing,
        packet_id: Option<PacketId>,
        dup: bool,
        now: Duration,
    ) -> bool {
        let Some(client) = self.client(id) else { return false };
        let (version, limit) = (client.version, client.maximum_packet_size);
        let message = &outgoing.message;
        let delivery = match (outgoing.qos, packet_id) {
            (QoS::AtLeastOnce, Some(id)) => Delivery::AtLeastOnce { id, dup },
            (QoS::ExactlyOnce, Some(id)) => Delivery::ExactlyOnce { id, dup },
            _ => Delivery::AtMostOnce,
        };
        let mut properties = Properties::new();
        if version == Version::V5 {
            properties = message.properties.clone();
            if let Some(left) = message.expiry_left(now, &self.config.faults) {
                properties.push(Property::MessageExpiryInterval(left));
            }
            for identifier in &outgoing.identifiers {
                properties.push(Property::SubscriptionIdentifier(*identifier));
            }
        }
        let packet = Packet::Publish(Publish {
            delivery,
            retain: outgoing.retain,
            topic: message.topic.as_str().into(),
            properties,
            payload: message.payload.as_ref().into(),
        });
        let mut bytes = Vec::new();
        if packet.encode(version, &mut bytes).is_err() || bytes.len() > limit {
            return false;
        }
        self.send_bytes(id, bytes);
        true
    }

    fn send_pubrel(&mut self, id: ConnectionId, packet_id: PacketId, reason: ReasonCode) {
        let properties = Properties::new();
        self.answer(id, Packet::PubRel(PubRel { packet_id, reason, properties }));
    }

    // ===== Acknowledgements =====

    /// PUBACK ends a delivery at QoS 1, whatever its reason code (MQTT-4.4.0-2).
    pub(super) fn puback_received(&mut self, id: ConnectionId, packet: &PubAck<'_>, now: Duration) {
        let Some(client_id) = self.client(id).map(|client| client.id.clone()) else { return };
        if packet.reason.is_error() && self.has(Fault::RefusedComesAgain) {
            return;
        }
        let mut packet_id = packet.packet_id;
        if self.has(Fault::AnyPubackAcknowledges)
            && let Some(oldest) = self.sessions.get(&client_id).and_then(Session::oldest_in_flight)
        {
            packet_id = oldest;
        }
        let acknowledged =
            self.finish(id, &client_id, packet_id, QoS::AtLeastOnce, Step::Published, now);
        self.refused(packet.reason, acknowledged, now);
    }

    /// PUBREC is answered by PUBREL; with an error it ends the delivery.
    pub(super) fn pubrec_received(&mut self, id: ConnectionId, packet: &PubRec<'_>, now: Duration) {
        let Some(client) = self.client(id) else { return };
        let (client_id, v5) = (client.id.clone(), client.version == Version::V5);
        let packet_id = packet.packet_id;
        if self.has(Fault::PubrecFreesWindow)
            && let Some(client) = self.client_mut(id)
        {
            client.window.remove(&packet_id);
        }
        if packet.reason.is_error() && self.has(Fault::RefusedComesAgain) {
            return;
        }
        if packet.reason.is_error() {
            let refused =
                self.finish(id, &client_id, packet_id, QoS::ExactlyOnce, Step::Published, now);
            return self.refused(packet.reason, refused, now);
        }
        let silent = self.has(Fault::NoPubrel);
        let Some(session) = self.sessions.get_mut(&client_id) else { return };
        let known = session
            .in_flight
            .iter_mut()
            .find(|flying| flying.id == packet_id && flying.outgoing.qos == QoS::ExactlyOnce);
        let reason = match known {
            Some(flying) => {
                flying.step = Step::Released;
                ReasonCode::SUCCESS
            }
            None if v5 => ReasonCode::PACKET_IDENTIFIER_NOT_FOUND,
            None => ReasonCode::SUCCESS,
        };
        if !silent {
            self.send_pubrel(id, packet_id, reason);
        }
        if self.has(Fault::PubrecFreesWindow) {
            self.pump(&client_id, now);
        }
    }

    /// PUBCOMP ends a delivery at QoS 2.
    pub(super) fn pubcomp_received(
        &mut self,
        id: ConnectionId,
        packet_id: PacketId,
        now: Duration,
    ) {
        let Some(client_id) = self.client(id).map(|client| client.id.clone()) else { return };
        let _ = self.finish(id, &client_id, packet_id, QoS::ExactlyOnce, Step::Released, now);
    }

    /// Ends a delivery, and tells which, if there was one.
    fn finish(
        &mut self,
        id: ConnectionId,
        client_id: &str,
        packet_id: PacketId,
        qos: QoS,
        step: Step,
        now: Duration,
    ) -> Option<Outgoing> {
        let refused = qos == QoS::ExactlyOnce && step == Step::Published;
        let shut = self.has(Fault::WindowNeverReopens)
            || refused && self.has(Fault::PubrecErrorKeepsWindow);
        let keeps = self.has(Fault::RedeliversAcknowledged);
        let session = self.sessions.get_mut(client_id)?;
        let index = session.in_flight.iter().position(|flying| {
            flying.id == packet_id && flying.outgoing.qos == qos && flying.step == step
        })?;
        let outgoing = session.in_flight[index].outgoing.clone();
        if keeps {
            session.in_flight[index].step = Step::Acknowledged;
        } else {
            session.in_flight.remove(index);
        }
        if let Some(client) = self.client_mut(id).filter(|_| !shut) {
            client.window.remove(&packet_id);
        }
        self.pump(client_id, now);
        Some(outgoing)
    }

    /// A Client refused a message: it is discarded, also one of a shared subscription (MQTT-4.8.2-6).
    fn refused(&mut self, reason: ReasonCode, outgoing: Option<Outgoing>, now: Duration) {
        if let Some(outgoing) = outgoing
            && reason.is_error()
            && self.has(Fault::SharedPassesOnRefused)
        {
            self.deliver_again(&outgoing, now);
        }
    }
}
