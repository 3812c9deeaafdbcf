//! Will Messages (5.0 sections 3.1.2.5 to 3.1.2.7 and 3.1.3.2; 3.1.1 sections 3.1.2.5 to 3.1.2.7).

use std::time::Duration;

use pushspec_wire::mqtt::{Packet, Properties, Property, Publish, QoS, ReasonCode, Version};
use tokio::time::{Instant, sleep};

use super::cx::Cx;
use super::keep_alive::ours_is_used;
use super::message::are_kept;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Message, Received};
use crate::requirement::{v5, v31, v311};

const QOS: QoS = QoS::AtMostOnce;

/// How late a Server may be where the spec says when, but not how exactly.
const GRACE: Duration = Duration::from_secs(7);

/// What still counts as prompt: the specs name no time.
const PROMPTLY: Duration = Duration::from_secs(3);

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/will/is-published-when-the-connection-breaks",
        requires: &[
            v31("X31-36"),
            v311("MQTT-3.1.2-8"),
            v311("X311-S03"),
            v5("MQTT-3.1.2-7"),
            v5("MQTT-3.1.2-8"),
            v5("X5-S02"),
        ],
        needs: &[Need::QoS1],
        expects: "the Will Message is published when the network connection ends without DISCONNECT, with the topic, payload and QoS of the CONNECT",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QoS::AtLeastOnce).await?;
                let will = Message::new(&topic, "gone").qos(QoS::AtLeastOnce);
                let mut client = cx.opening().will(&will).open().await?;
                client.ping().await?;
                client.drop_connection();
                let broken = Instant::now();
                let message = published(&cx, &mut watcher).await?;
                if cx.version() != Version::V31 {
                    cx.advise(
                        message.at.duration_since(broken) < PROMPTLY,
                        format!("the Will Message promptly: within {} s", PROMPTLY.as_secs()),
                        "it was published later",
                    );
                }
                let qos = message.delivery.qos();
                let found = format!("QoS {}", qos.bits());
                let expected = "the Will Message at Will QoS 1";
                cx.judge_at(message.entry, 0..1, qos == QoS::AtLeastOnce, expected, found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/is-discarded-by-disconnect",
        requires: &[
            v31("X31-37"),
            v311("MQTT-3.14.4-3"),
            v311("MQTT-3.1.2-8"),
            v5("MQTT-3.14.4-3"),
        ],
        expects: "DISCONNECT discards the Will Message unpublished",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let client = cx.opening().will(&Message::new(&topic, "gone")).open().await?;
                client.disconnect().await;
                cx.nothing_before_fence(&mut watcher, &topic, QOS, "no Will Message").await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/is-retained-if-asked",
        requires: &[v31("X31-38"), v311("MQTT-3.1.2-17"), v5("MQTT-3.1.2-15")],
        // At QoS 0 a Server may throw retained messages away whenever it likes.
        needs: &[Need::Retain, Need::QoS1],
        expects: "a Will Message with Will Retain 1 is published as a retained message",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let will = Message::new(&topic, "gone").qos(QoS::AtLeastOnce).retained();
                broken_with_will(&cx, &topic, &will).await?;
                let retained = cx.once_settled(|| async {
                    let mut late = cx.subscribed(&topic, QoS::AtLeastOnce).await?;
                    let expected = "a later subscriber is sent the Will Message";
                    let message = cx.delivered(&mut late, expected).await?;
                    is_the_will(&cx, &message)
                });
                // 3.1 only recommends to send retained messages.
                cx.only_advised_in(&[Version::V31], retained.await)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/is-not-retained-unasked",
        requires: &[v31("X31-38"), v311("MQTT-3.1.2-16"), v5("MQTT-3.1.2-14")],
        expects: "a Will Message with Will Retain 0 is not retained",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                // A Server that retains it leaves it behind.
                cx.residue().note_retained(&topic);
                broken_with_will(&cx, &topic, &Message::new(&topic, "gone")).await?;
                let mut late = cx.subscribed(&topic, QOS).await?;
                let expected = "a later subscriber is sent nothing";
                let nothing = cx.nothing_before_fence(&mut late, &topic, QOS, expected).await;
                cx.only_advised_in(&[Version::V31], nothing)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/is-published-after-keep-alive",
        requires: &[v311("MQTT-3.1.2-8"), v5("MQTT-3.1.2-8")],
        expects: "the Will Message of a Client that the Server disconnects for its silence is published",
        lasts: Duration::from_secs(3),
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let opening = cx.opening().keep_alive(2).will(&Message::new(&topic, "gone"));
                let mut accepted = opening.accepted().await?;
                ours_is_used(&accepted.connack, 2)?;
                let due = Instant::now() + Duration::from_secs(3);
                accepted.client.ended_before(due + GRACE).await?;
                // The connection is closed for good when both sides have closed it.
                accepted.client.drop_connection();
                published(&cx, &mut watcher).await?;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/is-published-after-an-error",
        requires: &[v311("MQTT-3.1.2-8"), v5("MQTT-3.1.2-8")],
        expects: "the Will Message of a Client that the Server disconnects for a malformed packet is published",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let opening = cx.opening().will(&Message::new(&topic, "gone"));
                let mut client = opening.open().await?;
                client.ping().await?;
                let entry =
                    client.send_raw(&[0x00, 0x00], "packet type 0, which is forbidden").await;
                cx.trace.mark(entry, 0..1, "type 0 is forbidden");
                client.ended().await?;
                client.drop_connection();
                published(&cx, &mut watcher).await?;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/is-published-at-takeover",
        requires: &[v311("MQTT-3.1.2-8"), v5("X5-R15"), v5("MQTT-3.1.2-8")],
        expects: "the Will Message of a connection that another one with its Client Identifier replaces is published",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let opening = cx.opening();
                let mut first = opening.clone().will(&Message::new(&topic, "gone")).open().await?;
                first.ping().await?;
                let second = opening.open().await?;
                first.ended().await?;
                first.drop_connection();
                published(&cx, &mut watcher).await?;
                second.disconnect().await;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/is-published-once",
        requires: &[v311("MQTT-3.1.2-10"), v311("MQTT-3.1.2-12"), v5("MQTT-3.1.2-10")],
        needs: &[Need::KeptSession],
        expects: "a Will Message is removed from the Session when it is published: a later connection of the Session without a Will has none",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let kept = cx.opening().kept(60).resuming();
                let mut client = kept.clone().will(&Message::new(&topic, "gone")).open().await?;
                client.ping().await?;
                client.drop_connection();
                watcher.message().await?;
                let mut again = kept.open().await?;
                again.ping().await?;
                again.drop_connection();
                // The second breach shows only in what does not come; let the Server notice it.
                sleep(Duration::from_millis(300)).await;
                cx.nothing_before_fence(&mut watcher, &topic, QOS, "no second Will Message").await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/waits-for-its-delay",
        requires: &[v5("MQTT-3.1.2-8")],
        needs: &[Need::KeptSession],
        expects: "a Will Message with a Will Delay Interval of 2 s is published when these have passed, not before",
        lasts: Duration::from_secs(3),
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                cx.may_be_silent_for(Duration::from_secs(2) + GRACE)?;
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let will = Message::new(&topic, "gone").with(Property::WillDelayInterval(2));
                let opening = cx.opening().kept(60).will(&will);
                let mut client = opening.open().await?;
                client.ping().await?;
                client.drop_connection();
                let closed = Instant::now();
                let due = closed + Duration::from_secs(2);
                let expected = "the Will Message, 2 s after the connection ended";
                let message = cx.delivered_before(&mut watcher, due + GRACE, expected).await?;
                // A clock that counts whole seconds takes 1 s and a little for 2 s.
                let early = message.at < closed + Duration::from_secs(1);
                cx.judge_at(
                    message.entry,
                    0..message.bytes.len(),
                    !early,
                    "the Will Message not before 2 s after the connection ended",
                    "it came earlier",
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/is-cancelled-by-a-return-within-its-delay",
        requires: &[v5("MQTT-3.1.3-9")],
        needs: &[Need::KeptSession],
        expects: "a Client that resumes its Session within the Will Delay Interval keeps its Will Message from being published",
        lasts: Duration::from_secs(4),
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                cx.may_be_silent_for(Duration::from_secs(4))?;
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let will = Message::new(&topic, "gone").with(Property::WillDelayInterval(2));
                let kept = cx.opening().kept(60).resuming();
                let mut client = kept.clone().will(&will).open().await?;
                client.ping().await?;
                client.drop_connection();
                let mut back = cx.resumed(&kept).await?;
                sleep(Duration::from_secs(4)).await;
                back.ping().await?;
                cx.nothing_before_fence(&mut watcher, &topic, QOS, "no Will Message").await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/does-not-wait-beyond-the-session",
        requires: &[v5("MQTT-3.1.2-8")],
        needs: &[Need::KeptSession],
        expects: "a Will Message is published when its Session ends, if that is before its Will Delay Interval has passed",
        lasts: Duration::from_secs(2),
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                cx.may_be_silent_for(Duration::from_secs(3) + GRACE)?;
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let will = Message::new(&topic, "gone").with(Property::WillDelayInterval(60));
                let accepted = cx.opening().kept(1).will(&will).accepted().await?;
                let used = accepted.connack.properties.session_expiry_interval().unwrap_or(1);
                if used > 3 {
                    return Err(Stop::NotApplicable(format!(
                        "the Server keeps Sessions for at least {used} s"
                    )));
                }
                let mut client = accepted.client;
                client.ping().await?;
                client.drop_connection();
                let due = Instant::now() + Duration::from_secs(used.into());
                let expected = "the Will Message when the Session ends, 1 s after the connection";
                let message = cx.delivered_before(&mut watcher, due + GRACE, expected).await?;
                is_the_will(&cx, &message)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/is-published-if-disconnect-asks-for-it",
        requires: &[v5("MQTT-3.1.2-8")],
        expects: "DISCONNECT 0x04 (Disconnect with Will Message) has the Will Message published",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let client = cx.opening().will(&Message::new(&topic, "gone")).open().await?;
                client.disconnect_with(ReasonCode(0x04), Properties::new()).await;
                published(&cx, &mut watcher).await?;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/payload-that-is-not-its-format",
        requires: &[v5("MQTT-3.1.3-10"), v5("X5-S11")],
        expects: "a Will Message with Payload Format Indicator 1 whose payload is no UTF-8 is published unaltered, if the CONNECT is accepted",
        accepts: "Refusing the CONNECT, with 0x99 (Payload format invalid) or otherwise: it is observed.",
        run: |cx| {
            Box::pin(async move {
                const NO_UTF_8: &[u8] = &[0xFF, 0xFE, b'x'];
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let will = Message::new(&topic, NO_UTF_8).with(Property::PayloadFormatIndicator(1));
                let opening = cx.opening().will(&will);
                let mut client = opening.network().await?;
                client.send_raw(&opening.bytes(), "CONNECT with a Will that is no UTF-8").await;
                let sign = client.ended_or(|packet| matches!(packet, Packet::ConnAck(_))).await?;
                if let Some(Packet::ConnAck(connack)) = &sign
                    && connack.reason.0 == 0
                {
                    cx.observe("Will that is not UTF-8", "accepted");
                    client.ping().await?;
                    client.drop_connection();
                    let message = cx.delivered(&mut watcher, "the Will Message").await?;
                    return cx.judge_at(
                        message.entry,
                        0..message.bytes.len(),
                        message.payload.as_ref() == NO_UTF_8,
                        "the payload as it stood in CONNECT",
                        "another payload",
                    );
                }
                let answer = match sign {
                    Some(Packet::ConnAck(connack)) => format!("CONNACK {:#04x}", connack.reason.0),
                    _ => "closed".to_owned(),
                };
                cx.observe("Will that is not UTF-8", answer);
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/carries-its-properties",
        requires: &[v5("MQTT-3.1.3-10"), v5("X5-R14")],
        expects: "the Will Message is published with its properties, User Properties in their order and twice where they were given twice; the Will Delay Interval is not among them",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QOS).await?;
                let given = [("b", "1"), ("a", "2"), ("b", "1")];
                let mut will = Message::new(&topic, "gone")
                    .with(Property::WillDelayInterval(0))
                    .with(Property::ContentType("text/plain"));
                for (name, value) in given {
                    will = will.with(Property::UserProperty(name, value));
                }
                let mut client = cx.opening().will(&will).open().await?;
                client.ping().await?;
                client.drop_connection();
                let message = published(&cx, &mut watcher).await?;
                let found = Packet::Publish(message.packet.clone()).to_string();
                let user: Vec<_> = message.properties.user_properties().collect();
                let same = are_kept(&cx, &given, &user)
                    && message.properties.content_type() == Some("text/plain");
                let expected = "Content Type text/plain and User Properties b=1, a=2, b=1";
                cx.judge_at(message.entry, 0..message.bytes.len(), same, expected, found)
            })
        },
        ..Case::BASE
    },
];

/// The Will Message reaches the watcher.
async fn published(cx: &Cx, watcher: &mut Client) -> Result<Received<Publish<'static>>, Stop> {
    let message = cx.delivered(watcher, "the Will Message is published").await?;
    is_the_will(cx, &message)?;
    Ok(message)
}

/// This is the Will Message of all these cases.
fn is_the_will(cx: &Cx, message: &Received<Publish<'static>>) -> Outcome {
    cx.judge_at(
        message.entry,
        0..message.bytes.len(),
        message.payload.as_ref() == b"gone",
        "the Will Message, with the payload \"gone\"",
        Packet::Publish(message.packet.clone()),
    )
}

/// A Client with this Will goes without DISCONNECT, and the Will Message has been published.
async fn broken_with_will(cx: &Cx, topic: &str, will: &Message) -> Outcome {
    let mut watcher = cx.subscribed(topic, QOS).await?;
    let mut client = cx.opening().will(will).open().await?;
    client.ping().await?;
    client.drop_connection();
    watcher.message().await?;
    watcher.disconnect().await;
    Ok(())
}
