//! A broker, its clients and virtual time. Every packet that the broker sends passes the strict
//! decoder on its way to a test, so that each test also shows that what is sent conforms.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pushspec_wire::mqtt::{
    ConnAck, Connect, Delivery, Disconnect, Frame, Framer, Packet, PacketId, PingReq, Properties,
    Property, PubAck, PubComp, PubRec, PubRel, Publish, QoS, ReasonCode, SubAck, Subscribe,
    Subscription, SubscriptionOptions, UnsubAck, Unsubscribe, Version, Will,
};

use crate::reference::mqtt::{Broker, Config, ConnectionId, Output};

/// A broker and all its clients.
pub(super) struct World {
    broker: Broker,
    now: Duration,
    links: BTreeMap<ConnectionId, Link>,
}

/// What the broker has sent on one connection.
struct Link {
    version: Version,
    framer: Framer,
    packets: VecDeque<Packet<'static>>,
    closed: bool,
    last_id: u16,
}

/// A client's end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Peer {
    id: ConnectionId,
    pub(super) version: Version,
}

pub(super) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

/// CONNECT with Clean Start 1, no Keep Alive and no Will.
pub(super) fn connect(version: Version, client_id: &str) -> Connect<'static> {
    Connect {
        version,
        clean_start: true,
        keep_alive: 0,
        properties: Properties::new(),
        client_id: client_id.to_owned().into(),
        will: None,
        user_name: None,
        password: None,
    }
}

/// CONNECT whose Session is kept for this long (5.0) or for good (3.x), and resumed if there is one.
pub(super) fn kept(version: Version, client_id: &str, seconds: u32) -> Connect<'static> {
    let mut packet = connect(version, client_id);
    packet.clean_start = false;
    if version == Version::V5 {
        packet.properties.push(Property::SessionExpiryInterval(seconds));
    }
    packet
}

pub(super) fn will(topic: &str, payload: &str) -> Will<'static> {
    Will {
        qos: QoS::AtMostOnce,
        retain: false,
        properties: Properties::new(),
        topic: topic.to_owned().into(),
        payload: payload.as_bytes().to_vec().into(),
    }
}

/// PUBLISH as a client sends it.
pub(super) fn publish(topic: &str, payload: &str, delivery: Delivery) -> Publish<'static> {
    Publish {
        delivery,
        retain: false,
        topic: topic.to_owned().into(),
        properties: Properties::new(),
        payload: payload.as_bytes().to_vec().into(),
    }
}

pub(super) fn qos1(number: u16) -> Delivery {
    Delivery::AtLeastOnce { id: id(number), dup: false }
}

pub(super) fn qos2(number: u16) -> Delivery {
    Delivery::ExactlyOnce { id: id(number), dup: false }
}

pub(super) fn puback(number: u16) -> Packet<'static> {
    let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
    Packet::PubAck(PubAck { packet_id: id(number), reason, properties })
}

pub(super) fn pubrec(number: u16) -> Packet<'static> {
    let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
    Packet::PubRec(PubRec { packet_id: id(number), reason, properties })
}

pub(super) fn pubrel(number: u16) -> Packet<'static> {
    let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
    Packet::PubRel(PubRel { packet_id: id(number), reason, properties })
}

pub(super) fn pubcomp(number: u16) -> Packet<'static> {
    let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
    Packet::PubComp(PubComp { packet_id: id(number), reason, properties })
}

pub(super) fn disconnect(code: u8) -> Packet<'static> {
    Packet::Disconnect(Disconnect { reason: ReasonCode(code), properties: Properties::new() })
}

