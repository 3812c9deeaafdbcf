//! UNSUBSCRIBE and UNSUBACK (sections 3.10 and 3.11 of 5.0 and 3.1.1).

use pushspec_wire::mqtt::lawless::with_true_length;
use pushspec_wire::mqtt::{Packet, PacketId, Properties, QoS, ReasonCode, Unsubscribe};

use super::cx::{Cx, Illegal};
use super::subscribe::wrong_flags;
use crate::case::{Case, Need};
use crate::probe::mqtt::{Judged, Message};
use crate::requirement::{v5, v31, v311};

const QOS: QoS = QoS::AtMostOnce;

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/unsubscribe/is-answered",
        requires: &[
            v31("X31-29"),
            v311("MQTT-3.10.4-4"),
            v311("MQTT-3.10.4-5"),
            v311("MQTT-2.3.1-7"),
            v5("MQTT-3.10.4-4"),
            v5("MQTT-3.10.4-5"),
            v5("MQTT-2.2.1-6"),
        ],
        expects: "UNSUBSCRIBE is answered by UNSUBACK with its Packet Identifier, also when there is no such subscription",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut client = cx.subscribed(&topic, QOS).await?;
                for _ in 0..2 {
                    let unsuback = client.unsubscribe(&[&topic]).await;
                    unsuback
                        .judged(&cx, "UNSUBACK with the Packet Identifier of the UNSUBSCRIBE")?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/unsubscribe/codes-follow-the-filters",
        requires: &[v5("MQTT-3.11.3-1"), v5("MQTT-3.10.4-6")],
        expects: "UNSUBACK has a code for each Topic Filter in their order: 0x11 where no subscription existed",
        accepts: "Nothing says that 0x00 must not stand for an unknown filter: that is a warning.",
        run: |cx| {
            Box::pin(async move {
                let (known, unknown) = (cx.topic("known"), cx.topic("unknown"));
                let mut client = cx.subscribed(&known, QOS).await?;
                let unsuback = client.unsubscribe(&[&known, &unknown]).await?;
                let codes = unsuback.reasons.as_slice();
                let found = Packet::UnsubAck(unsuback.packet.clone()).to_string();
                let span = 0..unsuback.bytes.len();
                let expected = "code 0x00 for the first filter and 0x11 for the second";
                let in_order = codes.len() == 2 && codes[0] != ReasonCode(0x11);
                cx.judge_at(unsuback.entry, span, in_order, expected, &found)?;
                cx.advise(codes[1] != ReasonCode(0), expected, found);
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/unsubscribe/several-filters-at-once",
        requires: &[v31("X31-29"), v311("MQTT-3.10.4-6"), v5("MQTT-3.10.4-6")],
        expects: "an UNSUBSCRIBE with several Topic Filters, one of them unknown, ends the subscription to each and is answered by one UNSUBACK",
        run: |cx| {
            Box::pin(async move {
                let [a, b, unknown, fence] =
                    ["a", "b", "unknown", "fence"].map(|name| cx.topic(name));
                let mut client = cx.subscribed(&a, QOS).await?;
                client.subscribe(&b, QOS).await?;
                client.subscribe(&fence, QOS).await?;
                client.unsubscribe(&[&a, &unknown, &b]).await?;
                client.ping().await?;
                let more = client
                    .arrived()
                    .iter()
                    .filter(|arrival| matches!(arrival.packet, Ok(Packet::UnsubAck(_))))
                    .count();
                cx.judge(more == 0, "one UNSUBACK", format!("{} UNSUBACK", more + 1))?;
                let mut publisher = cx.connected().await?;
                for topic in [&a, &b] {
                    publisher.publish(&Message::new(topic, "x")).await?;
                }
                publisher.ping().await?;
                let expected = "no message on the topics unsubscribed from";
                cx.nothing_before_fence_by(&mut publisher, &mut client, &fence, QOS, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/unsubscribe/stops-messages",
        requires: &[v31("X31-29"), v311("MQTT-3.10.4-2"), v5("MQTT-3.10.4-2")],
        expects: "after UNSUBACK no new message is sent for that Topic Filter",
        run: |cx| {
            Box::pin(async move {
                let (gone, stays) = (cx.topic("gone"), cx.topic("stays"));
                let mut client = cx.subscribed(&gone, QOS).await?;
                client.subscribe(&stays, QOS).await?;
                client.unsubscribe(&[&gone]).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&gone, "x")).await?;
                publisher.ping().await?;
                let expected = "no message on the topic unsubscribed from";
                cx.nothing_before_fence_by(&mut publisher, &mut client, &stays, QOS, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/unsubscribe/removes-only-the-same-filter",
        requires: &[v311("MQTT-3.10.4-1"), v5("MQTT-3.10.4-1")],
        needs: &[Need::Wildcards],
        expects: "UNSUBSCRIBE removes the subscription whose Topic Filter is the same character by character, and no other that overlaps",
        run: |cx| {
            Box::pin(async move {
                let (exact, wide) = (cx.topic("a"), cx.topic("+"));
                let mut client = cx.subscribed(&wide, QOS).await?;
                client.unsubscribe(&[&exact]).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&exact, "x")).await?;
                let expected = "the other subscription still works";
                let message = cx.message_of(&mut client, "x").await;
                message.judged(&cx, expected).map(drop)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/unsubscribe/without-filters",
        requires: &[v311("MQTT-3.10.3-2"), v311("MQTT-4.8.0-1"), v5("MQTT-3.10.3-2"), v5("X5-N25")],
        expects: "an UNSUBSCRIBE without a Topic Filter ends the connection",
        run: |cx| {
            Box::pin(async move {
                let client = cx.connected().await?;
                let mut bytes = vec![0xA2, 0, 0, 1];
                if cx.is_v5() {
                    bytes.push(0);
                }
                let illegal = Illegal {
                    decides: 1..2,
                    bytes: with_true_length(&bytes),
                    meant: "UNSUBSCRIBE without a Topic Filter",
                    why: "ends where the first Topic Filter is due",
                };
                cx.closes_on(client, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/unsubscribe/wrong-flags",
        requires: &[v311("MQTT-3.10.1-1"), v5("MQTT-3.10.1-1")],
        expects: "an UNSUBSCRIBE whose fixed header flags are not 0010 ends the connection",
        run: |cx| {
            Box::pin(async move {
                let packet = Packet::Unsubscribe(Unsubscribe {
                    packet_id: PacketId::MIN,
                    properties: Properties::new(),
                    filters: vec![cx.topic("t").into()],
                });
                wrong_flags(&cx, packet, 0xA0, "UNSUBSCRIBE with flags 0000").await
            })
        },
        ..Case::BASE
    },
];
