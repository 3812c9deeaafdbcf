//! SUBSCRIBE and UNSUBSCRIBE (sections 3.8 to 3.11 of 5.0 and 3.1.1).

use std::sync::Arc;
use std::time::Duration;

use pushspec_wire::mqtt::{
    Packet, Properties, ReasonCode, RetainHandling, SubAck, Subscribe, Subscription, UnsubAck,
    Unsubscribe, Version, topic,
};

use super::message::Message;
use super::session::{Held, Outgoing};
use super::{Broker, Choice, ConnectionId, Fault};

/// How many subscriptions of a Client a fault does not forget.
const MANY_SUBSCRIPTIONS: usize = 100;
/// How many retained messages a fault sends to a new subscription.
const FEW_RETAINED: usize = 30;

impl Broker {
    /// SUBSCRIBE: one SUBACK for all filters, then the retained messages.
    pub(super) fn subscribe_received(
        &mut self,
        id: ConnectionId,
        packet: &Subscribe<'_>,
        now: Duration,
    ) {
        let Some(client) = self.client(id) else { return };
        let (client_id, version) = (client.id.clone(), client.version);
        let identifier = packet.properties.subscription_identifier();
        if let Some((reason, why)) = self.not_offered(version, packet) {
            return self.fail(id, reason, why, now);
        }
        let mut reasons = Vec::new();
        let mut retained = Vec::new();
        for subscription in &packet.subscriptions {
            let (reason, wants_retained) =
                self.subscribe(&client_id, version, subscription, identifier);
            reasons.push(reason);
            if wants_retained {
                retained.push(subscription);
            }
        }
        if self.has(Fault::SubackOneCode) {
            reasons.truncate(1);
        }
        if self.has(Fault::SubackReversed) {
            reasons.reverse();
        }
        let packet_id = if self.has(Fault::SubackWrongId) {
            packet.packet_id.saturating_add(1)
        } else {
            packet.packet_id
        };
        let properties = Properties::new();
        let suback = Packet::SubAck(SubAck { packet_id, properties, reasons });
        let (before, behind) = if self.chooses(Choice::RetainedBeforeSuback) {
            (retained, Vec::new())
        } else {
            (Vec::new(), retained)
        };
        for subscription in before {
            self.send_retained(&client_id, subscription, identifier, now);
        }
        self.answer(id, suback);
        for subscription in behind {
            self.send_retained(&client_id, subscription, identifier, now);
        }
    }

    /// What a SUBSCRIBE of 5.0 asks for and CONNACK said is not available (5.0 section 3.2.2.3).
    fn not_offered(
        &self,
        version: Version,
        packet: &Subscribe<'_>,
    ) -> Option<(ReasonCode, &'static str)> {
        let any = |what: fn(&str) -> bool| {
            packet.subscriptions.iter().any(|subscription| what(&subscription.filter))
        };
        if version != Version::V5 || self.has(Fault::AcceptsUnavailableFeatures) {
            None
        } else if self.chooses(Choice::NoWildcards) && any(|filter| filter.contains(['+', '#'])) {
            Some((ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED, "no wildcards"))
        } else if self.chooses(Choice::NoSharedSubscriptions) && any(topic::is_shared) {
            Some((ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED, "no shared subscriptions"))
        } else if self.chooses(Choice::NoSubscriptionIdentifiers)
            && packet.properties.subscription_identifier().is_some()
        {
            let reason = ReasonCode::SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED;
            Some((reason, "no Subscription Identifiers"))
        } else {
            None
        }
    }

