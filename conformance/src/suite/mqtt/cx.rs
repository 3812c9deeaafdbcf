//! What a case on an MQTT Server works with.

use std::ops::{Deref, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pushspec_wire::mqtt::{Connect, Packet, Properties, Publish, QoS, Version};
use tokio::time::{Instant, sleep};

use crate::case::{Finding, Need, Outcome, Stop};
use crate::evidence::Evidence;
use crate::launch::{Ending, Life};
use crate::probe::mqtt::{
    Capabilities, Client, Declared, Judged, Message, Opening, Received, Residue, Unmet, Watch,
};
use crate::scram;
use crate::transport::Connector;

/// How much of its variants and its weight a case goes through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Extent {
    /// All of it: what is said of a target rests on it.
    #[default]
    Whole,
    /// A few of each kind, for the thousands of runs of a kill matrix.
    Sample,
}

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
    /// What the user says of the Server.
    pub declared: Arc<Declared>,
    /// The Server can be ended and started again.
    pub life: Option<Life>,
    /// How much of its variants and its weight a case goes through.
    pub extent: Extent,
}

impl Setting {
    /// Why a need is not met, if it is not: the case does not apply then.
    pub fn lacks(&self, need: Need) -> Option<String> {
        match need {
            Need::Persistence | Need::PersistenceWhenKilled if self.life.is_none() => {
                Some(format!("no {need}: pushspec has to start the target itself (--exec)"))
            }
            Need::WebSocket => {
                (!self.connector.url().scheme().is_websocket()).then(|| format!("no {need}"))
            }
            Need::NoWildcards if self.version != Version::V5 => {
                (!self.declared.without.contains(&Need::Wildcards))
                    .then(|| format!("no {need}: say so with --without {}", Need::Wildcards.name()))
            }
            need => self.capabilities.lacks(need).or_else(|| self.declared.lacks(need)),
        }
    }
}

/// What a case on an MQTT Server works with. Judging and observing are those of [`Evidence`].
#[derive(Clone, Debug)]
pub struct Cx {
    setting: Setting,
    evidence: Evidence,
    residue: Residue,
    watch: Watch,
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
        let watch = Watch::new(evidence.clone());
        Self { setting, evidence, residue, watch, name, clients: Arc::default() }
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

    /// What the user says of the Server.
    pub fn declared(&self) -> &Declared {
        &self.setting.declared
    }

    /// Who the user is: User Name and Password.
    pub fn user(&self) -> (String, String) {
        let of = |text: &Option<String>| text.clone().unwrap_or_default();
        (of(&self.setting.user_name), of(&self.setting.password))
    }

    /// Ends the Server and starts it again.
    pub async fn restart(&self, how: Ending) -> Outcome {
        let Some(life) = &self.setting.life else {
            return Err(Stop::Error("the case needs a Server that can be restarted".to_owned()));
        };
        self.trace.note(match how {
            Ending::Stop => "the Server is asked to end, and started again",
            Ending::Kill => "the Server is killed, and started again",
        });
        let restarted = life.restart(how).await;
        restarted.map_err(|error| self.broken("the Server starts again", error))
    }

    /// How long a reply may take.
    pub const fn timeout(&self) -> Duration {
        self.setting.timeout
    }

    /// What the case leaves in the Server.
    pub const fn residue(&self) -> &Residue {
        &self.residue
    }

    // ===== Extent =====

    /// This many, or `few` where a sample has to do.
    pub fn many(&self, whole: usize, few: usize) -> usize {
        if self.setting.extent == Extent::Whole { whole } else { few }
    }

    /// All of these, or the first and the last where a sample has to do.
    pub fn variants_of<T>(&self, mut all: Vec<T>) -> Vec<T> {
        if self.setting.extent == Extent::Sample && all.len() > 2 {
            all.drain(1..all.len() - 1);
        }
        all
    }

    // ===== Names =====

    /// A Topic Name that only this case uses.
    pub fn topic(&self, name: &str) -> String {
        format!("{}/{name}", self.topic_prefix())
    }

