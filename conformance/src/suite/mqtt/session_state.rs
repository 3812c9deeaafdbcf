//! How long Session State is kept, and what takes over from it (5.0 sections 3.1.2.4, 3.1.4 and 4.1;
//! 3.1.1 the same; 3.1 sections 3.1 and 3.14).

use std::time::Duration;

use pushspec_wire::mqtt::{Packet, Property, QoS, Version};
use tokio::time::{Instant, sleep};

use super::cx::Cx;
use super::resuming::{self, delivered_again, publish_again};
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Judged, Message, Opening};
use crate::requirement::{v5, v31, v311};

const QOS: QoS = QoS::AtLeastOnce;

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/session/survives-several-connections",
        requires: &[v311("MQTT-4.1.0-1"), v5("MQTT-4.1.0-1")],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "a Session keeps its subscription, and the messages that wait and are in flight, over several connections",
        // Two of the replies are messages sent again, for which there may be a timer.
        replies: 8 + 2 * resuming::REPLIES,
        run: |cx| Box::pin(several_connections(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/lasts-as-long-as-its-connection",
        requires: &[v311("MQTT-4.1.0-2"), v5("MQTT-4.1.0-1")],
        expects: "the Session of a Client that is not kept lasts at least as long as its connection: after 4 s its subscription works",
        lasts: Duration::from_secs(4),
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut client = cx.connected().await?;
                client.subscribe(&topic, QoS::AtMostOnce).await?;
                for _ in 0..4 {
                    sleep(Duration::from_secs(1)).await;
                    client.ping().await?;
                }
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "still")).await?;
                cx.delivered(&mut client, "the subscription still works after 4 s").await?;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/is-discarded-with-its-connection",
        requires: &[v31("X31-41"), v311("MQTT-3.1.2-6"), v5("X5-R08")],
        needs: &[Need::QoS1],
        expects: "DISCONNECT of a Client whose Session is not kept discards all of it: a message published then waits for nobody, and the subscription is gone",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let opening = cx.opening();
                let accepted = opening.accepted().await?;
                imposes_no_session(accepted.connack.properties.session_expiry_interval())?;
                let mut client = accepted.client;
                client.subscribe(&topic, QOS).await?;
                client.disconnect().await;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "for nobody").qos(QOS)).await?;
                let mut returned = opening.resuming().open().await?;
                publisher.publish(&Message::new(&topic, "for nobody either").qos(QOS)).await?;
                let fence = cx.topic("fence");
                returned.subscribe(&fence, QOS).await?;
                let expected = "nothing of the Session before";
                cx.nothing_before_fence(&mut returned, &fence, QOS, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/takeover-minds-clean-start",
        requires: &[v311("MQTT-3.1.4-3"), v5("MQTT-3.1.4-4")],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "a Client that takes over a Client Identifier goes on with the Session without Clean Start (Clean Session), and begins a new one with it",
        run: |cx| {
            Box::pin(async move {
                // Two Clients: a Server may hold it against one that it is taken over twice in a row.
                let topic = cx.topic("t");
                let mut publisher = cx.connected().await?;
                let kept = cx.opening().kept(60).resuming();
                let mut first = kept.open().await?;
                first.subscribe(&topic, QOS).await?;
                let mut second = taken_over(&cx, &kept, &mut first, true).await?;
                publisher.publish(&Message::new(&topic, "resumed").qos(QOS)).await?;
                cx.delivered(&mut second, "the subscription of the Session taken over").await?;

                let kept = cx.opening().kept(60).resuming();
                let mut first = kept.open().await?;
                first.subscribe(&topic, QOS).await?;
                let mut clean = kept.clone();
                clean.packet.clean_start = true;
                let mut second = taken_over(&cx, &clean, &mut first, false).await?;
                publisher.publish(&Message::new(&topic, "discarded").qos(QOS)).await?;
                let fence = cx.topic("fence");
                second.subscribe(&fence, QOS).await?;
                let expected = "nothing of the Session that was discarded";
                cx.nothing_before_fence(&mut second, &fence, QOS, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/is-kept-though-empty",
        requires: &[
            v311("MQTT-3.2.2-2"),
            v311("MQTT-3.1.2-4"),
            v5("MQTT-3.2.2-3"),
            v5("MQTT-4.1.0-1"),
        ],
        needs: &[Need::KeptSession],
        expects: "a kept Session that holds no subscription and no message exists all the same: Session Present = 1",
        run: |cx| {
            Box::pin(async move {
                let kept = cx.opening().kept(60).resuming();
                let mut client = kept.open().await?;
                client.ping().await?;
                client.disconnect().await;
                let accepted = kept.accepted().await?;
                cx.judge(
                    accepted.connack.session_present,
                    "Session Present = 1",
                    Packet::ConnAck(accepted.connack.clone()),
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/expiry-is-as-told",
        requires: &[v5("X5-R10")],
        expects: "a Session is kept as CONNECT asks for, unless CONNACK tells another Session Expiry Interval: then as that says",
        run: |cx| {
            Box::pin(async move {
                let kept = cx.opening().with(Property::SessionExpiryInterval(3600)).resuming();
                let accepted = kept.accepted().await?;
                let told = accepted.connack.properties.session_expiry_interval();
                cx.observe(
                    "Session Expiry Interval for 3600 s",
                    match told {
                        None => "as asked for",
                        Some(0) => "0",
                        Some(..3600) => "shorter",
                        Some(3600) => "the same again",
                        Some(_) => "longer",
                    },
                );
                accepted.client.disconnect().await;
                let again = kept.accepted().await?;
                // Less than a few seconds may have passed by now.
                let due = match told {
                    Some(0) => false,
                    Some(1..5) => return Ok(()),
                    _ => true,
                };
                cx.judge(
                    again.connack.session_present == due,
                    format!("Session Present = {}", u8::from(due)),
                    Packet::ConnAck(again.connack.clone()),
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

fn imposes_no_session(expiry: Option<u32>) -> Outcome {
    match expiry {
        Some(seconds @ 1..) => Err(Stop::NotApplicable(format!(
            "the Server imposes a Session Expiry Interval of {seconds} s"
        ))),
        _ => Ok(()),
    }
}

async fn several_connections(cx: Cx) -> Outcome {
    let topic = cx.topic("t");
    let kept = cx.opening().kept(60).resuming();
    let mut client = kept.open().await?;
    client.subscribe(&topic, QOS).await?;
    client.disconnect().await;
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&topic, "waits").qos(QOS)).await?;
    // What waited is in flight from now on: it is never acknowledged before the last connection.
    for number in 2..=3 {
        let mut client = cx.resumed(&kept).await?;
        let expected = format!("the message on connection {number} of the Session");
        let message = publish_again(&cx, &mut client).await.judged(&cx, &expected)?;
        is(&cx, &message, "waits")?;
        client.drop_connection();
    }
    let expected = "the message on connection 4 of the Session";
    let mut client = kept.open().await?;
    let message = delivered_again(&cx, &mut client, expected).await?;
    is(&cx, &message, "waits")?;
    publisher.publish(&Message::new(&topic, "live").qos(QOS)).await?;
    let message = cx.delivered(&mut client, "the subscription on connection 4").await?;
    is(&cx, &message, "live")
}

fn is(
    cx: &Cx,
    message: &crate::probe::mqtt::Received<pushspec_wire::mqtt::Publish<'static>>,
    payload: &str,
) -> Outcome {
    cx.judge_at(
        message.entry,
        0..message.bytes.len(),
        message.payload.as_ref() == payload.as_bytes(),
        format!("the message {payload:?}"),
        Packet::Publish(message.packet.clone()),
    )
}

/// Takes over from a connection, which has to end; Session Present is as due.
async fn taken_over(
    cx: &Cx,
    opening: &Opening,
    before: &mut Client,
    present: bool,
) -> Result<Client, Stop> {
    let accepted = opening.accepted().await?;
    before.ended().await?;
    if cx.version() != Version::V31 {
        cx.judge(
            accepted.connack.session_present == present,
            format!("Session Present = {}", u8::from(present)),
            Packet::ConnAck(accepted.connack.clone()),
        )?;
    }
    Ok(accepted.client)
}
