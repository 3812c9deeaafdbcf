//! What a Client may not do (5.0 and 3.1.1 sections 3.3.5 and 3.9.3). The user declares a topic to
//! which our user may not publish, and a filter to which it may not subscribe.

use pushspec_wire::mqtt::{
    Delivery, Packet, PacketId, PubRec, Publish, QoS, SubscriptionOptions, Version,
};

use super::cx::Cx;
use crate::case::{Case, Finding, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Judged, Message, Received, Unmet};
use crate::requirement::{RequirementRef, v5, v31, v311};

/// What is said of a PUBLISH that is not authorised.
const DENIED: &[RequirementRef] = &[v31("X31-10"), v311("MQTT-3.3.5-2"), v5("MQTT-3.3.4-1")];

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/authorisation/denied-publish-qos-0",
        requires: DENIED,
        needs: &[Need::DeniedPublish],
        expects: "a message at QoS 0 to a topic that its publisher may not publish to reaches nobody",
        accepts: "Closing the connection, or going on.",
        run: |cx| Box::pin(async move { denied(&cx, QoS::AtMostOnce).await }),
        ..Case::BASE
    },
    Case {
        id: "mqtt/authorisation/denied-publish-qos-1",
        requires: DENIED,
        needs: &[Need::DeniedPublish, Need::QoS1],
        expects: "a message at QoS 1 to a topic that its publisher may not publish to is acknowledged, or closes the connection, and reaches nobody",
        accepts: "In 5.0 PUBACK with any code; in 3.1, which offers no other way, only PUBACK.",
        run: |cx| Box::pin(async move { denied(&cx, QoS::AtLeastOnce).await }),
        ..Case::BASE
    },
    Case {
        id: "mqtt/authorisation/denied-publish-qos-2",
        requires: DENIED,
        needs: &[Need::DeniedPublish, Need::QoS2],
        expects: "a message at QoS 2 to a topic that its publisher may not publish to is acknowledged, or closes the connection, and reaches nobody",
        accepts: "In 5.0 PUBREC with any code; in 3.1, which offers no other way, only PUBREC.",
        run: |cx| Box::pin(async move { denied(&cx, QoS::ExactlyOnce).await }),
        ..Case::BASE
    },
    Case {
        id: "mqtt/authorisation/identifier-of-a-refused-message-is-free",
        requires: &[v5("MQTT-4.3.3-9")],
        needs: &[Need::DeniedPublish, Need::QoS2],
        expects: "behind a PUBREC with an error code the next PUBLISH with its identifier is a new message",
        run: |cx| Box::pin(identifier_is_free(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/authorisation/denied-will",
        requires: DENIED,
        needs: &[Need::DeniedPublish],
        expects: "the Will Message of a Client that may not publish to its topic reaches nobody",
        accepts: "Refusing the CONNECT, or accepting it and not publishing the Will Message.",
        run: |cx| Box::pin(denied_will(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/authorisation/denied-subscribe",
        requires: &[v31("X31-09"), v311("MQTT-3.8.4-4"), v311("MQTT-3.9.3-2"), v5("MQTT-3.8.4-5")],
        needs: &[Need::DeniedSubscribe],
        expects: "of two filters in one SUBSCRIBE the one that is authorised works, and of the other nothing comes",
        accepts: "Granting what is not authorised, as long as nothing is delivered for it.",
        run: |cx| Box::pin(denied_subscribe(cx)),
        ..Case::BASE
    },
];

/// What the user declared does not hold: the message came.
fn delivered_all_the_same(expected: &str, message: &Received<Publish<'static>>) -> Stop {
    Stop::PromiseBroken(Finding {
        expected: expected.to_owned(),
        found: format!("{} came", Packet::Publish(message.packet.clone())),
    })
}

/// A watcher of the topic that may not be published to, and of a topic of our own for the fence.
/// Others may do their work on the first: only the payload tells what is ours.
async fn watcher(cx: &Cx, topic: &str, own: &str) -> Result<Option<Client>, Unmet> {
    let mut watcher = cx.subscribed(own, QoS::AtMostOnce).await?;
    match watcher.subscribe(topic, QoS::AtMostOnce).await {
        Ok(()) => Ok(Some(watcher)),
        Err(unmet) => {
            cx.trace.note(format!("whether it is delivered cannot be seen: {unmet}"));
            Ok(None)
        }
    }
}

/// Nothing was judged where nobody could see a delivery.
fn unseen() -> Stop {
    let why =
        "whether it is delivered cannot be seen: our user may not subscribe to the topic either";
    Stop::Inconclusive(why.to_owned())
}

/// Nothing with this payload is before the fence.
async fn reaches_nobody(cx: &Cx, mut watcher: Client, own: &str, payload: &str) -> Outcome {
    let before = cx.until_fence(&mut watcher, own, QoS::AtMostOnce).await?;
    match before.iter().find(|message| message.payload.as_ref() == payload.as_bytes()) {
        None => Ok(()),
        Some(message) => Err(delivered_all_the_same("nobody is sent the message", message)),
    }
}

async fn denied(cx: &Cx, qos: QoS) -> Outcome {
    let topic = cx.declared().denied_publish.clone().unwrap_or_default();
    let (own, payload) = (cx.topic("own"), cx.topic("not allowed"));
    let watcher = watcher(cx, &topic, &own).await?;
    let mut client = cx.connected().await?;
    client.ping().await?;
    let id = client.publish_begun(&Message::new(&topic, &payload).qos(qos)).await;
    let answer = match (id, qos) {
        (Some(id), QoS::AtLeastOnce) => {
            client.puback(id).await.map(|puback| Packet::PubAck(puback.packet))
        }
        (Some(id), _) => client.pubrec(id).await.map(|pubrec| Packet::PubRec(pubrec.packet)),
        (None, _) => client.ping().await.map(|()| Packet::PingResp(pushspec_wire::mqtt::PingResp)),
    };
    let expected = "an acknowledgement, or the end of the connection";
    match answer {
        Ok(Packet::PingResp(_)) => cx.observe("answer", "the connection goes on"),
        Ok(packet) => {
            let code = code_of(&packet);
            cx.observe("answer", format!("{} {code:#04x}", packet.packet_type().name()));
            if let (Packet::PubRec(PubRec { packet_id, .. }), 0..0x80) = (&packet, code) {
                client.send_pubrel(*packet_id).await;
                client.pubcomp(*packet_id).await.judged(cx, "PUBCOMP behind PUBREC")?;
            }
        }
        Err(unmet) => {
            let closed = client.ended_before(tokio::time::Instant::now()).await.is_ok();
            cx.judge(closed, expected, &unmet.found)?;
            cx.observe("answer", "the connection is closed");
            if qos != QoS::AtMostOnce && cx.version() == Version::V31 {
                return Err(cx.broken("an acknowledgement, as if all were well", unmet.found));
            }
        }
    }
    match (watcher, qos) {
        (Some(watcher), _) => reaches_nobody(cx, watcher, &own, &payload).await?,
        (None, QoS::AtMostOnce) => return Err(unseen()),
        // The answer was judged.
        (None, _) => cx.observe("delivery", "not looked at: the topic cannot be subscribed to"),
    }
    cx.alive().await
}

const fn code_of(packet: &Packet<'_>) -> u8 {
    match packet {
        Packet::PubAck(packet) => packet.reason.0,
        Packet::PubRec(packet) => packet.reason.0,
        _ => 0,
    }
}

async fn identifier_is_free(cx: Cx) -> Outcome {
    let denied = cx.declared().denied_publish.clone().unwrap_or_default();
    let own = cx.topic("own");
    let mut watcher = cx.subscribed(&own, QoS::ExactlyOnce).await?;
    let mut client = cx.connected().await?;
    let id = PacketId::MIN;
    let send = |topic: &str| {
        let delivery = Delivery::ExactlyOnce { id, dup: false };
        Packet::Publish(Message::new(topic, "with identifier 1").publish(delivery))
    };
    client.send(send(&denied)).await;
    let refused = client.pubrec(id).await;
    match refused {
        Ok(pubrec) if pubrec.reason.0 >= 0x80 => {}
        Ok(_) => {
            let why = "the Server does not say by PUBREC that a message is not authorised";
            return Err(Stop::NotApplicable(why.to_owned()));
        }
        Err(unmet) if client.ended_before(tokio::time::Instant::now()).await.is_ok() => {
            let why = format!("the Server closes on a message that is not authorised: {unmet}");
            return Err(Stop::NotApplicable(why));
        }
        Err(unmet) => return Err(unmet.into()),
    }
    client.send(send(&own)).await;
    let expected = "PUBREC 0x00 for a new message under the identifier of the one refused";
    let pubrec = client.pubrec(id).await.judged(&cx, expected)?;
    cx.judge(pubrec.reason.0 < 0x80, expected, Packet::PubRec(pubrec.packet))?;
    client.send_pubrel(id).await;
    client.pubcomp(id).await.judged(&cx, "PUBCOMP")?;
    let message = cx.delivered(&mut watcher, "the new message is delivered").await?;
    cx.judge(
        message.payload.as_ref() == b"with identifier 1",
        "the new message is delivered",
        Packet::Publish(message.packet),
    )
}

async fn denied_will(cx: Cx) -> Outcome {
    let topic = cx.declared().denied_publish.clone().unwrap_or_default();
    let (own, payload) = (cx.topic("own"), cx.topic("will"));
    let watcher = watcher(&cx, &topic, &own).await?;
    let opening = cx.opening().will(&Message::new(&topic, &payload));
    let mut client = opening.network().await?;
    client.send(Packet::Connect(opening.packet.clone())).await;
    match client.connack().await {
        Ok(connack) if connack.reason.0 == 0 => {
            cx.observe("answer", "the CONNECT is accepted");
            client.ping().await?;
            client.drop_connection();
        }
        Ok(connack) => cx.observe("answer", format!("CONNACK {:#04x}", connack.reason.0)),
        Err(unmet) => {
            let closed = client.ended_before(tokio::time::Instant::now()).await.is_ok();
            cx.judge(closed, "CONNACK, or the end of the connection", unmet.found)?;
            cx.observe("answer", "the connection is closed");
        }
    }
    // When a Server publishes a Will Message is not said to the moment: that of another Client, who
    // leaves later and may publish, is the fence.
    let mut watcher = watcher.ok_or_else(unseen)?;
    let other = cx.opening().will(&Message::new(&own, "fence")).open().await?;
    other.drop_connection();
    loop {
        let message = watcher.message().await?;
        if message.payload.as_ref() == payload.as_bytes() {
            return Err(delivered_all_the_same("nobody is sent the Will Message", &message));
        }
        if message.topic.as_ref() == own {
            return Ok(());
        }
    }
}

async fn denied_subscribe(cx: Cx) -> Outcome {
    let filter = cx.declared().denied_subscribe.clone().unwrap_or_default();
    let (own, payload) = (cx.topic("own"), cx.topic("not for us"));
    let mut client = cx.connected().await?;
    let options = SubscriptionOptions::new(QoS::AtMostOnce);
    let filters = [(filter.as_str(), options), (own.as_str(), options)];
    let suback = client.subscribe_all(&filters, pushspec_wire::mqtt::Properties::new()).await;
    let suback = suback.judged(&cx, "SUBACK")?;
    let codes: Vec<u8> = suback.reasons.iter().map(|reason| reason.0).collect();
    let found = || Packet::SubAck(suback.packet.clone()).to_string();
    let [denied, allowed] = codes[..] else {
        return Err(cx.broken("two codes in SUBACK", found()));
    };
    cx.judge(allowed < 0x80, "the filter that is authorised is granted", found())?;
    cx.observe("answer", format!("SUBACK {denied:#04x}"));
    if cx.version() == Version::V31 {
        cx.judge(denied <= 2, "a granted QoS, since 3.1 has no code for a refusal", found())?;
    }
    // A filter is a topic where it has no wildcards; whether our user may publish there shows itself.
    let topic = filter.replace(['#', '+'], "pushspec");
    let mut publisher = cx.connected().await?;
    let message = Message::new(&topic, &payload).qos(QoS::AtMostOnce);
    publisher.publish(&message).await?;
    publisher.ping().await?;
    let expected = "nothing is sent for the filter that is not authorised";
    let before = cx.until_fence(&mut client, &own, QoS::AtMostOnce).await?;
    match before.iter().find(|message| message.payload.as_ref() == payload.as_bytes()) {
        None => Ok(()),
        Some(message) => Err(delivered_all_the_same(expected, message)),
    }
}
