//! What outlives the Server's end. The specs leave it to the Server how durable its storage is (5.0
//! section 4.1, 3.1.1 section 4.1): what the user declares that the target keeps is judged.

use pushspec_wire::mqtt::{Delivery, Packet, PacketId, QoS, Version};

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::launch::Ending;
use crate::probe::mqtt::{Judged, Message, Opening};
use crate::requirement::{RequirementRef, v5, v31, v311};

const RETAINED: &[RequirementRef] = &[v311("X311-S15"), v311("MQTT-3.3.1-5"), v5("MQTT-3.3.1-5")];
const SESSIONS: &[RequirementRef] = &[v31("X31-19"), v311("MQTT-3.1.2-5"), v5("MQTT-3.1.2-23")];
const ONCE: &[RequirementRef] = &[v31("X31-25"), v311("MQTT-4.3.3-2"), v5("MQTT-4.3.3-10")];
const WILLS: &[RequirementRef] = &[v311("MQTT-3.1.2-8"), v5("MQTT-3.1.2-8"), v5("X5-S03")];

/// What all these cases have in common. A Server may take long to start, again and again.
const BASE: Case<Cx> = Case { disturbs: true, replies: 40, ..Case::BASE };

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/lifecycle/retained-messages-outlive-a-restart",
        requires: RETAINED,
        needs: &[Need::Persistence, Need::Retain, Need::QoS1],
        expects: "a retained message that was acknowledged is still there when the Server was asked to end and started again",
        run: |cx| Box::pin(retained(cx, Ending::Stop)),
        ..BASE
    },
    Case {
        id: "mqtt/lifecycle/retained-messages-outlive-being-killed",
        requires: RETAINED,
        needs: &[Need::PersistenceWhenKilled, Need::Retain, Need::QoS1],
        expects: "a retained message that was acknowledged is still there when the Server was killed and started again",
        run: |cx| Box::pin(retained(cx, Ending::Kill)),
        ..BASE
    },
    Case {
        id: "mqtt/lifecycle/sessions-outlive-a-restart",
        requires: SESSIONS,
        needs: &[Need::Persistence, Need::KeptSession, Need::QoS2],
        expects: "a Session with its subscription and the acknowledged messages of QoS 1 and 2 that wait in it outlives a restart",
        run: |cx| Box::pin(session(cx, Ending::Stop)),
        ..BASE
    },
    Case {
        id: "mqtt/lifecycle/sessions-outlive-being-killed",
        requires: SESSIONS,
        needs: &[Need::PersistenceWhenKilled, Need::KeptSession, Need::QoS2],
        expects: "a Session with its subscription and the acknowledged messages of QoS 1 and 2 that wait in it outlives a kill",
        run: |cx| Box::pin(session(cx, Ending::Kill)),
        ..BASE
    },
    Case {
        id: "mqtt/lifecycle/exactly-once-over-a-restart",
        requires: ONCE,
        needs: &[Need::Persistence, Need::KeptSession, Need::QoS2],
        expects: "a message of QoS 2 that was answered by PUBREC before a restart, and is sent again behind it, is delivered once",
        run: |cx| Box::pin(once(cx, Ending::Stop)),
        ..BASE
    },
    Case {
        id: "mqtt/lifecycle/exactly-once-over-being-killed",
        requires: ONCE,
        needs: &[Need::PersistenceWhenKilled, Need::KeptSession, Need::QoS2],
        expects: "a message of QoS 2 that was answered by PUBREC before a kill, and is sent again behind it, is delivered once",
        run: |cx| Box::pin(once(cx, Ending::Kill)),
        ..BASE
    },
    Case {
        id: "mqtt/lifecycle/will-at-a-restart",
        requires: WILLS,
        needs: &[Need::Persistence, Need::KeptSession, Need::QoS1],
        expects: "the Will Message of a Client that is connected when the Server restarts is published at most once",
        accepts: "Publishing it before or behind the restart (5.0 section 3.1.2.5 permits to defer it), and not at all, which is observed.",
        run: |cx| Box::pin(will(cx)),
        ..BASE
    },
];

/// What was declared of the target does not hold.
fn lost(cx: &Cx, expected: &str, found: impl std::fmt::Display) -> Stop {
    promised(cx.broken(expected, found))
}

/// A breach is one of what was declared.
fn promised(stop: Stop) -> Stop {
    match stop {
        Stop::Broken(finding) => Stop::PromiseBroken(finding),
        other => other,
    }
}

/// A Session that is kept for long enough.
fn kept(cx: &Cx) -> Opening {
    cx.opening().kept(300).resuming()
}

