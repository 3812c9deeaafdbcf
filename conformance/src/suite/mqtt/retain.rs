//! Retained messages (5.0 sections 3.3.1.3 and 3.8.3.1, 3.1.1 section 3.3.1.3).

use pushspec_wire::mqtt::{Packet, Publish, QoS, RetainHandling, SubscriptionOptions, Version};

use super::cx::Cx;
use super::wire;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Message, Received};
use crate::requirement::{v5, v31, v311};

const QOS: QoS = QoS::AtMostOnce;

// What is to be found retained later is published at QoS 1: of QoS 0 a Server may throw it away
// whenever it likes (MQTT-3.3.1-7 in 3.1.1, 5.0 section 3.3.1.3). And all that 3.1 says about retained
// messages are recommendations.
const KEPT_QOS: QoS = QoS::AtLeastOnce;

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/retain/reaches-a-new-subscriber",
        requires: &[
            v31("X31-12"),
            v311("MQTT-3.3.1-5"),
            v311("MQTT-3.3.1-6"),
            v311("MQTT-3.3.1-8"),
            v5("MQTT-3.3.1-9"),
            v5("X5-R23"),
            v31("X31-50"),
            v311("X311-R03"),
            v5("X5-R21"),
        ],
        needs: &[Need::Retain, Need::QoS1],
        expects: "a retained message is sent because of a new subscription, with RETAIN = 1",
        accepts: "Sending it before SUBACK or behind: which is observed.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                retained(&cx, &topic, &["on"]).await?;
                let sent = cx.once_settled(|| async {
                    let message = sent_at_subscribe(&cx, &topic, "on").await?;
                    cx.judge_at(message.entry, 0..1, message.retain, "RETAIN = 1", "RETAIN = 0")
                });
                cx.only_advised_in(&[Version::V31], sent.await)?;
                observe_order(&cx, &topic).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/qos-0-takes-its-place",
        requires: &[v311("MQTT-3.3.1-7"), v311("X311-S10"), v5("MQTT-3.3.1-5"), v5("X5-S17")],
        needs: &[Need::Retain, Need::QoS1],
        expects: "a retained message at QoS 0 discards the one retained before, and should be retained itself",
        accepts: "Throwing it away at any time, which is a warning if it is at once.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                retained(&cx, &topic, &["before"]).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "at QoS 0").retained()).await?;
                publisher.ping().await?;
                let kept = cx.once_settled(|| async {
                    let mut late = cx.subscribed(&topic, KEPT_QOS).await?;
                    let sent = cx.until_fence(&mut late, &topic, KEPT_QOS).await?;
                    let before = sent.iter().find(|message| message.payload.as_ref() == b"before");
                    let expected = "the message retained before is discarded";
                    cx.judge(before.is_none(), expected, "it was sent")?;
                    cx.judge(!sent.is_empty(), "the retained message at QoS 0", NOT_RETAINED)
                });
                match kept.await {
                    Err(Stop::Broken(finding)) if finding.found == NOT_RETAINED => {
                        cx.advise(false, finding.expected, finding.found);
                        cx.observe("retained message at QoS 0", "not retained");
                        Ok(())
                    }
                    outcome => outcome,
                }
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/the-last-one-counts",
        requires: &[v31("X31-33"), v311("MQTT-3.3.1-5"), v5("MQTT-3.3.1-5")],
        needs: &[Need::Retain, Need::QoS1],
        expects: "a retained message takes the place of the one retained before on its topic",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                retained(&cx, &topic, &["old", "new"]).await?;
                let last = cx.once_settled(|| async {
                    let mut late = cx.subscribed(&topic, KEPT_QOS).await?;
                    is_retained(&cx, &late.message().await?, "new")?;
                    let expected = "one retained message";
                    cx.nothing_before_fence(&mut late, &topic, KEPT_QOS, expected).await
                });
                cx.only_advised_in(&[Version::V31], last.await)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/empty-payload-removes-it",
        requires: &[v311("MQTT-3.3.1-10"), v5("MQTT-3.3.1-6")],
        needs: &[Need::Retain, Need::QoS1],
        expects: "an empty retained PUBLISH is delivered to subscribers and removes the retained message",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                retained(&cx, &topic, &["on"]).await?;
                // Positive control.
                cx.once_settled(|| async {
                    let mut early = cx.subscribed(&topic, QOS).await?;
                    cx.message_of(&mut early, "on").await?;
                    Ok(())
                })
                .await?;
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                cx.message_of(&mut watcher, "on").await?;
                retained(&cx, &topic, &[""]).await?;
                let expected = "subscribers are sent the empty message";
                let message = cx.delivered(&mut watcher, expected).await?;
                cx.judge(message.payload.is_empty(), "an empty payload", "another payload")?;
                nothing_retained(&cx, &topic).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/empty-payload-is-not-kept",
        requires: &[v311("MQTT-3.3.1-11"), v5("MQTT-3.3.1-7")],
        needs: &[Need::Retain],
        expects: "an empty payload is never kept as a retained message",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "").retained()).await?;
                publisher.ping().await?;
                nothing_retained(&cx, &topic).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/unretained-messages-leave-it-alone",
        requires: &[v31("X31-12"), v311("MQTT-3.3.1-12"), v5("MQTT-3.3.1-8")],
        needs: &[Need::Retain, Need::QoS1],
        expects: "a PUBLISH with RETAIN = 0 neither is retained nor touches what is",
        run: |cx| {
            Box::pin(async move {
                let (kept, fresh) = (cx.topic("kept"), cx.topic("fresh"));
                // A Server that retains it leaves it behind.
                cx.residue().note_retained(&fresh);
                retained(&cx, &kept, &["retained"]).await?;
                let mut publisher = cx.connected().await?;
                for topic in [&kept, &fresh] {
                    publisher.publish(&Message::new(topic, "passing").qos(KEPT_QOS)).await?;
                }
                let untouched = cx.once_settled(|| async {
                    sent_at_subscribe(&cx, &kept, "retained").await.map(drop)
                });
                cx.only_advised_in(&[Version::V31], untouched.await)?;
                cx.only_advised_in(&[Version::V31], nothing_retained(&cx, &fresh).await)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/flag-is-0-on-live-messages",
        requires: &[v31("X31-12"), v311("MQTT-3.3.1-9"), v5("MQTT-3.3.1-12")],
        needs: &[Need::Retain],
        expects: "a retained PUBLISH reaches an established subscription with RETAIN = 0",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                let mut subscriber = cx.subscribed(&topic, QOS).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "on").retained()).await?;
                let message = cx.message_of(&mut subscriber, "on").await?;
                let flag =
                    cx.judge_at(message.entry, 0..1, !message.retain, "RETAIN = 0", "RETAIN = 1");
                cx.only_advised_in(&[Version::V31], flag)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/outlives-the-session",
        requires: &[v311("MQTT-3.1.2-7"), v5("X5-R22")],
        needs: &[Need::Retain, Need::QoS1],
        expects: "a retained message stays when the Session of its publisher ends",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                // Its publisher disconnects, and has a Session that ends with that.
                retained(&cx, &topic, &["on"]).await?;
                cx.once_settled(|| async { sent_at_subscribe(&cx, &topic, "on").await.map(drop) })
                    .await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/handling-0-sends-every-time",
        requires: &[v5("MQTT-3.3.1-9"), v5("MQTT-3.8.4-4")],
        needs: &[Need::Retain, Need::QoS1],
        expects: "with Retain Handling 0 the retained message is sent at every SUBSCRIBE, also when the subscription exists",
        run: |cx| Box::pin(handled(cx, RetainHandling::Send, [true, true])),
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/handling-1-sends-to-new-subscriptions",
        requires: &[v5("MQTT-3.3.1-10")],
        needs: &[Need::Retain, Need::QoS1],
        expects: "with Retain Handling 1 the retained message is sent only when the subscription is new",
        run: |cx| Box::pin(handled(cx, RetainHandling::SendIfNew, [true, false])),
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/handling-2-sends-nothing",
        requires: &[v5("MQTT-3.3.1-11")],
        needs: &[Need::Retain, Need::QoS1],
        expects: "with Retain Handling 2 no retained message is sent at SUBSCRIBE",
        run: |cx| Box::pin(handled(cx, RetainHandling::DoNotSend, [false, false])),
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/as-published-keeps-the-flag",
        requires: &[v5("MQTT-3.3.1-13")],
        needs: &[Need::Retain],
        expects: "with Retain As Published 1 messages arrive with the RETAIN flag they were published with",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                let mut subscriber = cx.connected().await?;
                let options = SubscriptionOptions {
                    retain_as_published: true,
                    ..SubscriptionOptions::new(QOS)
                };
                subscriber.subscribe_with(&topic, options).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "1").retained()).await?;
                publisher.publish(&Message::new(&topic, "0")).await?;
                for retain in [true, false] {
                    let message = subscriber.message().await?;
                    cx.judge_at(
                        message.entry,
                        0..1,
                        message.retain == retain,
                        format!("RETAIN = {}", u8::from(retain)),
                        format!("RETAIN = {}", u8::from(message.retain)),
                    )?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
];