    /// Makes or replaces a subscription. Tells its code, and whether retained messages are due.
    fn subscribe(
        &mut self,
        client_id: &str,
        version: Version,
        subscription: &Subscription<'_>,
        identifier: Option<u32>,
    ) -> (ReasonCode, bool) {
        if subscription.filter.contains(['+', '#']) && self.has(Fault::RefusesWildcards) {
            return (ReasonCode::UNSPECIFIED_ERROR, false);
        }
        if subscription.filter.len() > self.config.limits.topic_bytes {
            let v5 = version == Version::V5;
            let reason =
                if v5 { ReasonCode::TOPIC_FILTER_INVALID } else { ReasonCode::UNSPECIFIED_ERROR };
            return (reason, false);
        }
        let denied = self.config.denied_subscribe.contains(&*subscription.filter);
        let lacking = version == Version::V311
            && !self.config.limits.wildcards_in_v311
            && subscription.filter.contains(['+', '#']);
        if denied && !self.has(Fault::SubscribesDenied)
            || lacking && !self.has(Fault::AcceptsUnavailableFeatures)
        {
            return (
                denial(version, subscription, denied && self.chooses(Choice::GrantsDenied)),
                false,
            );
        }
        let mut options = subscription.options;
        if options.qos > self.config.limits.maximum_qos
            && self.has(Fault::RefusesSubscribeAboveMaximumQos)
        {
            return (ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR, false);
        }
        options.qos = options.qos.min(self.config.limits.maximum_qos);
        let shared = version == Version::V5 && topic::is_shared(&subscription.filter);
        let room = self.config.limits.subscriptions;
        let (adds, keeps_qos) =
            (self.has(Fault::ResubscribeAdds), self.has(Fault::ResubscribeKeepsQos));
        let adds = adds || shared && self.has(Fault::SharedMembershipsAdd);
        let forgets = self.has(Fault::ForgetsOldSubscriptions);
        let loses_one = self.has(Fault::ResubscribeLosesOne);
        let Some(session) = self.sessions.get_mut(client_id) else {
            return (ReasonCode::UNSPECIFIED_ERROR, false);
        };
        let is_new = !session.subscriptions.contains_key(&*subscription.filter);
        if is_new && session.subscriptions.len() >= room {
            let quota = ReasonCode::QUOTA_EXCEEDED;
            let v5 = version == Version::V5;
            return (if v5 { quota } else { ReasonCode::UNSPECIFIED_ERROR }, false);
        }
        session.deaf = !is_new && loses_one;
        let held = session.subscriptions.entry(subscription.filter.to_string()).or_default();
        let mut replacement = Held { options, identifier, shared };
        if let Some(before) = held.first().filter(|_| keeps_qos) {
            replacement.options.qos = before.options.qos;
        }
        if !adds {
            held.clear();
        }
        held.push(replacement);
        if forgets && session.subscriptions.len() > MANY_SUBSCRIPTIONS {
            session.subscriptions.pop_first();
        }
        let wanted = match options.retain_handling {
            _ if self.has(Fault::RetainedNotSent) => false,
            _ if shared => self.has(Fault::SharedSendsRetained),
            _ if !is_new && self.has(Fault::ResubscribeNoRetained) => false,
            _ if self.has(Fault::RetainHandlingIgnored) => true,
            RetainHandling::Send => true,
            RetainHandling::SendIfNew => is_new || self.has(Fault::RetainHandling1AlwaysSends),
            RetainHandling::DoNotSend => false,
        };
        (ReasonCode(options.qos.bits()), wanted)
    }

