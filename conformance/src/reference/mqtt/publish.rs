//! PUBLISH from Clients, and its way to subscribers (5.0 sections 3.3.4, 3.3.5 and 4.3).

use std::time::Duration;

use pushspec_wire::mqtt::{
    Delivery, Packet, PacketId, Properties, Property, PubAck, PubComp, PubRec, Publish, QoS,
    ReasonCode, Version,
};

use super::accept::message_of;
use super::message::Message;
use super::{Broker, Choice, ConnectionId, Fault};

/// What a fault takes for a long topic, in bytes.
const LONG_TOPIC: usize = 1000;

impl Broker {
    /// A PUBLISH arrived.
    pub(super) fn publish_received(
        &mut self,
        id: ConnectionId,
        packet: &Publish<'_>,
        now: Duration,
    ) {
        if let Err((reason, why)) = self.check_publish(id, packet) {
            return self.fail(id, reason, why, now);
        }
        let topic = match self.resolve_alias(id, packet) {
            Ok(Some(topic)) => topic,
            Ok(None) => return,
            Err((reason, why)) => return self.fail(id, reason, why, now),
        };
        let Some(client) = self.client(id) else { return };
        let publisher = client.id.clone();
        if self.config.denied_publish.contains(&topic) {
            // 3.1 has nothing but an acknowledgement as if all were well.
            if self.chooses(Choice::ClosesOnDenied) && client.version != Version::V31 {
                return self.fail(id, ReasonCode::NOT_AUTHORIZED, "not authorised", now);
            }
            if self.has(Fault::DeniedUnanswered) {
                return;
            }
        }
        let mut message = message_of(packet, &publisher, now, &self.config.faults);
        message.topic = topic;
        match packet.delivery {
            Delivery::AtMostOnce => {
                self.take_over_message(message, now);
            }
            Delivery::AtLeastOnce { id: packet_id, .. } => {
                self.qos_1_received(id, packet_id, message, now);
            }
            Delivery::ExactlyOnce { id: packet_id, .. } => {
                self.qos_2_received(id, packet_id, message, now);
            }
        }
    }

    /// What a Client may not publish (5.0 sections 3.2.2.3 and 3.3.4).
    fn check_publish(
        &self,
        id: ConnectionId,
        packet: &Publish<'_>,
    ) -> Result<(), (ReasonCode, &'static str)> {
        let limits = &self.config.limits;
        let v5 = self.client(id).is_some_and(|client| client.version == Version::V5);
        if packet.topic.len() > limits.topic_bytes {
            return Err((ReasonCode::TOPIC_NAME_INVALID, "the topic is too long"));
        }
        if v5 && packet.delivery.qos() == QoS::ExactlyOnce && self.has(Fault::HidesMaximumQos) {
            return Err((ReasonCode::QOS_NOT_SUPPORTED, "no QoS 2"));
        }
        if self.has(Fault::WantsPropertiesInOrder) && !in_order(&packet.properties) {
            return Err((ReasonCode::PROTOCOL_ERROR, "properties in disorder"));
        }
        if packet.properties.subscription_identifier().is_some()
            && !self.has(Fault::AcceptsSubscriptionIdFromClients)
        {
            return Err((ReasonCode::PROTOCOL_ERROR, "Subscription Identifier from a Client"));
        }
        if packet.delivery.qos() > limits.maximum_qos && !self.has(Fault::AcceptsAboveMaximumQos) {
            return Err((ReasonCode::QOS_NOT_SUPPORTED, "a QoS above Maximum QoS"));
        }
        let lenient = self.has(Fault::AcceptsUnavailableRetain);
        if packet.retain && !limits.retain_available && !lenient {
            return Err((ReasonCode::RETAIN_NOT_SUPPORTED, "RETAIN is not available"));
        }
        if let (Delivery::ExactlyOnce { id: packet_id, .. }, Some(client)) =
            (packet.delivery, self.client(id))
            && client.version == Version::V5
            && !client.unreleased.contains(&packet_id)
            && client.unreleased.len() >= usize::from(limits.receive_maximum)
            && !self.has(Fault::IgnoresOwnReceiveMaximum)
        {
            return Err((ReasonCode::RECEIVE_MAXIMUM_EXCEEDED, "more than Receive Maximum"));
        }
        Ok(())
    }

