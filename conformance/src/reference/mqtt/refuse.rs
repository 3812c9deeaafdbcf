//! Whom the Server does not let in (5.0 sections 3.1.4 and 3.2.2.2).

use std::time::Duration;

use pushspec_wire::mqtt::{
    ConnAck, Connect, DecodeError, ErrorKind, Packet, PacketType, Properties, Property, ReasonCode,
    Version, lawless,
};

use super::accept::message_of;
use super::end::Cause;
use super::lenient::{self, Reading};
use super::publish::in_order;
use super::{Broker, Choice, ConnectionId, Fault};
use crate::scram;

impl Broker {
    /// What faults have against a CONNECT of 3.1.
    pub(super) fn refuses_form(&self, packet: &Connect<'_>, bytes: &[u8]) -> bool {
        let missing = packet.user_name.is_none() && lenient::announces_user_name(bytes);
        packet.version == Version::V31
            && (self.has(Fault::RefusesMqisdp)
                || missing && self.has(Fault::RefusesMissingUserName))
    }

    /// What Servers say to a CONNECT that is none depends on the version that it claims.
    pub(super) fn malformed_connect(
        &mut self,
        id: ConnectionId,
        bytes: &[u8],
        error: &DecodeError,
        now: Duration,
    ) {
        if self.has(Fault::TakesMalformedConnect) || self.has(Fault::AcknowledgesEverything) {
            let version = match claimed_level(bytes) {
                Some(5) => Version::V5,
                _ => Version::V311,
            };
            return self.refuse(id, version, ReasonCode::SUCCESS, Properties::new());
        }
        match (&error.kind, claimed_level(bytes)) {
            // 3.1.1 demands this answer (MQTT-3.1.2-2), and 5.0 does not forbid it.
            (ErrorKind::ProtocolLevel(_), _) if !self.has(Fault::UnsupportedLevelNoConnack) => {
                self.send_bytes(id, [0x20, 2, 0, 1].to_vec());
            }
            (ErrorKind::ProtocolLevel(_) | ErrorKind::ProtocolName, _) => {}
            (_, Some(5)) if self.chooses(Choice::SaysNothingOnErrors) => {}
            (_, Some(5)) => {
                let listed = error.reason.is_listed(PacketType::ConnAck, Version::V5);
                let reason = if listed { error.reason } else { ReasonCode::MALFORMED_PACKET };
                let explained = error.to_string();
                let properties = Properties::new().with(Property::ReasonString(&explained));
                self.refuse(id, Version::V5, reason, properties);
            }
            // 3.1.1 forbids an answer (MQTT-3.1.4-1).
            _ if self.has(Fault::ConnackOnMalformedConnect) => {
                self.send_bytes(id, [0x20, 2, 0, 2].to_vec());
            }
            _ => {}
        }
        if self.has(Fault::ProcessesAfterRefusal) {
            let level = claimed_level(bytes);
            let version = if level == Some(5) { Version::V5 } else { Version::V311 };
            self.publish_what_follows(id, version, now);
        }
        if self.has(Fault::StaysAfterRefusal) && claimed_level(bytes) == Some(5) {
            return self.deafen(id);
        }
        self.fail(id, error.reason, "CONNECT is malformed", now);
    }

    /// CONNACK with an error code. Session Present is 0 with it (MQTT-3.2.2-6).
    pub(super) fn refuse(
        &mut self,
        id: ConnectionId,
        version: Version,
        reason: ReasonCode,
        properties: Properties<'_>,
    ) {
        let mut bytes = Vec::new();
        let packet = Packet::ConnAck(ConnAck { session_present: false, reason, properties });
        if packet.encode(version, &mut bytes).is_ok() {
            self.send_bytes(id, bytes);
        }
    }

    /// Refuses a well-formed CONNECT with the code of its version, and closes (MQTT-3.2.2-7).
    pub(super) fn refuse_connect(
        &mut self,
        id: ConnectionId,
        packet: &Connect<'_>,
        v5: ReasonCode,
        v3: u8,
        now: Duration,
    ) {
        let version = packet.version;
        let reason = if version == Version::V5 { v5 } else { ReasonCode(v3) };
        if !self.has(Fault::RefusesWithoutConnack) {
            self.refuse(id, version, reason, Properties::new());
        }
        self.refused_all_the_same(id, packet, now);
        if self.has(Fault::StaysAfterRefusal) {
            return self.deafen(id);
        }
        if !self.has(Fault::RefusalStaysOpen) {
            self.end(id, Cause::Error, now);
        }
    }

    /// What faults do for a CONNECT that is refused.
    fn refused_all_the_same(&mut self, id: ConnectionId, packet: &Connect<'_>, now: Duration) {
        if self.has(Fault::RefusedTakesOver) {
            let in_use = self.sessions.get(&*packet.client_id);
            if let Some(old) = in_use.and_then(|session| session.connection) {
                self.take_over(old, now);
            }
            self.end_session(&packet.client_id, now);
        }
        if self.has(Fault::RefusedLeavesWill)
            && let Some(will) = self.will_of(packet, "", now)
        {
            self.route(will.message, now);
        }
        if self.has(Fault::ProcessesAfterRefusal) {
            self.publish_what_follows(id, packet.version, now);
        }
    }

