//! Enhanced authentication (5.0 section 4.12) with SCRAM-SHA-256.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use pushspec_wire::mqtt::{Auth, Connect, Packet, Properties, Property, ReasonCode, Version};

use super::accept::message_of;
use super::connection::{Authenticating, Challenged};
use super::end::Cause;
use super::lenient::{self, Reading};
use super::{Broker, Config, ConnectionId, Fault};
use crate::scram;

/// RFC 7677 wants 4096 at least. A test double guards nothing, and is to be quick.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(64).unwrap();

/// What is kept of the users' passwords. A test double needs no salt that nobody can guess.
pub(super) fn verifiers(config: &Config) -> BTreeMap<String, scram::Verifier> {
    let users = config.users.iter().filter(|_| config.scram);
    users
        .map(|(user, password)| {
            let salt = format!("pushspec {user}");
            (user.clone(), scram::Verifier::new(password, salt.as_bytes(), ITERATIONS))
        })
        .collect()
}

/// Why an authentication fails.
type Failure = (ReasonCode, &'static str);

const NOT_AUTHORISED: Failure = (ReasonCode::NOT_AUTHORIZED, "the authentication fails");

impl Broker {
    /// A CONNECT with a method that is offered.
    pub(super) fn begin_authentication(
        &mut self,
        id: ConnectionId,
        packet: &Connect<'_>,
        now: Duration,
    ) {
        match self.challenge(packet.properties.authentication_data()) {
            Ok(challenged) => {
                self.send_auth(id, challenge_reason(self), &challenged.challenge.message);
                if let Some(connection) = self.connections.get_mut(&id) {
                    let connect = packet.clone().into_owned();
                    connection.authenticating = Some(Authenticating { connect, challenged });
                }
            }
            Err((reason, _)) => self.refuse_connect(id, packet, reason, 5, now),
        }
    }

    /// The packet behind a challenge, before CONNACK.
    pub(super) fn authentication_goes_on(
        &mut self,
        id: ConnectionId,
        begun: Authenticating,
        bytes: &[u8],
        now: Duration,
    ) {
        let reading = lenient::read(bytes, Version::V5, &self.config.faults);
        let again = match &reading {
            Reading::Rejected(_) => self.has(Fault::AuthMalformedIgnored),
            Reading::Packet(Packet::Publish(packet)) if self.has(Fault::AuthLetsPublish) => {
                self.route(message_of(packet, "", now, &self.config.faults), now);
                true
            }
            _ => false,
        };
        if again {
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.authenticating = Some(begun);
            }
            return;
        }
        let outcome = match reading.packet() {
            Some(Packet::Auth(packet)) => self.verify(&begun.challenged, &packet),
            _ => Err((ReasonCode::PROTOCOL_ERROR, "AUTH is expected")),
        };
        match outcome {
            Ok(last) => self.admit(id, &begun.connect, Some(&last), now),
            Err((reason, _)) => self.refuse_connect(id, &begun.connect, reason, 5, now),
        }
    }

    /// AUTH behind CONNACK: re-authentication (5.0 section 4.12.1).
    pub(super) fn auth_received(&mut self, id: ConnectionId, packet: &Auth<'_>, now: Duration) {
        let Some(client) = self.client_mut(id) else { return };
        let (by_method, challenged) = (client.by_method, client.challenge.take());
        let outcome = if !by_method {
            if self.has(Fault::AcceptsServerPackets) {
                return;
            }
            Err((ReasonCode::PROTOCOL_ERROR, "AUTH without an Authentication Method in CONNECT"))
        } else if let Some(challenged) = challenged {
            self.verify(&challenged, packet).map(|last| (ReasonCode::SUCCESS, last))
        } else {
            self.begin_again(id, packet)
        };
        match outcome {
            Ok(_) if self.has(Fault::ReauthenticationUnanswered) => {}
            Ok((reason, data)) => self.send_auth(id, reason, &data),
            Err(failure)
                if failure == NOT_AUTHORISED && self.has(Fault::ReauthenticationNeverFails) => {}
            Err((reason, why)) if (reason, why) == NOT_AUTHORISED => {
                if !self.has(Fault::ReauthenticationClosesSilently) {
                    self.farewell(id, reason, why);
                }
                self.end(id, Cause::Error, now);
            }
            Err((reason, why)) => self.fail(id, reason, why, now),
        }
    }

    fn begin_again(
        &mut self,
        id: ConnectionId,
        packet: &Auth<'_>,
    ) -> Result<(ReasonCode, String), Failure> {
        self.check_method(packet)?;
        if packet.reason != ReasonCode::RE_AUTHENTICATE {
            return Err((ReasonCode::PROTOCOL_ERROR, "no challenge was sent"));
        }
        let challenged = self.challenge(packet.properties.authentication_data())?;
        let message = challenged.challenge.message.clone();
        if let Some(client) = self.client_mut(id) {
            client.challenge = Some(challenged);
        }
        Ok((challenge_reason(self), message))
    }

    /// The challenge to a first message. Nonces are counted: they only have to differ here.
    fn challenge(&mut self, first: Option<&[u8]>) -> Result<Challenged, Failure> {
        self.challenges += 1;
        let ours = format!("pushspec{}", self.challenges);
        let first = first.ok_or(NOT_AUTHORISED)?;
        let user = scram::Verifier::user(first).ok_or(NOT_AUTHORISED)?;
        let verifier = self.verifiers.get(&user).ok_or(NOT_AUTHORISED)?;
        let challenge = verifier.challenge(first, &ours).ok_or(NOT_AUTHORISED)?;
        Ok(Challenged { user, challenge })
    }

    /// The last message to a right answer.
    fn verify(&self, challenged: &Challenged, packet: &Auth<'_>) -> Result<String, Failure> {
        self.check_method(packet)?;
        let continues = packet.reason == ReasonCode::CONTINUE_AUTHENTICATION;
        if !continues && !self.has(Fault::AuthTakesAnyReason) {
            return Err((ReasonCode::PROTOCOL_ERROR, "an answer has the reason code 0x18"));
        }
        let answer = packet.properties.authentication_data().unwrap_or_default();
        let verifier = self.verifiers.get(&challenged.user).ok_or(NOT_AUTHORISED)?;
        match verifier.verify(&challenged.challenge, answer) {
            None if self.has(Fault::AcceptsWrongProof) => Ok(String::new()),
            last => last.ok_or(NOT_AUTHORISED),
        }
    }

    /// All AUTH packets have the method of CONNECT (MQTT-4.12.0-5).
    fn check_method(&self, packet: &Auth<'_>) -> Result<(), Failure> {
        let same = packet.properties.authentication_method() == Some(scram::METHOD);
        if same || self.has(Fault::AuthTakesAnyMethod) {
            return Ok(());
        }
        Err((ReasonCode::BAD_AUTHENTICATION_METHOD, "another method than that of CONNECT"))
    }

    /// Sends AUTH, for which there is no need of a CONNACK before.
    fn send_auth(&mut self, id: ConnectionId, reason: ReasonCode, data: &str) {
        let properties = Properties::new()
            .with(Property::AuthenticationMethod(scram::METHOD))
            .with(Property::AuthenticationData(data.as_bytes()));
        let mut bytes = Vec::new();
        let packet = Packet::Auth(Auth { reason, properties });
        if packet.encode(Version::V5, &mut bytes).is_ok() {
            self.send_bytes(id, bytes);
        }
    }
}

fn challenge_reason(broker: &Broker) -> ReasonCode {
    if broker.has(Fault::ChallengeWrongReason) {
        ReasonCode::SUCCESS
    } else {
        ReasonCode::CONTINUE_AUTHENTICATION
    }
}
