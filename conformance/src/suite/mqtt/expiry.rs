//! The Message Expiry Interval: counted down while a message waits, and what follows from its end (5.0
//! section 3.3.2.3.3).

use std::time::Duration;

use pushspec_wire::mqtt::{Property, Publish, QoS};
use tokio::time::{Instant, sleep};

use super::cx::Cx;
use crate::case::{Case, Need, Outcome};
use crate::probe::mqtt::{Message, Received};
use crate::requirement::v5;

const QOS: QoS = QoS::AtLeastOnce;

/// The cases on expiry.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/message/retained-expiry-is-counted-down",
        requires: &[v5("MQTT-3.3.2-6")],
        needs: &[Need::Retain],
        expects: "a retained message is sent with its Message Expiry Interval less the time it was retained",
        accepts: "One second more or less, since the interval counts whole seconds.",
        lasts: Duration::from_secs(3),
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut publisher = cx.connected().await?;
                let qos = match cx.capabilities().maximum_qos {
                    0 => QoS::AtMostOnce,
                    _ => QoS::AtLeastOnce,
                };
                let message = Message::new(&topic, "x")
                    .qos(qos)
                    .retained()
                    .with(Property::MessageExpiryInterval(60));
                let published = Instant::now();
                publisher.publish(&message).await?;
                publisher.ping().await?;
                let acknowledged = Instant::now();
                sleep(Duration::from_secs(3)).await;
                let subscribing = Instant::now();
                let mut late = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let message = late.message().await?;
                let waited = (
                    subscribing.duration_since(acknowledged),
                    message.at.duration_since(published),
                );
                let expected = "a Message Expiry Interval of about 57 s: 60 s less the 3 s that the message was retained";
                counted_down(&cx, &message, waited, expected)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/expiry-is-counted-down",
        requires: &[v5("MQTT-3.3.2-6")],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "a message that waited in the Server is sent with its Message Expiry Interval less the time it waited",
        accepts: "One second more or less, since the interval counts whole seconds.",
        lasts: Duration::from_secs(3),
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let kept = cx.opening().kept(60).resuming();
                let mut client = kept.open().await?;
                client.subscribe(&topic, QOS).await?;
                client.disconnect().await;
                let mut publisher = cx.connected().await?;
                let published = Instant::now();
                let message =
                    Message::new(&topic, "x").qos(QOS).with(Property::MessageExpiryInterval(60));
                publisher.publish(&message).await?;
                let acknowledged = Instant::now();
                sleep(Duration::from_secs(3)).await;
                let resuming = Instant::now();
                let mut client = cx.resumed(&kept).await?;
                let message = client.message().await?;
                let waited =
                    (resuming.duration_since(acknowledged), message.at.duration_since(published));
                let expected = "a Message Expiry Interval of about 57 s: 60 s less the 3 s that the message waited";
                counted_down(&cx, &message, waited, expected)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/expired-is-not-delivered",
        requires: &[v5("MQTT-3.3.2-5")],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "a message that expired before its delivery began is not delivered",
        lasts: Duration::from_secs(4),
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let kept = cx.opening().kept(60).resuming();
                let mut client = kept.open().await?;
                client.subscribe(&topic, QOS).await?;
                client.disconnect().await;
                let mut publisher = cx.connected().await?;
                let expiring = Message::new(&topic, "expired")
                    .qos(QOS)
                    .with(Property::MessageExpiryInterval(1));
                publisher.publish(&expiring).await?;
                publisher.publish(&Message::new(&topic, "lasting").qos(QOS)).await?;
                sleep(Duration::from_secs(4)).await;
                let mut client = cx.resumed(&kept).await?;
                let message = client.message().await?;
                cx.judge_at(
                    message.entry,
                    0..message.bytes.len(),
                    message.payload.as_ref() == b"lasting",
                    "only the message without expiry",
                    "the message that expired 3 s ago",
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/retained-expires",
        requires: &[v5("X5-R06"), v5("MQTT-3.3.2-5")],
        needs: &[Need::Retain],
        expects: "a retained message that expired is not sent to a new subscription",
        lasts: Duration::from_secs(4),
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut publisher = cx.connected().await?;
                let expiring = Message::new(&topic, "expired")
                    .retained()
                    .with(Property::MessageExpiryInterval(1));
                publisher.publish(&expiring).await?;
                publisher.ping().await?;
                sleep(Duration::from_secs(4)).await;
                let mut late = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let expected = "no retained message";
                cx.nothing_before_fence(&mut late, &topic, QoS::AtMostOnce, expected).await
            })
        },
        ..Case::BASE
    },
];

/// Judges the Message Expiry Interval of a message that had one of 60 s. It waited from somewhere between
/// PUBLISH and its acknowledgement to somewhere between being asked for and its arrival: at least the
/// first of these times, at most the second.
fn counted_down(
    cx: &Cx,
    message: &Received<Publish<'static>>,
    (shortest, longest): (Duration, Duration),
    expected: &str,
) -> Outcome {
    let most = 60 - shortest.as_secs().min(60) + 1;
    let least = 60u64.saturating_sub(longest.as_secs() + 2);
    let interval = message.properties.message_expiry_interval();
    cx.judge_at(
        message.entry,
        0..message.bytes.len(),
        interval.is_some_and(|seconds| (least..=most).contains(&u64::from(seconds))),
        expected,
        interval.map_or("none".to_owned(), |seconds| format!("{seconds} s")),
    )
}
