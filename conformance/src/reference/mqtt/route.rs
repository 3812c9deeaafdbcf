//! Messages from the Server's hands to subscribers and into what is retained (5.0 sections 3.3.1.3,
//! 3.3.4, 4.5 and 4.8.2).

use std::sync::Arc;
use std::time::Duration;

use pushspec_wire::mqtt::{QoS, ReasonCode, topic};

use super::message::Message;
use super::session::{Held, Outgoing};
use super::{Broker, Choice, Fault};

/// How long a change to what is retained may take.
const A_MOMENT: Duration = Duration::from_millis(500);

impl Broker {
    /// Retains and forwards a message.
    pub(super) fn route(&mut self, message: Message, now: Duration) -> ReasonCode {
        if self.has(Fault::AcknowledgesEverything) {
            return ReasonCode::SUCCESS;
        }
        let mut message = message;
        if self.has(Fault::MendsPayloads)
            && message.properties.payload_format_indicator() == Some(1)
        {
            let mended = String::from_utf8_lossy(&message.payload).into_owned();
            message.payload = mended.into_bytes().into();
        }
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
                        !session.forgets_subscriptions(now, &self.config.faults)
                            && !held.iter().any(|held| held.shared)
                            && self.matches(filter, &message.topic)
                    })
                    .map(|(_, held)| held.clone())
                    .collect();
                (id.clone(), matching)
            })
            .collect();
        for (client_id, matching) in receivers {
            if self.has(Fault::SharedSilencesPlain) && self.is_member(&client_id, &message.topic) {
                continue;
            }
            if !matching.is_empty() && !self.is_kept_apart(&message.publisher, &client_id) {
                found += 1;
                self.deliver_matching(&client_id, &matching, &message, now);
                if self.has(Fault::DeliversToOneSubscriber) {
                    break;
                }
            }
        }
        for shared in self.shared_filters(&message.topic) {
            found += 1;
            self.deliver_shared(&shared, &message, now);
        }
        if found == 0 && self.has(Fault::NoSubscribersIsAnError) {
            return ReasonCode::UNSPECIFIED_ERROR;
        }
        if found == 0 { ReasonCode::NO_MATCHING_SUBSCRIBERS } else { ReasonCode::SUCCESS }
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
        let qos_0 = message.qos == QoS::AtMostOnce;
        if qos_0
            && self.has(Fault::RetainedQos0Ignored)
            && self.retained.contains_key(&message.topic)
        {
            return;
        }
        let forgotten =
            self.chooses(Choice::ForgetsRetainedQos0) || self.has(Fault::RetainedQos0Forgotten);
        let empty = message.payload.is_empty() || qos_0 && forgotten;
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
        if let Some(session) = self.sessions.get_mut(client_id)
            && std::mem::take(&mut session.deaf)
        {
            return;
        }
        let own = message.publisher == client_id;
        let eligible: Vec<&Held> = matching
            .iter()
            .flatten()
            .filter(|held| !(held.options.no_local && own) || self.has(Fault::NoLocalIgnored))
            .collect();
        let of_the_first = self.has(Fault::CopiesWithFirstId);
        let copies = self.chooses(Choice::CopyForEachSubscription) || of_the_first;
        if copies && eligible.len() > 1 {
            let first = eligible.first().and_then(|held| held.identifier);
            for held in eligible {
                let mut held = held.clone();
                if of_the_first {
                    held.identifier = first;
                }
                self.deliver_matching(client_id, &[vec![held]], message, now);
            }
            return;
        }
        let granted = eligible.iter().map(|held| held.options.qos);
        let granted = if self.has(Fault::OverlapLowestQos) { granted.min() } else { granted.max() };
        let Some(granted) = granted else { return };
        let as_published = eligible.iter().any(|held| held.options.retain_as_published);
        let mut identifiers: Vec<u32> =
            eligible.iter().filter_map(|held| held.identifier).collect();
        if self.has(Fault::OneSubscriptionIdOnly) {
            identifiers.truncate(1);
        }
        if self.has(Fault::MergesSubscriptionIds) {
            identifiers.dedup();
        }
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

    /// Whether the Client has a shared subscription that matches; only a fault asks.
    fn is_member(&self, client_id: &str, topic: &str) -> bool {
        let matching = self.shared_filters(topic);
        let session = self.sessions.get(client_id);
        session.is_some_and(|session| {
            matching.iter().any(|filter| session.subscriptions.contains_key(filter))
        })
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
}
