//! What the Server tells in CONNACK that it takes at most, and what is beyond (5.0 sections 3.2.2.3 and
//! 3.3.2.3).

use pushspec_wire::mqtt::{Property, QoS};

use super::cx::{Cx, Illegal};
use super::wire;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Judged, Message};
use crate::requirement::v5;

/// The largest packet that a case sends to reach a limit.
const LARGEST: u32 = 16 << 20;

/// The cases on limits.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/limits/maximum-packet-size",
        requires: &[v5("X5-R25")],
        expects: "a packet as large as the Maximum Packet Size that CONNACK tells is taken, and one that is a byte larger is a Protocol Error: the connection ends",
        accepts: "Closing with or without a DISCONNECT before it.",
        run: |cx| Box::pin(packet_size(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/topic-alias-above-the-maximum",
        requires: &[v5("MQTT-3.3.2-9"), v5("MQTT-4.13.1-1")],
        expects: "a PUBLISH with a Topic Alias above the Topic Alias Maximum that CONNACK tells, 0 without one, ends the connection and is delivered to nobody",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let Some(above) = cx.capabilities().topic_alias_maximum.checked_add(1) else {
                    return Err(Stop::NotApplicable("every Topic Alias is permitted".to_owned()));
                };
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let message = Message::new(&topic, "x").with(Property::TopicAlias(above));
                let bytes = wire::publish(&cx, &message);
                let alias = wire::position(&bytes, topic.as_bytes()) + topic.len() + 1;
                let illegal = Illegal {
                    bytes,
                    meant: "PUBLISH with a Topic Alias above the maximum",
                    decides: alias..alias + 3,
                    why: "the Server told a lower Topic Alias Maximum",
                };
                cx.closes_on(cx.connected().await?, illegal).await?;
                let expected = "nothing is published";
                cx.nothing_before_fence(&mut watcher, &topic, QoS::AtMostOnce, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/topic-aliases-of-the-server",
        requires: &[v5("MQTT-3.1.2-26"), v5("MQTT-3.3.2-11"), v5("MQTT-3.1.2-27")],
        expects: "the Server uses no Topic Alias above the Client's Topic Alias Maximum, and none if that is 0 or absent; what it uses stands for the right topic",
        accepts: "Using none at all.",
        run: |cx| Box::pin(aliases_of_the_server(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/small-packets-only",
        requires: &[v5("MQTT-3.1.2-24"), v5("MQTT-3.14.2-3")],
        expects: "no packet to a Client is larger than its Maximum Packet Size: what explains an answer is left out if it does not fit",
        run: |cx| Box::pin(small_packets(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/subscription-identifier-from-a-client",
        requires: &[v5("MQTT-3.3.4-6"), v5("MQTT-4.13.1-1")],
        needs: &[Need::SubscriptionIdentifiers],
        expects: "a PUBLISH from a Client with a Subscription Identifier ends the connection and is delivered to nobody",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let message = Message::new(&topic, "x").with(Property::SubscriptionIdentifier(7));
                let bytes = wire::publish(&cx, &message);
                let property = wire::position(&bytes, topic.as_bytes()) + topic.len() + 1;
                let illegal = Illegal {
                    bytes,
                    meant: "PUBLISH with a Subscription Identifier",
                    decides: property..property + 2,
                    why: "only Servers send it in PUBLISH",
                };
                cx.closes_on(cx.connected().await?, illegal).await?;
                let expected = "nothing is published";
                cx.nothing_before_fence(&mut watcher, &topic, QoS::AtMostOnce, expected).await
            })
        },
        ..Case::BASE
    },
];

/// A PUBLISH at QoS 0 that has this many bytes.
fn publish_of(cx: &Cx, size: usize) -> Vec<u8> {
    let topic = cx.topic("large");
    let with = |payload: usize| wire::publish(cx, &Message::new(&topic, vec![b'x'; payload]));
    let overhead = with(0).len();
    let mut payload = size.saturating_sub(overhead);
    let mut bytes = with(payload);
    // The Remaining Length takes more bytes of a larger packet.
    while bytes.len() > size && payload > 0 {
        payload -= bytes.len() - size;
        bytes = with(payload);
    }
    bytes
}

async fn packet_size(cx: Cx) -> Outcome {
    let Some(limit) = cx.capabilities().maximum_packet_size else {
        return Err(Stop::NotApplicable("CONNACK tells no Maximum Packet Size".to_owned()));
    };
    if limit > LARGEST {
        return Err(Stop::NotApplicable(format!(
            "Maximum Packet Size = {limit}: too large to try"
        )));
    }
    let limit = limit as usize;
    let mut client = cx.connected().await?;
    client.send_raw(&publish_of(&cx, limit), "PUBLISH of just the Maximum Packet Size").await;
    client.ping().await.judged(&cx, "a packet of just that size is taken")?;
    let entry = client.send_raw(&publish_of(&cx, limit + 1), "PUBLISH of one byte more").await;
    cx.trace.mark(entry, 1..5, "a byte more than the Server takes");
    let closed = cx.closes(&mut client).await;
    closed.judged(&cx, "the Server closes the network connection")?;
    cx.observe_farewell(&client);
    client.drop_connection();
    cx.alive().await
}

async fn aliases_of_the_server(cx: Cx) -> Outcome {
    let mut used = "never";
    for most in [None, Some(0), Some(2)] {
        let mut opening = cx.opening();
        if let Some(most) = most {
            opening = opening.with(Property::TopicAliasMaximum(most));
        }
        let mut client = opening.open().await?;
        let topics: Vec<String> = (0..4).map(|number| cx.topic(&number.to_string())).collect();
        for topic in &topics {
            client.subscribe(topic, QoS::AtMostOnce).await?;
        }
        let mut publisher = cx.connected().await?;
        let mut aliases = std::collections::BTreeMap::new();
        // Each topic twice, since an alias pays from the second time on.
        for topic in topics.iter().chain(&topics) {
            publisher.publish(&Message::new(topic, topic)).await?;
            let message = client.message().await?;
            let alias = message.properties.topic_alias();
            let limit = most.unwrap_or(0);
            let span = 0..message.bytes.len();
            cx.judge_at(
                message.entry,
                span.clone(),
                alias.is_none_or(|alias| alias <= limit),
                format!("no Topic Alias above {limit}"),
                format!("Topic Alias {}", alias.unwrap_or(0)),
            )?;
            let named = (!message.topic.is_empty()).then(|| message.topic.to_string());
            if let Some(alias) = alias {
                used = "where the Client takes them";
                if let Some(named) = &named {
                    aliases.insert(alias, named.clone());
                }
            }
            let meant = named.or_else(|| alias.and_then(|alias| aliases.get(&alias).cloned()));
            cx.judge_at(
                message.entry,
                span,
                meant.as_deref().map(str::as_bytes) == Some(&*message.payload),
                "the topic that the message was published to",
                meant.unwrap_or_else(|| "a Topic Alias that stands for nothing".to_owned()),
            )?;
        }
        client.disconnect().await;
    }
    cx.observe("Topic Aliases to Clients", used);
    Ok(())
}

async fn small_packets(cx: Cx) -> Outcome {
    // Room for a CONNACK that tells much, and for every answer that explains nothing.
    const LIMIT: u32 = 256;
    for (meant, bytes) in [
        ("PINGRESP, which Clients do not send", vec![0xD0, 0x00]),
        ("PUBREL of nothing", vec![0x62, 2, 0xFF, 0xFF]),
        ("UNSUBSCRIBE with wrong flags", vec![0xA0, 6, 0, 1, 0, 0, 1, b't']),
    ] {
        let opening = cx.opening().with(Property::MaximumPacketSize(LIMIT));
        let mut client = opening.open().await?;
        client.ping().await?;
        client.send_raw(&bytes, meant).await;
        // Some end the connection, and some may not.
        let _ = client.ping().await;
        for arrival in client.arrived() {
            let found = match &arrival.packet {
                Ok(packet) => packet.packet_type().name().to_owned(),
                Err(error) => error.to_string(),
            };
            cx.judge_at(
                arrival.entry,
                0..arrival.bytes.len(),
                arrival.bytes.len() <= LIMIT as usize,
                format!("no packet of more than {LIMIT} bytes"),
                format!("{found} of {} bytes", arrival.bytes.len()),
            )?;
        }
    }
    Ok(())
}