    /// What the fault does that goes on reading behind a CONNECT that it refused.
    fn publish_what_follows(&mut self, id: ConnectionId, version: Version, now: Duration) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        while let Ok(Some(next)) = connection.framer.next_packet() {
            if let Reading::Packet(Packet::Publish(packet)) =
                lenient::read(&next, version, &self.config.faults)
            {
                self.route(message_of(&packet, "", now, &self.config.faults), now);
                break;
            }
        }
    }

    /// The Authentication Method that a Client wants to authenticate by (5.0 section 4.12).
    pub(super) fn method_of<'a>(&self, packet: &'a Connect<'_>) -> Option<&'a str> {
        let method = packet.properties.authentication_method();
        method.filter(|_| !self.has(Fault::IgnoresAuthenticationMethod))
    }

    /// Why a CONNECT is refused, in the codes of 5.0 and 3.x.
    pub(super) fn objection(&self, packet: &Connect<'_>) -> Option<(ReasonCode, u8)> {
        let limits = &self.config.limits;
        if self.has(Fault::WantsPropertiesInOrder) && !in_order(&packet.properties) {
            return Some((ReasonCode::PROTOCOL_ERROR, 3));
        }
        if let Some(method) = self.method_of(packet) {
            let offered = self.config.scram && method == scram::METHOD;
            if !offered {
                return Some((ReasonCode::BAD_AUTHENTICATION_METHOD, 5));
            }
        } else if self.config.only_by_method {
            return Some((ReasonCode::BAD_AUTHENTICATION_METHOD, 5));
        } else if !self.config.users.is_empty() && !self.knows(packet) {
            return Some((ReasonCode::BAD_USER_NAME_OR_PASSWORD, 4));
        }
        if packet.keep_alive == 0 && self.has(Fault::KeepAliveZeroRefused) {
            return Some((ReasonCode::IMPLEMENTATION_SPECIFIC_ERROR, 3));
        }
        if self.config.refused_client_ids.contains(&*packet.client_id) {
            let v3 = if self.has(Fault::RefusedClientIdWrongCode) { 3 } else { 2 };
            return Some((ReasonCode::CLIENT_IDENTIFIER_NOT_VALID, v3));
        }
        if let Some(will) = &packet.will {
            let lenient = self.has(Fault::AcceptsAboveMaximumQos);
            if will.qos > limits.maximum_qos && !lenient {
                return Some((ReasonCode::QOS_NOT_SUPPORTED, 3));
            }
            let lenient = self.has(Fault::AcceptsUnavailableRetain);
            if will.retain && !limits.retain_available && !lenient {
                return Some((ReasonCode::RETAIN_NOT_SUPPORTED, 3));
            }
            if self.denies_publish(&will.topic) {
                return Some((ReasonCode::NOT_AUTHORIZED, 5));
            }
        }
        let known = self.sessions.contains_key(&*packet.client_id);
        if !known && self.sessions.len() >= limits.sessions {
            return Some((ReasonCode::QUOTA_EXCEEDED, 3));
        }
        None
    }

    /// Whether it is a user with the right Password.
    fn knows(&self, packet: &Connect<'_>) -> bool {
        let Some(name) = &packet.user_name else {
            return self.has(Fault::AcceptsNoCredentials);
        };
        let Some(password) = self.config.users.get(&**name) else {
            return self.has(Fault::AcceptsUnknownUsers);
        };
        let right = packet.password.as_deref() == Some(password.as_bytes());
        right || self.has(Fault::AcceptsAnyPassword)
    }

    /// The Client Identifier, and whether it was assigned (section 3.1.3.1 of 5.0 and 3.1.1).
    pub(super) fn identify(
        &mut self,
        packet: &Connect<'_>,
    ) -> Result<(String, Option<String>), (ReasonCode, u8)> {
        const REFUSED: (ReasonCode, u8) = (ReasonCode::CLIENT_IDENTIFIER_NOT_VALID, 2);
        let given = &packet.client_id;
        if !given.is_empty() {
            let too_long = packet.version == Version::V31 && given.chars().count() > 23
                || given.len() > 20 && self.has(Fault::RejectsLongClientIds);
            if too_long {
                return Err(REFUSED);
            }
            let kept = if self.has(Fault::TruncatesClientIds) { 23 } else { usize::MAX };
            return Ok((given.chars().take(kept).collect(), None));
        }
        match packet.version {
            Version::V31 => return Err(REFUSED),
            _ if self.chooses(Choice::RefusesEmptyClientIds) => return Err(REFUSED),
            Version::V311
                if !packet.clean_start && !self.has(Fault::AcceptsEmptyIdWithoutCleanSession) =>
            {
                return Err(REFUSED);
            }
            _ => {}
        }
        if !self.has(Fault::EmptyClientIdsCollide) {
            self.assigned += 1;
        }
        let mut id = format!("assigned-{}", self.assigned);
        while self.sessions.contains_key(&id) && !self.has(Fault::EmptyClientIdsCollide) {
            self.assigned += 1;
            id = format!("assigned-{}", self.assigned);
        }
        Ok((id.clone(), Some(id)))
    }
}

/// The Protocol Level that a CONNECT claims.
fn claimed_level(connect: &[u8]) -> Option<u8> {
    let name = lawless::header_length(connect);
    let length = u16::from_be_bytes([*connect.get(name)?, *connect.get(name + 1)?]);
    connect.get(name + 2 + usize::from(length)).copied()
}