    /// The retained messages that match a new subscription, with RETAIN 1.
    fn send_retained(
        &mut self,
        client_id: &str,
        subscription: &Subscription<'_>,
        identifier: Option<u32>,
        now: Duration,
    ) {
        self.retain_due(now);
        if !self.has(Fault::ExpiryIgnored) {
            for kept in self.retained.values_mut() {
                kept.retain(|message| !message.has_expired(now));
            }
            self.retained.retain(|_, kept| !kept.is_empty());
        }
        let filter = &*subscription.filter;
        let filter = topic::shared(filter)
            .filter(|_| self.has(Fault::SharedSendsRetained))
            .map_or(filter, |(_, inner)| inner);
        let most = if self.has(Fault::SendsFewRetained) { FEW_RETAINED } else { usize::MAX };
        let matching: Vec<Arc<Message>> = self
            .retained
            .iter()
            .filter(|(topic, _)| self.matches(filter, topic))
            .flat_map(|(_, kept)| kept)
            .take(most)
            .cloned()
            .collect();
        for message in matching {
            let outgoing = Outgoing {
                qos: self.delivery_qos(message.qos, subscription.options.qos),
                message,
                retain: !self.has(Fault::RetainedFlag0),
                identifiers: identifier
                    .filter(|_| !self.has(Fault::DropsSubscriptionIds))
                    .into_iter()
                    .collect(),
                shared: None,
            };
            self.enqueue(client_id, outgoing, now);
        }
    }

    /// UNSUBSCRIBE: always answered, whether or not there was a subscription (MQTT-3.10.4-5).
    pub(super) fn unsubscribe_received(&mut self, id: ConnectionId, packet: &Unsubscribe<'_>) {
        let Some(client) = self.client(id) else { return };
        let (client_id, v5) = (client.id.clone(), client.version == Version::V5);
        let (nothing, overlapping, all_well) = (
            self.has(Fault::UnsubscribeDoesNothing),
            self.has(Fault::UnsubscribeRemovesMatching),
            self.has(Fault::UnsubackAllSuccess),
        );
        let (stays, drops, first_only) = (
            self.has(Fault::SharedMembershipsAdd),
            self.has(Fault::UnsubscribeDropsInFlight),
            self.has(Fault::UnsubscribeFirstOnly),
        );
        let mut reasons = Vec::new();
        for (index, filter) in packet.filters.iter().enumerate() {
            let Some(session) = self.sessions.get_mut(&client_id) else { return };
            if drops {
                session
                    .in_flight
                    .retain(|flying| !topic::matches(filter, &flying.outgoing.message.topic));
            }
            let known = if nothing || index > 0 && first_only {
                session.subscriptions.contains_key(&**filter)
            } else if stays && session.leaves_one(filter) {
                true
            } else {
                session.subscriptions.remove(&**filter).is_some()
            };
            if overlapping {
                session.subscriptions.retain(|held, _| !topic::matches(held, filter));
            }
            let reason = if known || all_well {
                ReasonCode::SUCCESS
            } else {
                ReasonCode::NO_SUBSCRIPTION_EXISTED
            };
            reasons.push(reason);
        }
        let unknown = reasons.contains(&ReasonCode::NO_SUBSCRIPTION_EXISTED);
        if unknown && self.has(Fault::NoUnsubackForUnknown) {
            return;
        }
        if !v5 {
            reasons.clear();
        }
        if self.has(Fault::UnsubackOneCode) {
            reasons.truncate(1);
        }
        if self.has(Fault::UnsubackReversed) {
            reasons.reverse();
        }
        let packet_id = if self.has(Fault::UnsubackWrongId) {
            packet.packet_id.saturating_add(1)
        } else {
            packet.packet_id
        };
        let answers = if self.has(Fault::UnsubackForEach) { packet.filters.len() } else { 1 };
        for _ in 0..answers {
            let (properties, reasons) = (Properties::new(), reasons.clone());
            self.answer(id, Packet::UnsubAck(UnsubAck { packet_id, properties, reasons }));
        }
    }
}

/// What SUBACK says of a filter that is not authorised. 3.1 has no code for that, and grants what has
/// no effect.
const fn denial(version: Version, subscription: &Subscription<'_>, grants: bool) -> ReasonCode {
    match version {
        _ if grants => ReasonCode(subscription.options.qos.bits()),
        Version::V31 => ReasonCode(subscription.options.qos.bits()),
        Version::V311 => ReasonCode::UNSPECIFIED_ERROR,
        Version::V5 => ReasonCode::NOT_AUTHORIZED,
    }
}
