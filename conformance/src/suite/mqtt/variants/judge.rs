//! Sends every variant on a connection of its own and tells which were not refused.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use pushspec_wire::mqtt::{Packet, PacketId, PacketType, QoS, Version};

use super::super::cx::Cx;
use super::kind::{Kind, Variant, with_id};
use super::packet::Specimen;
use crate::case::{Outcome, Stop};
use crate::evidence::Evidence;
use crate::probe::mqtt::{Client, Message, Opening, Unmet, Watch};

/// How many variants are under way at a time.
const AT_A_TIME: usize = 16;
/// Of how many variants that were not refused the packets are shown.
const SHOWN: usize = 3;
/// How many of them are named.
const NAMED: usize = 10;

/// What came of one variant.
enum Reaction {
    /// The connection ended, and what came before that.
    Refused(String),
    /// The Server went on.
    Tolerated,
}

/// Every variant of this kind ends the connection. Before each, the connection works, which is also
/// the liveness probe of those before it; behind the last one a new connection works.
pub(super) async fn every_variant_is_refused(cx: Cx, packet: PacketType, kind: Kind) -> Outcome {
    let ground = Ground::new(&cx, packet).await?;
    let variants = cx.variants_of(kind.variants(&ground.specimen, packet, cx.version()));
    if variants.is_empty() {
        return Err(Stop::Error(format!("no variants of {packet:?}, {kind:?}")));
    }
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    let mut tolerated = Vec::new();
    for (batch, variants) in variants.chunks(AT_A_TIME).enumerate() {
        let attempts = variants.iter().enumerate().map(|(index, variant)| {
            let aside = cx.aside();
            let ground = &ground;
            async move {
                let number = batch * AT_A_TIME + index;
                (variant, ground.attempt(variant, number, &aside).await, aside)
            }
        });
        for (variant, reaction, aside) in join_all(attempts).await {
            let mut worth_telling = !aside.gathered().sightings.is_empty();
            match reaction {
                Ok(Reaction::Refused(answer)) => *answers.entry(answer).or_default() += 1,
                Ok(Reaction::Tolerated) => {
                    worth_telling |= tolerated.len() < SHOWN;
                    tolerated.push(variant.name.clone());
                }
                Err(unmet) => {
                    cx.adopt(&aside);
                    return Err(unmet.into());
                }
            }
            if worth_telling {
                cx.adopt(&aside);
            }
        }
    }
    let answers: Vec<String> =
        answers.into_iter().map(|(answer, count)| format!("{answer} ({count})")).collect();
    cx.observe("answers", answers.join(", "));
    cx.judge(
        tolerated.is_empty(),
        format!("each of the {} illegal packets ends its connection", variants.len()),
        format!("{} of them did not: {}", tolerated.len(), named(&tolerated)),
    )?;
    ground.wills_are_published(variants.len()).await?;
    cx.alive().await
}

fn named(names: &[String]) -> String {
    let shown = names.len().min(NAMED);
    let more = names.len() - shown;
    let tail = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{tail}", names[..shown].join("; "))
}

/// What the attempts at one packet have in common.
struct Ground<'a> {
    cx: &'a Cx,
    packet: PacketType,
    specimen: Specimen,
    /// The Client Identifier in the specimen of CONNECT.
    client_id: String,
    /// Sees the Wills of connections that end by an illegal DISCONNECT.
    watcher: tokio::sync::Mutex<Option<Client>>,
}