/// Publishes retained messages one after the other and waits until the Server has taken them over.
async fn retained(cx: &Cx, topic: &str, payloads: &[&str]) -> Outcome {
    let mut publisher = cx.connected().await?;
    for payload in payloads {
        publisher.publish(&Message::new(topic, payload).qos(KEPT_QOS).retained()).await?;
    }
    publisher.disconnect().await;
    Ok(())
}

const NOT_RETAINED: &str = "it was not retained";

/// Whether what a subscription causes comes before its SUBACK.
async fn observe_order(cx: &Cx, topic: &str) -> Outcome {
    let mut late = cx.connected().await?;
    let id = late.fresh_id();
    let subscribe = wire::subscribe(cx, topic, id);
    late.send_raw(&subscribe, "SUBSCRIBE").await;
    let first = late.first_packet("SUBACK, or the retained message").await?;
    let order = match first.packet {
        Packet::Publish(_) => "before SUBACK",
        _ => "behind SUBACK",
    };
    cx.observe("retained message", order);
    Ok(())
}

/// The retained message that a new subscriber is sent.
async fn sent_at_subscribe(
    cx: &Cx,
    topic: &str,
    payload: &str,
) -> Result<Received<Publish<'static>>, Stop> {
    let mut late = cx.subscribed(topic, KEPT_QOS).await?;
    let message = cx.delivered(&mut late, "the retained message").await?;
    is_retained(cx, &message, payload)?;
    Ok(message)
}

