//! Messages on their way through the Server (5.0 sections 2.2.1, 3.3 and 4.3 to 4.5, 3.1.1 sections
//! 2.3.1, 3.3 and 4.3 to 4.5).

use pushspec_wire::mqtt::{Delivery, Packet, PacketId, PacketType, Property, QoS};

use super::cx::Cx;
use super::wire;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Judged, Message, Received};
use crate::requirement::{v5, v31, v311};

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/publish/qos-0-has-no-identifier",
        requires: &[
            v311("MQTT-2.3.1-5"),
            v311("MQTT-4.3.1-1"),
            v5("MQTT-2.2.1-2"),
            v5("MQTT-4.3.1-1"),
        ],
        expects: "a PUBLISH at QoS 0 is sent with DUP 0 and without a Packet Identifier: its topic is followed by nothing but the message",
        run: |cx| Box::pin(byte_for_byte(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/reaches-every-subscriber",
        requires: &[v31("X31-52"), v311("MQTT-4.5.0-1"), v5("MQTT-4.5.0-1")],
        needs: &[Need::QoS1],
        expects: "a message is delivered to every Client with a subscription that matches",
        run: |cx| {
            Box::pin(async move {
                let (topic, qos) = (cx.topic("t"), QoS::AtLeastOnce);
                let mut subscribers = Vec::new();
                for _ in 0..4 {
                    subscribers.push(cx.subscribed(&topic, qos).await?);
                }
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "to all").qos(qos)).await?;
                for (number, subscriber) in subscribers.iter_mut().enumerate() {
                    let expected = format!("the message to subscriber {} of 4", number + 1);
                    cx.delivered(subscriber, &expected).await?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/repeated-qos-1-is-acknowledged-again",
        requires: &[v31("X31-46"), v311("MQTT-4.3.2-2"), v5("MQTT-4.3.2-4")],
        needs: &[Need::QoS1],
        expects: "a PUBLISH at QoS 1 that comes again with DUP 1 and the same Packet Identifier is answered by PUBACK again",
        accepts: "Delivering the message once or twice, which is observed.",
        run: |cx| {
            Box::pin(async move {
                let (topic, qos) = (cx.topic("t"), QoS::AtLeastOnce);
                let mut subscriber = cx.subscribed(&topic, qos).await?;
                let mut client = cx.connected().await?;
                let id = client.fresh_id();
                for dup in [false, true] {
                    let delivery = Delivery::AtLeastOnce { id, dup };
                    let publish = Message::new(&topic, "again").publish(delivery);
                    client.send(Packet::Publish(publish)).await;
                    client.puback(id).await.judged(&cx, "PUBACK to each PUBLISH")?;
                }
                let copies = cx.until_fence_by(&mut client, &mut subscriber, &topic, qos).await?;
                cx.observe("copies of a repeated QoS 1 message", copies.len());
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/qos-2-is-passed-on",
        requires: &[v31("X31-16"), v31("X31-52"), v311("MQTT-4.5.0-1"), v5("MQTT-4.5.0-1")],
        needs: &[Need::QoS2],
        expects: "a message at QoS 2 is delivered once its sender has sent PUBREL",
        accepts: "Delivering it already when PUBLISH has arrived: which of the two is observed.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut subscriber = cx.subscribed(&topic, QoS::ExactlyOnce).await?;
                let mut client = cx.connected().await?;
                let message = Message::new(&topic, "x").qos(QoS::ExactlyOnce);
                let Some(id) = client.publish_begun(&message).await else { return at_qos_0() };
                client.pubrec(id).await?;
                let fence = cx.topic("fence");
                subscriber.subscribe(&fence, QoS::AtMostOnce).await?;
                let early = cx.until_fence(&mut subscriber, &fence, QoS::AtMostOnce).await?;
                let when = if early.is_empty() { "behind PUBREL" } else { "behind PUBLISH" };
                cx.observe("QoS 2 message is passed on", when);
                client.send_pubrel(id).await;
                client.pubcomp(id).await?;
                if early.is_empty() {
                    cx.delivered(&mut subscriber, "the message, now that it is released").await?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/identifiers-are-of-one-direction",
        requires: &[v5("X5-R20")],
        needs: &[Need::QoS2],
        expects: "a Client may use a Packet Identifier while the Server uses the same one for a message of its own: both are completed",
        accepts: "Whatever becomes of a SUBSCRIBE with the identifier of a PUBLISH of the same Client that is not completed: it is observed.",
        run: |cx| Box::pin(both_directions(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/nobody-subscribes",
        requires: &[v5("MQTT-3.3.4-1"), v5("X5-S19")],
        needs: &[Need::QoS2],
        expects: "a message for which there is no subscription is acknowledged without an error",
        accepts: "0x10 (No matching subscribers) as well as 0x00: which of them is observed.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("nobody");
                let mut client = cx.connected().await?;
                let one = Message::new(&topic, "x").qos(QoS::AtLeastOnce);
                let Some(id) = client.publish_begun(&one).await else { return at_qos_0() };
                let puback = client.puback(id).await.judged(&cx, "PUBACK")?;
                let two = Message::new(&topic, "x").qos(QoS::ExactlyOnce);
                let Some(id) = client.publish_begun(&two).await else { return at_qos_0() };
                let pubrec = client.pubrec(id).await.judged(&cx, "PUBREC")?;
                for (name, reason) in [("PUBACK", puback.reason), ("PUBREC", pubrec.reason)] {
                    cx.observe(name, format!("{:#04x}", reason.0));
                    let found = format!("{name} {:#04x}", reason.0);
                    cx.judge(!reason.is_error(), format!("{name} without an error"), found)?;
                }
                client.send_pubrel(id).await;
                client.pubcomp(id).await.judged(&cx, "PUBCOMP")?;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/payload-that-is-not-its-format",
        requires: &[v5("MQTT-3.3.2-4"), v5("X5-S12")],
        needs: &[Need::QoS1],
        expects: "a message with Payload Format Indicator 1 whose payload is no UTF-8 is delivered unaltered, if it is accepted",
        accepts: "Refusing it with 0x99 (Payload format invalid) in PUBACK or DISCONNECT.",
        run: |cx| Box::pin(not_its_format(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/maximum-qos-is-as-told",
        requires: &[v5("MQTT-3.2.2-9")],
        expects: "messages at every QoS up to the Maximum QoS that CONNACK tells, 2 without one, are accepted and acknowledged",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let most = cx.capabilities().maximum_qos;
                for qos in QoS::ALL.into_iter().filter(|qos| qos.bits() <= most) {
                    let expected = format!("the handshake of QoS {}", qos.bits());
                    let mut client = cx.connected().await?;
                    client
                        .publish(&Message::new(&topic, "x").qos(qos))
                        .await
                        .judged(&cx, &expected)?;
                    client.ping().await.judged(&cx, "the connection goes on")?;
                    client.disconnect().await;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
];

fn at_qos_0() -> Outcome {
    Err(Stop::Inconclusive("the message came at QoS 0".to_owned()))
}

async fn byte_for_byte(cx: Cx) -> Outcome {
    const PAYLOAD: &[u8] = b"\x00\x01payload";
    let topic = cx.topic("t");
    let mut subscriber = cx.subscribed(&topic, QoS::AtMostOnce).await?;
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&topic, PAYLOAD)).await?;
    // What does not decode may be just what is looked for.
    let arrived = subscriber
        .await_where("a PUBLISH", |arrival| {
            let publish = arrival.bytes[0] >> 4 == PacketType::Publish as u8;
            publish.then(|| arrival.packet.clone())
        })
        .await?;
    let first = arrived.bytes[0];
    cx.judge_at(arrived.entry, 0..1, first & 0b1110 == 0, "QoS 0 and DUP 0", "other flags")?;
    let (as_sent, found) = match &arrived.packet {
        Ok(Packet::Publish(publish)) => (
            publish.payload.as_ref() == PAYLOAD,
            format!("a payload of {} bytes", publish.payload.len()),
        ),
        Ok(packet) => (false, packet.to_string()),
        Err(error) => (false, error.to_string()),
    };
    let expected = format!("the payload of {} bytes right behind the header", PAYLOAD.len());
    cx.judge_at(arrived.entry, 0..arrived.bytes.len(), as_sent, expected, found)
}

async fn both_directions(cx: Cx) -> Outcome {
    let (ours, theirs, qos) = (cx.topic("ours"), cx.topic("theirs"), QoS::ExactlyOnce);
    let mut client = cx.subscribed(&theirs, qos).await?;
    let mut other = cx.connected().await?;
    other.publish(&Message::new(&theirs, "theirs").qos(qos)).await?;
    let message = client.publish_received().await?;
    let Some(id) = message.delivery.packet_id() else { return at_qos_0() };
    let publish = Message::new(&ours, "ours").publish(Delivery::ExactlyOnce { id, dup: false });
    client.send(Packet::Publish(publish)).await;
    let pubrec = client.pubrec(id).await.judged(&cx, "PUBREC to the Client's message")?;
    let found = format!("PUBREC {:#04x}", pubrec.reason.0);
    cx.judge(!pubrec.reason.is_error(), "PUBREC without an error", found)?;
    observe_identifier_in_use(&cx, id).await?;
    client.send_pubrec(id).await;
    client.pubrel(id).await.judged(&cx, "PUBREL of the Server's message")?;
    client.send_pubrel(id).await;
    let pubcomp = client.pubcomp(id).await.judged(&cx, "PUBCOMP to the Client's message")?;
    let found = format!("PUBCOMP {:#04x}", pubcomp.reason.0);
    cx.judge(!pubcomp.reason.is_error(), "PUBCOMP without an error", found)?;
    client.send_pubcomp(id).await;
    client.ping().await.judged(&cx, "the connection goes on")?;
    Ok(())
}

/// What a SUBSCRIBE leads to whose identifier a PUBLISH of the same Client has that is not completed.
async fn observe_identifier_in_use(cx: &Cx, id: PacketId) -> Outcome {
    let mut client = cx.connected().await?;
    let message = Message::new(cx.topic("busy"), "x");
    let publish = message.publish(Delivery::ExactlyOnce { id, dup: false });
    client.send(Packet::Publish(publish)).await;
    client.pubrec(id).await?;
    let subscribe = wire::subscribe(cx, &cx.topic("busy"), id);
    client.send_raw(&subscribe, "SUBSCRIBE with the identifier of an open PUBLISH").await;
    let answer = match client.suback(id).await {
        Ok(suback) => {
            let code = suback.reasons.first().copied().unwrap_or_default();
            format!("SUBACK {:#04x}", code.0)
        }
        Err(_) => "no SUBACK".to_owned(),
    };
    cx.observe("SUBSCRIBE with an identifier in use", answer);
    client.drop_connection();
    Ok(())
}

async fn not_its_format(cx: Cx) -> Outcome {
    const NO_UTF_8: &[u8] = &[0xFF, 0xFE, b'x'];
    let (topic, qos) = (cx.topic("t"), QoS::AtLeastOnce);
    let mut subscriber: Client = cx.subscribed(&topic, qos).await?;
    let mut client = cx.connected().await?;
    client.ping().await?;
    let message = Message::new(&topic, NO_UTF_8).qos(qos).with(Property::PayloadFormatIndicator(1));
    let Some(id) = client.publish_begun(&message).await else { return at_qos_0() };
    match client.puback(id).await {
        Ok(puback) if puback.reason.is_error() => {
            cx.observe("payload that is not UTF-8", format!("PUBACK {:#04x}", puback.reason.0));
            return cx.alive().await;
        }
        Ok(_) => {}
        Err(_) => {
            client.ended().await.judged(&cx, "PUBACK, or the end of the connection")?;
            cx.observe_farewell(&client);
            cx.observe("payload that is not UTF-8", "the connection is closed");
            return cx.alive().await;
        }
    }
    cx.observe("payload that is not UTF-8", "accepted");
    let message: Received<_> = cx.delivered(&mut subscriber, "the message").await?;
    cx.judge_at(
        message.entry,
        0..message.bytes.len(),
        message.payload.as_ref() == NO_UTF_8,
        "the payload as it was published",
        "another payload",
    )
}
