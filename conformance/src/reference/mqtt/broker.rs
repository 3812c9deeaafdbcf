//! The core: bytes and time in, bytes and closures out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pushspec_wire::mqtt::{
    FrameError, Framer, Packet, PacketType, PingResp, Property, PropertyId, QoS, ReasonCode,
    Version,
};

use super::connection::{Client, Connection};
use super::end::Cause;
use super::lenient::{self, Reading};
use super::message::Message;
use super::session::Session;
use super::tamper;
use super::{Choice, Config, ConnectionId, Fault, authenticate};
use crate::scram;

/// How much is sent at once by the fault that floods.
const FLOOD_BYTES: usize = 64 << 10;
/// How often.
const FLOOD_EVERY: Duration = Duration::from_millis(1);

/// The core of the reference Server. Times are since any fixed moment and never go back.
pub struct Broker {
    pub(super) config: Config,
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    pub(super) sessions: BTreeMap<String, Session>,
    /// By topic; a list only because a fault keeps several.
    pub(super) retained: BTreeMap<String, Vec<Arc<Message>>>,
    /// Changes to what is retained that are still to come, oldest first; only where that is chosen.
    pub(super) to_retain: VecDeque<(Duration, Arc<Message>)>,
    /// Whose turn it is, by shared subscription.
    pub(super) turns: BTreeMap<String, usize>,
    /// What is kept of the users' passwords, where SCRAM is offered.
    pub(super) verifiers: BTreeMap<String, scram::Verifier>,
    /// How many challenges were sent.
    pub(super) challenges: u64,
    /// Will Messages that were published; only a fault wants them.
    pub(super) published_wills: Vec<Message>,
    /// How many Client Identifiers were assigned.
    pub(super) assigned: u64,
    /// Held back by the fault that reorders, by topic.
    pub(super) held_back: BTreeMap<String, Message>,
    /// Topic Aliases of earlier connections, by Client Identifier; only a fault reads them.
    pub(super) old_aliases: BTreeMap<String, BTreeMap<u16, String>>,
    output: VecDeque<Output>,
    last_connection: u64,
    /// The fault that crashes has done so.
    crashed: bool,
    /// When the fault that floods sends next.
    flood_at: Option<Duration>,
}

/// What the Server does to a network connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// Sends bytes.
    Send(ConnectionId, Bytes),
    /// Closes it, once everything before was sent.
    Close(ConnectionId),
}

impl Broker {
    /// A Server that nobody is connected to.
    pub fn new(config: Config) -> Self {
        let verifiers = authenticate::verifiers(&config);
        let mut broker = Self {
            config,
            verifiers,
            challenges: 0,
            connections: BTreeMap::new(),
            sessions: BTreeMap::new(),
            retained: BTreeMap::new(),
            to_retain: VecDeque::new(),
            turns: BTreeMap::new(),
            published_wills: Vec::new(),
            assigned: 0,
            held_back: BTreeMap::new(),
            old_aliases: BTreeMap::new(),
            output: VecDeque::new(),
            last_connection: 0,
            crashed: false,
            flood_at: None,
        };
        let about = format!("pushspec reference {}", env!("CARGO_PKG_VERSION"));
        broker.retain_own("$SYS/broker/version", about);
        broker
    }

    fn retain_own(&mut self, topic: &str, payload: String) {
        let message = Message {
            topic: topic.to_owned(),
            payload: payload.into(),
            qos: QoS::AtMostOnce,
            retain: true,
            dup: false,
            properties: pushspec_wire::mqtt::Properties::new(),
            expiry: None,
            publisher: String::new(),
        };
        self.retained.insert(topic.to_owned(), vec![Arc::new(message)]);
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.config.faults.has(fault)
    }

    /// How late timers are.
    pub(super) fn lateness(&self) -> Duration {
        Duration::from_secs(u64::from(self.chooses(Choice::LateTimers)))
    }

    pub(super) fn chooses(&self, choice: Choice) -> bool {
        self.config.choices.contains(&choice)
    }

    // ===== Network connections =====

    /// A network connection was opened.
    pub fn opened(&mut self, now: Duration) -> ConnectionId {
        self.last_connection += 1;
        let id = ConnectionId(self.last_connection);
        if self.crashed {
            self.output.push_back(Output::Close(id));
            return id;
        }
        let Config { limits, faults, .. } = &self.config;
        self.connections.insert(
            id,
            Connection {
                framer: Framer::new(if faults.has(Fault::TakesOversizedPackets) {
                    usize::MAX
                } else {
                    limits.maximum_packet_size as usize
                }),
                client: None,
                authenticating: None,
                silent_until: Some(now + limits.connect_timeout),
                deaf: false,
            },
        );
        id
    }

