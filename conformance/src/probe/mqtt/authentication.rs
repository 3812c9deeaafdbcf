//! Enhanced authentication as cases script it (5.0 section 4.12), with SCRAM-SHA-256.

use pushspec_wire::mqtt::{Auth, ConnAck, Packet, Properties, Property, ReasonCode};

use super::{Accepted, Client, Opening, Received, Unmet};
use crate::scram;

/// A connection that awaits our answer to a challenge.
#[derive(Debug)]
pub struct Challenged {
    /// The connection.
    pub client: Client,
    /// The challenge.
    pub auth: Received<Auth<'static>>,
}

impl Challenged {
    /// The answer to the challenge; where that makes no sense, something that is no answer.
    pub fn answer(&self, user: &scram::Client) -> String {
        Self::answer_to(&self.auth, user)
    }

    fn answer_to(auth: &Auth<'_>, user: &scram::Client) -> String {
        let challenge = auth.properties.authentication_data().unwrap_or_default();
        user.answer(challenge).unwrap_or_else(|| "no answer".to_owned())
    }
}

impl Opening {
    /// With the method, and the first message of this user as Authentication Data. Without User Name
    /// and Password.
    pub fn authenticating(mut self, user: &scram::Client) -> Self {
        self.packet.user_name = None;
        self.packet.password = None;
        self.with(Property::AuthenticationMethod(scram::METHOD))
            .with(Property::AuthenticationData(user.first().as_bytes()))
    }

    /// Opens the network connection, sends CONNECT and awaits the challenge.
    pub async fn challenged(&self) -> Result<Challenged, Unmet> {
        let mut client = self.network().await?;
        client.send(Packet::Connect(self.packet.clone())).await;
        let auth = client.auth().await?;
        Ok(Challenged { client, auth })
    }

    /// Opens a connection that the Server accepts by the method.
    pub(super) async fn authenticated(&self, user: &scram::Client) -> Result<Accepted, Unmet> {
        let Challenged { mut client, auth } = self.challenged().await?;
        let answer = Challenged::answer_to(&auth, user);
        let connack = client.authenticated(&answer).await?;
        Ok(Accepted { client, connack })
    }
}

impl Client {
    /// Awaits AUTH, or CONNACK: that ends the exchange.
    pub async fn auth(&mut self) -> Result<Received<Auth<'static>>, Unmet> {
        let step = self
            .await_where("AUTH", |arrival| match &arrival.packet {
                Ok(packet @ (Packet::Auth(_) | Packet::ConnAck(_))) => Some(packet.clone()),
                _ => None,
            })
            .await?;
        let (entry, bytes, at) = (step.entry, step.bytes, step.at);
        match step.packet {
            Packet::Auth(packet) => Ok(Received { packet, entry, bytes, at }),
            other => {
                Err(Unmet { awaited: "AUTH".to_owned(), found: format!("{other} came instead") })
            }
        }
    }

    /// Sends AUTH with this reason, method and data.
    pub async fn send_auth(&mut self, reason: ReasonCode, method: &str, data: &str) {
        let properties = Properties::new()
            .with(Property::AuthenticationMethod(method))
            .with(Property::AuthenticationData(data.as_bytes()));
        self.send(Packet::Auth(Auth { reason, properties })).await;
    }

    /// Answers the challenge of a first authentication, and awaits the CONNACK that accepts.
    pub async fn authenticated(&mut self, answer: &str) -> Result<ConnAck<'static>, Unmet> {
        self.send_auth(ReasonCode::CONTINUE_AUTHENTICATION, scram::METHOD, answer).await;
        let connack = self.connack().await?;
        if connack.reason.0 == 0 {
            return Ok(connack);
        }
        let found = format!("{} came", Packet::ConnAck(connack));
        Err(Unmet { awaited: "CONNACK with success".to_owned(), found })
    }
}
