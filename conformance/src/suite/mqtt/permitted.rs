//! What the specifications recommend or permit: strings, versions, wildcards and topics of the Server
//! (5.0 sections 1.5.4, 3.1.4 and 4.7.2; 3.1.1 the same).

use pushspec_wire::mqtt::{
    Packet, Properties, Property, QoS, ReasonCode, SubscriptionOptions, Version,
};

use super::cx::Cx;
use crate::case::{Case, Need, Outcome};
use crate::probe::mqtt::{Judged, Message};
use crate::requirement::{v5, v311};

/// The cases on what is recommended and permitted.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/topic/control-characters",
        requires: &[v311("X311-S01"), v311("MQTT-4.7.3-4"), v5("X5-S01"), v5("MQTT-4.7.3-4")],
        needs: &[Need::QoS1],
        expects: "a message on a topic with a control character or a non-character, which Clients should not use, is delivered on just that topic if it is accepted",
        accepts: "Refusing it or closing the connection: what becomes of it is observed.",
        run: |cx| Box::pin(control_characters(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/other-versions",
        requires: &[v311("X311-S18"), v311("MQTT-3.1.4-4"), v5("X5-S37"), v5("MQTT-3.1.4-5")],
        expects: "a Server answers a CONNECT in its own version by CONNACK, whatever versions others speak on the same port",
        accepts: "Taking one version or several: which is observed.",
        run: |cx| {
            Box::pin(async move {
                for version in Version::ALL {
                    let answered = cx.opening_in(version).answered().await;
                    let accepted =
                        answered.as_ref().is_ok_and(|answered| answered.connack.reason.0 == 0);
                    let word = if accepted { "accepted" } else { "not accepted" };
                    cx.observe(&format!("MQTT {version}"), word);
                    if version == cx.version() {
                        let answered = answered.judged(&cx, "CONNACK")?;
                        let found = Packet::ConnAck(answered.connack).to_string();
                        cx.judge(accepted, "CONNACK with code 0x00", found)?;
                    }
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/response-information",
        requires: &[v5("MQTT-3.1.2-28"), v5("X5-S36")],
        expects: "CONNACK has Response Information only if CONNECT asks for it",
        accepts: "Sending none at all: it is observed.",
        run: |cx| {
            Box::pin(async move {
                for asked in [None, Some(0), Some(1)] {
                    let mut opening = cx.opening();
                    if let Some(asked) = asked {
                        opening = opening.with(Property::RequestResponseInformation(asked));
                    }
                    let accepted = opening.accepted().await?;
                    let told = accepted.connack.properties.response_information().is_some();
                    if asked == Some(1) {
                        cx.observe("Response Information", if told { "sent" } else { "not sent" });
                        continue;
                    }
                    let found = Packet::ConnAck(accepted.connack.clone());
                    cx.judge(!told, "no Response Information unasked", found)?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/wildcards",
        requires: &[v311("X311-S12"), v5("X5-S16"), v5("MQTT-4.7.1-1")],
        needs: &[Need::Wildcards],
        expects: "filters with wildcards are granted, and work",
        accepts: "In 5.0 refusing a single one with 0xA2, which is observed. 3.1.1 recommends to support them.",
        run: |cx| Box::pin(wildcards(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/topic/dollar-topics-are-the-servers",
        requires: &[v311("X311-S16"), v5("X5-S24")],
        needs: &[Need::QoS1],
        expects: "Clients cannot use topics that begin with `$` to exchange messages",
        run: |cx| {
            Box::pin(async move {
                let (topic, qos) = (format!("${}", cx.topic("t")), QoS::AtLeastOnce);
                let fence = cx.topic("fence");
                let mut subscriber = cx.subscribed(&fence, qos).await?;
                let options = SubscriptionOptions::new(qos);
                let filters = [(topic.as_str(), options)];
                // It may be refused.
                if subscriber.subscribe_all(&filters, Properties::new()).await.is_err() {
                    return cx.alive().await;
                }
                let mut publisher = cx.connected().await?;
                publisher.publish_begun(&Message::new(&topic, "x").qos(qos)).await;
                // The Server may hold it against the Client.
                let _ = publisher.ping().await;
                let expected = "no message on a topic that begins with `$`";
                cx.nothing_before_fence(&mut subscriber, &fence, qos, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/order-of-properties",
        requires: &[v5("X5-R17")],
        needs: &[Need::QoS1],
        expects: "properties of different kinds may stand in any order in CONNECT and PUBLISH",
        run: |cx| Box::pin(order_of_properties(cx)),
        ..Case::BASE
    },
];

async fn control_characters(cx: Cx) -> Outcome {
    let qos = QoS::AtLeastOnce;
    for (name, character) in
        [("U+0001", '\u{1}'), ("U+007F", '\u{7f}'), ("U+009F", '\u{9f}'), ("U+FFFF", '\u{ffff}')]
    {
        let topic = cx.topic(&format!("a{character}b"));
        let mut subscriber = cx.connected().await?;
        let filters = [(topic.as_str(), SubscriptionOptions::new(qos))];
        let granted = match subscriber.subscribe_all(&filters, Properties::new()).await {
            Ok(suback) => suback.reasons.iter().all(|reason| !reason.is_error()),
            Err(_) => false,
        };
        if !granted {
            cx.observe(name, "not subscribed to");
            continue;
        }
        let mut publisher = cx.connected().await?;
        if publisher.publish(&Message::new(&topic, name).qos(qos)).await.is_err() {
            cx.observe(name, "not published");
            continue;
        }
        let message = cx.delivered(&mut subscriber, "the message that was accepted").await?;
        cx.judge_at(
            message.entry,
            2..4 + message.topic.len(),
            message.topic == topic.as_str(),
            format!("the topic with {name}, unaltered"),
            "another topic",
        )?;
        cx.observe(name, "delivered");
    }
    cx.alive().await
}

async fn wildcards(cx: Cx) -> Outcome {
    let (topic, qos) = (cx.topic("a/b"), QoS::AtMostOnce);
    for end in ["a/#", "+/b", "+/+"] {
        let mut client = cx.connected().await?;
        let filter = cx.topic(end);
        let filters = [(filter.as_str(), SubscriptionOptions::new(qos))];
        let suback = client.subscribe_all(&filters, Properties::new()).await?;
        let code = suback.reasons.first().copied().unwrap_or_default();
        if cx.is_v5() && code == ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED {
            cx.observe(end, "refused with 0xA2");
            continue;
        }
        if code.is_error() && !cx.is_v5() {
            let found = format!("SUBACK {:#04x} to {end}", code.0);
            cx.advise(false, "filters with wildcards are granted", found);
            continue;
        }
        cx.observe(end, if code.is_error() { "refused" } else { "granted" });
        if !code.is_error() {
            let mut publisher = cx.connected().await?;
            publisher.publish(&Message::new(&topic, "x")).await?;
            cx.delivered(&mut client, &format!("the message on a/b to {end}")).await?;
        }
        client.disconnect().await;
    }
    Ok(())
}

async fn order_of_properties(cx: Cx) -> Outcome {
    let (topic, qos) = (cx.topic("t"), QoS::AtLeastOnce);
    let mut subscriber = cx.subscribed(&topic, qos).await?;
    let of_connect = [
        Property::SessionExpiryInterval(0),
        Property::ReceiveMaximum(10),
        Property::MaximumPacketSize(65_535),
    ];
    let of_publish = [
        Property::PayloadFormatIndicator(1),
        Property::ContentType("text/plain"),
        Property::ResponseTopic("pushspec/answer"),
        Property::CorrelationData(b"c"),
    ];
    for ascending in [true, false] {
        let order = if ascending { "ascending" } else { "descending" };
        let mut opening = cx.opening();
        let mut message = Message::new(&topic, order).qos(qos);
        let turn = |count: usize, index: usize| if ascending { index } else { count - 1 - index };
        for index in 0..of_connect.len() {
            opening = opening.with(of_connect[turn(of_connect.len(), index)]);
        }
        for index in 0..of_publish.len() {
            message = message.with(of_publish[turn(of_publish.len(), index)]);
        }
        let expected = format!("CONNECT and PUBLISH with properties in {order} order are taken");
        let mut publisher = opening.open().await.judged(&cx, &expected)?;
        publisher.publish(&message).await.judged(&cx, &expected)?;
        let received = cx.delivered(&mut subscriber, &expected).await?;
        let all =
            of_publish.iter().all(|property| received.properties.iter().any(|p| p == *property));
        cx.judge_at(received.entry, 0..received.bytes.len(), all, expected, "some are missing")?;
    }
    Ok(())
}
