//! Application Messages on their way through the Server.

use std::time::Duration;

use bytes::Bytes;
use pushspec_wire::mqtt::{Properties, Property, PropertyId, QoS};

use super::{Fault, FaultSet};

/// An Application Message that the Server has taken over.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub topic: String,
    pub payload: Bytes,
    /// As it was published.
    pub qos: QoS,
    /// As it was published.
    pub retain: bool,
    /// Only a fault forwards it.
    pub dup: bool,
    /// Those that are forwarded (5.0 section 3.3.2.3), without the Message Expiry Interval.
    pub properties: Properties<'static>,
    /// When it expires, and the interval it came with in seconds.
    pub expiry: Option<(Duration, u32)>,
    /// Client Identifier of the publisher, for No Local.
    pub publisher: String,
}

impl Message {
    /// Whether it has expired (5.0 section 3.3.2.3.3).
    pub(super) fn has_expired(&self, now: Duration) -> bool {
        self.expiry.is_some_and(|(at, _)| at <= now)
    }

    /// As a fault keeps it: without its properties.
    pub(super) fn without_properties(&self) -> Self {
        Self { properties: Properties::new(), expiry: None, ..self.clone() }
    }

    /// The Message Expiry Interval to be sent: the received one less the time it waited.
    pub(super) fn expiry_left(&self, now: Duration, faults: &FaultSet) -> Option<u32> {
        let (at, interval) = self.expiry?;
        if faults.has(Fault::ExpiryDropped) {
            return None;
        }
        if faults.has(Fault::ExpiryNotCounted) {
            return Some(interval);
        }
        // Whole seconds, rounded up: an interval of 0 would say that it has expired.
        let left = at.saturating_sub(now);
        Some(u32::try_from(left.as_secs() + u64::from(left.subsec_nanos() > 0)).unwrap_or(interval))
    }
}

/// The properties of a PUBLISH, or of a Will, that are forwarded unaltered.
pub(super) fn forwarded(properties: &Properties<'_>, faults: &FaultSet) -> Properties<'static> {
    let mut kept = Properties::new();
    let mut user = Vec::new();
    for property in properties.iter() {
        match property.id() {
            PropertyId::MessageExpiryInterval
            | PropertyId::TopicAlias
            | PropertyId::SubscriptionIdentifier
            | PropertyId::WillDelayInterval => {}
            PropertyId::ContentType if faults.has(Fault::DropsContentType) => {}
            PropertyId::ResponseTopic if faults.has(Fault::DropsResponseTopic) => {}
            PropertyId::PayloadFormatIndicator if faults.has(Fault::DropsPayloadFormat) => {}
            _ => match property {
                Property::UserProperty(name, value) => user.push((name, value)),
                Property::CorrelationData(data) if faults.has(Fault::CutsCorrelationData) => {
                    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
                    kept.push(Property::CorrelationData(&data[..end]));
                }
                other => kept.push(other),
            },
        }
    }
    if faults.has(Fault::SortsUserProperties) {
        user.sort_unstable();
    }
    if !faults.has(Fault::DropsUserProperties) {
        for (name, value) in user {
            kept.push(Property::UserProperty(name, value));
        }
    }
    kept
}
