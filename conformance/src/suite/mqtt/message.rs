//! What 5.0 adds to messages: properties that are forwarded, Topic Aliases, Receive Maximum
//! and Maximum Packet Size (5.0 sections 3.1.2.11, 3.3.2.3 and 4.9).

use std::collections::VecDeque;

use pushspec_wire::mqtt::{Packet, Properties, Property, Publish, QoS, SubscriptionOptions};

use super::cx::{Cx, Illegal};
use super::wire;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Arrival, Judged, Message, Received};
use crate::requirement::v5;

const QOS: QoS = QoS::AtLeastOnce;

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/message/user-properties-keep-their-order",
        requires: &[v5("MQTT-3.3.2-17"), v5("MQTT-3.3.2-18")],
        expects: "User Properties are forwarded unchanged and in their order, twice where they were given twice",
        accepts: "Further User Properties, which the Server adds.",
        run: |cx| {
            Box::pin(async move {
                let given = [("b", "1"), ("a", ""), ("b", "1")];
                let mut message = Message::new(cx.topic("t"), "x");
                for (name, value) in given {
                    message = message.with(Property::UserProperty(name, value));
                }
                let received = forwarded(&cx, &message).await?;
                let user: Vec<_> = received.properties.user_properties().collect();
                same(
                    &cx,
                    &received,
                    are_kept(&cx, &given, &user),
                    "User Properties b=1, a= and b=1, in this order",
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/content-type-is-forwarded",
        requires: &[v5("MQTT-3.3.2-20")],
        expects: "the Content Type is forwarded unchanged",
        run: |cx| Box::pin(one_property(cx, Property::ContentType("text/plain; charset=utf-8"))),
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/response-topic-is-forwarded",
        requires: &[v5("MQTT-3.3.2-15")],
        expects: "the Response Topic is forwarded unchanged",
        run: |cx| Box::pin(one_property(cx, Property::ResponseTopic("pushspec/answer"))),
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/correlation-data-is-forwarded",
        requires: &[v5("MQTT-3.3.2-16")],
        expects: "the Correlation Data is forwarded unchanged, whatever bytes it has",
        run: |cx| Box::pin(one_property(cx, Property::CorrelationData(&[0, 0xFF, b'a', 0x80]))),
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/payload-format-is-forwarded",
        requires: &[v5("MQTT-3.3.2-4")],
        expects: "the Payload Format Indicator is forwarded unchanged",
        run: |cx| Box::pin(one_property(cx, Property::PayloadFormatIndicator(1))),
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/topic-aliases-work",
        requires: &[v5("MQTT-3.3.2-12"), v5("X5-R07")],
        needs: &[Need::TopicAlias],
        expects: "a Topic Alias that the Server permits stands for the topic it was last sent with",
        run: |cx| {
            Box::pin(async move {
                let (a, b) = (cx.topic("a"), cx.topic("b"));
                let mut subscriber = cx.subscribed(&a, QoS::AtMostOnce).await?;
                subscriber.subscribe(&b, QoS::AtMostOnce).await?;
                let mut publisher = cx.connected().await?;
                let alias = cx.capabilities().topic_alias_maximum;
                for (sent, meant) in [(a.as_str(), &a), ("", &a), (b.as_str(), &b), ("", &b)] {
                    let message = Message::new(sent, "x").with(Property::TopicAlias(alias));
                    publisher.publish(&message).await?;
                    let expected = "the message is delivered on the topic of the alias";
                    let received = cx.delivered(&mut subscriber, expected).await?;
                    cx.judge_at(
                        received.entry,
                        2..4 + received.topic.len(),
                        received.topic == meant.as_str(),
                        format!("topic {meant}"),
                        format!("topic {}", received.topic),
                    )?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/topic-aliases-end-with-the-connection",
        requires: &[v5("MQTT-3.3.2-7"), v5("X5-N18")],
        needs: &[Need::TopicAlias],
        expects: "a Topic Alias of an earlier connection is unknown: to use it ends the connection and publishes nothing",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let kept = cx.opening().kept(60).resuming();
                let mut first = kept.open().await?;
                let set = Message::new(&topic, "set").with(Property::TopicAlias(1));
                first.publish(&set).await?;
                watcher.message().await?;
                first.disconnect().await;
                let second = kept.open().await?;
                let used = Message::new("", "used").with(Property::TopicAlias(1));
                let bytes = wire::publish(&cx, &used);
                let alias = wire::position(&bytes, &[0x23, 0, 1]);
                let illegal = Illegal {
                    bytes,
                    meant: "PUBLISH with a Topic Alias of the connection before",
                    decides: alias..alias + 3,
                    why: "no topic was given for this alias",
                };
                cx.closes_on(second, illegal).await?;
                let expected = "nothing is published";
                cx.nothing_before_fence(&mut watcher, &topic, QoS::AtMostOnce, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/topic-alias-0",
        requires: &[v5("MQTT-3.3.2-8"), v5("X5-N19")],
        expects: "a PUBLISH with Topic Alias 0 ends the connection",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let message = Message::new(&topic, "x").with(Property::TopicAlias(1));
                let mut bytes = wire::publish(&cx, &message);
                let alias = wire::position(&bytes, &[0x23, 0, 1]);
                bytes[alias + 2] = 0;
                let illegal = Illegal {
                    bytes,
                    meant: "PUBLISH with Topic Alias 0",
                    decides: alias..alias + 3,
                    why: "0 is no Topic Alias",
                };
                cx.closes_on(cx.connected().await?, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/receive-maximum-is-respected",
        requires: &[v5("MQTT-3.3.4-9"), v5("MQTT-4.9.0-1"), v5("MQTT-4.9.0-2")],
        needs: &[Need::QoS1],
        expects: "no more messages are in flight to a Client than its Receive Maximum; an acknowledgement lets the next one through",
        accepts: "Fewer in flight than Receive Maximum permits.",
        run: |cx| {
            Box::pin(async move {
                const MESSAGES: u8 = 5;
                let topic = cx.topic("t");
                let opening = cx.opening().with(Property::ReceiveMaximum(2));
                let mut client = opening.open().await?;
                client.subscribe(&topic, QOS).await?;
                publish_many(&cx, &topic, MESSAGES).await?;
                let mut in_flight = VecDeque::from([client.publish_received().await?.delivery]);
                for received in 1.. {
                    // A round trip brings what the Server sends without being asked for more.
                    client.ping().await?;
                    for arrival in client.arrived() {
                        let Ok(Packet::Publish(publish)) = &arrival.packet else { continue };
                        in_flight.push_back(publish.delivery);
                        cx.judge_at(
                            arrival.entry,
                            0..1,
                            in_flight.len() <= 2,
                            "two messages in flight at most, as Receive Maximum says",
                            "a third one while two were not acknowledged",
                        )?;
                    }
                    if let Some(oldest) = in_flight.pop_front() {
                        client.acknowledge(oldest).await?;
                    }
                    if received == MESSAGES {
                        break;
                    }
                    if in_flight.is_empty() {
                        let expected = "the next message once one is acknowledged";
                        let next = client.publish_received().await.judged(&cx, expected)?;
                        in_flight.push_back(next.delivery);
                    }
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/receive-maximum-holds-up-nothing-else",
        requires: &[v5("MQTT-3.3.4-10"), v5("MQTT-4.9.0-3"), v5("X5-S27")],
        needs: &[Need::QoS1],
        expects: "a Client with Receive Maximum messages in flight is still sent PINGRESP and SUBACK",
        accepts: "Sending messages at QoS 0 meanwhile or holding them back: which is observed.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut client = cx.opening().with(Property::ReceiveMaximum(1)).open().await?;
                client.subscribe(&topic, QOS).await?;
                publish_many(&cx, &topic, 2).await?;
                client.publish_received().await?;
                client.ping().await.judged(&cx, "PINGRESP")?;
                let filters = [(topic.as_str(), SubscriptionOptions::new(QOS))];
                let suback = client.subscribe_all(&filters, Properties::new()).await;
                suback.judged(&cx, "SUBACK")?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "at QoS 0")).await?;
                publisher.ping().await?;
                client.ping().await.judged(&cx, "PINGRESP")?;
                let at_qos_0 = |arrival: &Arrival| match &arrival.packet {
                    Ok(Packet::Publish(publish)) => publish.delivery.packet_id().is_none(),
                    _ => false,
                };
                let sent = if client.arrived().iter().any(at_qos_0) { "sent" } else { "held back" };
                cx.observe("QoS 0 with Receive Maximum in flight", sent);
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/maximum-packet-size-is-respected",
        requires: &[v5("MQTT-3.1.2-24"), v5("MQTT-3.1.2-25")],
        needs: &[Need::QoS1],
        expects: "a message that makes a larger packet than the Client takes is not sent to it, and later ones are",
        run: |cx| {
            Box::pin(async move {
                const LIMIT: u32 = 512;
                const LARGE: usize = 1024;
                let takes = cx.capabilities().maximum_packet_size.unwrap_or(u32::MAX);
                if takes < 2 * LARGE as u32 {
                    return Err(Stop::NotApplicable(format!(
                        "the Server takes no message of {LARGE} bytes: Maximum Packet Size = {takes}"
                    )));
                }
                let topic = cx.topic("t");
                let opening = cx.opening().with(Property::MaximumPacketSize(LIMIT));
                let mut client = opening.open().await?;
                client.subscribe(&topic, QOS).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, [b'x'; LARGE]).qos(QOS)).await?;
                publisher.publish(&Message::new(&topic, "small").qos(QOS)).await?;
                let message = client.message().await;
                let message = message.judged(&cx, "the small message behind the large one")?;
                let size = message.bytes.len();
                cx.judge_at(
                    message.entry,
                    0..size,
                    size <= LIMIT as usize,
                    format!("no packet of more than {LIMIT} bytes"),
                    format!("a packet of {size} bytes"),
                )
            })
        },
        ..Case::BASE
    },
];

/// Whether these User Properties are among those that came, in their order and as often as they were
/// given. The specification says nothing of others.
pub(super) fn are_kept(cx: &Cx, given: &[(&str, &str)], came: &[(&str, &str)]) -> bool {
    if came.len() > given.len() {
        cx.observe("User Properties", "the Server adds some of its own");
    }
    let mut came = came.iter();
    given.iter().all(|given| came.any(|one| one == given))
}

/// The message as a subscriber gets it.
async fn forwarded(cx: &Cx, message: &Message) -> Result<Received<Publish<'static>>, Stop> {
    let mut subscriber = cx.subscribed(&cx.topic("t"), QoS::AtMostOnce).await?;
    let mut publisher = cx.connected().await?;
    publisher.publish(message).await?;
    Ok(subscriber.message().await?)
}

/// This property is forwarded unchanged.
async fn one_property(cx: Cx, property: Property<'static>) -> Outcome {
    let received = forwarded(&cx, &Message::new(cx.topic("t"), "x").with(property)).await?;
    let there = received.properties.iter().any(|found| found == property);
    same(&cx, &received, there, &format!("{property:?}"))
}

fn same(cx: &Cx, received: &Received<Publish<'static>>, same: bool, expected: &str) -> Outcome {
    let found = Packet::Publish(received.packet.clone());
    cx.judge_at(received.entry, 0..received.bytes.len(), same, expected, found)
}

async fn publish_many(cx: &Cx, topic: &str, count: u8) -> Outcome {
    let mut publisher = cx.connected().await?;
    for number in 0..count {
        publisher.publish(&Message::new(topic, [number]).qos(QOS)).await?;
    }
    Ok(())
}
