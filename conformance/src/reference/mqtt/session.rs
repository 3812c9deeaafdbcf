//! Session State (5.0 section 4.1).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use pushspec_wire::mqtt::{PacketId, QoS, SubscriptionOptions};

use super::message::Message;
use super::{ConnectionId, Fault, FaultSet};

/// How long a Session outlives its connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keeping {
    /// Not at all.
    None,
    /// This long.
    For(Duration),
    /// For good.
    Forever,
}

impl Keeping {
    /// From a Session Expiry Interval in seconds (5.0 section 3.1.2.11.2).
    pub(super) const fn from_interval(seconds: u32) -> Self {
        match seconds {
            0 => Self::None,
            u32::MAX => Self::Forever,
            seconds => Self::For(Duration::from_secs(seconds as u64)),
        }
    }
}

/// What the Server keeps for a Client Identifier.
#[derive(Debug)]
pub(super) struct Session {
    /// The connection that it has, if one is open.
    pub connection: Option<ConnectionId>,
    pub keeping: Keeping,
    /// When it ends, if nobody comes back.
    pub ends_at: Option<Duration>,
    /// By filter, shared ones with their `$share/…/`; a list only because a fault keeps several.
    pub subscriptions: BTreeMap<String, Vec<Held>>,
    /// Waiting to be sent for the first time.
    pub queue: VecDeque<Outgoing>,
    /// Sent and not acknowledged to the end, oldest first.
    pub in_flight: Vec<InFlight>,
    /// Packet Identifiers of QoS 2 messages received and not yet released.
    pub received: BTreeSet<PacketId>,
    /// Of these, the messages that are published at PUBREL, where that is chosen.
    pub unpublished: BTreeMap<PacketId, Message>,
    /// When messages received at QoS 2 expire, by Packet Identifier; only a fault wants it.
    pub expiring: BTreeMap<PacketId, Duration>,
    /// When what was in flight is sent again, where that is not done at once.
    pub resends_at: Option<Duration>,
    /// When the present connection began, and how often the Session was resumed; for faults.
    pub began: Duration,
    pub returns: u32,
    /// Packet Identifiers that a fault takes for used.
    pub stuck: BTreeSet<PacketId>,
    /// The Packet Identifier given out last.
    pub last_id: u16,
    /// The Will Message, while its connection lives and during its delay.
    pub will: Option<Will>,
    /// The next message is lost; only a fault wants it.
    pub deaf: bool,
    /// Topics that this Session retained; only a fault wants them.
    pub retained: BTreeSet<String>,
}

/// A subscription.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub options: SubscriptionOptions,
    pub identifier: Option<u32>,
    /// It is a shared subscription of 5.0.
    pub shared: bool,
}

/// A message on its way to one Client.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub message: Arc<Message>,
    pub qos: QoS,
    pub retain: bool,
    pub identifiers: Vec<u32>,
    /// The shared subscription that it was sent for.
    pub shared: Option<String>,
}

/// A message above QoS 0 that was sent.
#[derive(Clone, Debug)]
pub(super) struct InFlight {
    pub id: PacketId,
    pub outgoing: Outgoing,
    pub step: Step,
    /// Whether it was sent on the present connection.
    pub sent: bool,
}

/// What is awaited for a message in flight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// PUBACK, or PUBREC.
    Published,
    /// PUBCOMP.
    Released,
    /// Nothing any more; only a fault keeps such.
    Acknowledged,
}

/// A Will Message.
#[derive(Clone, Debug)]
pub(super) struct Will {
    pub message: Message,
    pub delay: Duration,
    /// When it is published; not yet known while its connection lives.
    pub due: Option<Duration>,
}

impl Session {
    /// Neither a subscription nor a message is part of it.
    pub(super) fn is_empty(&self) -> bool {
        self.subscriptions.is_empty()
            && self.queue.is_empty()
            && self.in_flight.is_empty()
            && self.received.is_empty()
    }

    pub(super) fn new(keeping: Keeping) -> Self {
        Self {
            connection: None,
            keeping,
            ends_at: None,
            subscriptions: BTreeMap::new(),
            queue: VecDeque::new(),
            in_flight: Vec::new(),
            received: BTreeSet::new(),
            unpublished: BTreeMap::new(),
            expiring: BTreeMap::new(),
            began: Duration::ZERO,
            resends_at: None,
            returns: 0,
            stuck: BTreeSet::new(),
            last_id: 0,
            will: None,
            deaf: false,
            retained: BTreeSet::new(),
        }
    }

    /// Whether a fault lets the subscriptions end before the Session.
    pub(super) fn forgets_subscriptions(&self, now: Duration, faults: &FaultSet) -> bool {
        faults.has(Fault::SubscriptionsEnd)
            && self.keeping == Keeping::None
            && now >= self.began + Duration::from_secs(3)
    }

    /// Whether one of several memberships of a shared subscription was given up; only a fault has them.
    pub(super) fn leaves_one(&mut self, filter: &str) -> bool {
        let several = self.subscriptions.get_mut(filter).filter(|held| held.len() > 1);
        several.and_then(Vec::pop).is_some_and(|held| held.shared)
    }

    /// The identifier of the message that is in flight longest.
    pub(super) fn oldest_in_flight(&self) -> Option<PacketId> {
        self.in_flight.first().map(|flying| flying.id)
    }

    /// Takes out what is under way at QoS 2 for shared subscriptions; only a fault wants it.
    pub(super) fn take_shared_qos_2(&mut self) -> Vec<Outgoing> {
        let (taken, kept) = std::mem::take(&mut self.in_flight).into_iter().partition(|flying| {
            flying.outgoing.shared.is_some() && flying.outgoing.qos == QoS::ExactlyOnce
        });
        self.in_flight = kept;
        let taken: Vec<InFlight> = taken;
        taken.into_iter().map(|flying| flying.outgoing).collect()
    }

    /// A Packet Identifier that is not in use (MQTT-2.2.1-4); none, if all are.
    pub(super) fn fresh_id(&mut self) -> Option<PacketId> {
        for _ in 0..u16::MAX {
            self.last_id = self.last_id.wrapping_add(1);
            let Some(id) = PacketId::new(self.last_id) else { continue };
            if self.in_flight.iter().all(|flying| flying.id != id) {
                return Some(id);
            }
        }
        None
    }
}