impl<'a> Ground<'a> {
    async fn new(cx: &'a Cx, packet: PacketType) -> Result<Self, Stop> {
        let legal = Specimen::legal(packet, cx.version(), &cx.topic_prefix());
        let mut specimen =
            legal.ok_or_else(|| Stop::Error(format!("Clients send no {packet:?}")))?;
        let mut watcher = None;
        let client_id = format!("{}n000", cx.client_id());
        match packet {
            PacketType::Connect => specimen = accepted_connect(cx, specimen, &client_id).await?,
            PacketType::Disconnect => {
                watcher = Some(cx.subscribed(&cx.topic("will"), QoS::AtMostOnce).await?);
            }
            // Without an Authentication Method in CONNECT not even the legal one is taken.
            PacketType::Auth => {}
            _ => {
                // The positive control of this packet: what is legal is taken.
                let mut client = cx.connected().await?;
                let id = prepare(cx, &mut client, packet).await?;
                let legal = with_place(&specimen.bytes(), id);
                client.send_raw(&legal, format!("a legal {}", packet.name())).await;
                client.ping().await?;
                client.disconnect().await;
            }
        }
        Ok(Self { cx, packet, specimen, client_id, watcher: tokio::sync::Mutex::new(watcher) })
    }

    async fn attempt(
        &self,
        variant: &Variant,
        number: usize,
        aside: &Evidence,
    ) -> Result<Reaction, Unmet> {
        let trace = &aside.trace;
        let watch = Watch::new(aside.clone());
        let mut opening = Opening { trace: trace.clone(), watch, ..self.cx.opening() };
        let meant = format!("{} with {}", self.packet.name(), variant.name);
        if self.packet == PacketType::Connect {
            let mut client = opening.network().await?;
            let own = with_own_id(&variant.bytes, &self.client_id, number);
            let entry = client.send_raw(&own, meant).await;
            trace.mark(entry, variant.offset..variant.offset + 1, "here it is illegal");
            return answer_to_connect(&mut client).await;
        }
        if self.packet == PacketType::Disconnect {
            opening = opening.will(&Message::new(self.cx.topic("will"), number.to_string()));
        }
        let mut client = opening.open().await?;
        let id = prepare(self.cx, &mut client, self.packet).await?;
        client.ping().await?;
        let entry = client.send_raw(&with_place(&variant.bytes, id), meant).await;
        trace.mark(entry, variant.offset..variant.offset + 1, "here it is illegal");
        let v5 = self.cx.version() == Version::V5;
        Ok(match self.cx.closes(&mut client).await {
            Ok(()) => Reaction::Refused(farewell(&client, v5)),
            Err(_) => Reaction::Tolerated,
        })
    }

    /// A DISCONNECT that is none does not discard the Will. That it is published is what follows from
    /// the text, and not said in so many words: advice.
    async fn wills_are_published(&self, variants: usize) -> Outcome {
        let Some(mut watcher) = self.watcher.lock().await.take() else { return Ok(()) };
        let mut due: BTreeSet<String> = (0..variants).map(|number| number.to_string()).collect();
        while !due.is_empty() {
            let Ok(will) = watcher.message().await else { break };
            due.remove(&*String::from_utf8_lossy(&will.payload));
        }
        self.cx.advise(
            due.is_empty(),
            "the Will Message is published, since this was no valid DISCONNECT",
            format!("it was not, for {} of {variants} illegal packets", due.len()),
        );
        Ok(())
    }
}

/// A CONNECT with all its fields that the Server accepts: with our User Name and Password, or the
/// user's, or without.
async fn accepted_connect(cx: &Cx, specimen: Specimen, client_id: &str) -> Result<Specimen, Unmet> {
    let mut with_credentials = specimen;
    with_credentials.set("Client Identifier", client_id.as_bytes());
    let opening = cx.opening();
    if let Some(name) = &opening.packet.user_name {
        with_credentials.set("User Name", name.as_bytes());
        with_credentials.set("Password", opening.packet.password.as_deref().unwrap_or_default());
    }
    if is_accepted(cx, &with_credentials).await.is_ok() {
        return Ok(with_credentials);
    }
    let mut without = with_credentials;
    without.remove_credentials();
    is_accepted(cx, &without).await?;
    Ok(without)
}

