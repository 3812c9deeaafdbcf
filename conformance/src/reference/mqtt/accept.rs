//! CONNECT and CONNACK (5.0 sections 3.1.4 and 3.2).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pushspec_wire::mqtt::{
    ConnAck, Connect, Packet, PacketType, PingResp, Properties, Property, QoS, ReasonCode, Version,
};

use super::connection::Client;
use super::end::Cause;
use super::lenient::{self, Reading};
use super::message::{Message, forwarded};
use super::session::{Keeping, Session, Will};
use super::{Broker, Choice, ConnectionId, Fault};
use crate::scram;

impl Broker {
    /// The first packet of a connection has to be CONNECT (MQTT-3.1.0-1).
    pub(super) fn first_packet(&mut self, id: ConnectionId, bytes: &[u8], now: Duration) {
        if self.has(Fault::Garbage) {
            return self.send_bytes(id, [b"what is this? ".as_slice(); 16].concat());
        }
        let packet = match lenient::read(bytes, Version::V5, &self.config.faults) {
            Reading::Packet(Packet::Connect(packet)) if self.refuses_form(&packet, bytes) => None,
            Reading::Packet(Packet::Connect(packet)) => return self.connect(id, &packet, now),
            Reading::Packet(packet) => Some(packet),
            Reading::Rejected(error) if bytes[0] >> 4 == PacketType::Connect as u8 => {
                return self.malformed_connect(id, bytes, &error, now);
            }
            // Which version it is in nobody has said yet.
            Reading::Rejected(_) if self.has(Fault::PublishesBeforeConnect) => {
                lenient::read(bytes, Version::V311, &self.config.faults).packet()
            }
            Reading::Rejected(_) | Reading::Ignored => None,
        };
        match packet {
            Some(Packet::PingReq(_)) if self.has(Fault::AnswersPingreqBeforeConnect) => {
                self.send_bytes(id, [0xD0, 0x00].to_vec());
            }
            Some(Packet::Publish(packet)) if self.has(Fault::PublishesBeforeConnect) => {
                self.route(message_of(&packet, "", now, &self.config.faults), now);
            }
            _ => {}
        }
        self.fail(id, ReasonCode::PROTOCOL_ERROR, "the first packet is not CONNECT", now);
    }

    /// A second CONNECT is a Protocol Error (MQTT-3.1.0-2).
    pub(super) fn second_connect(&mut self, id: ConnectionId, packet: &Connect<'_>, now: Duration) {
        if self.has(Fault::AcceptsSecondConnect) || self.has(Fault::AcknowledgesEverything) {
            self.refuse(id, packet.version, ReasonCode::SUCCESS, Properties::new());
        } else if !self.has(Fault::IgnoresSecondConnect) {
            self.fail(id, ReasonCode::PROTOCOL_ERROR, "a second CONNECT", now);
        }
    }

    /// A well-formed CONNECT.
    fn connect(&mut self, id: ConnectionId, packet: &Connect<'_>, now: Duration) {
        if let Some((v5, v3)) = self.objection(packet) {
            return self.refuse_connect(id, packet, v5, v3, now);
        }
        if self.method_of(packet).is_some() {
            return self.begin_authentication(id, packet, now);
        }
        self.admit(id, packet, None, now);
    }

