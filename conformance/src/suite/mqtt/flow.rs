//! Many messages in flight: order, flow control in both directions, and storms of takeovers (5.0
//! sections 4.6 and 4.9, 3.1.1 section 4.6).

use futures_util::future::{join, join_all};
use pushspec_wire::mqtt::{Packet, Properties, Property, PubRec, Publish, QoS, ReasonCode};

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Judged, Message, Received, Unmet};
use crate::requirement::{v5, v31, v311};

/// How many messages are under way to the Server at most; it may announce fewer.
const WINDOW: u16 = 20;

/// The cases on flow.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/flow/order-with-many-in-flight",
        requires: &[
            v31("X31-43"),
            v311("MQTT-4.6.0-5"),
            v311("MQTT-4.6.0-6"),
            v5("MQTT-4.6.0-5"),
            v5("MQTT-4.6.0-6"),
        ],
        needs: &[Need::QoS2],
        expects: "a hundred messages at each QoS, as many in flight as the Server takes, reach a subscriber in the order in which they were published",
        accepts: "Dropping messages of QoS 0.",
        run: |cx| {
            Box::pin(async move {
                for qos in QoS::ALL {
                    let topic = cx.topic(&format!("qos{}", qos.bits()));
                    let mut subscriber = cx.subscribed(&topic, qos).await?;
                    let mut publisher = cx.connected().await?;
                    let count = cx.many(100, 8);
                    let (sent, arrived) = join(
                        publish_many(&cx, &mut publisher, &topic, qos, count),
                        in_order(&cx, &mut subscriber, qos, count),
                    )
                    .await;
                    arrived?;
                    sent?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/flow/queued-messages-come-in-order",
        requires: &[
            v31("X31-43"),
            v311("MQTT-4.6.0-5"),
            v311("MQTT-4.6.0-6"),
            v5("MQTT-4.6.0-5"),
            v5("MQTT-4.6.0-6"),
        ],
        needs: &[Need::KeptSession, Need::QoS2],
        expects: "a hundred messages that waited for an absent Client reach it in the order in which they were published",
        run: |cx| {
            Box::pin(async move {
                for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
                    let topic = cx.topic(&format!("qos{}", qos.bits()));
                    let kept = cx.opening().kept(60).resuming();
                    let mut client = kept.open().await?;
                    client.subscribe(&topic, qos).await?;
                    client.disconnect().await;
                    let count = cx.many(100, 6);
                    let mut publisher = cx.connected().await?;
                    publish_many(&cx, &mut publisher, &topic, qos, count).await?;
                    let mut client = cx.resumed(&kept).await?;
                    in_order(&cx, &mut client, qos, count).await?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/flow/only-pubcomp-frees-the-window",
        requires: &[v5("MQTT-3.3.4-9"), v5("MQTT-4.9.0-2"), v5("X5-R05")],
        needs: &[Need::QoS2],
        expects: "with Receive Maximum 1 the second message of QoS 2 comes behind the PUBCOMP of the first, and not behind its PUBREC",
        run: |cx| {
            Box::pin(async move {
                let (mut client, _publisher) = two_messages(&cx).await?;
                let first = client.publish_received().await?;
                let Some(id) = first.delivery.packet_id() else { return not_qos_2() };
                client.send_pubrec(id).await;
                client.pubrel(id).await?;
                client.ping().await?;
                for arrival in client.arrived() {
                    cx.judge_at(
                        arrival.entry,
                        0..1,
                        !matches!(arrival.packet, Ok(Packet::Publish(_))),
                        "no second message before PUBCOMP",
                        "it came behind PUBREC",
                    )?;
                }
                client.send_pubcomp(id).await;
                cx.delivered(&mut client, "the second message behind PUBCOMP").await?;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/flow/pubrec-with-an-error-frees-the-window",
        requires: &[v5("X5-R05"), v5("MQTT-4.9.0-2")],
        needs: &[Need::QoS2],
        expects: "with Receive Maximum 1 the second message comes once the first was answered by PUBREC with an error code",
        run: |cx| {
            Box::pin(async move {
                let (mut client, _publisher) = two_messages(&cx).await?;
                let first = client.publish_received().await?;
                let Some(packet_id) = first.delivery.packet_id() else { return not_qos_2() };
                let (reason, properties) = (ReasonCode::QUOTA_EXCEEDED, Properties::new());
                client.send(Packet::PubRec(PubRec { packet_id, reason, properties })).await;
                let second = cx.delivered(&mut client, "the second message").await?;
                cx.judge_at(
                    second.entry,
                    0..second.bytes.len(),
                    second.payload.as_ref() == b"2",
                    "the second message",
                    Packet::Publish(second.packet.clone()),
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/flow/more-than-the-servers-receive-maximum",
        requires: &[v5("X5-N33"), v5("MQTT-3.3.4-7")],
        needs: &[Need::QoS2],
        expects: "a PUBLISH beyond the Server's Receive Maximum ends the connection",
        accepts: "Refusing the message by PUBREC with an error code is a warning: the text names DISCONNECT.",
        run: |cx| Box::pin(too_many(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/flow/takeover-storm",
        requires: &[v31("X31-15"), v311("MQTT-3.1.4-2"), v5("MQTT-3.1.4-3")],
        expects: "of many connections that use one Client Identifier at the same time the last one stays, and all others are closed",
        run: |cx| Box::pin(storm(cx)),
        ..Case::BASE
    },
];

/// Publishes numbered messages with as many in flight as the Server takes.
async fn publish_many(
    cx: &Cx,
    publisher: &mut Client,
    topic: &str,
    qos: QoS,
    count: usize,
) -> Result<(), Unmet> {
    let window = usize::from(cx.capabilities().receive_maximum.min(WINDOW));
    let numbers: Vec<usize> = (0..count).collect();
    for together in numbers.chunks(window) {
        let mut in_flight = Vec::new();
        for number in together {
            let message = Message::new(topic, number.to_string()).qos(qos);
            in_flight.extend(publisher.publish_begun(&message).await);
        }
        if qos == QoS::AtLeastOnce {
            for id in in_flight {
                publisher.puback(id).await?;
            }
            continue;
        }
        for id in &in_flight {
            publisher.pubrec(*id).await?;
        }
        for id in &in_flight {
            publisher.send_pubrel(*id).await;
        }
        for id in in_flight {
            publisher.pubcomp(id).await?;
        }
    }
    publisher.ping().await
}

/// The next message. The handshakes of earlier ones go on meanwhile: to wait for each would leave one in
/// flight.
async fn next_message(subscriber: &mut Client) -> Result<Received<Publish<'static>>, Unmet> {
    loop {
        let packet = subscriber.await_where("a PUBLISH", |arrival| match &arrival.packet {
            Ok(packet @ (Packet::Publish(_) | Packet::PubRel(_))) => Some(packet.clone()),
            _ => None,
        });
        let Received { packet, entry, bytes, at } = packet.await?;
        match packet {
            Packet::PubRel(pubrel) => subscriber.send_pubcomp(pubrel.packet_id).await,
            Packet::Publish(packet) => {
                match (packet.delivery.qos(), packet.delivery.packet_id()) {
                    (QoS::AtLeastOnce, Some(id)) => subscriber.send_puback(id).await,
                    (QoS::ExactlyOnce, Some(id)) => subscriber.send_pubrec(id).await,
                    _ => {}
                }
                return Ok(Received { packet, entry, bytes, at });
            }
            _ => {}
        }
    }
}

/// The numbered messages arrive in their order; of QoS 0 some may be missing, so only as far as they
/// come. What comes again has to say so.
async fn in_order(cx: &Cx, subscriber: &mut Client, qos: QoS, count: usize) -> Outcome {
    let mut next = 0;
    while next < count {
        let expected = format!("message {next} of {count} at QoS {}", qos.bits());
        let message = match next_message(subscriber).await {
            Ok(message) => message,
            Err(unmet) => {
                subscriber.ping().await?;
                if qos > QoS::AtMostOnce {
                    return Err(cx.broken(expected, unmet.found));
                }
                cx.observe("messages of QoS 0", "some were dropped");
                return Ok(());
            }
        };
        let number = number_of(&message)?;
        if message.delivery.dup() && number < next {
            continue;
        }
        let due = if qos == QoS::AtMostOnce { number >= next } else { number == next };
        cx.judge_at(
            message.entry,
            0..message.bytes.len(),
            due,
            expected,
            // Which one of them it is differs from run to run.
            if number > next { "a later one came before it" } else { "an earlier one came again" },
        )?;
        next = number + 1;
    }
    Ok(())
}

fn number_of(message: &Received<Publish<'static>>) -> Result<usize, Unmet> {
    std::str::from_utf8(&message.payload).ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
        Unmet {
            awaited: "a numbered message".to_owned(),
            found: format!("{} came", Packet::Publish(message.packet.clone())),
        }
    })
}

fn not_qos_2() -> Outcome {
    Err(Stop::Inconclusive("the message came at QoS 0".to_owned()))
}

/// A Client with Receive Maximum 1 to which two messages of QoS 2 are under way.
async fn two_messages(cx: &Cx) -> Result<(Client, Client), Unmet> {
    let (topic, qos) = (cx.topic("t"), QoS::ExactlyOnce);
    let mut client = cx.opening().with(Property::ReceiveMaximum(1)).open().await?;
    client.subscribe(&topic, qos).await?;
    let mut publisher = cx.connected().await?;
    for payload in ["1", "2"] {
        publisher.publish(&Message::new(&topic, payload).qos(qos)).await?;
    }
    Ok((client, publisher))
}

async fn too_many(cx: Cx) -> Outcome {
    const MOST: u16 = 1000;
    let maximum = cx.capabilities().receive_maximum;
    if maximum > MOST {
        return Err(Stop::NotApplicable(format!(
            "its Receive Maximum of {maximum} is too large to be exceeded in a test"
        )));
    }
    let topic = cx.topic("t");
    let mut client = cx.connected().await?;
    let mut last = None;
    for number in 0..=maximum {
        // PUBREC does not free the window, and PUBREL is never sent.
        let message = Message::new(&topic, "x").qos(QoS::ExactlyOnce);
        let id = client.publish_begun(&message).await;
        if let (Some(id), true) = (id, number < maximum) {
            client.pubrec(id).await?;
        }
        last = id;
    }
    let expected = "the Server closes the network connection";
    let answer = client.ended_or(
        |packet| matches!(packet, Packet::PubRec(pubrec) if Some(pubrec.packet_id) == last),
    );
    match answer.await.judged(&cx, expected)? {
        Some(Packet::PubRec(pubrec)) if pubrec.reason.is_error() => {
            let found = Packet::PubRec(pubrec).to_string();
            cx.advise(false, "DISCONNECT 0x93 and the end of the connection", found);
        }
        Some(packet) => return Err(cx.broken(expected, format!("{packet} accepted the message"))),
        None => cx.observe_farewell(&client),
    }
    client.drop_connection();
    cx.alive().await
}

async fn storm(cx: Cx) -> Outcome {
    let opening = cx.opening();
    let storm = join_all((0..cx.many(30, 4)).map(|_| opening.open())).await;
    let earlier: Vec<Client> = storm.into_iter().flatten().collect();
    if earlier.is_empty() {
        return Err(Stop::Inconclusive("none of the connections was accepted".to_owned()));
    }
    let expected = "the connection that came last is accepted and stays";
    let mut last = opening.open().await.judged(&cx, expected)?;
    let ended = join_all(earlier.into_iter().map(|mut client| async move {
        let ended = client.ended().await;
        (client, ended)
    }));
    for (_client, ended) in ended.await {
        ended.judged(&cx, "every earlier connection with the Client Identifier is closed")?;
    }
    last.ping().await.judged(&cx, expected)?;
    last.disconnect().await;
    cx.alive().await
}