/// The payloads, as text.
pub(super) fn payloads(messages: &[Publish<'_>]) -> Vec<String> {
    messages.iter().map(|message| String::from_utf8_lossy(&message.payload).into_owned()).collect()
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(super) fn with(config: Config) -> Self {
        Self { broker: Broker::new(config), now: Duration::ZERO, links: BTreeMap::new() }
    }

    // ===== Network connections =====

    /// A network connection on which nothing was sent yet.
    pub(super) fn open(&mut self, version: Version) -> Peer {
        let id = self.broker.opened(self.now);
        self.links.insert(
            id,
            Link {
                version,
                framer: Framer::new(usize::MAX),
                packets: VecDeque::new(),
                closed: false,
                last_id: 1000,
            },
        );
        self.collect();
        Peer { id, version }
    }

    /// The client's end of the network connection goes without DISCONNECT.
    pub(super) fn cut(&mut self, peer: Peer) {
        self.broker.closed(peer.id, self.now);
        self.link(peer).closed = true;
        self.collect();
    }

    /// Whether the broker has closed the network connection.
    pub(super) fn is_closed(&mut self, peer: Peer) -> bool {
        self.link(peer).closed
    }

    /// Lets time pass, with the broker's own deadlines kept on the way.
    pub(super) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.broker.next_deadline().filter(|&due| due <= until) {
            self.now = self.now.max(due);
            self.broker.tick(self.now);
            self.collect();
            assert_ne!(
                self.broker.next_deadline(),
                Some(due),
                "a deadline that stands still is never over"
            );
        }
        self.now = until;
        self.broker.tick(self.now);
        self.collect();
    }

    fn link(&mut self, peer: Peer) -> &mut Link {
        self.links.get_mut(&peer.id).unwrap()
    }

    fn collect(&mut self) {
        while let Some(output) = self.broker.poll_output() {
            match output {
                Output::Send(id, bytes) => {
                    let link = self.links.get_mut(&id).unwrap();
                    assert!(!link.closed, "sent on a closed connection: {bytes:?}");
                    link.framer.push(&bytes);
                    while let Some(packet) = link.framer.next_packet().unwrap() {
                        let decoded = Packet::decode(Frame::new(&packet).unwrap(), link.version);
                        let decoded = decoded.unwrap_or_else(|error| panic!("{error}: {packet:?}"));
                        link.packets.push_back(decoded.into_owned());
                    }
                }
                Output::Close(id) => self.links.get_mut(&id).unwrap().closed = true,
            }
        }
    }

    // ===== Packets =====

    pub(super) fn send_raw(&mut self, peer: Peer, bytes: &[u8]) {
        self.broker.received(peer.id, bytes, self.now);
        self.collect();
    }

    #[allow(clippy::needless_pass_by_value, reason = "tests build most packets on the spot")]
    pub(super) fn send(&mut self, peer: Peer, packet: Packet<'_>) {
        let mut bytes = Vec::new();
        packet.encode(peer.version, &mut bytes).unwrap();
        self.send_raw(peer, &bytes);
    }

    /// Everything that came since it was asked last.
    pub(super) fn received(&mut self, peer: Peer) -> Vec<Packet<'static>> {
        self.link(peer).packets.drain(..).collect()
    }

    /// The one packet that came.
    pub(super) fn one(&mut self, peer: Peer) -> Packet<'static> {
        let mut packets = self.received(peer);
        assert_eq!(packets.len(), 1, "expected one packet: {packets:?}");
        packets.remove(0)
    }

    /// Everything that came; all of it is PUBLISH.
    pub(super) fn messages(&mut self, peer: Peer) -> Vec<Publish<'static>> {
        self.received(peer)
            .into_iter()
            .map(|packet| match packet {
                Packet::Publish(publish) => publish,
                other => panic!("expected PUBLISH, found {other:?}"),
            })
            .collect()
    }

    /// The one PUBLISH that came.
    pub(super) fn message(&mut self, peer: Peer) -> Publish<'static> {
        match self.one(peer) {
            Packet::Publish(publish) => publish,
            other => panic!("expected PUBLISH, found {other:?}"),
        }
    }

    /// Nothing came.
    pub(super) fn nothing(&mut self, peer: Peer) {
        assert_eq!(self.received(peer), []);
    }

    /// The broker has closed, after DISCONNECT with this code in 5.0 and without a packet in 3.x.
    pub(super) fn ended_with(&mut self, peer: Peer, code: u8) {
        let mut packets = self.received(peer);
        assert!(self.is_closed(peer), "still open: {packets:?}");
        match (peer.version, packets.pop()) {
            (Version::V5, Some(Packet::Disconnect(packet))) => {
                assert_eq!(packet.reason, ReasonCode(code), "{packet:?}");
            }
            (Version::V31 | Version::V311, None) => {}
            (_, other) => panic!("expected the end with {code:#04x}, found {other:?}"),
        }
        assert_eq!(packets, [], "before the end");
    }

    // ===== Exchanges =====

    /// Connects; the broker has to accept.
    pub(super) fn accepted(&mut self, packet: Connect<'_>) -> (Peer, ConnAck<'static>) {
        let (peer, connack) = self.answered(packet);
        assert_eq!(connack.reason, ReasonCode::SUCCESS, "{connack:?}");
        assert!(!self.is_closed(peer));
        (peer, connack)
    }

    /// Connects and returns the CONNACK, whatever it says. What follows it stays to be read.
    pub(super) fn answered(&mut self, packet: Connect<'_>) -> (Peer, ConnAck<'static>) {
        let peer = self.open(packet.version);
        self.send(peer, Packet::Connect(packet));
        match self.link(peer).packets.pop_front() {
            Some(Packet::ConnAck(connack)) => (peer, connack),
            other => panic!("expected CONNACK, found {other:?}"),
        }
    }

    /// Connects with Clean Start 1.
    pub(super) fn connected(&mut self, version: Version, client_id: &str) -> Peer {
        self.accepted(connect(version, client_id)).0
    }

    /// Connects and subscribes to one filter.
    pub(super) fn subscribed(
        &mut self,
        version: Version,
        client_id: &str,
        filter: &str,
        qos: QoS,
    ) -> Peer {
        let peer = self.connected(version, client_id);
        self.subscribe(peer, filter, qos);
        peer
    }

    /// Subscribes to one filter, which has to be granted in full. Retained messages stay to be read.
    pub(super) fn subscribe(&mut self, peer: Peer, filter: &str, qos: QoS) {
        self.subscribe_with(peer, filter, SubscriptionOptions::new(qos), Properties::new());
    }

    pub(super) fn subscribe_with(
        &mut self,
        peer: Peer,
        filter: &str,
        options: SubscriptionOptions,
        properties: Properties<'static>,
    ) {
        let suback = self.subscribe_all(peer, &[(filter, options)], properties);
        assert_eq!(suback.reasons, [ReasonCode(options.qos.bits())]);
    }

    /// Subscribes and returns the SUBACK, whatever it says.
    pub(super) fn subscribe_all(
        &mut self,
        peer: Peer,
        filters: &[(&str, SubscriptionOptions)],
        properties: Properties<'static>,
    ) -> SubAck<'static> {
        let packet_id = self.fresh_id(peer);
        let subscriptions = filters
            .iter()
            .map(|&(filter, options)| Subscription { filter: filter.to_owned().into(), options })
            .collect();
        self.send(peer, Packet::Subscribe(Subscribe { packet_id, properties, subscriptions }));
        let suback = self.take(peer, |packet| match packet {
            Packet::SubAck(suback) => Some(suback.clone()),
            _ => None,
        });
        assert_eq!(suback.packet_id, packet_id);
        suback
    }

    pub(super) fn unsubscribe(&mut self, peer: Peer, filters: &[&str]) -> UnsubAck<'static> {
        let packet_id = self.fresh_id(peer);
        let packet = Unsubscribe {
            packet_id,
            properties: Properties::new(),
            filters: filters.iter().map(|&filter| filter.to_owned().into()).collect(),
        };
        self.send(peer, Packet::Unsubscribe(packet));
        let unsuback = self.take(peer, |packet| match packet {
            Packet::UnsubAck(unsuback) => Some(unsuback.clone()),
            _ => None,
        });
        assert_eq!(unsuback.packet_id, packet_id);
        unsuback
    }

    /// Publishes to the end of the QoS.
    pub(super) fn publish(&mut self, peer: Peer, topic: &str, payload: &str, qos: QoS) {
        let packet = publish(topic, payload, Delivery::AtMostOnce);
        self.publish_packet(peer, packet, qos);
    }

    /// Publishes with RETAIN 1 to the end of the QoS.
    pub(super) fn retain(&mut self, peer: Peer, topic: &str, payload: &str, qos: QoS) {
        let packet = publish(topic, payload, Delivery::AtMostOnce);
        self.publish_packet(peer, Publish { retain: true, ..packet }, qos);
    }

    /// Publishes a packet at this QoS with a fresh Packet Identifier, to the end of the QoS.
    pub(super) fn publish_packet(&mut self, peer: Peer, packet: Publish<'_>, qos: QoS) {
        let id = self.fresh_id(peer);
        let delivery = match qos {
            QoS::AtMostOnce => Delivery::AtMostOnce,
            QoS::AtLeastOnce => Delivery::AtLeastOnce { id, dup: false },
            QoS::ExactlyOnce => Delivery::ExactlyOnce { id, dup: false },
        };
        self.send(peer, Packet::Publish(Publish { delivery, ..packet }));
        let accepted = |code: ReasonCode| {
            assert!(code.0 < 0x80, "refused: {code:?}");
            Some(())
        };
        match qos {
            QoS::AtMostOnce => {}
            QoS::AtLeastOnce => self.take(peer, |packet| match packet {
                Packet::PubAck(ack) if ack.packet_id == id => accepted(ack.reason),
                _ => None,
            }),
            QoS::ExactlyOnce => {
                self.take(peer, |packet| match packet {
                    Packet::PubRec(ack) if ack.packet_id == id => accepted(ack.reason),
                    _ => None,
                });
                self.send(peer, pubrel(id.get()));
                self.take(peer, |packet| match packet {
                    Packet::PubComp(ack) if ack.packet_id == id => accepted(ack.reason),
                    _ => None,
                });
            }
        }
    }

    /// Acknowledges a message to the end of its QoS.
    pub(super) fn acknowledge(&mut self, peer: Peer, message: &Publish<'_>) {
        match message.delivery {
            Delivery::AtMostOnce => {}
            Delivery::AtLeastOnce { id, .. } => self.send(peer, puback(id.get())),
            Delivery::ExactlyOnce { id, .. } => {
                self.send(peer, pubrec(id.get()));
                self.take(peer, |packet| match packet {
                    Packet::PubRel(release) if release.packet_id == id => Some(()),
                    _ => None,
                });
                self.send(peer, pubcomp(id.get()));
            }
        }
    }

    /// PINGREQ is answered, and nothing else came.
    pub(super) fn ping(&mut self, peer: Peer) {
        self.send(peer, Packet::PingReq(PingReq));
        let answer = self.one(peer);
        assert!(matches!(answer, Packet::PingResp(_)), "{answer:?}");
    }

    /// Takes the first packet that `wanted` takes out of those that came.
    pub(super) fn take<T>(
        &mut self,
        peer: Peer,
        mut wanted: impl FnMut(&Packet<'static>) -> Option<T>,
    ) -> T {
        let packets = &mut self.link(peer).packets;
        let found = packets.iter().enumerate().find_map(|(at, packet)| Some((at, wanted(packet)?)));
        let Some((at, value)) = found else { panic!("not among {packets:?}") };
        packets.remove(at);
        value
    }

    fn fresh_id(&mut self, peer: Peer) -> PacketId {
        let link = self.link(peer);
        link.last_id += 1;
        id(link.last_id)
    }
}