async fn is_accepted(cx: &Cx, specimen: &Specimen) -> Result<(), Unmet> {
    let mut client = cx.opening().network().await?;
    client.send_raw(&specimen.bytes(), "a legal CONNECT").await;
    let connack = client.connack().await?;
    if connack.reason.0 != 0 {
        return Err(Unmet {
            awaited: "a legal CONNECT to be accepted".to_owned(),
            found: format!("{} came", Packet::ConnAck(connack)),
        });
    }
    client.ping().await?;
    client.disconnect().await;
    Ok(())
}

/// Brings a connection to where this packet is due, and tells the Packet Identifier that it then has.
async fn prepare(
    cx: &Cx,
    client: &mut Client,
    packet: PacketType,
) -> Result<Option<PacketId>, Unmet> {
    let topic = cx.topic(&format!("t{}", cx.client_id()));
    match packet {
        PacketType::PubRel => {
            let id = client.publish_begun(&Message::new(topic, "x").qos(QoS::ExactlyOnce)).await;
            if let Some(id) = id {
                client.pubrec(id).await?;
            }
            Ok(id)
        }
        PacketType::PubAck | PacketType::PubRec | PacketType::PubComp => {
            let qos = match packet {
                PacketType::PubAck => QoS::AtLeastOnce,
                _ => QoS::ExactlyOnce,
            };
            client.subscribe(&topic, qos).await?;
            client.publish(&Message::new(&topic, "x").qos(qos)).await?;
            let message = client.publish_received().await?;
            let id = message.delivery.packet_id().ok_or_else(|| Unmet {
                awaited: format!("a message at QoS {}", qos.bits()),
                found: "it came at QoS 0".to_owned(),
            })?;
            if packet == PacketType::PubComp {
                client.send_pubrec(id).await;
                client.pubrel(id).await?;
            }
            Ok(Some(id))
        }
        _ => Ok(None),
    }
}

/// The CONNECT with a Client Identifier of its own and of the same length, where it has one: a Server that
/// accepts several would otherwise close all but one of them, because they take over from each other.
fn with_own_id(bytes: &[u8], client_id: &str, number: usize) -> Vec<u8> {
    let mut own = bytes.to_vec();
    let id = client_id.as_bytes();
    if let Some(start) = bytes.windows(id.len()).position(|window| window == id) {
        let end = start + id.len();
        own[end - 3..end].copy_from_slice(format!("{:03}", (number + 1) % 1000).as_bytes());
    }
    own
}

fn with_place(bytes: &[u8], id: Option<PacketId>) -> Vec<u8> {
    id.map_or_else(|| bytes.to_vec(), |id| with_id(bytes, id.get()))
}

async fn answer_to_connect(client: &mut Client) -> Result<Reaction, Unmet> {
    let ended = client
        .ended_or(|packet| matches!(packet, Packet::ConnAck(connack) if connack.reason.0 == 0));
    Ok(match ended.await {
        Ok(None) => Reaction::Refused(match client.connack_received() {
            Some(connack) => format!("CONNACK {:#04x}, closed", connack.reason.0),
            None => "closed without a packet".to_owned(),
        }),
        Ok(Some(_)) | Err(_) => Reaction::Tolerated,
    })
}

fn farewell(client: &Client, v5: bool) -> String {
    match client.disconnect_received() {
        Some(disconnect) if v5 => format!("DISCONNECT {:#04x}, closed", disconnect.reason.0),
        _ => "closed without a packet".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::with_own_id;

    #[test]
    fn each_connect_has_a_client_identifier_of_its_own() {
        let packet = b"\x10\x0b..\x00\x06c0n000.";
        let first = with_own_id(packet, "c0n000", 0);
        let second = with_own_id(packet, "c0n000", 1);
        assert_eq!(first, b"\x10\x0b..\x00\x06c0n001.");
        assert_eq!(second, b"\x10\x0b..\x00\x06c0n002.");
        assert_eq!(with_own_id(b"\x10\x05..\x00\x06c", "c0n000", 1), b"\x10\x05..\x00\x06c");
    }
}
