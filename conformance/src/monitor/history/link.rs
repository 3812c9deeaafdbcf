//! One connection.

use std::collections::{BTreeMap, BTreeSet};

use pushspec_wire::mqtt::{
    Connect, Frame, Framer, Packet, PacketId, Publish, ReasonCode, Sender, Version,
};

use super::Session;

/// The largest packet that a case sends, in bytes.
const LARGEST_PACKET: usize = 256 << 20;

/// What our CONNECT asked for.
#[derive(Debug)]
pub(in crate::monitor) struct Asked {
    pub client_id: String,
    pub clean_start: bool,
    pub topic_alias_maximum: u16,
    pub receive_maximum: u16,
    pub maximum_packet_size: Option<u32>,
    pub problem_information: bool,
    pub response_information: bool,
    pub authentication_method: Option<String>,
}

impl Asked {
    fn new(connect: &Connect<'_>) -> Self {
        let properties = &connect.properties;
        Self {
            client_id: connect.client_id.to_string(),
            clean_start: connect.clean_start,
            topic_alias_maximum: properties.topic_alias_maximum().unwrap_or(0),
            receive_maximum: properties.receive_maximum().unwrap_or(u16::MAX),
            maximum_packet_size: properties.maximum_packet_size(),
            problem_information: properties.request_problem_information() != Some(0),
            response_information: properties.request_response_information() == Some(1),
            authentication_method: properties.authentication_method().map(str::to_owned),
        }
    }
}

/// One connection, and what holds only as long as it does.
#[derive(Debug)]
pub(in crate::monitor) struct Link {
    pub version: Version,
    /// What our CONNECT asked for, once it was sent.
    pub asked: Option<Asked>,
    /// Our side has sent what no conforming Client sends.
    pub lawless: bool,
    /// What the first CONNACK said.
    pub connack: Option<ReasonCode>,
    /// The Session began with this connection.
    pub began_session: bool,
    /// DISCONNECT came.
    pub disconnected: bool,
    /// SUBSCRIBE packets without SUBACK, and how many Topic Filters they have.
    pub subscribes: BTreeMap<PacketId, usize>,
    /// UNSUBSCRIBE packets without UNSUBACK, likewise.
    pub unsubscribes: BTreeMap<PacketId, usize>,
    /// Messages that came on this connection and that we have not acknowledged to their end.
    pub window: BTreeSet<PacketId>,
    /// Packet Identifiers of all messages that came on this connection.
    pub came: BTreeSet<PacketId>,
    /// Topic Aliases that the Server has set.
    pub aliases: BTreeMap<u16, String>,
    pub(super) session: usize,
    pub(super) sent: Framer,
}

impl Link {
    pub(super) fn new(version: Version, session: usize) -> Self {
        Self {
            version,
            asked: None,
            lawless: false,
            connack: None,
            began_session: false,
            disconnected: false,
            subscribes: BTreeMap::new(),
            unsubscribes: BTreeMap::new(),
            window: BTreeSet::new(),
            came: BTreeSet::new(),
            aliases: BTreeMap::new(),
            session,
            sent: Framer::new(LARGEST_PACKET),
        }
    }

    /// Follows a packet of ours.
    pub(super) fn sending(&mut self, bytes: &[u8], session: &mut Session) {
        let packet = Frame::new(bytes).ok().and_then(|frame| {
            Packet::decode(frame, self.version).ok().filter(|_| frame.length_is_minimal())
        });
        let Some(packet) = packet.filter(|packet| self.is_lawful(packet)) else {
            self.lawless = true;
            return;
        };
        match packet {
            Packet::Connect(packet) => self.asked = Some(Asked::new(&packet)),
            Packet::Publish(packet) => session.publishing(packet.delivery),
            Packet::PubAck(packet) => {
                self.window.remove(&packet.packet_id);
                session.in_flight.remove(&packet.packet_id);
            }
            Packet::PubRec(packet) => {
                session.pubrec_sent.insert(packet.packet_id);
                if packet.reason.is_error() {
                    self.window.remove(&packet.packet_id);
                    session.in_flight.remove(&packet.packet_id);
                }
            }
            Packet::PubRel(packet) => session.releasing(packet.packet_id),
            Packet::PubComp(packet) => {
                self.window.remove(&packet.packet_id);
                session.in_flight.remove(&packet.packet_id);
            }
            Packet::Subscribe(packet) => {
                self.subscribes.insert(packet.packet_id, packet.subscriptions.len());
                let filters = packet.subscriptions.iter().map(|subscription| &subscription.filter);
                session.filters.extend(filters.map(ToString::to_string));
                session.identifiers.extend(packet.properties.subscription_identifier());
            }
            Packet::Unsubscribe(packet) => {
                self.unsubscribes.insert(packet.packet_id, packet.filters.len());
            }
            _ => {}
        }
    }

    /// A Client may send this packet now.
    fn is_lawful(&self, packet: &Packet<'_>) -> bool {
        match packet {
            Packet::Connect(connect) => self.asked.is_none() && connect.version == self.version,
            Packet::Auth(_) => {
                self.asked.as_ref().is_some_and(|asked| asked.authentication_method.is_some())
            }
            _ => {
                self.asked.is_some() && packet.packet_type().sender(self.version) != Sender::Server
            }
        }
    }

    /// Follows a packet of the Server.
    pub(super) fn received(&mut self, received: &Packet<'_>, session: &mut Session) {
        match received {
            Packet::Publish(packet) => self.publish_received(packet, session),
            Packet::PubAck(packet) => session.answered(packet.packet_id, received),
            Packet::PubRec(packet) => session.answered(packet.packet_id, received),
            Packet::PubComp(packet) => session.answered(packet.packet_id, received),
            Packet::SubAck(packet) => drop(self.subscribes.remove(&packet.packet_id)),
            Packet::UnsubAck(packet) => drop(self.unsubscribes.remove(&packet.packet_id)),
            Packet::Disconnect(_) => self.disconnected = true,
            _ => {}
        }
    }

    fn publish_received(&mut self, packet: &Publish<'_>, session: &mut Session) {
        if let Some(alias) = packet.properties.topic_alias()
            && !packet.topic.is_empty()
        {
            self.aliases.insert(alias, packet.topic.to_string());
        }
        if let Some(id) = packet.delivery.packet_id() {
            self.window.insert(id);
            self.came.insert(id);
            session.flies(id, self.topic_of(packet), packet);
        }
    }

    /// The topic of a message, which a Topic Alias may stand for. Empty, if it does so for none.
    pub(in crate::monitor) fn topic_of<'a>(&'a self, packet: &'a Publish<'_>) -> &'a str {
        let alias = packet.properties.topic_alias().filter(|_| packet.topic.is_empty());
        match alias {
            Some(alias) => self.aliases.get(&alias).map_or("", String::as_str),
            None => &packet.topic,
        }
    }
}
