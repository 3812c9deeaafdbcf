//! One Session: what outlives a connection.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use pushspec_wire::mqtt::{Delivery, Packet, PacketId, Publish, QoS};

/// A message of the Server that we have not acknowledged to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::monitor) struct InFlight {
    pub qos: QoS,
    /// Tells messages apart.
    pub content: u64,
}

impl InFlight {
    /// The message of a PUBLISH with this topic.
    pub(in crate::monitor) fn new(topic: &str, packet: &Publish<'_>) -> Self {
        let mut hasher = DefaultHasher::new();
        (topic, &*packet.payload).hash(&mut hasher);
        Self { qos: packet.delivery.qos(), content: hasher.finish() }
    }
}

/// What went to and fro about one Packet Identifier of our messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::monitor) struct Acknowledged {
    /// PUBLISH packets at QoS 1 that we sent with it.
    pub at_qos_1: usize,
    /// PUBLISH packets at QoS 2.
    pub at_qos_2: usize,
    pub pubrels: usize,
    pub pubacks: usize,
    pub pubrecs: usize,
    pub pubcomps: usize,
}

/// One Session.
#[derive(Debug, Default)]
pub(in crate::monitor) struct Session {
    /// Not everything of it is known, or something illegal was sent in it.
    pub in_doubt: bool,
    /// Every Topic Filter that was ever subscribed to: after UNSUBSCRIBE messages may still come.
    pub filters: BTreeSet<String>,
    /// Every Subscription Identifier that was ever given.
    pub identifiers: BTreeSet<u32>,
    /// Messages of the Server that we have not acknowledged to their end.
    pub in_flight: BTreeMap<PacketId, InFlight>,
    /// Packet Identifiers with which we have ever sent PUBREC.
    pub pubrec_sent: BTreeSet<PacketId>,
    /// Our messages, by Packet Identifier.
    pub ours: BTreeMap<PacketId, Acknowledged>,
}

impl Session {
    /// A new connection resumes the Session. Which of its answers have reached us the Server cannot know;
    /// that it does not have to repeat them does not mean that it may not.
    pub(super) fn may_answer_again(&mut self) {
        for ours in self.ours.values_mut() {
            (ours.pubacks, ours.pubrecs, ours.pubcomps) = (0, 0, 0);
        }
    }

    /// Our PUBLISH.
    pub(super) fn publishing(&mut self, delivery: Delivery) {
        let Some(id) = delivery.packet_id() else { return };
        let ours = self.ours.entry(id).or_default();
        if delivery.qos() == QoS::AtLeastOnce {
            ours.at_qos_1 += 1;
        } else {
            ours.at_qos_2 += 1;
        }
    }

    /// Our PUBREL.
    pub(super) fn releasing(&mut self, id: PacketId) {
        self.acknowledged(id).pubrels += 1;
    }

    pub(super) fn acknowledged(&mut self, id: PacketId) -> &mut Acknowledged {
        self.ours.entry(id).or_default()
    }

    /// An answer of the Server; one that answers nothing is not counted.
    pub(super) fn answered(&mut self, id: PacketId, packet: &Packet<'_>) {
        let ours = self.acknowledged(id);
        let (came, due) = match packet {
            Packet::PubAck(_) => (&mut ours.pubacks, ours.at_qos_1),
            Packet::PubRec(_) => (&mut ours.pubrecs, ours.at_qos_2),
            _ => (&mut ours.pubcomps, ours.pubrels),
        };
        *came = (*came + 1).min(due);
    }

    /// A message of the Server.
    pub(super) fn flies(&mut self, id: PacketId, topic: &str, packet: &Publish<'_>) {
        self.in_flight.insert(id, InFlight::new(topic, packet));
    }

    /// Takes over what was done in its name before it was known which Session it is.
    pub(super) fn add(&mut self, other: Self) {
        self.in_doubt |= other.in_doubt;
        self.filters.extend(other.filters);
        self.identifiers.extend(other.identifiers);
        self.pubrec_sent.extend(other.pubrec_sent);
        for (id, sent) in other.ours {
            let ours = self.acknowledged(id);
            ours.at_qos_1 += sent.at_qos_1;
            ours.at_qos_2 += sent.at_qos_2;
            ours.pubrels += sent.pubrels;
        }
    }
}