    /// The topic, which a Topic Alias may stand for (5.0 section 3.3.2.3.4). None, if a fault loses it.
    fn resolve_alias(
        &mut self,
        id: ConnectionId,
        packet: &Publish<'_>,
    ) -> Result<Option<String>, (ReasonCode, &'static str)> {
        let Some(alias) = packet.properties.topic_alias() else {
            return Ok(Some(packet.topic.to_string()));
        };
        if alias > self.config.limits.topic_alias_maximum && !self.has(Fault::AcceptsAnyTopicAlias)
        {
            return Err((ReasonCode::TOPIC_ALIAS_INVALID, "a Topic Alias above the maximum"));
        }
        let lost = self.has(Fault::RejectsTopicAlias);
        let Some(client) = self.client_mut(id) else { return Ok(None) };
        if !packet.topic.is_empty() {
            client.aliases.insert(alias, packet.topic.to_string());
            return Ok(Some(packet.topic.to_string()));
        }
        match client.aliases.get(&alias) {
            Some(_) if lost => Ok(None),
            Some(topic) => Ok(Some(topic.clone())),
            None => Err((ReasonCode::PROTOCOL_ERROR, "a Topic Alias that was not set")),
        }
    }

    /// QoS 1 (5.0 section 4.3.2).
    fn qos_1_received(
        &mut self,
        id: ConnectionId,
        packet_id: PacketId,
        message: Message,
        now: Duration,
    ) {
        if message.dup && self.has(Fault::RepeatedQos1Unanswered) {
            return;
        }
        let lost =
            self.has(Fault::PubackIdStaysUsed) && self.is_stuck(&message.publisher, packet_id);
        let reason = if lost { ReasonCode::SUCCESS } else { self.take_over_message(message, now) };
        let reason = self.in_version(id, reason);
        let sent_id =
            if self.has(Fault::PubackWrongId) { packet_id.saturating_add(1) } else { packet_id };
        let packet = PubAck { packet_id: sent_id, reason, properties: Properties::new() };
        let copies = match (self.has(Fault::NoPuback), self.has(Fault::PubackTwice)) {
            (true, _) => 0,
            (_, true) => 2,
            _ => 1,
        };
        for _ in 0..copies {
            self.answer(id, Packet::PubAck(packet.clone()));
        }
    }

    /// QoS 2, part 1 (5.0 section 4.3.3): the message is published at once, unless it is chosen to wait.
    fn qos_2_received(
        &mut self,
        id: ConnectionId,
        packet_id: PacketId,
        message: Message,
        now: Duration,
    ) {
        let publisher = message.publisher.clone();
        if self.has(Fault::OneIdSpace) && self.is_in_flight(&publisher, packet_id) {
            let (reason, properties) = (ReasonCode::PACKET_IDENTIFIER_IN_USE, Properties::new());
            return self.answer(id, Packet::PubRec(PubRec { packet_id, reason, properties }));
        }
        if let (Some((at, _)), Some(session)) = (message.expiry, self.sessions.get_mut(&publisher))
        {
            session.expiring.insert(packet_id, at);
        }
        let repeated = self
            .sessions
            .get_mut(&publisher)
            .is_some_and(|session| !session.received.insert(packet_id));
        if let Some(client) = self.client_mut(id) {
            client.unreleased.insert(packet_id);
        }
        if repeated && self.has(Fault::RepeatedQos2Unanswered) {
            return;
        }
        let lost = self.has(Fault::PubcompIdStaysUsed) && self.is_stuck(&publisher, packet_id);
        let again = repeated && !self.has(Fault::Qos2DeliversDuplicates);
        let waits = self.chooses(Choice::PublishesAtPubrel);
        let reason = if lost && !repeated || again || self.has(Fault::LosesQos2) {
            ReasonCode::SUCCESS
        } else if let Some(session) = self.sessions.get_mut(&publisher).filter(|_| waits) {
            session.unpublished.insert(packet_id, message);
            ReasonCode::SUCCESS
        } else {
            self.take_over_message(message, now)
        };
        let reason = self.in_version(id, reason);
        if reason.0 >= 0x80 && !self.has(Fault::RefusedIdStaysUsed) {
            // The next PUBLISH with it is a new message (MQTT-4.3.3-9).
            if let Some(session) = self.sessions.get_mut(&publisher) {
                session.received.remove(&packet_id);
            }
            if let Some(client) = self.client_mut(id) {
                client.unreleased.remove(&packet_id);
            }
        }
        if !self.has(Fault::NoPubrec) {
            let properties = Properties::new();
            self.answer(id, Packet::PubRec(PubRec { packet_id, reason, properties }));
        }
    }

