//! The Server as sender: Packet Identifiers, acknowledgements and redelivery (5.0 sections 4.3 and
//! 4.4, 3.1.1 sections 4.3 and 4.4).

use std::collections::BTreeSet;

use pushspec_wire::mqtt::{Packet, PacketId, QoS, Version};

use super::cx::Cx;
use super::resuming::{InFlight, id_of, in_flight, publish_again, pubrel_again};
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Judged, Message, Received};
use crate::requirement::{v5, v31, v311};

const RECOMMENDED_IN_31: &str =
    "3.1 only recommends redelivery: what is wrong with it there is a warning.";

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/redelivery/unacknowledged-qos-1-comes-again",
        requires: &[
            v31("X31-27"),
            v311("MQTT-3.3.1-1"),
            v311("MQTT-4.4.0-1"),
            v311("MQTT-4.3.2-1"),
            v311("MQTT-2.3.1-4"),
            v5("MQTT-3.3.1-1"),
            v5("MQTT-4.4.0-1"),
            v5("MQTT-4.3.2-3"),
        ],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "a PUBLISH at QoS 1 that was not acknowledged is sent again when the Session is resumed, with the same Packet Identifier and DUP = 1",
        accepts: RECOMMENDED_IN_31,
        run: |cx| Box::pin(comes_again(cx, QoS::AtLeastOnce)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/redelivery/unacknowledged-qos-2-comes-again",
        requires: &[
            v31("X31-27"),
            v311("MQTT-3.3.1-1"),
            v311("MQTT-4.4.0-1"),
            v311("MQTT-4.3.3-1"),
            v5("MQTT-3.3.1-1"),
            v5("MQTT-4.4.0-1"),
            v5("MQTT-4.3.3-3"),
        ],
        needs: &[Need::KeptSession, Need::QoS2],
        expects: "a PUBLISH at QoS 2 without PUBREC is sent again when the Session is resumed, with the same Packet Identifier and DUP = 1",
        accepts: RECOMMENDED_IN_31,
        run: |cx| Box::pin(comes_again(cx, QoS::ExactlyOnce)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/redelivery/acknowledged-does-not-come-again",
        requires: &[v311("MQTT-4.3.2-1"), v5("MQTT-4.3.2-3"), v5("MQTT-4.4.0-1")],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "a PUBLISH at QoS 1 that was acknowledged is not sent again when the Session is resumed",
        accepts: "Only 5.0 forbids to send what need not be sent again: in 3.1.1 it is a warning.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let InFlight { kept, mut client, message, .. } =
                    in_flight(&cx, &topic, QoS::AtLeastOnce).await?;
                client.acknowledge(message.delivery).await?;
                client.ping().await?;
                client.drop_connection();
                let mut resumed = cx.resumed(&kept).await?;
                let (qos, expected) = (QoS::AtLeastOnce, "nothing is sent again");
                let nothing = cx.nothing_before_fence(&mut resumed, &topic, qos, expected).await;
                cx.only_advised_in(&[Version::V311], nothing)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/redelivery/pubrec-is-answered-by-pubrel",
        requires: &[v31("X31-26"), v311("MQTT-4.3.3-1"), v5("MQTT-4.3.3-4")],
        needs: &[Need::QoS2],
        expects: "PUBREC for a PUBLISH at QoS 2 is answered by PUBREL with its Packet Identifier",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut subscriber = cx.subscribed(&topic, QoS::ExactlyOnce).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "x").qos(QoS::ExactlyOnce)).await?;
                let id = id_of(&subscriber.publish_received().await?)?;
                subscriber.send_pubrec(id).await;
                let expected = format!("PUBREL with Packet Identifier {id}");
                subscriber.pubrel(id).await.judged(&cx, &expected)?;
                subscriber.send_pubcomp(id).await;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/redelivery/unanswered-pubrel-comes-again",
        requires: &[
            v31("X31-27"),
            v311("MQTT-4.4.0-1"),
            v311("MQTT-4.3.3-1"),
            v5("MQTT-4.4.0-1"),
            v5("MQTT-4.3.3-5"),
            v5("MQTT-4.3.3-6"),
        ],
        needs: &[Need::KeptSession, Need::QoS2],
        expects: "a PUBREL without PUBCOMP is sent again when the Session is resumed, and the PUBLISH is not",
        accepts: RECOMMENDED_IN_31,
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let InFlight { kept, mut client, id, .. } =
                    in_flight(&cx, &topic, QoS::ExactlyOnce).await?;
                client.send_pubrec(id).await;
                client.pubrel(id).await?;
                client.drop_connection();
                let mut resumed = cx.resumed(&kept).await?;
                let expected = format!("PUBREL with Packet Identifier {id}");
                let pubrel = pubrel_again(&cx, &mut resumed, id).await.judged(&cx, &expected);
                if pubrel.is_err() {
                    return cx.only_advised_in(&[Version::V31], pubrel.map(drop));
                }
                resumed.send_pubcomp(id).await;
                let (qos, expected) = (QoS::ExactlyOnce, "the PUBLISH is not sent again");
                let nothing = cx.nothing_before_fence(&mut resumed, &topic, qos, expected).await;
                cx.only_advised_in(&[Version::V31], nothing)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/redelivery/identifiers-in-flight-differ",
        requires: &[
            v311("MQTT-2.3.1-4"),
            v311("MQTT-4.3.2-1"),
            v311("MQTT-4.3.3-1"),
            v5("MQTT-2.2.1-4"),
            v5("MQTT-4.3.2-1"),
            v5("MQTT-4.3.3-1"),
        ],
        needs: &[Need::QoS1],
        expects: "messages in flight to a Client have different Packet Identifiers, at QoS 1 and at QoS 2",
        run: |cx| {
            Box::pin(async move {
                identifiers_differ(&cx, QoS::AtLeastOnce).await?;
                if cx.capabilities().lacks(Need::QoS2).is_some() {
                    return Ok(());
                }
                identifiers_differ(&cx, QoS::ExactlyOnce).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/redelivery/pubrel-is-always-answered",
        requires: &[v311("MQTT-4.3.3-2"), v5("MQTT-4.3.3-11"), v5("X5-N40")],
        needs: &[Need::QoS2],
        expects: "PUBREL is answered by PUBCOMP also when its Packet Identifier is not known",
        accepts: "In 5.0 the code should be 0x92 (Packet Identifier not found): another one is a warning.",
        run: |cx| {
            Box::pin(async move {
                let mut client = cx.connected().await?;
                let id = PacketId::new(999).unwrap_or(PacketId::MIN);
                client.send_pubrel(id).await;
                let pubcomp = client.pubcomp(id).await;
                let pubcomp = pubcomp.judged(&cx, "PUBCOMP with Packet Identifier 999")?;
                if cx.version() == Version::V5 {
                    cx.advise(
                        pubcomp.reason.0 == 0x92,
                        "PUBCOMP 0x92 (Packet Identifier not found)",
                        format!("PUBCOMP {:#04x}", pubcomp.reason.0),
                    );
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
];

/// Of ten messages that are not acknowledged no two have the same Packet Identifier.
async fn identifiers_differ(cx: &Cx, qos: QoS) -> Outcome {
    let topic = cx.topic(&format!("qos{}", qos.bits()));
    let mut subscriber = cx.subscribed(&topic, qos).await?;
    let mut publisher = cx.connected().await?;
    for number in 0..10u8 {
        publisher.publish(&Message::new(&topic, [number]).qos(qos)).await?;
    }
    let mut ids = BTreeSet::new();
    let mut next = Some(subscriber.publish_received().await?);
    subscriber.ping().await?;
    let mut others = subscriber.arrived().into_iter();
    while let Some(message) = next {
        let id = id_of(&message)?;
        // 3.x permits to send again what is not acknowledged on the same connection.
        let repeated = message.delivery.dup() && !cx.is_v5();
        cx.judge_at(
            message.entry,
            0..message.bytes.len(),
            ids.insert(id) || repeated,
            "Packet Identifiers that differ",
            format!("Packet Identifier {id} again while it is in flight"),
        )?;
        next = others.find_map(|arrival| match arrival.packet {
            Ok(Packet::Publish(packet)) => Some(Received {
                packet,
                entry: arrival.entry,
                bytes: arrival.bytes,
                at: arrival.at,
            }),
            _ => None,
        });
    }
    if ids.len() < 2 {
        return Err(Stop::NotApplicable(
            "the Server has one message in flight at a time".to_owned(),
        ));
    }
    Ok(())
}

async fn comes_again(cx: Cx, qos: QoS) -> Outcome {
    let topic = cx.topic("t");
    let InFlight { kept, client, id, .. } = in_flight(&cx, &topic, qos).await?;
    client.drop_connection();
    let mut resumed = cx.resumed(&kept).await?;
    let again = redelivered(&cx, &mut resumed, id).await;
    cx.only_advised_in(&[Version::V31], again)
}

async fn redelivered(cx: &Cx, resumed: &mut Client, id: PacketId) -> Outcome {
    let again = publish_again(cx, resumed).await;
    let again = again.judged(cx, "the PUBLISH is sent again when the Session is resumed")?;
    let id_at = again.bytes.len().min(4 + again.topic.len());
    cx.judge_at(
        again.entry,
        id_at..again.bytes.len().min(id_at + 2),
        again.delivery.packet_id() == Some(id),
        format!("Packet Identifier {id}, as before"),
        format!("Packet Identifier {}", again.delivery.packet_id().map_or(0, PacketId::get)),
    )?;
    cx.judge_at(again.entry, 0..1, again.delivery.dup(), "DUP = 1", "DUP = 0")?;
    resumed.acknowledge(again.delivery).await?;
    Ok(())
}
