//! Deliveries that are refused, left open or cut short (5.0 sections 3.10.4 and 4.3 to 4.4, 3.1.1 the
//! same, 3.1 section 4.2).

use std::time::Duration;

use futures_util::future::try_join;
use pushspec_wire::mqtt::{
    Packet, PacketId, Properties, Property, PubAck, PubComp, PubRec, Publish, QoS, ReasonCode,
    Unsubscribe, Version,
};
use tokio::time::{Instant, sleep};

use super::cx::Cx;
use super::resuming::{InFlight, in_flight, in_flight_of, publish_again};
use super::wire;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Arrival, Client, Judged, Message, Received, Unmet};
use crate::requirement::{v5, v31, v311};

/// How long what is not acknowledged is left alone. No spec names a time.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/redelivery/refused-does-not-come-again",
        requires: &[v5("MQTT-4.4.0-2")],
        needs: &[Need::KeptSession, Need::QoS2],
        expects: "a message that its receiver refused by PUBACK or PUBREC with an error code is not sent again when the Session is resumed",
        run: |cx| {
            Box::pin(async move {
                for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
                    let InFlight { kept, mut client, id: packet_id, .. } =
                        in_flight(&cx, &topic(&cx, qos), qos).await?;
                    let (reason, properties) = (ReasonCode::UNSPECIFIED_ERROR, Properties::new());
                    let refusal = match qos {
                        QoS::AtLeastOnce => {
                            Packet::PubAck(PubAck { packet_id, reason, properties })
                        }
                        _ => Packet::PubRec(PubRec { packet_id, reason, properties }),
                    };
                    client.send(refusal).await;
                    client.ping().await?;
                    answer_needless_pubrel(&cx, &mut client).await?;
                    client.drop_connection();
                    let mut resumed = cx.resumed(&kept).await?;
                    let expected = format!("nothing again of QoS {}", qos.bits());
                    cx.nothing_before_fence(&mut resumed, &topic(&cx, qos), qos, &expected).await?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/redelivery/unknown-acknowledgements",
        requires: &[v31("X31-27"), v311("MQTT-4.4.0-1"), v5("MQTT-4.4.0-1"), v5("X5-N41")],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "PUBACK and PUBCOMP with a Packet Identifier that no message has acknowledge nothing: what is in flight is sent again when the Session is resumed",
        accepts: "Closing the connection, which no spec describes and is observed. 3.1 only recommends redelivery.",
        run: |cx| Box::pin(unknown_acknowledgements(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/redelivery/on-a-live-connection",
        requires: &[v31("X31-13"), v311("X311-R04"), v311("MQTT-3.3.1-1"), v5("MQTT-4.4.0-1")],
        needs: &[Need::QoS1],
        expects: "what is sent again on a connection that lives, because it was not acknowledged, has DUP 1 and its Packet Identifier; in 5.0 nothing is",
        accepts: "Sending nothing again within 5 s: 3.1 recommends to, and names no time.",
        lasts: LEFT_ALONE,
        run: |cx| Box::pin(left_alone(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/unsubscribe/begun-deliveries-are-completed",
        requires: &[v311("MQTT-3.10.4-3"), v311("X311-S13"), v5("MQTT-3.10.4-3"), v5("X5-S20")],
        needs: &[Need::KeptSession, Need::QoS2],
        expects: "a delivery at QoS 1 or 2 that has begun is completed though the Client unsubscribes: without acknowledgement it is sent again when the Session is resumed",
        accepts: "Delivering or dropping what waited and was not yet sent: which of them is observed.",
        run: |cx| {
            Box::pin(async move {
                let completed = |qos| completed_behind_unsubscribe(&cx, qos);
                try_join(completed(QoS::AtLeastOnce), completed(QoS::ExactlyOnce)).await?;
                observe_what_waits(&cx).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/qos-2-does-not-expire-in-flight",
        requires: &[v5("MQTT-4.3.3-7")],
        needs: &[Need::KeptSession, Need::QoS2],
        expects: "a message at QoS 2 that was sent before it expired is sent again when the Session is resumed after that",
        lasts: Duration::from_secs(3),
        run: |cx| Box::pin(expired_in_flight(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/expired-qos-2-is-still-acknowledged",
        requires: &[v5("MQTT-4.3.3-13")],
        needs: &[Need::QoS2],
        expects: "the handshake of a message at QoS 2 goes on after the message has expired: PUBREL is answered by PUBCOMP",
        lasts: Duration::from_secs(2),
        run: |cx| {
            Box::pin(async move {
                cx.may_be_silent_for(Duration::from_secs(2))?;
                let expiring = Message::new(cx.topic("t"), "expiring")
                    .qos(QoS::ExactlyOnce)
                    .with(Property::MessageExpiryInterval(1));
                let mut client = cx.connected().await?;
                let Some(id) = client.publish_begun(&expiring).await else {
                    return Err(Stop::Error("QoS 2 has an identifier".to_owned()));
                };
                client.pubrec(id).await?;
                sleep(Duration::from_secs(2)).await;
                client.send_pubrel(id).await;
                let expected = "PUBCOMP, after the message has expired as before";
                client.pubcomp(id).await.judged(&cx, expected)?;
                Ok(())
            })
        },
        ..Case::BASE
    },
];

fn topic(cx: &Cx, qos: QoS) -> String {
    cx.topic(&format!("qos{}", qos.bits()))
}

/// After PUBREC with an error code nothing asks for PUBREL, and nothing forbids it: it has its answer, for which
/// a Server may wait before it goes on.
async fn answer_needless_pubrel(cx: &Cx, client: &mut Client) -> Result<(), Unmet> {
    for arrival in client.arrived() {
        let Ok(Packet::PubRel(pubrel)) = arrival.packet else { continue };
        cx.observe("PUBREL after PUBREC with an error code", "sent");
        let (packet_id, properties) = (pubrel.packet_id, Properties::new());
        let reason = ReasonCode::PACKET_IDENTIFIER_NOT_FOUND;
        client.send(Packet::PubComp(PubComp { packet_id, reason, properties })).await;
        client.ping().await?;
    }
    Ok(())
}

/// The message with this identifier is sent again, and acknowledged.
async fn again(cx: &Cx, resumed: &mut Client, id: PacketId) -> Outcome {
    let again = publish_again(cx, resumed).await.judged(cx, &sent_again(id))?;
    same(cx, resumed, &again, id).await
}

fn sent_again(id: PacketId) -> String {
    format!("the PUBLISH with Packet Identifier {id} again")
}

/// It is the message with this identifier. It is acknowledged.
async fn same(
    cx: &Cx,
    resumed: &mut Client,
    again: &Received<Publish<'static>>,
    id: PacketId,
) -> Outcome {
    let found = again.delivery.packet_id();
    let same = found == Some(id);
    let found = found.map_or("PUBLISH at QoS 0".to_owned(), |found| {
        format!("PUBLISH with Packet Identifier {found}")
    });
    cx.judge_at(again.entry, 0..again.bytes.len(), same, sent_again(id), found)?;
    resumed.acknowledge(again.delivery).await?;
    Ok(())
}

async fn unknown_acknowledgements(cx: Cx) -> Outcome {
    let qos = QoS::AtLeastOnce;
    let InFlight { kept, mut client, id, .. } = in_flight(&cx, &topic(&cx, qos), qos).await?;
    let packet_id = id.saturating_add(1);
    let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
    let puback = PubAck { packet_id, reason, properties: properties.clone() };
    client.send(Packet::PubAck(puback)).await;
    client.send(Packet::PubComp(PubComp { packet_id, reason, properties })).await;
    let goes_on = client.ping().await.is_ok();
    cx.observe("PUBACK and PUBCOMP of nothing", if goes_on { "ignored" } else { "closed" });
    client.drop_connection();
    let mut resumed = cx.resumed(&kept).await?;
    let outcome = again(&cx, &mut resumed, id).await;
    cx.only_advised_in(&[Version::V31], outcome)?;
    cx.alive().await
}

async fn expired_in_flight(cx: Cx) -> Outcome {
    let (topic, qos) = (cx.topic("t"), QoS::ExactlyOnce);
    let message = Message::new(&topic, "expiring").qos(qos);
    let expiring = message.with(Property::MessageExpiryInterval(1));
    let InFlight { kept, client, id, .. } = in_flight_of(&cx, &topic, qos, &expiring).await?;
    // Shows when it is over with what is sent again.
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&topic, "fence").qos(qos)).await?;
    client.drop_connection();
    sleep(Duration::from_secs(3)).await;
    let mut resumed = cx.resumed(&kept).await?;
    let mut first = publish_again(&cx, &mut resumed).await?;
    if first.payload.as_ref() == b"fence" {
        // What comes again comes in its order, so it is not waited for much longer.
        let expected = "the expired message again, not only the one behind it";
        let deadline = Instant::now() + Duration::from_secs(1);
        first = resumed.publish_received_before(deadline).await.judged(&cx, expected)?;
    }
    same(&cx, &mut resumed, &first, id).await
}

async fn left_alone(cx: Cx) -> Outcome {
    cx.may_be_silent_for(LEFT_ALONE)?;
    let qos = QoS::AtLeastOnce;
    let InFlight { mut client, id, .. } = in_flight(&cx, &topic(&cx, qos), qos).await?;
    sleep(LEFT_ALONE).await;
    client.ping().await?;
    let mut resent = "no";
    for arrival in client.arrived() {
        let Ok(Packet::Publish(publish)) = &arrival.packet else { continue };
        resent = "yes";
        let right =
            !cx.is_v5() && publish.delivery.dup() && publish.delivery.packet_id() == Some(id);
        let expected = if cx.is_v5() {
            "nothing again while the connection lives"
        } else {
            "only the same PUBLISH, with DUP 1"
        };
        let found = Packet::Publish(publish.clone());
        cx.judge_at(arrival.entry, 0..arrival.bytes.len(), right, expected, found)?;
    }
    cx.observe("unacknowledged message is sent again within 5 s", resent);
    client.send_puback(id).await;
    client.ping().await?;
    Ok(())
}

async fn completed_behind_unsubscribe(cx: &Cx, qos: QoS) -> Outcome {
    let InFlight { kept, mut client, id, .. } = in_flight(cx, &topic(cx, qos), qos).await?;
    client.unsubscribe(&[&topic(cx, qos)]).await?;
    client.drop_connection();
    let accepted = kept.accepted().await?;
    let mut resumed = accepted.client;
    if accepted.connack.session_present {
        return again(cx, &mut resumed, id).await;
    }
    // Without a subscription it may count as no Session, which is another matter: what has begun may be
    // completed all the same.
    let Ok(message) = resumed.publish_received().await else {
        return Err(Stop::Inconclusive("the Session was not kept".to_owned()));
    };
    same(cx, &mut resumed, &message, id).await
}

/// Whether a message that waited for an absent Client comes, though it unsubscribes as soon as it can.
async fn observe_what_waits(cx: &Cx) -> Outcome {
    let (filter, qos) = (cx.topic("waits"), QoS::AtLeastOnce);
    let kept = cx.opening().kept(60).resuming();
    let mut client = kept.open().await?;
    client.subscribe(&filter, qos).await?;
    client.disconnect().await;
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&filter, "waits").qos(qos)).await?;
    let packet_id = PacketId::MIN;
    let filters = vec![filter.into()];
    let properties = Properties::new();
    let unsubscribe = Packet::Unsubscribe(Unsubscribe { packet_id, properties, filters });
    let bytes = [kept.bytes(), wire::encoded(&unsubscribe, cx.version())].concat();
    let mut client = kept.network().await?;
    client.send_raw(&bytes, "CONNECT and UNSUBSCRIBE in one write").await;
    client.connack().await?;
    client.ping().await?;
    let comes = |arrival: &Arrival| matches!(arrival.packet, Ok(Packet::Publish(_)));
    let waited = if client.arrived().iter().any(comes) { "delivered" } else { "dropped" };
    cx.observe("message that waits at UNSUBSCRIBE", waited);
    Ok(())
}
