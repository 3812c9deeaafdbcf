//! Opening a connection: CONNECT as cases write it.

use std::time::Duration;

use pushspec_wire::mqtt::{ConnAck, Connect, Packet, Properties, Property, Version, Will};

use super::{Client, Message, Unmet, Watch};
use crate::scram;
use crate::trace::Recorder;
use crate::transport::Connector;

/// A CONNECT to be sent. Cases get it from their context with a generated Client Identifier, the
/// user's credentials, Clean Start 1 and no Keep Alive, if the Server takes that.
#[derive(Clone, Debug)]
pub struct Opening {
    pub(crate) connector: Connector,
    pub(crate) trace: Recorder,
    pub(crate) timeout: Duration,
    pub(crate) residue: super::Residue,
    pub(crate) watch: Watch,
    /// Who authenticates by the method of the Server, where it lets nobody in without one.
    pub(crate) user: Option<scram::Client>,
    /// The CONNECT as it will be sent.
    pub packet: Connect<'static>,
}

/// A connection that the Server accepted.
#[derive(Debug)]
pub struct Accepted {
    /// The connection.
    pub client: Client,
    /// The CONNACK.
    pub connack: ConnAck<'static>,
}

impl Opening {
    /// With this Client Identifier.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.packet.client_id = id.into().into();
        self
    }

    /// With Clean Start (Clean Session in 3.x) 0, so that a Session is resumed.
    pub fn resuming(mut self) -> Self {
        self.packet.clean_start = false;
        self
    }

    /// So that the Session outlives the connection by `seconds`: Clean Session 0 in 3.x, which knows
    /// no end; Session Expiry Interval in 5.0, where Clean Start is left as it is.
    pub fn kept(mut self, seconds: u32) -> Self {
        if self.packet.version == Version::V5 {
            self.packet.properties.push(Property::SessionExpiryInterval(seconds));
        } else {
            self.packet.clean_start = false;
        }
        self
    }

    /// With a Keep Alive in seconds.
    pub const fn keep_alive(mut self, seconds: u16) -> Self {
        self.packet.keep_alive = seconds;
        self
    }

    /// With one more property; nothing in 3.x, which has none.
    pub fn with(mut self, property: Property<'_>) -> Self {
        if self.packet.version == Version::V5 {
            self.packet.properties.push(property);
        }
        self
    }

    /// With a Will Message. The message's properties become Will Properties.
    pub fn will(mut self, message: &Message) -> Self {
        self.packet.will = Some(Will {
            qos: message.qos,
            retain: message.retain,
            properties: message.properties.clone(),
            topic: message.topic.clone().into(),
            payload: message.payload.clone().into(),
        });
        self
    }

    /// The bytes of the CONNECT, to be altered and sent by [`Client::send_raw`].
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // What cases build here is legal; where they do not, the Server's refusal shows it.
        let _ = Packet::Connect(self.packet.clone()).encode(self.packet.version, &mut bytes);
        bytes
    }

    /// Opens the network connection and sends nothing.
    pub async fn network(&self) -> Result<Client, Unmet> {
        Client::open(
            &self.connector,
            self.packet.version,
            self.trace.clone(),
            self.timeout,
            self.residue.clone(),
            self.watch.clone(),
        )
        .await
    }

    /// Opens the network connection, sends CONNECT and awaits CONNACK, whatever it says.
    pub async fn answered(&self) -> Result<Accepted, Unmet> {
        self.residue.note_connect(&self.packet);
        if let Some(user) = &self.user
            && self.packet.properties.authentication_method().is_none()
        {
            return self.clone().authenticating(user).authenticated(user).await;
        }
        let mut client = self.network().await?;
        client.send(Packet::Connect(self.packet.clone())).await;
        let connack = client.connack().await?;
        Ok(Accepted { client, connack })
    }

    /// Opens a connection that the Server accepts, and tells the CONNACK too.
    pub async fn accepted(&self) -> Result<Accepted, Unmet> {
        let accepted = self.answered().await?;
        if accepted.connack.reason.0 == 0 {
            return Ok(accepted);
        }
        Err(Unmet {
            awaited: "CONNACK with success".to_owned(),
            found: format!("{} came", Packet::ConnAck(accepted.connack)),
        })
    }

    /// Opens a connection that the Server accepts.
    pub async fn open(&self) -> Result<Client, Unmet> {
        Ok(self.accepted().await?.client)
    }

    /// The CONNECT's properties.
    pub fn properties(&self) -> &Properties<'static> {
        &self.packet.properties
    }
}
