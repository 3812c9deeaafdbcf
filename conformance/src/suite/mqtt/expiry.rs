//! Intervals that overlap with others: what a retained message loses by waiting, and when the end of a
//! Session begins to be counted (5.0 sections 3.3.2.3.3 and 3.1.2.11.2).

use std::time::Duration;

use pushspec_wire::mqtt::{Property, QoS};
use tokio::time::{Instant, sleep};

use super::cx::Cx;
use crate::case::{Case, Need, Stop};
use crate::probe::mqtt::Message;
use crate::requirement::v5;

/// The cases on time.
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
                let most = 60 - subscribing.duration_since(acknowledged).as_secs().min(60) + 1;
                let least =
                    60u64.saturating_sub(message.at.duration_since(published).as_secs() + 2);
                let interval = message.properties.message_expiry_interval();
                let counted =
                    interval.is_some_and(|seconds| (least..=most).contains(&u64::from(seconds)));
                cx.judge_at(
                    message.entry,
                    0..message.bytes.len(),
                    counted,
                    "a Message Expiry Interval of about 57 s: 60 s less the 3 s that the message was retained",
                    interval.map_or("none".to_owned(), |seconds| format!("{seconds} s")),
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/does-not-expire-while-connected",
        requires: &[v5("MQTT-4.1.0-1"), v5("MQTT-3.1.2-23")],
        needs: &[Need::KeptSession],
        expects: "the Session Expiry Interval begins with the end of the connection: a Client that was connected for longer comes back to its Session",
        lasts: Duration::from_secs(4),
        run: |cx| {
            Box::pin(async move {
                const INTERVAL: Duration = Duration::from_secs(3);
                cx.may_be_silent_for(Duration::from_secs(4))?;
                let kept = cx.opening().kept(3).resuming();
                let mut client = kept.open().await?;
                client.ping().await?;
                sleep(Duration::from_secs(4)).await;
                client.ping().await?;
                let left = Instant::now();
                client.drop_connection();
                let accepted = kept.accepted().await?;
                if left.elapsed() + Duration::from_millis(500) > INTERVAL {
                    return Err(Stop::Inconclusive(
                        "coming back took as long as the Session Expiry Interval".to_owned(),
                    ));
                }
                cx.judge(
                    accepted.connack.session_present,
                    "Session Present = 1 right behind a connection of 4 s, with an interval of 3 s",
                    "Session Present = 0",
                )
            })
        },
        ..Case::BASE
    },
];
