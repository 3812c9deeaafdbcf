//! Large and many things, and packets cut and joined at will: a stream of bytes has no seams (5.0
//! section 4.2, 3.1.1 section 4.2).

use pushspec_wire::mqtt::{
    Packet, PingReq, Properties, QoS, Subscribe, Subscription, SubscriptionOptions, Version,
};

use tokio::time::Instant;

use super::cx::Cx;
use super::wire;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Judged, Message, Unmet};
use crate::requirement::{Level, v5, v31, v311};

/// The cases on weight.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/weight/a-thousand-subscriptions",
        requires: &[v31("X31-28"), v311("MQTT-3.8.4-1"), v5("MQTT-3.8.4-1"), v5("MQTT-3.8.4-6")],
        expects: "a Client may have a thousand subscriptions, and each of them works",
        accepts: "Refusing those that are too many with a code of SUBACK.",
        run: |cx| Box::pin(many_subscriptions(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/weight/a-thousand-retained-messages",
        // What a Server has room for is not said; where it refuses none, all are expected.
        level: Level::Should,
        requires: &[v31("X31-12"), v311("MQTT-3.3.1-6"), v5("MQTT-3.3.1-9")],
        needs: &[Need::Retain, Need::Wildcards],
        expects: "a subscription that matches a thousand retained messages gets them all, each once",
        run: |cx| Box::pin(many_retained(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/weight/large-payloads",
        requires: &[v31("X31-35"), v311("MQTT-3.3.5-1"), v5("MQTT-3.3.4-1")],
        expects: "payloads of 64 KiB, 256 KiB and 1 MiB that the Server takes are delivered whole and unchanged",
        accepts: "Refusing them, or closing the connection.",
        run: |cx| Box::pin(large_payloads(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/weight/long-topics",
        requires: &[
            v31("X31-35"),
            v311("MQTT-3.3.5-1"),
            v311("MQTT-4.7.3-3"),
            v5("MQTT-3.3.4-1"),
            v5("MQTT-4.7.3-3"),
        ],
        expects: "a message on a topic of as many bytes as a string can have, if the Server takes it, is delivered on that topic",
        accepts: "Refusing it, or closing the connection: a Server may set limits of its own.",
        run: |cx| Box::pin(long_topics(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/weight/one-byte-at-a-time",
        requires: &[
            v31("X31-21"),
            v311("MQTT-3.2.0-1"),
            v311("MQTT-7.1.1-1"),
            v5("MQTT-4.2-1"),
            v5("MQTT-3.2.0-1"),
        ],
        expects: "packets that arrive byte by byte are answered like any others",
        run: |cx| Box::pin(byte_by_byte(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/weight/many-packets-in-one-write",
        requires: &[v31("X31-30"), v311("MQTT-3.12.4-1"), v5("MQTT-4.2-1"), v5("MQTT-3.12.4-1")],
        expects: "of many packets that arrive at once every one is handled, in their order",
        run: |cx| Box::pin(at_once(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/weight/packets-right-behind-connect",
        // That a Client need not wait for CONNACK is stated, without a keyword.
        requires: &[
            v311("MQTT-3.12.4-1"),
            v311("MQTT-3.8.4-1"),
            v5("MQTT-3.12.4-1"),
            v5("MQTT-3.8.4-1"),
        ],
        expects: "packets sent right behind CONNECT, without waiting for CONNACK, are handled behind it",
        run: |cx| Box::pin(behind_connect(cx)),
        ..Case::BASE
    },
];

/// The highest QoS up to 1 that the Server offers: what is acknowledged is not dropped unseen.
fn reliable(cx: &Cx) -> QoS {
    if cx.capabilities().maximum_qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}

/// How large a packet may be.
fn room(cx: &Cx) -> usize {
    cx.capabilities().maximum_packet_size.map_or(usize::MAX, |limit| limit as usize)
}

async fn many_subscriptions(cx: Cx) -> Outcome {
    let count = cx.many(1000, 120);
    // About forty bytes each. 3.x does not tell how large a packet may be.
    let at_a_time = if room(&cx) < 4096 || !cx.is_v5() { 4 } else { 40 };
    let mut client = cx.connected().await?;
    let topics: Vec<String> = (0..count).map(|number| cx.topic(&number.to_string())).collect();
    let options = SubscriptionOptions::new(QoS::AtMostOnce);
    for some in topics.chunks(at_a_time) {
        let filters: Vec<_> = some.iter().map(|topic| (topic.as_str(), options)).collect();
        let suback = client.subscribe_all(&filters, Properties::new()).await;
        let suback = suback.judged(&cx, "SUBACK")?;
        cx.judge_at(
            suback.entry,
            0..suback.bytes.len(),
            suback.reasons.len() == filters.len(),
            format!("SUBACK with {} codes", filters.len()),
            format!("{} codes", suback.reasons.len()),
        )?;
        if let Some(refused) = suback.reasons.iter().find(|reason| reason.0 >= 0x80) {
            return Err(Stop::NotApplicable(format!(
                "the Server has no room for {count} subscriptions of a Client: SUBACK {:#04x}",
                refused.0
            )));
        }
    }
    let mut publisher = cx.connected().await?;
    for topic in [&topics[0], &topics[count / 2], &topics[count - 1]] {
        publisher.publish(&Message::new(topic, "x")).await?;
        let message = cx.delivered(&mut client, "a message for each of the subscriptions").await?;
        cx.judge_at(
            message.entry,
            2..4 + message.topic.len(),
            message.topic == topic.as_str(),
            "the message on the topic that it was published on",
            format!("one on {}", message.topic),
        )?;
    }
    Ok(())
}

/// How the Server refuses a message, if it does. One that is only slow to answer has refused nothing.
async fn refusal(publisher: &mut Client, message: &Message) -> Result<Option<String>, Unmet> {
    let Some(id) = publisher.publish_begun(message).await else { return Ok(None) };
    match publisher.puback(id).await {
        Ok(puback) if puback.reason.0 >= 0x80 => {
            Ok(Some(Packet::PubAck(puback.packet).to_string()))
        }
        Ok(_) => Ok(None),
        Err(unmet) if publisher.ended_before(Instant::now()).await.is_ok() => {
            Ok(Some(unmet.to_string()))
        }
        Err(unmet) => Err(unmet),
    }
}

async fn many_retained(cx: Cx) -> Outcome {
    let count = cx.many(1000, 40);
    let mut publisher = cx.connected().await?;
    for number in 0..count {
        let topic = cx.topic(&number.to_string());
        let message = Message::new(topic, number.to_string()).qos(reliable(&cx)).retained();
        if let Some(why) = refusal(&mut publisher, &message).await? {
            let why = format!("the Server has no room for {count} messages: {why}");
            return Err(Stop::NotApplicable(why));
        }
    }
    publisher.ping().await?;
    cx.once_settled(|| async {
        let mut subscriber = cx.connected().await?;
        let filter = format!("{}/#", cx.topic_prefix());
        // At QoS 0 a Server may drop what it cannot send at once.
        subscriber.subscribe(&filter, reliable(&cx)).await?;
        let mut seen = vec![false; count];
        for arrived in 0..count {
            let expected = format!("all {count} retained messages");
            let message = subscriber.message().await;
            let message =
                message.map_err(|_| cx.broken(&expected, format!("{arrived} of them")))?;
            let number = std::str::from_utf8(&message.payload)
                .ok()
                .and_then(|number| number.parse().ok())
                .filter(|number: &usize| *number < count);
            let Some(number) = number else { continue };
            cx.judge_at(
                message.entry,
                0..message.bytes.len(),
                !std::mem::replace(&mut seen[number], true),
                "each retained message once",
                format!("message {number} twice"),
            )?;
        }
        Ok(())
    })
    .await
}

/// The positive control: a Server that carries nothing refuses large things too.
async fn carries_small_things(cx: &Cx) -> Outcome {
    let topic = cx.topic("small");
    let mut subscriber = cx.subscribed(&topic, reliable(cx)).await?;
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&topic, "small").qos(reliable(cx))).await?;
    cx.message_of(&mut subscriber, "small").await?;
    Ok(())
}

/// A message that the Server took, and what reached the subscriber. None where it was refused, which is
/// observed.
async fn carried(cx: &Cx, message: &Message, topic: &str, what: &str) -> Result<bool, Stop> {
    let mut subscriber = cx.connected().await?;
    if let Err(unmet) = subscriber.subscribe(topic, reliable(cx)).await {
        cx.observe(what, format!("subscription refused: {}", unmet.found.contains("SUBACK")));
        return Ok(false);
    }
    let mut publisher = cx.connected().await?;
    let sent = publisher.publish(message).await;
    if sent.is_err() || publisher.ping().await.is_err() {
        cx.observe(what, "refused");
        cx.alive().await?;
        return Ok(false);
    }
    cx.observe(what, "delivered");
    // No time is set for a delivery, and much takes its time. On one topic and at one QoS a message
    // behind it may not overtake it, so that one shows what is lost, unless it is lost as well.
    publisher.publish(&Message::new(topic, BEHIND).qos(reliable(cx))).await?;
    let deadline = Instant::now() + cx.timeout() * 4;
    let expected = format!("the message with {what}, which was accepted, unchanged");
    let received = cx.delivered_before(&mut subscriber, deadline, &expected).await?;
    let found = if received.payload.as_ref() == BEHIND {
        "the message behind it, and not this one".to_owned()
    } else {
        let (topic, payload) = (received.topic.len(), received.payload.len());
        format!("a topic of {topic} bytes and a payload of {payload}")
    };
    let sent = message.publish(pushspec_wire::mqtt::Delivery::AtMostOnce);
    cx.judge_at(
        received.entry,
        0..received.bytes.len().min(64),
        received.payload == sent.payload && received.topic == sent.topic,
        expected,
        found,
    )?;
    Ok(true)
}

/// The payload of the message behind the one that is looked for.
const BEHIND: &[u8] = b"behind";

async fn large_payloads(cx: Cx) -> Outcome {
    carries_small_things(&cx).await?;
    let topic = cx.topic("t");
    let sizes = cx.variants_of(vec![64 << 10, 256 << 10, 1 << 20]);
    let mut any = false;
    for size in sizes.into_iter().map(|size| size.min(cx.many(size, 256 << 10))) {
        if size + topic.len() + 16 > room(&cx) {
            continue;
        }
        // No two parts of it are alike.
        let payload: Vec<u8> = (0..size as u32).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect();
        let message = Message::new(&topic, payload).qos(reliable(&cx));
        any = true;
        carried(&cx, &message, &topic, &format!("a payload of {} KiB", size >> 10)).await?;
    }
    if any {
        return Ok(());
    }
    Err(Stop::NotApplicable(format!("Maximum Packet Size = {}", room(&cx))))
}

async fn long_topics(cx: Cx) -> Outcome {
    // 3.1 counts characters, and has fewer.
    let longest = if cx.version() == Version::V31 { 32_767 } else { usize::from(u16::MAX) };
    if longest + 32 > room(&cx) {
        return Err(Stop::NotApplicable(format!("Maximum Packet Size = {}", room(&cx))));
    }
    carries_small_things(&cx).await?;
    let prefix = cx.topic("");
    let topic = format!("{prefix}{}", "x".repeat(longest - prefix.len()));
    let message = Message::new(&topic, "x").qos(reliable(&cx));
    carried(&cx, &message, &topic, "the longest topic").await?;
    Ok(())
}

/// Sends each byte by itself.
async fn trickle(client: &mut Client, bytes: &[u8], meant: &str) {
    for (index, byte) in bytes.iter().enumerate() {
        client.send_raw(&[*byte], format!("byte {} of {meant}", index + 1)).await;
        // Lets the byte go before the next one joins it.
        tokio::task::yield_now().await;
    }
}

/// A SUBSCRIBE to one topic at QoS 0.
fn subscribe(
    cx: &Cx,
    client: &mut Client,
    topic: &str,
) -> (pushspec_wire::mqtt::PacketId, Vec<u8>) {
    let packet_id = client.fresh_id();
    let packet = Packet::Subscribe(Subscribe {
        packet_id,
        properties: Properties::new(),
        subscriptions: vec![Subscription {
            filter: topic.into(),
            options: SubscriptionOptions::new(QoS::AtMostOnce),
        }],
    });
    (packet_id, wire::encoded(&packet, cx.version()))
}

async fn byte_by_byte(cx: Cx) -> Outcome {
    let topic = cx.topic("t");
    let opening = cx.opening();
    let mut client = opening.network().await?;
    trickle(&mut client, &opening.bytes(), "CONNECT").await;
    let connack = client.connack().await.judged(&cx, "CONNACK")?;
    cx.judge(connack.reason.0 == 0, "CONNACK with success", Packet::ConnAck(connack.clone()))?;
    let (id, bytes) = subscribe(&cx, &mut client, &topic);
    trickle(&mut client, &bytes, "SUBSCRIBE").await;
    client.suback(id).await.judged(&cx, "SUBACK")?;
    let message = Message::new(&topic, "in pieces");
    trickle(&mut client, &wire::publish(&cx, &message), "PUBLISH").await;
    let received = cx.delivered(&mut client, "the message").await?;
    cx.judge_at(
        received.entry,
        0..received.bytes.len(),
        received.payload.as_ref() == b"in pieces",
        "the message as it was published",
        Packet::Publish(received.packet.clone()),
    )
}

async fn at_once(cx: Cx) -> Outcome {
    const MESSAGES: u8 = 20;
    let topic = cx.topic("t");
    let mut client = cx.connected().await?;
    let (id, mut bytes) = subscribe(&cx, &mut client, &topic);
    for number in 0..MESSAGES {
        bytes.extend(wire::publish(&cx, &Message::new(&topic, [number])));
        bytes.extend(wire::encoded(&Packet::PingReq(PingReq), cx.version()));
    }
    client.send_raw(&bytes, "SUBSCRIBE, and 20 times PUBLISH and PINGREQ").await;
    client.suback(id).await.judged(&cx, "SUBACK")?;
    for number in 0..MESSAGES {
        client
            .await_where("PINGRESP", is_pingresp)
            .await
            .judged(&cx, "PINGRESP for each PINGREQ")?;
        let received = cx.delivered(&mut client, "each of the messages").await?;
        cx.judge_at(
            received.entry,
            0..received.bytes.len(),
            received.payload.as_ref() == [number],
            format!("message {number}"),
            Packet::Publish(received.packet.clone()),
        )?;
    }
    Ok(())
}

fn is_pingresp(arrival: &crate::probe::mqtt::Arrival) -> Option<()> {
    matches!(arrival.packet, Ok(Packet::PingResp(_))).then_some(())
}

async fn behind_connect(cx: Cx) -> Outcome {
    let topic = cx.topic("t");
    let opening = cx.opening();
    let mut client = opening.network().await?;
    let (id, subscribe) = subscribe(&cx, &mut client, &topic);
    let publish = wire::publish(&cx, &Message::new(&topic, "early"));
    let ping = wire::encoded(&Packet::PingReq(PingReq), cx.version());
    let bytes = [opening.bytes(), subscribe, publish, ping].concat();
    client.send_raw(&bytes, "CONNECT, SUBSCRIBE, PUBLISH and PINGREQ").await;
    let accepted = |connack: &pushspec_wire::mqtt::ConnAck<'_>| connack.reason.0 == 0;
    let connack = client.connack().await?;
    if !accepted(&connack) {
        return Err(Unmet {
            awaited: "CONNACK with success".to_owned(),
            found: format!("{} came", Packet::ConnAck(connack)),
        }
        .into());
    }
    client.suback(id).await.judged(&cx, "SUBACK")?;
    client.await_where("PINGRESP", is_pingresp).await.judged(&cx, "PINGRESP")?;
    cx.delivered(&mut client, "the message published behind CONNECT").await?;
    Ok(())
}
