//! SUBSCRIBE and SUBACK (sections 3.8 and 3.9 of 5.0 and 3.1.1).

use pushspec_wire::mqtt::lawless::with_true_length;
use pushspec_wire::mqtt::{
    Packet, PacketId, Properties, Property, QoS, Subscribe, Subscription, SubscriptionOptions,
    Version,
};

use super::cx::{Cx, Illegal};
use super::wire;
use crate::case::{Case, Need, Outcome};
use crate::probe::mqtt::{Judged, Message};
use crate::requirement::{v5, v31, v311};

const QOS: QoS = QoS::AtMostOnce;

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/subscribe/is-answered",
        requires: &[
            v31("X31-28"),
            v311("MQTT-3.8.4-1"),
            v311("MQTT-3.8.4-2"),
            v311("MQTT-2.3.1-7"),
            v5("MQTT-3.8.4-1"),
            v5("MQTT-3.8.4-2"),
            v5("MQTT-2.2.1-6"),
        ],
        expects: "SUBSCRIBE is answered by SUBACK with its Packet Identifier",
        run: |cx| {
            Box::pin(async move {
                let mut client = cx.connected().await?;
                for id in [1, 256, 65535].map(|id| PacketId::new(id).unwrap_or(PacketId::MIN)) {
                    client.send(Packet::Subscribe(one_filter(id, &cx.topic("t")))).await;
                    let expected = format!("SUBACK with Packet Identifier {id}");
                    client.suback(id).await.judged(&cx, &expected)?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/a-code-for-each-filter-in-their-order",
        requires: &[
            v31("X31-28"),
            v311("MQTT-3.8.4-4"),
            v311("MQTT-3.8.4-5"),
            v311("MQTT-3.9.3-1"),
            v5("MQTT-3.8.4-5"),
            v5("MQTT-3.8.4-6"),
            v5("MQTT-3.8.4-7"),
            v5("MQTT-3.9.3-1"),
        ],
        needs: &[Need::QoS2],
        expects: "SUBACK has one code for each Topic Filter of the SUBSCRIBE in the same order, none above the QoS asked for",
        run: |cx| {
            Box::pin(async move {
                let asked = [QoS::ExactlyOnce, QoS::AtMostOnce, QoS::AtLeastOnce];
                let topics: Vec<String> = (0..3).map(|n| cx.topic(&n.to_string())).collect();
                let filters: Vec<_> = topics
                    .iter()
                    .zip(asked)
                    .map(|(topic, qos)| (topic.as_str(), SubscriptionOptions::new(qos)))
                    .collect();
                let mut client = cx.connected().await?;
                let suback = client.subscribe_all(&filters, Properties::new()).await?;
                let count = suback.reasons.len();
                cx.judge_at(
                    suback.entry,
                    0..suback.bytes.len(),
                    count == 3,
                    "3 codes for 3 Topic Filters",
                    format!("{count} codes"),
                )?;
                let first = suback.bytes.len() - count;
                for (index, (code, qos)) in suback.reasons.iter().zip(asked).enumerate() {
                    cx.judge_at(
                        suback.entry,
                        first + index..first + index + 1,
                        code.0 <= qos.bits() || code.0 >= 0x80,
                        format!("a grant of at most QoS {} for filter {}", qos.bits(), index + 1),
                        format!("code {:#04x}", code.0),
                    )?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/again-replaces",
        requires: &[v311("MQTT-3.8.4-3"), v5("MQTT-3.8.4-3")],
        needs: &[Need::QoS1],
        expects: "a SUBSCRIBE with a Topic Filter that the Client has takes the place of that subscription: one copy, at the new QoS",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut client = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                client.subscribe(&topic, QoS::AtLeastOnce).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "x").qos(QoS::AtLeastOnce)).await?;
                let message = client.message().await?;
                let qos = message.delivery.qos();
                cx.judge_at(
                    message.entry,
                    0..1,
                    qos == QoS::AtLeastOnce,
                    "QoS 1, as granted last",
                    format!("QoS {}", qos.bits()),
                )?;
                let (qos, expected) = (QoS::AtLeastOnce, "one copy of the message");
                cx.nothing_before_fence_by(&mut publisher, &mut client, &topic, qos, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/again-loses-no-message",
        requires: &[v311("MQTT-3.8.4-3"), v5("MQTT-3.8.4-4")],
        needs: &[Need::QoS1],
        expects: "messages that are published while a Client subscribes again and again to their Topic Filter all reach it",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut client = cx.subscribed(&topic, QoS::AtLeastOnce).await?;
                let mut publisher = cx.connected().await?;
                let number = |n: usize| Message::new(&topic, n.to_string()).qos(QoS::AtLeastOnce);
                publisher.publish(&number(0)).await?;
                cx.message_of(&mut client, "0").await?;
                for n in 1..=cx.many(50, 2) {
                    let id = client.fresh_id();
                    let mut subscribe = one_filter(id, &topic);
                    for subscription in &mut subscribe.subscriptions {
                        subscription.options.qos = QoS::AtLeastOnce;
                    }
                    client.send(Packet::Subscribe(subscribe)).await;
                    // Which of the two comes first is the Server's matter: it comes in either case.
                    publisher.publish(&number(n)).await?;
                    client.suback(id).await?;
                    let expected =
                        format!("message {n}, published while the Client subscribes again");
                    let mut message = client.message().await.judged(&cx, &expected)?;
                    // At QoS 1 an earlier one may come twice.
                    while message.payload.as_ref() != n.to_string().as_bytes() {
                        message = client.message().await.judged(&cx, &expected)?;
                    }
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/again-sends-retained-messages",
        requires: &[v311("MQTT-3.8.4-3"), v5("MQTT-3.8.4-4")],
        // At QoS 0 a Server may throw retained messages away whenever it likes.
        needs: &[Need::Retain, Need::QoS1],
        expects: "a SUBSCRIBE with a Topic Filter that the Client has sends the retained messages again",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("lamp");
                let mut publisher = cx.connected().await?;
                let on = Message::new(&topic, "on").qos(QoS::AtLeastOnce).retained();
                publisher.publish(&on).await?;
                cx.once_settled(|| async {
                    let mut client = cx.subscribed(&topic, QOS).await?;
                    cx.message_of(&mut client, "on").await?;
                    client.subscribe(&topic, QOS).await?;
                    let again = cx.message_of(&mut client, "on").await;
                    again.judged(&cx, "the retained message again").map(drop)
                })
                .await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/overlapping-get-the-highest-qos",
        requires: &[v311("MQTT-3.3.5-1"), v311("X311-S11"), v5("MQTT-3.3.4-2"), v5("X5-S18")],
        needs: &[Need::QoS1, Need::Wildcards],
        expects: "a message that matches several subscriptions of a Client is delivered at the highest QoS among them",
        accepts: "Further copies at the QoS of the other subscriptions.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("a");
                let mut client = cx.connected().await?;
                client.subscribe(&topic, QoS::AtLeastOnce).await?;
                client.subscribe(&cx.topic("+"), QoS::AtMostOnce).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "x").qos(QoS::AtLeastOnce)).await?;
                // Copies for different subscriptions come in any order.
                let mut copies = 1;
                while cx.delivered(&mut client, "a copy at QoS 1").await?.delivery.qos()
                    == QoS::AtMostOnce
                {
                    copies += 1;
                }
                let (qos, by) = (QoS::AtLeastOnce, &mut publisher);
                copies += cx.until_fence_by(by, &mut client, &topic, qos).await?.len();
                cx.observe("copies", copies);
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/without-filters",
        requires: &[v311("MQTT-3.8.3-3"), v311("MQTT-4.8.0-1"), v5("MQTT-3.8.3-2"), v5("X5-N22")],
        expects: "a SUBSCRIBE without a Topic Filter ends the connection",
        run: |cx| {
            Box::pin(async move {
                let client = cx.connected().await?;
                let mut bytes = vec![0x82, 0, 0, 1];
                if cx.is_v5() {
                    bytes.push(0);
                }
                let illegal = Illegal {
                    decides: 1..2,
                    bytes: with_true_length(&bytes),
                    meant: "SUBSCRIBE without a Topic Filter",
                    why: "ends where the first Topic Filter is due",
                };
                cx.closes_on(client, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/misplaced-hash",
        requires: &[v311("MQTT-4.7.1-2"), v5("MQTT-4.7.1-1")],
        needs: &[Need::Wildcards],
        expects: "a Topic Filter in which `#` is not the whole last level is not granted",
        accepts: "Closing the connection, or a SUBACK with a failure code.",
        run: |cx| Box::pin(async move { not_granted(&cx, b'a', b'#').await }),
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/misplaced-plus",
        requires: &[v311("MQTT-4.7.1-3"), v5("MQTT-4.7.1-2")],
        needs: &[Need::Wildcards],
        expects: "a Topic Filter in which `+` is not a whole level is not granted",
        accepts: "Closing the connection, or a SUBACK with a failure code.",
        run: |cx| Box::pin(async move { not_granted(&cx, b'a', b'+').await }),
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/qos-3",
        requires: &[v31("X31-11"), v311("MQTT-3.8.3-4"), v5("X5-N23")],
        expects: "a SUBSCRIBE that asks for QoS 3 ends the connection",
        accepts: "3.1 only recommends to close it: there it is a warning.",
        run: |cx| {
            Box::pin(async move {
                let closed = options_byte(&cx, 3, "SUBSCRIBE for QoS 3", "QoS 3").await;
                cx.only_advised_in(&[Version::V31], closed)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/reserved-options",
        requires: &[v311("MQTT-3.8.3-4"), v5("MQTT-3.8.3-5")],
        expects: "a SUBSCRIBE with reserved bits set beside the QoS ends the connection",
        run: |cx| {
            let meant = "SUBSCRIBE with reserved option bits";
            Box::pin(async move { options_byte(&cx, 0x80, meant, "bit 7 is reserved").await })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/wrong-flags",
        requires: &[v311("MQTT-3.8.1-1"), v5("MQTT-3.8.1-1")],
        expects: "a SUBSCRIBE whose fixed header flags are not 0010 ends the connection",
        run: |cx| {
            Box::pin(async move {
                let packet = Packet::Subscribe(one_filter(PacketId::MIN, &cx.topic("t")));
                wrong_flags(&cx, packet, 0x80, "SUBSCRIBE with flags 0000").await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/no-local",
        requires: &[v5("MQTT-3.8.3-3")],
        expects: "with No Local 1 a Client is not sent what it publishes itself, and is sent what others publish",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut client = cx.connected().await?;
                let options =
                    SubscriptionOptions { no_local: true, ..SubscriptionOptions::new(QOS) };
                client.subscribe_with(&topic, options).await?;
                client.publish(&Message::new(&topic, "own")).await?;
                client.ping().await?;
                // The fence has to come from another Client: its own would not come back either.
                let expected = "only the message of another Client";
                cx.nothing_before_fence(&mut client, &topic, QOS, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/identifier-comes-with-the-message",
        requires: &[v5("MQTT-3.3.4-3"), v5("X5-R11")],
        needs: &[Need::SubscriptionIdentifiers],
        expects: "a message carries the Subscription Identifier of the subscription that it matches",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut client = cx.connected().await?;
                let properties = Properties::new().with(Property::SubscriptionIdentifier(321));
                let filters = [(topic.as_str(), SubscriptionOptions::new(QOS))];
                client.subscribe_all(&filters, properties).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "x")).await?;
                let message = client.message().await?;
                let ids: Vec<u32> = message.properties.subscription_identifiers().collect();
                cx.judge_at(
                    message.entry,
                    0..message.bytes.len(),
                    ids == [321],
                    "Subscription Identifier 321",
                    format!("Subscription Identifiers {ids:?}"),
                )
            })
        },
        ..Case::BASE
    },
];

fn one_filter(packet_id: PacketId, filter: &str) -> Subscribe<'static> {
    Subscribe {
        packet_id,
        properties: Properties::new(),
        subscriptions: vec![Subscription {
            filter: filter.to_owned().into(),
            options: SubscriptionOptions::new(QOS),
        }],
    }
}

/// A filter whose last level is these two characters is refused: by closing, or by SUBACK.
async fn not_granted(cx: &Cx, first: u8, second: u8) -> Outcome {
    let mut client = cx.connected().await?;
    client.ping().await?;
    let filter = cx.topic("aa");
    let packet = Packet::Subscribe(one_filter(PacketId::MIN, &filter));
    let mut bytes = wire::encoded(&packet, cx.version());
    let end = wire::position(&bytes, filter.as_bytes()) + filter.len();
    bytes[end - 2..end].copy_from_slice(&[first, second]);
    let meant =
        format!("SUBSCRIBE to a filter that ends in {}{}", char::from(first), char::from(second));
    let entry = client.send_raw(&bytes, meant).await;
    cx.trace.mark(entry, end - 2..end, "a wildcard that is not a whole level");
    let Ok(suback) = client.suback(PacketId::MIN).await else {
        client.ended().await.judged(cx, "closing, or SUBACK with a failure code")?;
        cx.observe_farewell(&client);
        return cx.alive().await;
    };
    let code = suback.reasons.first().copied().unwrap_or_default();
    cx.observe("answer", format!("SUBACK {:#04x}", code.0));
    let found = Packet::SubAck(suback.packet.clone()).to_string();
    let last = suback.bytes.len();
    cx.judge_at(suback.entry, last - 1..last, code.0 >= 0x80, "a code of 0x80 or above", found)?;
    cx.alive().await
}

/// A SUBSCRIBE with this byte behind its only filter ends the connection.
async fn options_byte(cx: &Cx, byte: u8, meant: &'static str, why: &'static str) -> Outcome {
    let packet = Packet::Subscribe(one_filter(PacketId::MIN, &cx.topic("t")));
    let mut bytes = wire::encoded(&packet, cx.version());
    let options = bytes.len() - 1;
    bytes[options] = byte;
    let illegal = Illegal { bytes, meant, decides: options..options + 1, why };
    cx.closes_on(cx.connected().await?, illegal).await
}

/// The packet with this first byte ends the connection.
pub(super) async fn wrong_flags(
    cx: &Cx,
    packet: Packet<'_>,
    first: u8,
    meant: &'static str,
) -> Outcome {
    let mut bytes = wire::encoded(&packet, cx.version());
    bytes[0] = first;
    let why = "the fixed header flags have to be 0010";
    cx.closes_on(cx.connected().await?, Illegal { bytes, meant, decides: 0..1, why }).await
}