    /// A CONNECT of someone who may connect. `last` is the last message of the method by which the
    /// Client authenticated.
    pub(super) fn admit(
        &mut self,
        id: ConnectionId,
        packet: &Connect<'_>,
        last: Option<&str>,
        now: Duration,
    ) {
        let version = packet.version;
        let (client_id, assigned) = match self.identify(packet) {
            Ok(identified) => identified,
            Err((v5, v3)) => return self.refuse_connect(id, packet, v5, v3, now),
        };
        let in_use = self.sessions.get(&client_id).and_then(|session| session.connection);
        if let Some(old) = in_use {
            if self.has(Fault::TakeoverRefusesNew) {
                let reason = ReasonCode::CLIENT_IDENTIFIER_NOT_VALID;
                return self.refuse_connect(id, packet, reason, 2, now);
            }
            self.take_over(old, now);
        }
        let session_present = self.begin_session(&client_id, packet, id, in_use.is_some(), now);
        let client = self.client_of(packet, client_id.clone());
        let keep_alive = client.patience().filter(|_| !self.has(Fault::KeepAliveNever));
        let lateness = self.lateness();
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.client = Some(client);
            connection.silent_until = keep_alive.map(|patience| now + patience + lateness);
        }
        if self.has(Fault::PacketBeforeConnack) {
            self.send(id, Packet::PingResp(PingResp));
        }
        let told = match (
            self.has(Fault::SessionPresentAlways0),
            self.has(Fault::SessionPresentAlways1),
        ) {
            (true, _) => false,
            (_, true) => true,
            _ => session_present,
        };
        let refuses = self.has(Fault::ConnackRefuses);
        let reason = match (refuses, version) {
            (false, _) => ReasonCode::SUCCESS,
            (true, Version::V5) => ReasonCode::SERVER_UNAVAILABLE,
            (true, _) => ReasonCode(3),
        };
        let mut properties = self.connack_properties(packet, assigned.as_deref());
        if let Some(last) = last.filter(|_| !self.has(Fault::ConnackDropsMethod)) {
            properties.push(Property::AuthenticationMethod(scram::METHOD));
            properties.push(Property::AuthenticationData(last.as_bytes()));
        }
        self.send(id, Packet::ConnAck(ConnAck { session_present: told, reason, properties }));
        if self.has(Fault::Flood) {
            self.start_flood(now);
        }
        self.resume(&client_id, now);
    }

    /// Whether nobody may publish to this topic.
    pub(super) fn denies_publish(&self, topic: &str) -> bool {
        self.config.denied_publish.contains(topic) && !self.has(Fault::PublishesDenied)
    }

    /// The connection that had the Client Identifier is closed (MQTT-3.1.4-3).
    pub(super) fn take_over(&mut self, old: ConnectionId, now: Duration) {
        if self.has(Fault::NoTakeover) {
            // Both stay; the Session is the new one's.
            return;
        }
        if !self.has(Fault::TakeoverSaysNothing) {
            self.farewell(
                old,
                ReasonCode::SESSION_TAKEN_OVER,
                "another connection has this Client Identifier",
            );
        }
        self.end(old, Cause::Takeover, now);
    }

    /// Clean Start (5.0 section 3.1.2.4). Tells whether a Session is resumed.
    fn begin_session(
        &mut self,
        client_id: &str,
        packet: &Connect<'_>,
        id: ConnectionId,
        taken_over: bool,
        now: Duration,
    ) -> bool {
        let ignores = self.has(Fault::CleanStartKeepsSession)
            || taken_over && self.has(Fault::TakeoverKeepsSession);
        let empty = self.sessions.get(client_id).is_some_and(Session::is_empty);
        let third = self.sessions.get(client_id).is_some_and(|session| session.returns >= 2);
        let discard = packet.clean_start && !ignores
            || self.has(Fault::NeverResumes)
            || empty && self.has(Fault::EmptySessionsEnd)
            || third && self.has(Fault::SessionResumedTwice);
        if discard {
            self.end_session(client_id, now);
        }
        let keeping = self.keeping(packet);
        let will = self.will_of(packet, client_id, now);
        let cancels = !self.has(Fault::WillNotCancelled);
        let repeats = self.has(Fault::WillRepeated);
        let present = self.sessions.contains_key(client_id);
        let hurries = self.has(Fault::SessionExpiresWhileConnected);
        let session =
            self.sessions.entry(client_id.to_owned()).or_insert_with(|| Session::new(keeping));
        session.connection = Some(id);
        session.began = now;
        session.returns += u32::from(present);
        session.keeping = keeping;
        session.ends_at = match keeping {
            Keeping::For(time) if hurries => Some(now + time),
            _ => None,
        };
        // To return within the delay cancels the Will (MQTT-3.1.3-9).
        let pending = session.will.take().filter(|_| !cancels || repeats);
        session.will = will.or(pending);
        present
    }

    fn keeping(&self, packet: &Connect<'_>) -> Keeping {
        if packet.version == Version::V5 {
            match packet.properties.session_expiry_interval() {
                _ if self.chooses(Choice::KeepsNoSessions) => Keeping::None,
                Some(1800..) if self.has(Fault::SessionExpiryUntold) => Keeping::None,
                None if self.has(Fault::AbsentExpiryIsForever) => Keeping::Forever,
                Some(1..) if self.has(Fault::SessionNeverExpires) => Keeping::Forever,
                interval => Keeping::from_interval(interval.unwrap_or(0)),
            }
        } else if packet.clean_start && !self.has(Fault::SessionSurvivesCleanSession) {
            Keeping::None
        } else {
            Keeping::Forever
        }
    }

    pub(super) fn will_of(
        &self,
        packet: &Connect<'_>,
        client_id: &str,
        now: Duration,
    ) -> Option<Will> {
        let will = packet.will.as_ref().filter(|_| !self.has(Fault::WillNever))?;
        let delay = will.properties.will_delay_interval().unwrap_or(0);
        let payload = if self.has(Fault::WillWrongPayload) { &[][..] } else { &will.payload };
        let (topic, payload) = if self.has(Fault::SwapsWillFields) {
            (String::from_utf8_lossy(payload).into_owned(), will.topic.as_bytes())
        } else {
            (will.topic.to_string(), payload)
        };
        let properties = if self.has(Fault::WillWithoutProperties) {
            Properties::new()
        } else {
            forwarded(&will.properties, &self.config.faults)
        };
        let retain = will.retain && !self.has(Fault::WillNotRetained);
        Some(Will {
            message: Message {
                topic,
                payload: payload.to_vec().into(),
                qos: will.qos,
                retain: retain || self.has(Fault::WillAlwaysRetained),
                dup: false,
                properties,
                expiry: will
                    .properties
                    .message_expiry_interval()
                    .map(|interval| (now + Duration::from_secs(interval.into()), interval)),
                publisher: client_id.to_owned(),
            },
            delay: if self.has(Fault::WillIgnoresDelay) {
                Duration::ZERO
            } else {
                Duration::from_secs(delay.into())
            },
            due: None,
        })
    }

    fn client_of(&self, packet: &Connect<'_>, id: String) -> Client {
        let properties = &packet.properties;
        let imposed =
            self.config.limits.server_keep_alive.filter(|_| packet.version == Version::V5);
        let imposed = imposed.filter(|_| !self.has(Fault::ServerKeepAliveIgnored));
        let keep_alive = match imposed.unwrap_or(packet.keep_alive) {
            0 if self.has(Fault::KeepAliveZeroTimesOut) => 2,
            keep_alive => keep_alive,
        };
        let aliases = if self.has(Fault::TopicAliasSurvives) {
            self.old_aliases.get(&id).cloned().unwrap_or_default()
        } else {
            BTreeMap::new()
        };
        Client {
            id,
            version: packet.version,
            keep_alive,
            receive_maximum: if self.has(Fault::IgnoresReceiveMaximum) {
                u16::MAX
            } else {
                properties.receive_maximum().unwrap_or(u16::MAX)
            },
            maximum_packet_size: properties
                .maximum_packet_size()
                .filter(|_| !self.has(Fault::IgnoresMaximumPacketSize))
                .map_or(usize::MAX, |size| size as usize),
            explains: properties.request_problem_information() != Some(0),
            began_without_expiry: properties.session_expiry_interval().unwrap_or(0) == 0,
            aliases,
            window: BTreeSet::new(),
            unreleased: BTreeSet::new(),
            pings: 0,
            by_method: properties.authentication_method().is_some(),
            challenge: None,
        }
    }

    /// What a 5.0 Client has to know (5.0 section 3.2.2.3).
    fn connack_properties(
        &self,
        packet: &Connect<'_>,
        assigned: Option<&str>,
    ) -> Properties<'static> {
        let mut told = Properties::new();
        if packet.version != Version::V5 {
            return told;
        }
        let limits = &self.config.limits;
        told.push(Property::ReceiveMaximum(limits.receive_maximum));
        told.push(Property::TopicAliasMaximum(limits.topic_alias_maximum));
        told.push(Property::MaximumPacketSize(limits.maximum_packet_size));
        if limits.maximum_qos < QoS::ExactlyOnce {
            told.push(Property::MaximumQoS(limits.maximum_qos.bits()));
        }
        if !limits.retain_available {
            told.push(Property::RetainAvailable(0));
        }
        if self.chooses(Choice::KeepsNoSessions) {
            told.push(Property::SessionExpiryInterval(0));
        }
        if self.chooses(Choice::NoWildcards) {
            told.push(Property::WildcardSubscriptionAvailable(0));
        }
        if self.chooses(Choice::NoSubscriptionIdentifiers) {
            told.push(Property::SubscriptionIdentifierAvailable(0));
        }
        if self.chooses(Choice::NoSharedSubscriptions) {
            told.push(Property::SharedSubscriptionAvailable(0));
        }
        if let Some(id) = assigned.filter(|_| !self.has(Fault::AssignedClientIdMissing)) {
            told.push(Property::AssignedClientIdentifier(id));
        }
        let repeated = self.chooses(Choice::RepeatsKeepAlive).then_some(packet.keep_alive);
        if let Some(seconds) = limits.server_keep_alive.or(repeated) {
            told.push(Property::ServerKeepAlive(seconds));
        }
        if packet.properties.request_response_information() == Some(1) {
            told.push(Property::ResponseInformation("pushspec/response"));
        }
        told
    }
}

/// The Application Message of a PUBLISH.
pub(super) fn message_of(
    packet: &pushspec_wire::mqtt::Publish<'_>,
    publisher: &str,
    now: Duration,
    faults: &super::FaultSet,
) -> Message {
    Message {
        topic: packet.topic.to_string(),
        payload: packet.payload.to_vec().into(),
        qos: packet.delivery.qos(),
        retain: packet.retain,
        dup: packet.delivery.dup(),
        properties: forwarded(&packet.properties, faults),
        expiry: packet
            .properties
            .message_expiry_interval()
            .map(|interval| (now + Duration::from_secs(interval.into()), interval)),
        publisher: publisher.to_owned(),
    }
}