fn is_retained(cx: &Cx, message: &Received<Publish<'static>>, payload: &str) -> Outcome {
    cx.judge_at(
        message.entry,
        0..message.bytes.len(),
        message.payload.as_ref() == payload.as_bytes(),
        format!("the retained message with the payload {payload:?}"),
        Packet::Publish(message.packet.clone()),
    )
}

/// A new subscriber is sent no retained message.
async fn nothing_retained(cx: &Cx, topic: &str) -> Outcome {
    cx.once_settled(|| async {
        let mut late = cx.subscribed(topic, QOS).await?;
        cx.nothing_before_fence(&mut late, topic, QOS, "no retained message").await
    })
    .await
}

/// Subscribes twice with this Retain Handling; tells for each time whether the retained message is
/// due.
async fn handled(cx: Cx, handling: RetainHandling, due: [bool; 2]) -> Outcome {
    let topic = cx.topic("lamp");
    retained(&cx, &topic, &["on"]).await?;
    let options =
        SubscriptionOptions { retain_handling: handling, ..SubscriptionOptions::new(KEPT_QOS) };
    cx.once_settled(|| async {
        let mut subscriber = cx.connected().await?;
        for (which, due) in ["first", "second"].into_iter().zip(due) {
            subscriber.subscribe_with(&topic, options).await?;
            if due {
                let expected = format!("the retained message at the {which} SUBSCRIBE");
                let message = cx.delivered(&mut subscriber, &expected).await?;
                is_retained(&cx, &message, "on")?;
            } else {
                let expected = format!("no retained message at the {which} SUBSCRIBE");
                cx.nothing_before_fence(&mut subscriber, &topic, KEPT_QOS, &expected).await?;
            }
        }
        Ok(())
    })
    .await
}
