//! PUBLISH from Client to Server and on to subscribers (5.0 sections 3.3 and 4.3, 3.1.1 sections 3.3
//! and 4.3).

use pushspec_wire::mqtt::lawless::with_true_length;
use pushspec_wire::mqtt::{Delivery, Packet, PacketId, QoS};

use super::cx::{Cx, Illegal};
use super::wire;
use crate::case::{Case, Need, Outcome};
use crate::probe::mqtt::{Client, Judged, Message};
use crate::requirement::{v5, v31, v311};

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/publish/qos-1-is-acknowledged",
        requires: &[
            v31("X31-24"),
            v311("MQTT-3.3.4-1"),
            v311("MQTT-4.3.2-2"),
            v311("MQTT-2.3.1-6"),
            v5("MQTT-3.3.4-1"),
            v5("MQTT-4.3.2-4"),
            v5("MQTT-2.2.1-5"),
        ],
        needs: &[Need::QoS1],
        expects: "each PUBLISH at QoS 1 is answered by PUBACK with its Packet Identifier, once",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut client = cx.connected().await?;
                let ids = [1, 256, 65535].map(|id| PacketId::new(id).unwrap_or(PacketId::MIN));
                for id in ids {
                    let delivery = Delivery::AtLeastOnce { id, dup: false };
                    client.send(Packet::Publish(Message::new(&topic, "x").publish(delivery))).await;
                    if cx.capabilities().receive_maximum < 3 {
                        client.puback(id).await.judged(&cx, "PUBACK with its identifier")?;
                    }
                }
                if cx.capabilities().receive_maximum >= 3 {
                    for id in ids {
                        client.puback(id).await.judged(&cx, "PUBACK with its identifier")?;
                    }
                }
                client.ping().await?;
                match client.arrived().first() {
                    None => Ok(()),
                    Some(more) => cx.judge_at(
                        more.entry,
                        0..more.bytes.len(),
                        false,
                        "one PUBACK for each PUBLISH",
                        "another packet that nothing asked for",
                    ),
                }
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/qos-2-is-acknowledged-in-two-steps",
        requires: &[
            v31("X31-25"),
            v311("MQTT-3.3.4-1"),
            v311("MQTT-4.3.3-2"),
            v311("MQTT-2.3.1-6"),
            v5("MQTT-3.3.4-1"),
            v5("MQTT-4.3.3-8"),
            v5("MQTT-4.3.3-11"),
            v5("MQTT-2.2.1-5"),
        ],
        needs: &[Need::QoS2],
        expects: "PUBLISH at QoS 2 is answered by PUBREC and PUBREL by PUBCOMP, each with the Packet Identifier of the PUBLISH",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut client = cx.connected().await?;
                for id in [1, 256, 65535].map(|id| PacketId::new(id).unwrap_or(PacketId::MIN)) {
                    let delivery = Delivery::ExactlyOnce { id, dup: false };
                    client.send(Packet::Publish(Message::new(&topic, "x").publish(delivery))).await;
                    let expected = format!("PUBREC with Packet Identifier {id}");
                    client.pubrec(id).await.judged(&cx, &expected)?;
                    client.send_pubrel(id).await;
                    let expected = format!("PUBCOMP with Packet Identifier {id}");
                    client.pubcomp(id).await.judged(&cx, &expected)?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/repeated-qos-2-is-one-message",
        requires: &[v31("X31-25"), v311("MQTT-4.3.3-2"), v5("MQTT-4.3.3-10")],
        needs: &[Need::KeptSession, Need::QoS2],
        expects: "a PUBLISH at QoS 2 that is repeated before PUBREL is answered by PUBREC again and reaches subscribers once",
        accepts: "5.0 permits repetition only when a Session is resumed; so there the Client reconnects in between.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut subscriber = cx.subscribed(&topic, QoS::ExactlyOnce).await?;
                let kept = cx.opening().kept(60).resuming();
                let mut client = kept.open().await?;
                let (message, id) = (Message::new(&topic, "once"), client.fresh_id());
                for dup in [false, true] {
                    if dup && cx.is_v5() {
                        client.drop_connection();
                        client = cx.resumed(&kept).await?;
                    }
                    let publish = message.publish(Delivery::ExactlyOnce { id, dup });
                    client.send(Packet::Publish(publish)).await;
                    client.pubrec(id).await.judged(&cx, "PUBREC for each PUBLISH")?;
                }
                client.send_pubrel(id).await;
                client.pubcomp(id).await?;
                subscriber.message().await?;
                let (qos, expected) = (QoS::ExactlyOnce, "one copy of the message");
                cx.nothing_before_fence_by(&mut client, &mut subscriber, &topic, qos, expected)
                    .await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/puback-frees-the-identifier",
        requires: &[v311("MQTT-4.3.2-2"), v5("MQTT-4.3.2-5")],
        needs: &[Need::QoS1],
        expects: "after PUBACK a PUBLISH with the same Packet Identifier is a new message, whatever its DUP flag says",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut subscriber = cx.subscribed(&topic, QoS::AtLeastOnce).await?;
                let mut client = cx.connected().await?;
                let id = client.fresh_id();
                for (payload, dup) in [("first", false), ("second", true)] {
                    let delivery = Delivery::AtLeastOnce { id, dup };
                    let publish = Message::new(&topic, payload).publish(delivery);
                    client.send(Packet::Publish(publish)).await;
                    client.puback(id).await?;
                }
                both_arrive(&cx, &mut subscriber).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/pubcomp-frees-the-identifier",
        requires: &[v311("MQTT-4.3.3-2"), v5("MQTT-4.3.3-12")],
        needs: &[Need::QoS2],
        expects: "after PUBCOMP a PUBLISH with the same Packet Identifier is a new message",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut subscriber = cx.subscribed(&topic, QoS::ExactlyOnce).await?;
                let mut client = cx.connected().await?;
                let id = client.fresh_id();
                for payload in ["first", "second"] {
                    let delivery = Delivery::ExactlyOnce { id, dup: false };
                    let publish = Message::new(&topic, payload).publish(delivery);
                    client.send(Packet::Publish(publish)).await;
                    client.pubrec(id).await?;
                    client.send_pubrel(id).await;
                    client.pubcomp(id).await?;
                }
                both_arrive(&cx, &mut subscriber).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/dup-is-not-passed-on",
        requires: &[v311("MQTT-3.3.1-3"), v5("MQTT-3.3.1-3")],
        needs: &[Need::QoS1],
        expects: "a PUBLISH that arrives with DUP = 1 is forwarded with DUP = 0",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut subscriber = cx.subscribed(&topic, QoS::AtLeastOnce).await?;
                let mut client = cx.connected().await?;
                let id = client.fresh_id();
                let delivery = Delivery::AtLeastOnce { id, dup: true };
                client.send(Packet::Publish(Message::new(&topic, "x").publish(delivery))).await;
                let message = cx.message_of(&mut subscriber, "x").await?;
                cx.judge_at(message.entry, 0..1, !message.delivery.dup(), "DUP = 0", "DUP = 1")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/delivered-at-the-lower-qos",
        requires: &[v31("X31-31"), v311("MQTT-3.8.4-6"), v5("MQTT-3.8.4-8")],
        needs: &[Need::QoS2],
        expects: "a message is delivered at the lower of the QoS it was published with and the QoS granted",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut subscribers = Vec::new();
                for granted in QoS::ALL {
                    subscribers.push((granted, cx.subscribed(&topic, granted).await?));
                }
                let mut publisher = cx.connected().await?;
                for published in QoS::ALL {
                    publisher.publish(&Message::new(&topic, "x").qos(published)).await?;
                    for (granted, subscriber) in &mut subscribers {
                        let due = published.min(*granted);
                        let message = cx.message_of(subscriber, "x").await?;
                        let qos = message.delivery.qos();
                        cx.judge_at(
                            message.entry,
                            0..1,
                            qos == due,
                            format!(
                                "QoS {} for a message published at QoS {} to a subscription granted QoS {}",
                                due.bits(),
                                published.bits(),
                                granted.bits()
                            ),
                            format!("QoS {}", qos.bits()),
                        )?;
                    }
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/keeps-the-order",
        requires: &[
            v311("MQTT-4.6.0-5"),
            v311("MQTT-4.6.0-6"),
            v5("MQTT-4.6.0-5"),
            v5("MQTT-4.6.0-6"),
        ],
        needs: &[Need::QoS2],
        expects: "messages of one Client on one topic and at one QoS reach a subscriber in the order in which they were published",
        run: |cx| {
            Box::pin(async move {
                for qos in QoS::ALL {
                    let topic = cx.topic(&format!("qos{}", qos.bits()));
                    let mut subscriber = cx.subscribed(&topic, qos).await?;
                    let mut publisher = cx.connected().await?;
                    in_order(&cx, &mut publisher, &mut subscriber, &topic, qos).await?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/qos-3-is-malformed",
        requires: &[v311("MQTT-3.3.1-4"), v5("MQTT-3.3.1-4"), v5("X5-N32")],
        expects: "a PUBLISH with both QoS bits set ends the connection",
        accepts: "Closing with or without a DISCONNECT before it.",
        run: |cx| {
            Box::pin(async move {
                let client = cx.connected().await?;
                let message = Message::new(cx.topic("t"), "x");
                let mut bytes = wire::publish_at(&cx, &message, QoS::AtLeastOnce);
                bytes[0] |= 0b0110;
                let illegal = Illegal {
                    bytes,
                    meant: "PUBLISH at QoS 3",
                    decides: 0..1,
                    why: "bits 2 and 1 say QoS 3",
                };
                cx.closes_on(client, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/wildcard-in-the-topic",
        requires: &[
            v311("MQTT-3.3.2-2"),
            v311("MQTT-4.7.1-1"),
            v311("MQTT-4.8.0-1"),
            v5("MQTT-3.3.2-2"),
            v5("MQTT-4.7.0-1"),
        ],
        needs: &[Need::QoS1],
        expects: "a PUBLISH whose Topic Name has a wildcard is not accepted and reaches nobody",
        accepts: "In 5.0 a PUBACK with an error code, such as 0x90, instead of closing.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("a");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let mut client = cx.connected().await?;
                client.ping().await?;
                let mut bytes = wire::publish_at(&cx, &Message::new(&topic, "x"), QoS::AtLeastOnce);
                let last = wire::position(&bytes, topic.as_bytes()) + topic.len() - 1;
                bytes[last] = b'+';
                let entry = client.send_raw(&bytes, "PUBLISH with `+` as last level").await;
                cx.trace.mark(entry, last..last + 1, "a wildcard");
                let end = "the Server closes the network connection";
                match client.puback(PacketId::MIN).await {
                    Ok(puback) if cx.is_v5() && puback.reason.0 >= 0x80 => {
                        cx.observe("answer", format!("PUBACK {:#04x}", puback.reason.0));
                    }
                    Ok(puback) => {
                        let found = format!("PUBACK {:#04x} came", puback.reason.0);
                        cx.judge_at(puback.entry, 0..puback.bytes.len(), false, end, found)?;
                    }
                    Err(_) => {
                        client.ended().await.judged(&cx, end)?;
                        cx.observe_farewell(&client);
                    }
                }
                let expected = "the PUBLISH reaches nobody";
                cx.nothing_before_fence(&mut watcher, &topic, QoS::AtMostOnce, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/ill-formed-utf-8-in-the-topic",
        requires: &[
            v311("MQTT-1.5.3-1"),
            v311("MQTT-3.3.2-1"),
            v5("MQTT-1.5.4-1"),
            v5("MQTT-3.3.2-1"),
        ],
        expects: "a PUBLISH whose Topic Name is not well-formed UTF-8 ends the connection",
        run: |cx| {
            let bad = "a lone continuation byte is not UTF-8";
            Box::pin(
                async move { topic_byte(&cx, 0x80, "PUBLISH with an ill-formed topic", bad).await },
            )
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/nul-in-the-topic",
        requires: &[
            v311("MQTT-1.5.3-2"),
            v311("MQTT-4.7.3-2"),
            v5("MQTT-1.5.4-2"),
            v5("MQTT-4.7.3-2"),
        ],
        expects: "a PUBLISH whose Topic Name contains U+0000 ends the connection",
        run: |cx| {
            Box::pin(async move {
                topic_byte(&cx, 0, "PUBLISH with U+0000 in the topic", "U+0000").await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/packet-identifier-0",
        requires: &[
            v311("MQTT-2.3.1-1"),
            v311("MQTT-4.8.0-1"),
            v5("X5-N34"),
            v5("MQTT-2.2.1-3"),
            v5("MQTT-4.13.1-1"),
        ],
        needs: &[Need::QoS1],
        expects: "a PUBLISH at QoS 1 with Packet Identifier 0 ends the connection",
        run: |cx| {
            Box::pin(async move {
                let client = cx.connected().await?;
                let topic = cx.topic("t");
                let mut bytes = wire::publish_at(&cx, &Message::new(&topic, "x"), QoS::AtLeastOnce);
                let id = wire::position(&bytes, topic.as_bytes()) + topic.len();
                bytes[id..id + 2].copy_from_slice(&[0, 0]);
                let illegal = Illegal {
                    bytes,
                    meant: "PUBLISH with Packet Identifier 0",
                    decides: id..id + 2,
                    why: "0 is no Packet Identifier",
                };
                cx.closes_on(client, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/empty-topic",
        requires: &[v311("MQTT-4.7.3-1"), v311("MQTT-4.8.0-1"), v5("MQTT-4.7.3-1"), v5("X5-N17")],
        expects: "a PUBLISH with an empty Topic Name (in 5.0 without Topic Alias) ends the connection",
        run: |cx| {
            Box::pin(async move {
                let client = cx.connected().await?;
                let mut bytes = vec![0x30, 0, 0, 0];
                if cx.is_v5() {
                    bytes.push(0);
                }
                let illegal = Illegal {
                    bytes: with_true_length(&bytes),
                    meant: "PUBLISH with an empty Topic Name",
                    decides: 2..4,
                    why: "the length of the Topic Name is 0",
                };
                cx.closes_on(client, illegal).await
            })
        },
        ..Case::BASE
    },
];

/// The messages `first` and `second`; their order is the matter of another case.
async fn both_arrive(cx: &Cx, subscriber: &mut Client) -> Outcome {
    let mut due = vec!["first", "second"];
    while !due.is_empty() {
        let message = cx.delivered(subscriber, "both messages are delivered").await?;
        due.retain(|payload| message.payload.as_ref() != payload.as_bytes());
    }
    Ok(())
}

/// Publishes numbered messages without waiting for acknowledgements in between, and follows their
/// arrival.
async fn in_order(
    cx: &Cx,
    publisher: &mut Client,
    subscriber: &mut Client,
    topic: &str,
    qos: QoS,
) -> Outcome {
    const MESSAGES: u8 = 20;
    let window = cx.capabilities().receive_maximum.min(10) as usize;
    let numbers: Vec<u8> = (0..MESSAGES).collect();
    for numbers in numbers.chunks(window) {
        let mut ids = Vec::new();
        for number in numbers {
            ids.extend(publisher.publish_begun(&Message::new(topic, [*number]).qos(qos)).await);
        }
        for id in ids {
            if qos == QoS::AtLeastOnce {
                publisher.puback(id).await?;
            } else {
                publisher.pubrec(id).await?;
                publisher.send_pubrel(id).await;
                publisher.pubcomp(id).await?;
            }
        }
    }
    publisher.ping().await?;
    let mut last = None;
    loop {
        let message = subscriber.message().await?;
        let number = message.payload.first().copied();
        cx.judge_at(
            message.entry,
            0..message.bytes.len(),
            last <= number,
            format!("at QoS {} the messages in the order in which they were published", qos.bits()),
            format!("message {} after message {}", number.unwrap_or(0), last.unwrap_or(0)),
        )?;
        last = number;
        if number == Some(MESSAGES - 1) {
            return Ok(());
        }
    }
}

/// A PUBLISH with this byte within its topic ends the connection.
async fn topic_byte(cx: &Cx, byte: u8, meant: &'static str, why: &'static str) -> Outcome {
    let client = cx.connected().await?;
    let topic = cx.topic("txt");
    let mut bytes = wire::publish(cx, &Message::new(&topic, "x"));
    let at = wire::position(&bytes, topic.as_bytes()) + topic.len() - 2;
    bytes[at] = byte;
    cx.closes_on(client, Illegal { bytes, meant, decides: at..at + 1, why }).await
}