async fn retained(cx: Cx, how: Ending) -> Outcome {
    let topic = cx.topic("lamp");
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&topic, "on").qos(QoS::AtLeastOnce).retained()).await?;
    publisher.disconnect().await;
    cx.restart(how).await?;
    // What it takes to bring back what is retained is not said to take no time.
    let found = cx.once_settled(|| async {
        let mut subscriber = cx.subscribed(&topic, QoS::AtLeastOnce).await?;
        let expected = "the retained message is sent to a new subscription behind the restart";
        let message = subscriber.message().await.judged(&cx, expected)?;
        cx.judge(
            message.payload.as_ref() == b"on" && message.retain,
            "the message as it was, with RETAIN 1",
            Packet::Publish(message.packet),
        )
    });
    found.await.map_err(promised)
}

async fn session(cx: Cx, how: Ending) -> Outcome {
    let topic = cx.topic("waiting");
    let kept = kept(&cx);
    let mut subscriber = kept.open().await?;
    subscriber.subscribe(&topic, QoS::ExactlyOnce).await?;
    subscriber.disconnect().await;
    let mut publisher = cx.connected().await?;
    for (payload, qos) in [("1", QoS::AtLeastOnce), ("2", QoS::ExactlyOnce)] {
        publisher.publish(&Message::new(&topic, payload).qos(qos)).await?;
    }
    publisher.disconnect().await;
    cx.restart(how).await?;
    let accepted = kept.accepted().await?;
    if cx.version() != Version::V31 && !accepted.connack.session_present {
        let expected = "Session Present = 1 behind the restart";
        return Err(lost(&cx, expected, Packet::ConnAck(accepted.connack)));
    }
    let mut subscriber = accepted.client;
    let mut waiting = vec!["1", "2"];
    while !waiting.is_empty() {
        let expected = format!("the messages that waited come behind the restart: {waiting:?}");
        let message = subscriber.message().await;
        let message = message.map_err(|unmet| lost(&cx, &expected, unmet.found))?;
        waiting.retain(|payload| message.payload.as_ref() != payload.as_bytes());
    }
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&topic, "3").qos(QoS::AtLeastOnce)).await?;
    let expected = "the subscription still works behind the restart";
    loop {
        let message = subscriber.message().await;
        let message = message.map_err(|unmet| lost(&cx, expected, unmet.found))?;
        // What waited may come once more.
        if message.payload.as_ref() == b"3" {
            return Ok(());
        }
    }
}

async fn once(cx: Cx, how: Ending) -> Outcome {
    let topic = cx.topic("once");
    let (receiving, sending) = (kept(&cx), kept(&cx));
    let mut subscriber = receiving.open().await?;
    subscriber.subscribe(&topic, QoS::ExactlyOnce).await?;
    subscriber.disconnect().await;
    let mut publisher = sending.open().await?;
    let id = PacketId::MIN;
    let message = |dup| Message::new(&topic, "1").publish(Delivery::ExactlyOnce { id, dup });
    publisher.send(Packet::Publish(message(false))).await;
    publisher.pubrec(id).await?;
    publisher.drop_connection();
    cx.restart(how).await?;
    let accepted = sending.accepted().await?;
    if cx.version() != Version::V31 && !accepted.connack.session_present {
        let expected = "Session Present = 1 behind the restart";
        return Err(lost(&cx, expected, Packet::ConnAck(accepted.connack)));
    }
    let mut publisher = accepted.client;
    // As if PUBREC had not reached us: that is what DUP is for.
    publisher.send(Packet::Publish(message(true))).await;
    let answered = publisher.pubrec(id).await;
    answered.map_err(|unmet| lost(&cx, "PUBREC behind the restart", unmet.found))?;
    publisher.send_pubrel(id).await;
    let answered = publisher.pubcomp(id).await;
    answered.map_err(|unmet| lost(&cx, "PUBCOMP behind the restart", unmet.found))?;
    let mut subscriber = receiving.open().await?;
    let before =
        cx.until_fence_by(&mut publisher, &mut subscriber, &topic, QoS::ExactlyOnce).await?;
    match before.len() {
        1 => Ok(()),
        count => Err(lost(&cx, "the message is delivered once", format!("it came {count} times"))),
    }
}

async fn will(cx: Cx) -> Outcome {
    let topic = cx.topic("will");
    let kept = kept(&cx);
    let mut watcher = kept.open().await?;
    watcher.subscribe(&topic, QoS::AtLeastOnce).await?;
    watcher.disconnect().await;
    let will = Message::new(&topic, "gone").qos(QoS::AtLeastOnce);
    let mut client = cx.opening().will(&will).open().await?;
    client.ping().await?;
    cx.restart(Ending::Stop).await?;
    let mut watcher = kept.open().await?;
    let before = cx.until_fence(&mut watcher, &topic, QoS::AtLeastOnce).await?;
    let published = match before.len() {
        0 => "not published",
        1 => "published once",
        _ => return Err(cx.broken("the Will Message once at most", "it came more than once")),
    };
    cx.observe("will-at-restart", published);
    Ok(())
}