    /// The Topic Filter of everything that the run publishes.
    pub fn all_topics(&self) -> String {
        format!("pushspec/{}/#", self.setting.run)
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

    /// A CONNECT with a fresh Client Identifier, Clean Start 1 and no Keep Alive, if the Server takes
    /// that.
    pub fn opening(&self) -> Opening {
        let client_id = self.client_id();
        let user = || {
            let (name, password) = self.user();
            scram::Client::new(&name, &password, &client_id)
        };
        Opening {
            user: self.capabilities().only_by_method.then(user),
            connector: self.setting.connector.clone(),
            trace: self.evidence.trace.clone(),
            timeout: self.setting.timeout,
            residue: self.residue.clone(),
            watch: self.watch.clone(),
            packet: Connect {
                version: self.setting.version,
                clean_start: true,
                keep_alive: self.setting.capabilities.keep_alive,
                properties: Properties::new(),
                client_id: client_id.into(),
                will: None,
                user_name: self.setting.user_name.clone().map(Into::into),
                password: self.setting.password.clone().map(|p| p.into_bytes().into()),
            },
        }
    }

    /// The precondition of cases on Clients that have no Authentication Method: they are let in.
    pub fn lets_in_without_a_method(&self) -> Outcome {
        if self.capabilities().only_by_method {
            return Err(Stop::NotApplicable(
                "the Server lets nobody in without an Authentication Method".to_owned(),
            ));
        }
        Ok(())
    }

    /// As [`Self::opening`], in another version of the protocol than the case's.
    pub fn opening_in(&self, version: Version) -> Opening {
        let mut opening = self.opening();
        opening.packet.version = version;
        opening
    }

    /// A connection that the Server accepted.
    pub async fn connected(&self) -> Result<Client, Unmet> {
        self.opening().open().await
    }

    /// A connection whose Session is resumed. That a Session is kept at all is the matter of one case,
    /// and a precondition of others; 3.1 has no way to tell.
    pub async fn resumed(&self, kept: &Opening) -> Result<Client, Unmet> {
        let accepted = kept.accepted().await?;
        if accepted.connack.session_present || kept.packet.version == Version::V31 {
            return Ok(accepted.client);
        }
        Err(Unmet {
            awaited: "Session Present = 1".to_owned(),
            found: "the Session was not kept".to_owned(),
        })
    }

    /// The positive control of cases that begin with an illegal packet: a legal CONNECT works.
    pub async fn accepts_clients(&self) -> Result<(), Unmet> {
        let mut client = self.connected().await?;
        client.ping().await?;
        client.disconnect().await;
        Ok(())
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

    /// What a later version demands and this one only recommends, or does not describe: a breach is
    /// advice.
    pub fn only_advised_in(&self, versions: &[Version], outcome: Outcome) -> Outcome {
        match outcome {
            Err(Stop::Broken(finding)) if versions.contains(&self.version()) => {
                self.advise(false, finding.expected, finding.found);
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Judges a state that the Server may reach a moment after it acknowledged what leads there, such
    /// as which message is retained: the specs set no time. So what is not as it should be counts if
    /// it is still so a second later.
    pub async fn once_settled<Looking: Future<Output = Outcome>>(
        &self,
        look: impl Fn() -> Looking,
    ) -> Outcome {
        match look().await {
            Err(Stop::Broken(Finding { found, .. }) | Stop::Inconclusive(found)) => {
                self.trace.note(format!("looked at again after {SETTLED:?}, since {found}"));
                sleep(SETTLED).await;
                look().await
            }
            outcome => outcome,
        }
    }

    /// Connections of the case can be silent for this long. A Server Keep Alive may be too short.
    pub fn may_be_silent_for(&self, time: Duration) -> Outcome {
        match self.capabilities().server_keep_alive {
            Some(seconds @ 1..) if Duration::from_secs(seconds.into()) < time => {
                Err(Stop::NotApplicable(format!(
                    "the Server imposes a Server Keep Alive of {seconds} s, and the case is silent for longer"
                )))
            }
            _ => Ok(()),
        }
    }

    // ===== Fences =====

    /// What a subscriber is sent up to a fence, a message published for that: shows what does not
    /// come, without waiting for it. The fence has a publisher of its own, and the specs promise the
    /// order of messages only for each publisher, topic and QoS (MQTT-4.6.0-6). What this relies on
    /// is that the fence is published after everything before it was acknowledged to its sender, or
    /// a round trip behind it was. A Server that still overtakes itself hides what is looked for, so
    /// only what must *not* come may be judged by what is before a fence.
    pub async fn until_fence(
        &self,
        subscriber: &mut Client,
        topic: &str,
        qos: QoS,
    ) -> Result<Vec<Received<Publish<'static>>>, Stop> {
        let mut publisher = self.connected().await?;
        let before = self.until_fence_by(&mut publisher, subscriber, topic, qos).await?;
        publisher.disconnect().await;
        Ok(before)
    }

    /// As [`Self::until_fence`], but the fence comes from the publisher of what is looked for. On the
    /// same topic and at the same QoS the order is promised then.
    pub async fn until_fence_by(
        &self,
        publisher: &mut Client,
        subscriber: &mut Client,
        topic: &str,
        qos: QoS,
    ) -> Result<Vec<Received<Publish<'static>>>, Stop> {
        publisher.publish(&Message::new(topic, FENCE).qos(qos)).await?;
        let mut before = Vec::new();
        loop {
            let message = subscriber.message().await.map_err(|unmet| Unmet {
                awaited: "the fence, a message behind those looked for".to_owned(),
                ..unmet
            })?;
            if message.payload.as_ref() == FENCE {
                break;
            }
            before.push(message);
        }
        // A round trip lets through what another thread of the Server had in hand.
        subscriber.ping().await?;
        for arrival in subscriber.arrived() {
            let Ok(Packet::Publish(packet)) = arrival.packet else { continue };
            if packet.payload.as_ref() != FENCE {
                let (entry, bytes, at) = (arrival.entry, arrival.bytes, arrival.at);
                before.push(Received { packet, entry, bytes, at });
            }
        }
        Ok(before)
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
        self.nothing(&before, expected)
    }

    /// Nothing but the fence, which comes from this publisher, reaches the subscriber.
    pub async fn nothing_before_fence_by(
        &self,
        publisher: &mut Client,
        subscriber: &mut Client,
        topic: &str,
        qos: QoS,
        expected: &str,
    ) -> Outcome {
        let before = self.until_fence_by(publisher, subscriber, topic, qos).await?;
        self.nothing(&before, expected)
    }

    /// The next message that a subscriber is sent is the one looked for: another one shows nothing.
    pub async fn message_of(
        &self,
        subscriber: &mut Client,
        payload: &str,
    ) -> Result<Received<Publish<'static>>, Unmet> {
        let message = subscriber.message().await?;
        if message.payload.as_ref() == payload.as_bytes() {
            return Ok(message);
        }
        Err(Unmet {
            awaited: format!("the message {payload:?}"),
            found: format!("{} came", Packet::Publish(message.packet)),
        })
    }

    /// A message that is due comes. A subscriber that has lost its connection shows nothing.
    pub async fn delivered(
        &self,
        subscriber: &mut Client,
        expected: &str,
    ) -> Result<Received<Publish<'static>>, Stop> {
        self.delivered_before(subscriber, Instant::now() + self.timeout(), expected).await
    }

    /// As [`Self::delivered`], for a message that is due before `deadline`.
    pub async fn delivered_before(
        &self,
        subscriber: &mut Client,
        deadline: Instant,
        expected: &str,
    ) -> Result<Received<Publish<'static>>, Stop> {
        let message = match subscriber.publish_received_before(deadline).await {
            Ok(message) => message,
            Err(unmet) => {
                // What comes ahead of PINGRESP was on its way: slow, and not lost.
                subscriber.ping().await?;
                let late = subscriber.publish_received_before(Instant::now()).await;
                late.map_err(|_| self.broken(expected, unmet.found))?
            }
        };
        subscriber.acknowledge(message.delivery).await?;
        Ok(message)
    }

    fn nothing(&self, before: &[Received<Publish<'static>>], expected: &str) -> Outcome {
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

/// After what time what a Server has acknowledged is taken to have its effect.
const SETTLED: Duration = Duration::from_secs(1);

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
