//! What a case on an MQTT Server works with.

use std::ops::{Deref, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pushspec_wire::mqtt::{Connect, Packet, Properties, Publish, QoS, Version};

use crate::case::{Outcome, Stop};
use crate::evidence::Evidence;
use crate::probe::mqtt::{
    Capabilities, Client, Judged, Message, Opening, Received, Residue, Unmet,
};
use crate::transport::Connector;

/// One endpoint in one version of the protocol, with what all its cases share.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Opens connections.
    pub connector: Connector,
    /// The version of the protocol.
    pub version: Version,
    /// What the Server offers.
    pub capabilities: Arc<Capabilities>,
    /// How long a reply may take.
    pub timeout: Duration,
    /// User Name of every CONNECT.
    pub user_name: Option<String>,
    /// Password of every CONNECT.
    pub password: Option<String>,
    /// Distinguishes this run's topics and Client Identifiers from all others: letters and digits.
    pub run: String,
}

/// What a case on an MQTT Server works with. Judging and observing are those of [`Evidence`].
#[derive(Clone, Debug)]
pub struct Cx {
    setting: Setting,
    evidence: Evidence,
    residue: Residue,
    name: String,
    clients: Arc<AtomicU32>,
}

impl Deref for Cx {
    type Target = Evidence;

    fn deref(&self) -> &Evidence {
        &self.evidence
    }
}

impl Cx {
    /// The context of one attempt at a case. `name` is unique in the run: letters and digits.
    pub fn new(setting: Setting, evidence: Evidence, residue: Residue, name: String) -> Self {
        Self { setting, evidence, residue, name, clients: Arc::default() }
    }

    /// The version of the protocol.
    pub const fn version(&self) -> Version {
        self.setting.version
    }

    /// Whether the version is 5.0.
    pub fn is_v5(&self) -> bool {
        self.setting.version == Version::V5
    }

    /// What the Server offers.
    pub fn capabilities(&self) -> &Capabilities {
        &self.setting.capabilities
    }

    /// How long a reply may take.
    pub const fn timeout(&self) -> Duration {
        self.setting.timeout
    }

    /// What the case leaves in the Server.
    pub const fn residue(&self) -> &Residue {
        &self.residue
    }

    // ===== Names =====

    /// A Topic Name that only this case uses.
    pub fn topic(&self, name: &str) -> String {
        format!("{}/{name}", self.topic_prefix())
    }

    /// What all topics of this case begin with.
    pub fn topic_prefix(&self) -> String {
        format!("pushspec/{}/{}", self.setting.run, self.name)
    }

    /// A Client Identifier that nobody else uses: at most 23 letters and digits, as every Server has
    /// to accept (MQTT-3.1.3-5).
    pub fn client_id(&self) -> String {
        let number = self.clients.fetch_add(1, Ordering::Relaxed);
        format!("ps{}{}c{number}", self.setting.run, self.name)
    }

    // ===== Connecting =====

    /// A CONNECT with a fresh Client Identifier, Clean Start 1 and no Keep Alive.
    pub fn opening(&self) -> Opening {
        Opening {
            connector: self.setting.connector.clone(),
            trace: self.evidence.trace.clone(),
            timeout: self.setting.timeout,
            residue: self.residue.clone(),
            packet: Connect {
                version: self.setting.version,
                clean_start: true,
                keep_alive: 0,
                properties: Properties::new(),
                client_id: self.client_id().into(),
                will: None,
                user_name: self.setting.user_name.clone().map(Into::into),
                password: self.setting.password.clone().map(|p| p.into_bytes().into()),
            },
        }
    }

    /// A connection that the Server accepted.
    pub async fn connected(&self) -> Result<Client, Unmet> {
        self.opening().open().await
    }

    /// A connection subscribed to one filter at this QoS.
    pub async fn subscribed(&self, filter: &str, qos: QoS) -> Result<Client, Unmet> {
        let mut client = self.connected().await?;
        client.subscribe(filter, qos).await?;
        Ok(client)
    }

    // ===== Judging =====

    /// The liveness probe: the Server still accepts and serves a new connection.
    pub async fn alive(&self) -> Outcome {
        let expected = "the Server goes on serving other Clients";
        let mut client = self.connected().await.judged(self, expected)?;
        client.ping().await.judged(self, expected)?;
        client.disconnect().await;
        Ok(())
    }

