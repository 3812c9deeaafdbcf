//! Shared subscriptions (5.0 section 4.8.2).

use std::time::Duration;

use pushspec_wire::mqtt::{
    Packet, PacketId, Properties, Property, PubAck, PubRec, Publish, QoS, ReasonCode,
    SubscriptionOptions,
};
use tokio::time::{Instant, sleep};

use super::cx::{Cx, Illegal};
use super::resuming::delivered_again;
use super::wire;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Judged, Message, Opening, Received};
use crate::requirement::v5;

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/subscribe/shared-delivers-once",
        requires: &[v5("X5-R02")],
        needs: &[Need::SharedSubscriptions, Need::QoS1],
        expects: "each message that matches a shared subscription goes to one of its Clients",
        run: |cx| {
            Box::pin(async move {
                const MESSAGES: usize = 10;
                let qos = QoS::AtLeastOnce;
                let mut members = members(&cx, [qos, qos]).await?;
                publish_numbered(&cx, MESSAGES, qos).await?;
                let taken = taken(&cx, &mut members, MESSAGES).await?;
                let copies: Vec<usize> = (0..MESSAGES)
                    .map(|number| taken.iter().filter(|taken| taken.number == number).count())
                    .collect();
                let found = format!("{} deliveries, by message {copies:?}", taken.len());
                let expected = "10 deliveries of 10 messages";
                cx.judge(copies.iter().all(|count| *count == 1), expected, found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/shared/each-member-at-its-own-qos",
        requires: &[v5("MQTT-4.8.2-3")],
        needs: &[Need::SharedSubscriptions, Need::QoS2],
        expects: "a message for a shared subscription comes at most at the QoS granted to the Client that gets it",
        run: |cx| {
            Box::pin(async move {
                const MESSAGES: usize = 12;
                let granted = [QoS::AtMostOnce, QoS::AtLeastOnce];
                let mut members = members(&cx, granted).await?;
                publish_numbered(&cx, MESSAGES, QoS::ExactlyOnce).await?;
                for taken in taken(&cx, &mut members, MESSAGES).await? {
                    let granted = granted[taken.member];
                    cx.judge(
                        taken.qos <= granted,
                        format!("at most QoS {} to the Client with this grant", granted.bits()),
                        format!("QoS {}", taken.qos.bits()),
                    )?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/no-local-on-shared",
        requires: &[v5("MQTT-3.8.3-4")],
        needs: &[Need::SharedSubscriptions],
        expects: "No Local on a shared subscription is a Protocol Error: the connection ends",
        run: |cx| {
            Box::pin(async move {
                let mut bytes = wire::subscribe(&cx, &filter(&cx), PacketId::MIN);
                let options = bytes.len() - 1;
                bytes[options] |= 0b100;
                let illegal = Illegal {
                    bytes,
                    meant: "SUBSCRIBE with No Local to a shared subscription",
                    decides: options..options + 1,
                    why: "bit 2, No Local, is set",
                };
                cx.closes_on(cx.connected().await?, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/shared/filter-without-a-share-name",
        requires: &[v5("MQTT-4.8.2-1")],
        needs: &[Need::SharedSubscriptions],
        expects: "a shared subscription whose ShareName is empty is not granted",
        accepts: CLOSING_OR_REFUSING,
        run: |cx| Box::pin(async move { not_granted(&cx, &["$share//"]).await }),
        ..Case::BASE
    },
    Case {
        id: "mqtt/shared/share-names-and-their-filters",
        requires: &[v5("MQTT-4.8.2-2")],
        needs: &[Need::SharedSubscriptions],
        expects: "a shared subscription whose ShareName has a wildcard, or behind whose ShareName no Topic Filter stands, is not granted",
        accepts: CLOSING_OR_REFUSING,
        run: |cx| {
            Box::pin(async move {
                not_granted(&cx, &["$share/a+/", "$share/+/", "$share/#/", "$share/a#/"]).await?;
                no_filter(&cx, &["$share/pushspec", "$share/pushspec/"]).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/shared/begun-qos-2-waits-for-its-client",
        requires: &[v5("MQTT-4.8.2-4")],
        needs: &[Need::SharedSubscriptions, Need::KeptSession, Need::QoS2],
        expects: "a message of a shared subscription whose delivery at QoS 2 has begun is completed to its Client when that comes back, and goes to no other",
        run: |cx| {
            Box::pin(async move {
                let kept = cx.opening().kept(60).resuming();
                let (client, message) = begun(&cx, &kept, QoS::ExactlyOnce).await?;
                let mut other = other_member(&cx, QoS::ExactlyOnce).await?;
                client.drop_connection();
                nothing_more(&cx, &mut other).await?;
                let mut resumed = cx.resumed(&kept).await?;
                let expected = "the PUBLISH again to the Client that it was sent to";
                let again = delivered_again(&cx, &mut resumed, expected).await?;
                cx.judge_at(
                    again.entry,
                    0..again.bytes.len(),
                    again.payload == message.payload,
                    expected,
                    Packet::Publish(again.packet.clone()),
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/shared/begun-qos-2-ends-with-its-session",
        requires: &[v5("MQTT-4.8.2-5")],
        needs: &[Need::SharedSubscriptions, Need::QoS2],
        expects: "a message of a shared subscription whose delivery at QoS 2 has begun to a Client whose Session then ends goes to no other Client",
        run: |cx| {
            Box::pin(async move {
                // Without a Session Expiry Interval the Session ends with the connection.
                let (client, _) = begun(&cx, &cx.opening(), QoS::ExactlyOnce).await?;
                let mut other = other_member(&cx, QoS::ExactlyOnce).await?;
                client.drop_connection();
                nothing_more(&cx, &mut other).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/shared/refused-messages-go-to-nobody-else",
        requires: &[v5("MQTT-4.8.2-6")],
        needs: &[Need::SharedSubscriptions, Need::QoS2],
        expects: "a message of a shared subscription that its Client refuses by PUBACK or PUBREC with an error code is discarded, and goes to no other Client",
        run: |cx| {
            Box::pin(async move {
                let reason = ReasonCode::QUOTA_EXCEEDED;
                for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
                    let (mut client, message) = begun(&cx, &cx.opening(), qos).await?;
                    let mut other = other_member(&cx, qos).await?;
                    let Some(packet_id) = message.delivery.packet_id() else { return at_qos_0() };
                    let properties = Properties::new();
                    client
                        .send(match qos {
                            QoS::AtLeastOnce => {
                                Packet::PubAck(PubAck { packet_id, reason, properties })
                            }
                            _ => Packet::PubRec(PubRec { packet_id, reason, properties }),
                        })
                        .await;
                    client.ping().await?;
                    nothing_more(&cx, &mut other).await?;
                    client.disconnect().await;
                    other.disconnect().await;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/shared/begun-qos-1-goes-to-another-when-the-session-ends",
        requires: &[v5("X5-S25"), v5("X5-S26")],
        needs: &[Need::SharedSubscriptions, Need::KeptSession, Need::QoS1],
        expects: "a message of a shared subscription that was sent at QoS 1 to a Client whose Session ends without PUBACK goes to another Client",
        accepts: "Sending it to another Client already when the connection breaks, or waiting for the Session to end: which of them is observed.",
        run: |cx| Box::pin(goes_to_another(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/shared/no-retained-messages",
        requires: &[v5("X5-R01")],
        needs: &[Need::SharedSubscriptions, Need::Retain, Need::QoS1],
        expects: "no retained message is sent because of a shared subscription, neither to its first Client nor to the second",
        run: |cx| {
            Box::pin(async move {
                let (topic, qos) = (cx.topic("t"), QoS::AtLeastOnce);
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "retained").qos(qos).retained()).await?;
                // Positive control: a plain subscription is sent it.
                cx.once_settled(|| async {
                    cx.message_of(&mut cx.subscribed(&topic, qos).await?, "retained").await?;
                    Ok(())
                })
                .await?;
                for _ in 0..2 {
                    let mut member = other_member(&cx, qos).await?;
                    let (fence, expected) = (cx.topic("fence"), "no retained message");
                    cx.nothing_before_fence(&mut member, &fence, qos, expected).await?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/shared/beside-a-plain-subscription",
        requires: &[v5("X5-R03")],
        needs: &[Need::SharedSubscriptions, Need::QoS1],
        expects: "a Client with a plain and a shared subscription to one topic, alone in the latter, is sent a message for each",
        run: |cx| {
            Box::pin(async move {
                let (topic, qos) = (cx.topic("t"), QoS::AtLeastOnce);
                let mut client = cx.subscribed(&topic, qos).await?;
                client.subscribe(&filter(&cx), qos).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "x").qos(qos)).await?;
                cx.delivered(&mut client, "a copy for the one subscription").await?;
                cx.delivered(&mut client, "another copy for the other subscription").await?;
                let by = &mut publisher;
                let more = cx.until_fence_by(by, &mut client, &topic, qos).await?;
                // The fence, too, comes twice.
                let more = more.iter().filter(|message| message.payload.as_ref() == b"x").count();
                cx.judge(more == 0, "a copy for each subscription", format!("{} copies", more + 2))
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/shared/subscribed-again-is-one-membership",
        requires: &[v5("X5-R04")],
        needs: &[Need::SharedSubscriptions, Need::QoS1],
        expects: "a Client that subscribes to a shared subscription twice is in it once: it is sent one copy, and one UNSUBSCRIBE ends it",
        run: |cx| {
            Box::pin(async move {
                let (topic, qos) = (cx.topic("t"), QoS::AtLeastOnce);
                let shared = filter(&cx);
                let mut client = cx.subscribed(&shared, qos).await?;
                client.subscribe(&shared, qos).await?;
                client.subscribe(&cx.topic("fence"), qos).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "one").qos(qos)).await?;
                cx.message_of(&mut client, "one").await?;
                nothing_more(&cx, &mut client).await?;
                client.unsubscribe(&[&shared]).await?;
                publisher.publish(&Message::new(&topic, "two").qos(qos)).await?;
                nothing_more(&cx, &mut client).await
            })
        },
        ..Case::BASE
    },
];

const CLOSING_OR_REFUSING: &str = "Closing the connection, or a SUBACK with a failure code.";

/// The shared subscription of these cases.
fn filter(cx: &Cx) -> String {
    format!("$share/pushspec/{}", cx.topic("t"))
}

/// Two Clients of the shared subscription with these grants.
async fn members(cx: &Cx, granted: [QoS; 2]) -> Result<Vec<Client>, Stop> {
    let mut members = Vec::new();
    for qos in granted {
        members.push(cx.subscribed(&filter(cx), qos).await?);
    }
    Ok(members)
}

async fn publish_numbered(cx: &Cx, count: usize, qos: QoS) -> Outcome {
    let topic = cx.topic("t");
    let mut publisher = cx.connected().await?;
    for number in 0..count {
        publisher.publish(&Message::new(&topic, [number as u8]).qos(qos)).await?;
    }
    Ok(())
}

/// A message that one of the members was sent.
struct Taken {
    member: usize,
    qos: QoS,
    number: usize,
}

/// What the members are sent: round trips, until all are there and the last ones bring nothing more.
async fn taken(cx: &Cx, members: &mut [Client], count: usize) -> Result<Vec<Taken>, Stop> {
    let mut all = Vec::new();
    let deadline = Instant::now() + cx.timeout();
    loop {
        let before = all.len();
        for (member, client) in members.iter_mut().enumerate() {
            client.ping().await?;
            for arrival in client.arrived() {
                let Ok(Packet::Publish(publish)) = arrival.packet else { continue };
                let qos = publish.delivery.qos();
                match (qos, publish.delivery.packet_id()) {
                    (QoS::AtLeastOnce, Some(id)) => client.send_puback(id).await,
                    (QoS::ExactlyOnce, Some(id)) => client.send_pubrec(id).await,
                    _ => {}
                }
                if let Some(number) = publish.payload.first().copied().map(usize::from) {
                    all.push(Taken { member, qos, number });
                }
            }
        }
        if all.len() == before && (before >= count || Instant::now() >= deadline) {
            return Ok(all);
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// The only Client of the shared subscription so far, with a message that it was sent and has not
/// acknowledged.
async fn begun(
    cx: &Cx,
    opening: &Opening,
    qos: QoS,
) -> Result<(Client, Received<Publish<'static>>), Stop> {
    let mut client = opening.open().await?;
    join(cx, &mut client, qos).await?;
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(cx.topic("t"), "begun").qos(qos)).await?;
    let message = client.publish_received().await?;
    Ok((client, message))
}

/// A Client that joins the shared subscription, and can be shown a fence.
async fn other_member(cx: &Cx, qos: QoS) -> Result<Client, Stop> {
    let mut other = cx.connected().await?;
    join(cx, &mut other, qos).await?;
    other.subscribe(&cx.topic("fence"), qos).await?;
    Ok(other)
}

/// Subscribes to the shared subscription. A Server may grant less than was asked for, to these alone.
async fn join(cx: &Cx, client: &mut Client, qos: QoS) -> Result<(), Stop> {
    let options = SubscriptionOptions::new(qos);
    let suback = client.subscribe_all(&[(&filter(cx), options)], Properties::new()).await?;
    match suback.reasons.as_slice() {
        [granted] if granted.0 == qos.bits() => Ok(()),
        [granted] if granted.0 < qos.bits() => {
            cx.observe("QoS granted to a shared subscription", format!("at most {}", granted.0));
            Err(Stop::NotApplicable(format!(
                "the Server grants QoS {} to a shared subscription that asks for {}",
                granted.0,
                qos.bits()
            )))
        }
        _ => Err(Stop::Inconclusive(format!("{} came", Packet::SubAck(suback.packet)))),
    }
}

/// The Client is sent nothing more for the shared subscription.
async fn nothing_more(cx: &Cx, client: &mut Client) -> Outcome {
    let expected = "nothing more for the shared subscription";
    cx.nothing_before_fence(client, &cx.topic("fence"), QoS::AtLeastOnce, expected).await
}

fn at_qos_0() -> Outcome {
    Err(Stop::Inconclusive("the message came at QoS 0".to_owned()))
}

async fn goes_to_another(cx: Cx) -> Outcome {
    let qos = QoS::AtLeastOnce;
    let kept = cx.opening().with(Property::SessionExpiryInterval(60)).resuming();
    let (client, _) = begun(&cx, &kept, qos).await?;
    let mut other = other_member(&cx, qos).await?;
    client.drop_connection();
    let at_once = cx.until_fence(&mut other, &cx.topic("fence"), qos).await?;
    let when = if at_once.is_empty() { "not when it breaks" } else { "when it breaks" };
    cx.observe("QoS 1 message of a broken connection goes to another Client", when);
    if !at_once.is_empty() {
        return Ok(());
    }
    let mut clean = kept;
    clean.packet.clean_start = true;
    clean.open().await?.disconnect().await;
    let expected = "the message, now that the Session of the Client that it was sent to has ended";
    other.message().await.judged(&cx, expected)?;
    Ok(())
}

/// None of these, each with a topic of ours behind it, is granted.
async fn not_granted(cx: &Cx, beginnings: &[&str]) -> Outcome {
    let topic = cx.topic("t");
    let filters: Vec<String> = beginnings.iter().map(|start| format!("{start}{topic}")).collect();
    none_granted(cx, &filters).await
}

async fn no_filter(cx: &Cx, filters: &[&str]) -> Outcome {
    let filters: Vec<String> = filters.iter().map(|&filter| filter.to_owned()).collect();
    none_granted(cx, &filters).await
}

/// Each of these filters, on a connection of its own, is refused: by closing, or by SUBACK.
async fn none_granted(cx: &Cx, filters: &[String]) -> Outcome {
    let (legal, id) = (filter(cx), PacketId::MIN);
    for illegal in filters {
        let mut client = cx.connected().await?;
        // Positive control, and then the same bytes but for the filter.
        client.subscribe(&legal, QoS::AtMostOnce).await?;
        let bytes = wire::with_filter(&wire::subscribe(cx, &legal, id), &legal, illegal);
        let shown = illegal.replace(&cx.topic("t"), "t");
        let entry = client.send_raw(&bytes, format!("SUBSCRIBE to {shown}")).await;
        cx.trace.mark(entry, 5..bytes.len() - 1, "no shared subscription has this form");
        let Ok(suback) = client.suback(id).await else {
            client.ended().await.judged(cx, "closing, or SUBACK with a failure code")?;
            cx.observe_farewell(&client);
            continue;
        };
        let code = suback.reasons.first().copied().unwrap_or_default();
        cx.observe("answer", format!("SUBACK {:#04x}", code.0));
        let expected = format!("a code of 0x80 or above for {shown}");
        let found = Packet::SubAck(suback.packet.clone()).to_string();
        let last = suback.bytes.len();
        cx.judge_at(suback.entry, last - 1..last, code.0 >= 0x80, expected, found)?;
    }
    cx.alive().await
}