    /// Bytes arrived.
    pub fn received(&mut self, id: ConnectionId, bytes: &[u8], now: Duration) {
        if self.has(Fault::NeverAnswers) {
            return;
        }
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.framer.push(bytes);
        }
        // The connection may end with any packet.
        while let Some(connection) = self.connections.get_mut(&id) {
            if connection.deaf {
                return;
            }
            match connection.framer.next_packet() {
                Ok(Some(packet)) => {
                    self.packet(id, &packet, now);
                    if self.has(Fault::OnePacketPerRead) {
                        return self.forget_what_follows(id);
                    }
                }
                Ok(None) => {
                    let rest = !connection.framer.pending().is_empty();
                    if rest && self.has(Fault::NeedsWholePackets) {
                        self.fail(id, ReasonCode::MALFORMED_PACKET, "half a packet", now);
                    }
                    return;
                }
                Err(error) => return self.not_framed(id, error, now),
            }
        }
    }

    /// The network connection is gone, without DISCONNECT or after it.
    pub fn closed(&mut self, id: ConnectionId, now: Duration) {
        self.end(id, Cause::Lost, now);
    }

    /// What is to be done next, if anything.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// Tells 5.0 Clients that the Server shuts down, and closes all connections.
    pub fn shut_down(&mut self, now: Duration) {
        let all: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for id in all {
            self.farewell(id, ReasonCode::SERVER_SHUTTING_DOWN, "the Server shuts down");
            self.end(id, Cause::Error, now);
        }
    }

    /// How many Sessions there are, and on which topics messages of Clients are retained.
    pub(super) fn kept(&self) -> (usize, Vec<String>) {
        let retained = self.retained.keys().filter(|topic| !topic.starts_with('$'));
        (self.sessions.len(), retained.cloned().collect())
    }

    // ===== Time =====

    /// When [`Self::tick`] has something to do.
    pub fn next_deadline(&self) -> Option<Duration> {
        let silence = self.connections.values().filter_map(|connection| connection.silent_until);
        let sessions = self.sessions.values().flat_map(|session| {
            let will = session.will.as_ref().and_then(|will| will.due);
            [session.ends_at, will, session.resends_at].into_iter().flatten()
        });
        silence.chain(sessions).chain(self.flood_at).min()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Duration) {
        self.flood(now);
        let silent: Vec<ConnectionId> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.silent_until.is_some_and(|at| at <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in silent {
            // 5.0 section 3.1.2.10; a connection without CONNECT gets no packet (MQTT-3.14.0-1).
            self.farewell(id, ReasonCode::KEEP_ALIVE_TIMEOUT, "silent for too long");
            self.end(id, Cause::Silence, now);
        }
        self.publish_due_wills(now);
        self.end_due_sessions(now);
        self.resend_due(now);
    }

    fn flood(&mut self, now: Duration) {
        if self.flood_at.is_none_or(|at| at > now) {
            return;
        }
        let clients: Vec<ConnectionId> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.client.is_some())
            .map(|(id, _)| *id)
            .collect();
        self.flood_at = (!clients.is_empty()).then_some(now + FLOOD_EVERY);
        let body = [&[0, 5][..], b"flood", &[0], &vec![b'x'; FLOOD_BYTES]].concat();
        for id in clients {
            let mut bytes = vec![0x30];
            bytes.extend([(body.len() & 0x7F) as u8 | 0x80, (body.len() >> 7 & 0x7F) as u8 | 0x80]);
            bytes.push((body.len() >> 14) as u8);
            bytes.extend(&body);
            self.output.push_back(Output::Send(id, bytes.into()));
        }
    }

    pub(super) fn start_flood(&mut self, now: Duration) {
        self.flood_at = Some(now);
    }

    // ===== Packets =====

    pub(super) fn client(&self, id: ConnectionId) -> Option<&Client> {
        self.connections.get(&id)?.client.as_ref()
    }

    pub(super) fn client_mut(&mut self, id: ConnectionId) -> Option<&mut Client> {
        self.connections.get_mut(&id)?.client.as_mut()
    }

    fn packet(&mut self, id: ConnectionId, bytes: &[u8], now: Duration) {
        let authenticating = |connection: &mut Connection| connection.authenticating.take();
        if let Some(begun) = self.connections.get_mut(&id).and_then(authenticating) {
            return self.authentication_goes_on(id, begun, bytes, now);
        }
        let Some(version) = self.client(id).map(|client| client.version) else {
            return self.first_packet(id, bytes, now);
        };
        if self.has(Fault::ClosesOnAnything) {
            return self.fail(id, ReasonCode::UNSPECIFIED_ERROR, "closed on purpose", now);
        }
        let packet = match lenient::read(bytes, version, &self.config.faults) {
            Reading::Packet(packet) => packet,
            Reading::Ignored => return,
            Reading::Rejected(_) if self.has(Fault::AcknowledgesEverything) => {
                return self.acknowledge_anyway(id, bytes);
            }
            Reading::Rejected(error) => {
                return self.fail(id, error.reason, &error.to_string(), now);
            }
        };
        self.heard(id, &packet, now);
        match packet {
            Packet::Connect(packet) => self.second_connect(id, &packet, now),
            Packet::Publish(packet) => self.publish_received(id, &packet, now),
            Packet::PubAck(packet) => self.puback_received(id, &packet, now),
            Packet::PubRec(packet) => self.pubrec_received(id, &packet, now),
            Packet::PubRel(packet) => self.pubrel_received(id, packet.packet_id, now),
            Packet::PubComp(packet) => self.pubcomp_received(id, packet.packet_id, now),
            Packet::Subscribe(packet) => self.subscribe_received(id, &packet, now),
            Packet::Unsubscribe(packet) => self.unsubscribe_received(id, &packet),
            Packet::PingReq(_) => self.pingreq_received(id),
            Packet::Disconnect(_) if self.has(Fault::AcknowledgesEverything) => {}
            Packet::Disconnect(packet) => self.disconnect_received(id, &packet, now),
            Packet::Auth(packet) => self.auth_received(id, &packet, now),
            Packet::ConnAck(_) | Packet::SubAck(_) | Packet::UnsubAck(_) | Packet::PingResp(_) => {
                // Only Servers send these.
                if !self.has(Fault::AcceptsServerPackets) {
                    let why = format!("{} is not expected here", packet.packet_type().name());
                    self.fail(id, ReasonCode::PROTOCOL_ERROR, &why, now);
                }
            }
        }
    }

    /// The answer that a malformed packet would have had; only a fault gives it.
    fn acknowledge_anyway(&mut self, id: ConnectionId, bytes: &[u8]) {
        let answer: &[u8] = match PacketType::from_first_byte(bytes[0], Version::V5) {
            Some(PacketType::Publish) if bytes[0] & 0b0110 == 0b0010 => &[0x40, 2, 0, 1],
            Some(PacketType::Publish) if bytes[0] & 0b0110 != 0 => &[0x50, 2, 0, 1],
            Some(PacketType::PubRel) => &[0x70, 2, 0, 1],
            Some(PacketType::PingReq) => &[0xD0, 0],
            _ => return,
        };
        self.send_bytes(id, answer.to_vec());
    }

    /// A whole packet counts for Keep Alive.
    fn heard(&mut self, id: ConnectionId, packet: &Packet<'_>, now: Duration) {
        let ping = packet.packet_type() == PacketType::PingReq;
        if ping && self.has(Fault::KeepAliveIgnoresPingreq) || self.has(Fault::KeepAliveNever) {
            return;
        }
        let lateness = self.lateness();
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let patience = connection.client.as_ref().and_then(Client::patience);
        connection.silent_until = patience.map(|patience| now + patience + lateness);
    }

    fn pingreq_received(&mut self, id: ConnectionId) {
        let Some(client) = self.client_mut(id) else { return };
        client.pings += 1;
        let again = client.pings > 1;
        if !(again && self.has(Fault::NoPingresp)) {
            self.answer(id, Packet::PingResp(PingResp));
        }
    }

    /// Drops what was read and not handled, as some faults do.
    fn forget_what_follows(&mut self, id: ConnectionId) {
        let limit = self.config.limits.maximum_packet_size as usize;
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.framer = Framer::new(limit);
        }
    }

    fn not_framed(&mut self, id: ConnectionId, error: FrameError, now: Duration) {
        if error == FrameError::RemainingLengthMalformed
            && self.has(Fault::AcceptsLongRemainingLength)
        {
            return self.forget_what_follows(id);
        }
        let reason = match error {
            FrameError::TooLarge { .. } => ReasonCode::PACKET_TOO_LARGE,
            _ => ReasonCode::MALFORMED_PACKET,
        };
        self.fail(id, reason, &error.to_string(), now);
    }

    // ===== Errors =====

    /// The connection stays open and is not read any more, as some faults have it.
    pub(super) fn deafen(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.deaf = true;
            connection.silent_until = None;
        }
    }

    /// A Malformed Packet or Protocol Error (5.0 section 4.13, 3.1.1 section 4.8).
    pub(super) fn fail(&mut self, id: ConnectionId, reason: ReasonCode, why: &str, now: Duration) {
        if self.has(Fault::AcknowledgesEverything) {
            return;
        }
        if self.has(Fault::SilentAfterError) {
            return self.deafen(id);
        }
        self.crashed |= self.has(Fault::CrashesOnError);
        if !self.chooses(Choice::SaysNothingOnErrors) && !self.has(Fault::ErrorsUnsaid) {
            self.farewell(id, reason, why);
        }
        if self.has(Fault::StaysAfterOwnDisconnect)
            && self.client(id).is_some_and(|client| client.version == Version::V5)
        {
            return self.deafen(id);
        }
        self.end(id, Cause::Error, now);
        if self.has(Fault::ErrorClosesEveryone) {
            let others: Vec<ConnectionId> = self.connections.keys().copied().collect();
            for other in others {
                self.end(other, Cause::Error, now);
            }
        }
    }

    /// DISCONNECT with a reason, where the version has that and CONNACK was sent.
    pub(super) fn farewell(&mut self, id: ConnectionId, reason: ReasonCode, why: &str) {
        if self.client(id).is_some_and(|client| client.version == Version::V5) {
            // A code that only CONNACK or an acknowledgement may have.
            let listed = reason.is_listed(PacketType::Disconnect, Version::V5);
            let reason = if listed { reason } else { ReasonCode::PROTOCOL_ERROR };
            let long = "because ".repeat(38);
            let why = if self.has(Fault::LongReasonStrings) { &long } else { why };
            let properties =
                pushspec_wire::mqtt::Properties::new().with(Property::ReasonString(why));
            self.send(
                id,
                Packet::Disconnect(pushspec_wire::mqtt::Disconnect { reason, properties }),
            );
        }
    }

    // ===== Sending =====

    /// An answer, which the fault that blocks holds back while the window is full.
    pub(super) fn answer(&mut self, id: ConnectionId, packet: Packet<'_>) {
        let full = |client: &Client| client.window.len() >= usize::from(client.receive_maximum);
        if self.has(Fault::WindowBlocksAnswers) && self.client(id).is_some_and(full) {
            return;
        }
        self.send(id, packet);
    }

    /// Sends a packet; without its Reason String, if it were too large for the Client with it
    /// (MQTT-3.14.2-3 and its like).
    pub(super) fn send(&mut self, id: ConnectionId, packet: Packet<'_>) {
        let Some((version, limit)) =
            self.client(id).map(|client| (client.version, client.maximum_packet_size))
        else {
            return;
        };
        let limit = if self.has(Fault::LongReasonStrings) { usize::MAX } else { limit };
        for packet in [Some(packet.clone()), without_reason_string(packet)].into_iter().flatten() {
            let mut bytes = Vec::new();
            if packet.encode(version, &mut bytes).is_ok() && bytes.len() <= limit {
                return self.send_bytes(id, bytes);
            }
        }
    }

    pub(super) fn send_bytes(&mut self, id: ConnectionId, bytes: impl Into<Bytes>) {
        let bytes = tamper::tampered(bytes.into(), self.client(id), &self.config.faults);
        self.output.extend(bytes.into_iter().map(|bytes| Output::Send(id, bytes)));
    }

    pub(super) fn close(&mut self, id: ConnectionId) {
        self.output.push_back(Output::Close(id));
    }
}

fn without_reason_string(mut packet: Packet<'_>) -> Option<Packet<'_>> {
    let properties = match &mut packet {
        Packet::ConnAck(packet) => &mut packet.properties,
        Packet::PubAck(packet) => &mut packet.properties,
        Packet::PubRec(packet) => &mut packet.properties,
        Packet::PubRel(packet) => &mut packet.properties,
        Packet::PubComp(packet) => &mut packet.properties,
        Packet::SubAck(packet) => &mut packet.properties,
        Packet::UnsubAck(packet) => &mut packet.properties,
        Packet::Disconnect(packet) => &mut packet.properties,
        _ => return None,
    };
    properties.get(PropertyId::ReasonString)?;
    let mut kept = pushspec_wire::mqtt::Properties::new();
    properties
        .iter()
        .filter(|property| property.id() != PropertyId::ReasonString)
        .for_each(|property| kept.push(property));
    *properties = kept;
    Some(packet)
}