    /// Illegal bytes on an open connection have to end it. Before them a positive control on the
    /// same connection, after them a liveness probe on a new one: an endpoint that drops every
    /// connection does not pass.
    pub async fn closes_on(&self, mut client: Client, illegal: Illegal) -> Outcome {
        client.ping().await?;
        let entry = client.send_raw(&illegal.bytes, illegal.meant).await;
        self.trace.mark(entry, illegal.decides, illegal.why);
        client.ended().await.judged(self, "the Server closes the network connection")?;
        self.observe_farewell(&client);
        client.drop_connection();
        self.alive().await
    }

    /// A CONNECT that the Server has to refuse by closing; a CONNACK with an error code may precede
    /// where the version allows it. As positive control, the legal CONNECT is accepted before; a
    /// liveness probe follows.
    pub async fn refuses_connect(&self, legal: Opening, illegal: Illegal) -> Outcome {
        legal.clone().id(self.client_id()).open().await?.disconnect().await;
        let mut client = legal.network().await?;
        let entry = client.send_raw(&illegal.bytes, illegal.meant).await;
        self.trace.mark(entry, illegal.decides, illegal.why);
        self.refused(&mut client, "the Server closes the network connection").await?;
        client.drop_connection();
        self.alive().await
    }

    /// The connection ends without a CONNACK that accepts. Observes the code of one that refuses.
    pub async fn refused(&self, client: &mut Client, expected: &str) -> Outcome {
        client.ended().await.judged(self, expected)?;
        let mut answer = "closed without a packet".to_owned();
        for arrival in client.arrived() {
            let Ok(packet) = &arrival.packet else { continue };
            if let Packet::ConnAck(connack) = packet {
                self.judge(
                    connack.reason.0 != 0,
                    "no CONNACK, or one that refuses",
                    format!("{packet} accepted the CONNECT before the connection closed"),
                )?;
                answer = format!("CONNACK {:#04x}, closed", connack.reason.0);
            }
        }
        self.observe("answer", answer);
        Ok(())
    }

    /// Observes whether DISCONNECT preceded the closure, and its reason code. 5.0 recommends it
    /// (section 4.13.1), and other versions have none.
    pub fn observe_farewell(&self, client: &Client) {
        if self.is_v5() {
            let farewell = client
                .disconnect_received()
                .map_or("closed without a packet".to_owned(), |disconnect| {
                    format!("DISCONNECT {:#04x}, closed", disconnect.reason.0)
                });
            self.observe("answer", farewell);
        }
    }

    /// Shows what a subscriber was sent, without waiting for what may never come: publishes a fence
    /// to `topic` at `qos` and collects until it arrives. For messages of one topic and QoS the order
    /// is kept (MQTT-4.6.0-5), so what was due before the fence has come before it.
    pub async fn until_fence(
        &self,
        subscriber: &mut Client,
        topic: &str,
        qos: QoS,
    ) -> Result<Vec<Received<Publish<'static>>>, Stop> {
        let mut publisher = self.connected().await?;
        publisher.publish(&Message::new(topic, FENCE).qos(qos)).await?;
        publisher.disconnect().await;
        let mut before = Vec::new();
        loop {
            let message = subscriber.message().await.map_err(|unmet| Unmet {
                awaited: "the fence, a message behind those looked for".to_owned(),
                ..unmet
            })?;
            if message.payload.as_ref() == FENCE {
                // A second round trip lets through what another thread of the Server had in hand.
                subscriber.ping().await?;
                for arrival in subscriber.arrived() {
                    if let Ok(Packet::Publish(publish)) = arrival.packet {
                        before.push(Received {
                            packet: publish,
                            entry: arrival.entry,
                            bytes: arrival.bytes,
                            at: arrival.at,
                        });
                    }
                }
                return Ok(before);
            }
            before.push(message);
        }
    }

    /// Nothing but the fence reaches the subscriber.
    pub async fn nothing_before_fence(
        &self,
        subscriber: &mut Client,
        topic: &str,
        qos: QoS,
        expected: &str,
    ) -> Outcome {
        let before = self.until_fence(subscriber, topic, qos).await?;
        match before.first() {
            None => Ok(()),
            Some(message) => self.judge_at(
                message.entry,
                0..message.bytes.len(),
                false,
                expected,
                format!("{} came", Packet::Publish(message.packet.clone())),
            ),
        }
    }
}

/// The payload of fences.
const FENCE: &[u8] = b"pushspec fence";

/// Bytes that no conforming Client sends.
#[derive(Clone, Debug)]
pub struct Illegal {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What they are meant to be, for the trace.
    pub meant: &'static str,
    /// The bytes that make it illegal.
    pub decides: Range<usize>,
    /// What is illegal about them.
    pub why: &'static str,
}