    /// Whether a fault takes the identifier for used already; from now on it does.
    fn is_stuck(&mut self, client_id: &str, packet_id: PacketId) -> bool {
        self.sessions.get_mut(client_id).is_some_and(|session| !session.stuck.insert(packet_id))
    }

    /// Whether a message of the Server's own has this identifier; only a fault asks.
    fn is_in_flight(&self, client_id: &str, packet_id: PacketId) -> bool {
        self.sessions
            .get(client_id)
            .is_some_and(|session| session.in_flight.iter().any(|flying| flying.id == packet_id))
    }

    /// 3.x has no reason codes in acknowledgements.
    fn in_version(&self, id: ConnectionId, reason: ReasonCode) -> ReasonCode {
        let v5 = self.client(id).is_some_and(|client| client.version == Version::V5);
        if v5 { reason } else { ReasonCode::SUCCESS }
    }

    /// QoS 2, part 2: PUBREL is always answered.
    pub(super) fn pubrel_received(&mut self, id: ConnectionId, packet_id: PacketId, now: Duration) {
        let Some(client) = self.client_mut(id) else { return };
        client.unreleased.remove(&packet_id);
        let (client_id, v5, explains) =
            (client.id.clone(), client.version == Version::V5, client.explains);
        let known = self
            .sessions
            .get_mut(&client_id)
            .is_some_and(|session| session.received.remove(&packet_id));
        let expired = self
            .sessions
            .get_mut(&client_id)
            .and_then(|session| session.expiring.remove(&packet_id))
            .is_some_and(|at| at <= now);
        let waiting = self.sessions.get_mut(&client_id);
        let waiting = waiting.and_then(|session| session.unpublished.remove(&packet_id));
        if let Some(message) = waiting {
            self.take_over_message(message, now);
        }
        if expired && self.has(Fault::ExpiredReleaseUnanswered) {
            return;
        }
        if self.has(Fault::NoPubcomp) || !known && self.has(Fault::PubrelUnknownUnanswered) {
            return;
        }
        let mut properties = Properties::new();
        let mut reason = ReasonCode::SUCCESS;
        if !known && v5 && !self.has(Fault::PubcompWithoutReason) {
            reason = ReasonCode::PACKET_IDENTIFIER_NOT_FOUND;
            if explains {
                properties
                    .push(Property::ReasonString("no QoS 2 message has this Packet Identifier"));
            }
        }
        let packet_id =
            if self.has(Fault::PubcompWrongId) { packet_id.saturating_add(1) } else { packet_id };
        self.answer(id, Packet::PubComp(PubComp { packet_id, reason, properties }));
    }

    /// A message of a Client: to be retained if asked, and to all subscribers. Tells the reason code.
    fn take_over_message(&mut self, mut message: Message, now: Duration) -> ReasonCode {
        if message.topic.len() > LONG_TOPIC && self.has(Fault::LosesLongTopics) {
            return ReasonCode::SUCCESS;
        }
        if self.has(Fault::CutsLargePayloads) {
            message.payload.truncate(u16::MAX.into());
        }
        if self.has(Fault::StripsControlCharacters) {
            message.topic.retain(|c| !c.is_control() && c != '\u{ffff}');
        }
        let dollar = message.topic.starts_with('$') && !self.has(Fault::ExchangesDollar);
        let denied = self.denies_publish(&message.topic);
        if dollar || denied || message.topic.starts_with("$SYS/") {
            // Not allowed, or the Server's own (5.0 section 4.7.2).
            return ReasonCode::NOT_AUTHORIZED;
        }
        if !self.has(Fault::ReordersMessages) {
            return self.route(message, now);
        }
        // The fault holds every second message back until the next one of its topic has gone.
        match self.held_back.remove(&message.topic) {
            Some(earlier) => {
                let reason = self.route(message, now);
                self.route(earlier, now);
                reason
            }
            None if message.payload.first().is_some_and(|byte| byte % 2 == 1) => {
                self.held_back.insert(message.topic.clone(), message);
                ReasonCode::SUCCESS
            }
            None => self.route(message, now),
        }
    }
}

/// Whether properties stand in the order of their identifiers; only a fault wants that.
pub(super) fn in_order(properties: &Properties<'_>) -> bool {
    let identifiers: Vec<u8> = properties.iter().map(|property| property.id() as u8).collect();
    identifiers.is_sorted()
}
