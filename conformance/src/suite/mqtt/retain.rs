//! Retained messages (5.0 sections 3.3.1.3 and 3.8.3.1, 3.1.1 section 3.3.1.3).

use pushspec_wire::mqtt::{QoS, RetainHandling, SubscriptionOptions};

use super::cx::Cx;
use crate::case::{Case, Need, Outcome};
use crate::probe::mqtt::{Client, Judged, Message};
use crate::requirement::{v5, v31, v311};

const QOS: QoS = QoS::AtMostOnce;

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
        ],
        needs: &[Need::Retain, Need::QoS1],
        expects: "a retained message is sent because of a new subscription, with RETAIN = 1",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                let mut publisher = cx.connected().await?;
                let on = Message::new(&topic, "on").qos(QoS::AtLeastOnce).retained();
                publisher.publish(&on).await?;
                let mut subscriber = cx.subscribed(&topic, QoS::AtLeastOnce).await?;
                let message = subscriber.message().await.judged(&cx, "the retained message")?;
                cx.judge(
                    message.payload.as_ref() == b"on",
                    "the payload that was retained",
                    format!("payload {:?}", String::from_utf8_lossy(&message.payload)),
                )?;
                cx.judge_at(message.entry, 0..1, message.retain, "RETAIN = 1", "RETAIN = 0")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/the-last-one-counts",
        requires: &[v31("X31-12"), v311("MQTT-3.3.1-5"), v5("MQTT-3.3.1-5")],
        needs: &[Need::Retain, Need::QoS1],
        expects: "a retained message takes the place of the one retained before on its topic",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                let mut publisher = cx.connected().await?;
                for payload in ["old", "new"] {
                    let message = Message::new(&topic, payload).qos(QoS::AtLeastOnce).retained();
                    publisher.publish(&message).await?;
                }
                let mut subscriber = cx.subscribed(&topic, QoS::AtLeastOnce).await?;
                let message = subscriber.message().await?;
                cx.judge_at(
                    message.entry,
                    0..message.bytes.len(),
                    message.payload.as_ref() == b"new",
                    "the message retained last",
                    "another one",
                )?;
                let expected = "one retained message";
                cx.nothing_before_fence(&mut subscriber, &topic, QoS::AtLeastOnce, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/empty-payload-removes-it",
        requires: &[v311("MQTT-3.3.1-10"), v5("MQTT-3.3.1-6")],
        needs: &[Need::Retain],
        expects: "an empty retained PUBLISH is delivered to subscribers and removes the retained message",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "on").retained()).await?;
                publisher.ping().await?;
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                watcher.message().await?;
                publisher.publish(&Message::new(&topic, "").retained()).await?;
                publisher.ping().await?;
                let message = watcher.message().await;
                let message = message.judged(&cx, "subscribers are sent the empty message")?;
                cx.judge(message.payload.is_empty(), "an empty payload", "another payload")?;
                let mut late = cx.subscribed(&topic, QOS).await?;
                let expected = "a later subscriber is sent no retained message";
                cx.nothing_before_fence(&mut late, &topic, QOS, expected).await
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
                let mut late = cx.subscribed(&topic, QOS).await?;
                cx.nothing_before_fence(&mut late, &topic, QOS, "no retained message").await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/unretained-messages-leave-it-alone",
        requires: &[v31("X31-12"), v311("MQTT-3.3.1-12"), v5("MQTT-3.3.1-8")],
        needs: &[Need::Retain],
        expects: "a PUBLISH with RETAIN = 0 neither is retained nor touches what is",
        run: |cx| {
            Box::pin(async move {
                let (kept, fresh) = (cx.topic("kept"), cx.topic("fresh"));
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&kept, "retained").retained()).await?;
                publisher.publish(&Message::new(&kept, "passing")).await?;
                publisher.publish(&Message::new(&fresh, "passing")).await?;
                publisher.ping().await?;
                let mut late = cx.subscribed(&kept, QOS).await?;
                let message = late.message().await.judged(&cx, "the retained message")?;
                cx.judge_at(
                    message.entry,
                    0..message.bytes.len(),
                    message.payload.as_ref() == b"retained",
                    "the message that was retained",
                    "the one with RETAIN = 0",
                )?;
                let mut late = cx.subscribed(&fresh, QOS).await?;
                cx.nothing_before_fence(&mut late, &fresh, QOS, "no retained message").await
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
                let message = subscriber.message().await?;
                cx.judge_at(message.entry, 0..1, !message.retain, "RETAIN = 0", "RETAIN = 1")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/outlives-the-session",
        requires: &[v311("MQTT-3.1.2-7"), v5("X5-R22")],
        needs: &[Need::Retain],
        expects: "a retained message stays when the Session of its publisher ends",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "on").retained()).await?;
                publisher.ping().await?;
                publisher.disconnect().await;
                let mut late = cx.subscribed(&topic, QOS).await?;
                late.message().await.judged(&cx, "the retained message")?;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/handling-0-sends-every-time",
        requires: &[v5("MQTT-3.3.1-9"), v5("MQTT-3.8.4-4")],
        needs: &[Need::Retain],
        expects: "with Retain Handling 0 the retained message is sent at every SUBSCRIBE, also when the subscription exists",
        run: |cx| Box::pin(handled(cx, RetainHandling::Send, [true, true])),
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/handling-1-sends-to-new-subscriptions",
        requires: &[v5("MQTT-3.3.1-10")],
        needs: &[Need::Retain],
        expects: "with Retain Handling 1 the retained message is sent only when the subscription is new",
        run: |cx| Box::pin(handled(cx, RetainHandling::SendIfNew, [true, false])),
        ..Case::BASE
    },
    Case {
        id: "mqtt/retain/handling-2-sends-nothing",
        requires: &[v5("MQTT-3.3.1-11")],
        needs: &[Need::Retain],
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

/// Subscribes twice with this Retain Handling; tells for each time whether the retained message is
/// due.
async fn handled(cx: Cx, handling: RetainHandling, due: [bool; 2]) -> Outcome {
    let topic = cx.topic("lamp");
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&topic, "on").retained()).await?;
    publisher.ping().await?;
    let mut subscriber = cx.connected().await?;
    let options =
        SubscriptionOptions { retain_handling: handling, ..SubscriptionOptions::new(QOS) };
    for (which, due) in ["first", "second"].into_iter().zip(due) {
        subscriber.subscribe_with(&topic, options).await?;
        if due {
            sent(&cx, &mut subscriber, which).await?;
        } else {
            let expected = format!("no retained message at the {which} SUBSCRIBE");
            cx.nothing_before_fence(&mut subscriber, &topic, QOS, &expected).await?;
        }
    }
    Ok(())
}

async fn sent(cx: &Cx, subscriber: &mut Client, which: &str) -> Outcome {
    let expected = format!("the retained message at the {which} SUBSCRIBE");
    subscriber.message().await.judged(cx, &expected)?;
    Ok(())
}
