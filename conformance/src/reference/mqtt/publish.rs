//! PUBLISH from Clients, and its way to subscribers (5.0 sections 3.3.4, 3.3.5 and 4.3).

use std::sync::Arc;
use std::time::Duration;

use pushspec_wire::mqtt::{
    Delivery, Packet, PacketId, Properties, Property, PubAck, PubComp, PubRec, Publish, QoS,
    ReasonCode, Version, topic,
};

use super::accept::message_of;
use super::message::Message;
use super::session::{Held, Outgoing};
use super::{Broker, Choice, ConnectionId, Fault};

/// How long a change to what is retained may take.
const A_MOMENT: Duration = Duration::from_millis(500);

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
        if packet.properties.subscription_identifier().is_some() {
            return Err((ReasonCode::PROTOCOL_ERROR, "Subscription Identifier from a Client"));
        }
        if packet.delivery.qos() > limits.maximum_qos {
            return Err((ReasonCode::QOS_NOT_SUPPORTED, "a QoS above Maximum QoS"));
        }
        if packet.retain && !limits.retain_available {
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
        if alias > self.config.limits.topic_alias_maximum {
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
        let reason = if lost && !repeated || again {
            ReasonCode::SUCCESS
        } else if let Some(session) = self.sessions.get_mut(&publisher).filter(|_| waits) {
            session.unpublished.insert(packet_id, message);
            ReasonCode::SUCCESS
        } else {
            self.take_over_message(message, now)
        };
        let reason = self.in_version(id, reason);
        if !self.has(Fault::NoPubrec) {
            let properties = Properties::new();
            self.answer(id, Packet::PubRec(PubRec { packet_id, reason, properties }));
        }
    }

    /// Whether a fault takes the identifier for used already; from now on it does.
    fn is_stuck(&mut self, client_id: &str, packet_id: PacketId) -> bool {
        self.sessions.get_mut(client_id).is_some_and(|session| !session.stuck.insert(packet_id))
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
        let waiting = self.sessions.get_mut(&client_id);
        let waiting = waiting.and_then(|session| session.unpublished.remove(&packet_id));
        if let Some(message) = waiting {
            self.take_over_message(message, now);
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
        let dollar = message.topic.starts_with('$') && self.chooses(Choice::RefusesDollar);
        if dollar || message.topic.starts_with("$SYS/") {
            // The Server's own (5.0 section 4.7.2).
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

    /// Whether a fault keeps a message from this Client, because its publisher speaks another version.
    fn is_kept_apart(&self, publisher: &str, client_id: &str) -> bool {
        let version = |id: &str| {
            let connection = self.sessions.get(id)?.connection?;
            Some(self.client(connection)?.version)
        };
        self.has(Fault::VersionsApart)
            && matches!((version(publisher), version(client_id)), (Some(a), Some(b)) if a != b)
    }

    /// Retains and forwards a message.
    pub(super) fn route(&mut self, message: Message, now: Duration) -> ReasonCode {
        let message = Arc::new(message);
        if message.retain || self.has(Fault::RetainsEverything) {
            if self.chooses(Choice::RetainsLate) {
                self.to_retain.push_back((now + A_MOMENT, Arc::clone(&message)));
            } else {
                self.retain(&message);
            }
        }
        if message.retain
            && message.payload.is_empty()
            && self.has(Fault::EmptyRetainedNotDelivered)
        {
            return ReasonCode::SUCCESS;
        }
        let mut found = 0;
        let receivers: Vec<(String, Vec<Vec<Held>>)> = self
            .sessions
            .iter()
            .map(|(id, session)| {
                let matching = session
                    .subscriptions
                    .iter()
                    .filter(|(filter, held)| {
                        !held.iter().any(|held| held.shared) && self.matches(filter, &message.topic)
                    })
                    .map(|(_, held)| held.clone())
                    .collect();
                (id.clone(), matching)
            })
            .collect();
        for (client_id, matching) in receivers {
            if !matching.is_empty() && !self.is_kept_apart(&message.publisher, &client_id) {
                found += 1;
                self.deliver_matching(&client_id, &matching, &message, now);
            }
        }
        for shared in self.shared_filters(&message.topic) {
            found += 1;
            self.deliver_shared(&shared, &message, now);
        }
        if found == 0 { ReasonCode::NO_MATCHING_SUBSCRIBERS } else { ReasonCode::SUCCESS }
    }

    /// Brings what is retained up to date.
    pub(super) fn retain_due(&mut self, now: Duration) {
        while self.to_retain.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, message)) = self.to_retain.pop_front() {
                self.retain(&message);
            }
        }
    }

    /// Retained messages (5.0 section 3.3.1.3).
    fn retain(&mut self, message: &Arc<Message>) {
        let empty = message.payload.is_empty()
            || message.qos == QoS::AtMostOnce && self.chooses(Choice::ForgetsRetainedQos0);
        if empty && !self.has(Fault::StoresEmptyRetained) {
            if !self.has(Fault::RetainedNotCleared) {
                self.retained.remove(&message.topic);
            }
            return;
        }
        let room = self.config.limits.retained_messages;
        let bare = self.has(Fault::RetainedDropsProperties);
        let (keeps_first, keeps_all) =
            (self.has(Fault::RetainedKeepsFirst), self.has(Fault::RetainedKeepsAll));
        if let Some(session) = self.sessions.get_mut(&message.publisher) {
            session.retained.insert(message.topic.clone());
        }
        if self.retained.len() >= room && !self.retained.contains_key(&message.topic) {
            return;
        }
        let kept = self.retained.entry(message.topic.clone()).or_default();
        if keeps_first && !kept.is_empty() {
            return;
        }
        if !keeps_all {
            kept.clear();
        }
        kept.push(if bare { Arc::new(message.without_properties()) } else { Arc::clone(message) });
    }

    /// One copy for all matching subscriptions of a Client, at the highest QoS that one of them grants
    /// and with the Subscription Identifiers of all (5.0 section 3.3.4).
    fn deliver_matching(
        &mut self,
        client_id: &str,
        matching: &[Vec<Held>],
        message: &Arc<Message>,
        now: Duration,
    ) {
        let own = message.publisher == client_id;
        let eligible: Vec<&Held> = matching
            .iter()
            .flatten()
            .filter(|held| !(held.options.no_local && own) || self.has(Fault::NoLocalIgnored))
            .collect();
        if self.chooses(Choice::CopyForEachSubscription) && eligible.len() > 1 {
            for held in eligible {
                self.deliver_matching(client_id, &[vec![held.clone()]], message, now);
            }
            return;
        }
        let granted = eligible.iter().map(|held| held.options.qos);
        let granted = if self.has(Fault::OverlapLowestQos) { granted.min() } else { granted.max() };
        let Some(granted) = granted else { return };
        let as_published = eligible.iter().any(|held| held.options.retain_as_published);
        let identifiers: Vec<u32> = eligible.iter().filter_map(|held| held.identifier).collect();
        let copies = if self.has(Fault::ResubscribeAdds) {
            matching.iter().map(Vec::len).max().unwrap_or(1)
        } else {
            1
        };
        let outgoing = Outgoing {
            message: Arc::clone(message),
            qos: self.delivery_qos(message.qos, granted),
            retain: message.retain
                && (as_published && !self.has(Fault::RetainAsPublishedIgnored)
                    || self.has(Fault::LiveRetainFlag)),
            identifiers: if self.has(Fault::DropsSubscriptionIds) {
                Vec::new()
            } else {
                identifiers
            },
            shared: None,
        };
        for _ in 0..copies {
            self.enqueue(client_id, outgoing.clone(), now);
        }
    }

    /// The lower of the published and the granted QoS (MQTT-3.8.4-8).
    pub(super) fn delivery_qos(&self, published: QoS, granted: QoS) -> QoS {
        if self.has(Fault::DeliversAtPublishedQos) {
            published
        } else if self.has(Fault::DeliversAtGrantedQos) {
            granted
        } else {
            published.min(granted)
        }
    }

    fn shared_filters(&self, topic: &str) -> Vec<String> {
        let mut filters: Vec<String> = self
            .sessions
            .values()
            .flat_map(|session| &session.subscriptions)
            .filter(|(filter, held)| {
                held.iter().any(|held| held.shared)
                    && topic::shared(filter).is_some_and(|(_, inner)| self.matches(inner, topic))
            })
            .map(|(filter, _)| filter.clone())
            .collect();
        filters.sort_unstable();
        filters.dedup();
        filters
    }

    /// A shared subscription takes turns among its members, those who are connected first.
    pub(super) fn deliver_shared(&mut self, shared: &str, message: &Arc<Message>, now: Duration) {
        let members = self.members(shared);
        let present: Vec<&(String, Held)> = members
            .iter()
            .filter(|(id, _)| self.sessions.get(id).is_some_and(|s| s.connection.is_some()))
            .collect();
        let candidates = if present.is_empty() { members.iter().collect() } else { present };
        if candidates.is_empty() {
            return;
        }
        let turn = self.turns.entry(shared.to_owned()).or_insert(0);
        let chosen = *turn % candidates.len();
        *turn = turn.wrapping_add(1);
        let everyone = self.has(Fault::SharedDeliversToAll);
        let bare = self.has(Fault::SharedDropsProperties).then(|| message.without_properties());
        let message = &bare.map_or_else(|| Arc::clone(message), Arc::new);
        for (index, (client_id, held)) in candidates.into_iter().enumerate() {
            if index != chosen && !everyone {
                continue;
            }
            let outgoing = Outgoing {
                message: Arc::clone(message),
                qos: self.delivery_qos(message.qos, held.options.qos),
                retain: message.retain && held.options.retain_as_published,
                identifiers: held.identifier.into_iter().collect(),
                shared: Some(shared.to_owned()),
            };
            self.enqueue(client_id, outgoing, now);
        }
    }

    /// Whether a topic matches a filter (section 4.7 of 5.0 and 3.1.1).
    pub(super) fn matches(&self, filter: &str, topic: &str) -> bool {
        let (mut filter, mut topic) = (filter.to_owned(), topic.to_owned());
        if self.has(Fault::IgnoresCase) {
            (filter, topic) = (filter.to_lowercase(), topic.to_lowercase());
        }
        if self.has(Fault::StripsByteOrderMark) {
            (filter, topic) = (filter.replace('\u{feff}', ""), topic.replace('\u{feff}', ""));
        }
        if self.has(Fault::NormalisesSlashes) {
            let normal = |text: &str| {
                let levels: Vec<&str> = text.split('/').filter(|level| !level.is_empty()).collect();
                levels.join("/")
            };
            (filter, topic) = (normal(&filter), normal(&topic));
        }
        if filter.starts_with(['+', '#']) && self.has(Fault::WildcardsMatchDollar) {
            topic = topic.replacen('$', "_", 1);
        }
        if self.has(Fault::PlusNeedsCharacters) && filter.contains('+') && has_empty_level(&topic) {
            return false;
        }
        if self.has(Fault::HashMissesParent) && filter.strip_suffix("/#") == Some(topic.as_str()) {
            return false;
        }
        if self.has(Fault::PlusMatchesManyLevels)
            && let Some((before, after)) = filter.split_once('+')
            && topic.len() >= before.len() + after.len()
            && topic.starts_with(before)
            && topic.ends_with(after)
        {
            return true;
        }
        topic::matches(&filter, &topic)
    }
}

fn has_empty_level(topic: &str) -> bool {
    topic.split('/').any(str::is_empty)
}
