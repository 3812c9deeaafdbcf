//! Sessions (5.0 sections 3.1.2.4, 3.1.2.11.2 and 4.1; 3.1.1 sections 3.1.2.4 and 4.1).

use std::time::Duration;

use pushspec_wire::mqtt::{Packet, Properties, Property, QoS, ReasonCode, Version};
use tokio::time::sleep;

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Accepted, Judged, Message, Opening};
use crate::requirement::{v5, v31, v311};

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/session/absent-is-not-claimed",
        requires: &[v311("MQTT-3.2.2-3"), v5("MQTT-3.2.2-3"), v5("MQTT-3.1.2-6")],
        expects: "a Client that asks to resume a Session that does not exist is told Session Present = 0",
        run: |cx| {
            Box::pin(async move {
                let accepted = cx.opening().kept(60).resuming().accepted().await?;
                told(&cx, &accepted, false)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/is-resumed",
        requires: &[
            v31("X31-19"),
            v311("MQTT-3.1.2-4"),
            v311("MQTT-3.2.2-2"),
            v5("MQTT-3.1.2-5"),
            v5("MQTT-3.1.2-23"),
            v5("MQTT-3.2.2-3"),
        ],
        needs: &[Need::KeptSession],
        expects: "a kept Session is resumed: Session Present = 1 (3.1.1, 5.0), and the subscription works without a new SUBSCRIBE",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let kept = cx.opening().kept(60).resuming();
                let mut client = kept.open().await?;
                client.subscribe(&topic, QoS::AtMostOnce).await?;
                client.disconnect().await;

                let mut resumed = kept.accepted().await?;
                if cx.version() != Version::V31 {
                    told(&cx, &resumed, true)?;
                }
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "hello")).await?;
                let expected = "the subscription is still there";
                let message = cx.message_of(&mut resumed.client, "hello").await;
                message.judged(&cx, expected).map(drop)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/clean-start-discards-it",
        requires: &[
            v31("X31-19"),
            v311("MQTT-3.1.2-6"),
            v311("MQTT-3.2.2-1"),
            v5("MQTT-3.1.2-4"),
            v5("MQTT-3.2.2-2"),
        ],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "Clean Start 1 (Clean Session 1) discards the Session: Session Present = 0, no message that waited, no subscription",
        run: |cx| {
            Box::pin(async move {
                let (old, new) = (cx.topic("old"), cx.topic("new"));
                let kept = cx.opening().kept(60).resuming();
                let mut client = kept.open().await?;
                client.subscribe(&old, QoS::AtLeastOnce).await?;
                client.disconnect().await;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&old, "waiting").qos(QoS::AtLeastOnce)).await?;

                let mut clean = kept.clone();
                clean.packet.clean_start = true;
                let mut accepted = clean.accepted().await?;
                if cx.version() != Version::V31 {
                    told(&cx, &accepted, false)?;
                }
                accepted.client.subscribe(&new, QoS::AtLeastOnce).await?;
                publisher.publish(&Message::new(&old, "live").qos(QoS::AtLeastOnce)).await?;
                cx.nothing_before_fence(
                    &mut accepted.client,
                    &new,
                    QoS::AtLeastOnce,
                    "nothing that belongs to the discarded Session",
                )
                .await?;
                accepted.client.disconnect().await;
                if cx.version() == Version::V311 {
                    // A Session of Clean Session 1 lasts as long as its connection.
                    told(&cx, &kept.accepted().await?, false)?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/messages-wait-for-the-client",
        requires: &[
            v31("X31-19"),
            v311("MQTT-3.1.2-5"),
            v311("MQTT-4.5.0-1"),
            v311("X311-S02"),
            v5("MQTT-4.5.0-1"),
        ],
        needs: &[Need::KeptSession, Need::QoS2],
        expects: "messages at QoS 1 and QoS 2 that match a subscription of an absent Client are delivered when it comes back",
        accepts: "Keeping messages at QoS 0 too, or not: it is observed.",
        run: |cx| {
            Box::pin(async move {
                let filters = [cx.topic("qos1"), cx.topic("qos2")];
                let kept = cx.opening().kept(60).resuming();
                let mut client = kept.open().await?;
                client.subscribe(&filters[0], QoS::AtLeastOnce).await?;
                client.subscribe(&filters[1], QoS::ExactlyOnce).await?;
                client.disconnect().await;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&filters[0], "zero")).await?;
                publisher.publish(&Message::new(&filters[0], "one").qos(QoS::AtLeastOnce)).await?;
                publisher.publish(&Message::new(&filters[1], "two").qos(QoS::ExactlyOnce)).await?;

                let mut resumed = cx.resumed(&kept).await?;
                let mut missing = filters.to_vec();
                let mut at_qos_0 = "dropped";
                while !missing.is_empty() {
                    let expected = "both messages, at QoS 1 and at QoS 2";
                    let message = cx.delivered(&mut resumed, expected).await?;
                    if message.payload.as_ref() == b"zero" {
                        at_qos_0 = "kept";
                    } else {
                        missing.retain(|topic| *topic != message.topic);
                    }
                }
                cx.observe("message at QoS 0 for an absent Client", at_qos_0);
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/belongs-to-its-client-id",
        requires: &[v311("MQTT-3.1.3-2"), v5("MQTT-3.1.3-2")],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "each Client Identifier has a Session of its own",
        run: |cx| {
            Box::pin(async move {
                let topics = [cx.topic("a"), cx.topic("b")];
                let kept = [cx.opening().kept(60).resuming(), cx.opening().kept(60).resuming()];
                for (opening, topic) in kept.iter().zip(&topics) {
                    let mut client = opening.open().await?;
                    client.subscribe(topic, QoS::AtLeastOnce).await?;
                    client.disconnect().await;
                }
                let mut publisher = cx.connected().await?;
                for topic in &topics {
                    publisher.publish(&Message::new(topic, "x").qos(QoS::AtLeastOnce)).await?;
                }
                for (opening, topic) in kept.iter().zip(&topics) {
                    let mut client = cx.resumed(opening).await?;
                    let message = client.message().await?;
                    cx.judge_at(
                        message.entry,
                        2..4 + message.topic.len(),
                        message.topic == topic.as_str(),
                        format!("a message on {topic}"),
                        format!("a message on {}", message.topic),
                    )?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/ends-when-it-expires",
        requires: &[v5("MQTT-4.1.0-2")],
        needs: &[Need::KeptSession],
        expects: "the Session is gone once the connection is closed and the Session Expiry Interval has passed",
        lasts: Duration::from_secs(4),
        run: |cx| {
            Box::pin(async move {
                let kept = cx.opening().kept(1).resuming();
                kept.open().await?.drop_connection();
                // Positive control: within its interval it is there.
                let accepted = kept.accepted().await?;
                if !accepted.connack.session_present {
                    let reason = "the Session was not kept in the first place";
                    return Err(Stop::Inconclusive(reason.to_owned()));
                }
                let used = accepted.connack.properties.session_expiry_interval().unwrap_or(1);
                if used > 3 {
                    return Err(Stop::NotApplicable(format!(
                        "the Server keeps Sessions for at least {used} s"
                    )));
                }
                accepted.client.drop_connection();
                // Timers of Servers are coarse: a second or two late is nobody's fault.
                sleep(Duration::from_secs(u64::from(used) + 3)).await;
                told(&cx, &kept.accepted().await?, false)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/ends-with-the-connection-by-default",
        requires: &[v5("X5-R08")],
        expects: "without a Session Expiry Interval the Session ends with its connection",
        run: |cx| {
            Box::pin(async move {
                let opening = cx.opening();
                let accepted = opening.accepted().await?;
                if let Some(seconds) = accepted.connack.properties.session_expiry_interval()
                    && seconds > 0
                {
                    return Err(Stop::NotApplicable(format!(
                        "the Server imposes a Session Expiry Interval of {seconds} s"
                    )));
                }
                accepted.client.disconnect().await;
                told(&cx, &opening.resuming().accepted().await?, false)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/expiry-may-change-at-disconnect",
        requires: &[v5("X5-R09"), v5("MQTT-4.1.0-2")],
        needs: &[Need::KeptSession],
        expects: "a Session Expiry Interval in DISCONNECT takes the place of that of CONNECT: with 0 the Session ends at once",
        run: |cx| {
            Box::pin(async move {
                let kept = cx.opening().kept(60).resuming();
                present_after_disconnect(&cx, &kept, Properties::new(), true).await?;
                let end_now = Properties::new().with(Property::SessionExpiryInterval(0));
                present_after_disconnect(&cx, &kept, end_now, false).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/session/expiry-cannot-be-raised-from-0-at-disconnect",
        requires: &[v5("X5-N26")],
        expects: "DISCONNECT with a Session Expiry Interval above 0, where CONNECT had none, is a Protocol Error and no valid DISCONNECT: the Will Message is published",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let mut client = cx.opening().will(&Message::new(&topic, "gone")).open().await?;
                client.ping().await?;
                let properties = Properties::new().with(Property::SessionExpiryInterval(60));
                client.disconnect_with(ReasonCode::SUCCESS, properties).await;
                cx.delivered(&mut watcher, "the Will Message is published").await?;
                cx.alive().await
            })
        },
        ..Case::BASE
    },
];

/// CONNACK tells the truth about the Session.
fn told(cx: &Cx, accepted: &Accepted, present: bool) -> Outcome {
    cx.judge(
        accepted.connack.session_present == present,
        format!("Session Present = {}", u8::from(present)),
        Packet::ConnAck(accepted.connack.clone()),
    )
}

/// Connects, disconnects with these properties, and asks for the Session again.
async fn present_after_disconnect(
    cx: &Cx,
    kept: &Opening,
    properties: Properties<'static>,
    present: bool,
) -> Outcome {
    kept.open().await?.disconnect_with(ReasonCode::SUCCESS, properties).await;
    let accepted = kept.accepted().await?;
    if present && !accepted.connack.session_present {
        return Err(Stop::Inconclusive("the Session was not kept in the first place".to_owned()));
    }
    told(cx, &accepted, present)
}
