//! What a Server says that it does not offer, and Clients ask for all the same (5.0 section 3.2.2.3,
//! 3.1.1 section 3.8.3).

use std::time::Duration;

use pushspec_wire::mqtt::{
    Packet, Properties, Property, QoS, ReasonCode, SubscriptionOptions, Version,
};
use tokio::time::Instant;

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Judged, Message, Opening};
use crate::requirement::{Level, v5, v311};

/// How late a Server may be that imposes a Keep Alive.
const GRACE: Duration = Duration::from_secs(7);

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/limits/subscriptions-above-maximum-qos",
        requires: &[v5("MQTT-3.2.2-10")],
        needs: &[Need::LimitedQos],
        expects: "a Server with a Maximum QoS below 2 grants subscriptions that ask for QoS 0, 1 and 2",
        accepts: "Granting a lower QoS than was asked for.",
        run: |cx| {
            Box::pin(async move {
                let mut client = cx.connected().await?;
                for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
                    let filter = cx.topic(&format!("asked{}", qos.bits()));
                    let asked = [(filter.as_str(), SubscriptionOptions::new(qos))];
                    let suback = client.subscribe_all(&asked, Properties::new()).await;
                    let suback = suback.judged(&cx, "SUBACK")?;
                    cx.judge_at(
                        suback.entry,
                        0..suback.bytes.len(),
                        suback.reasons.iter().all(|reason| reason.0 <= qos.bits()),
                        format!("a subscription at QoS {} is granted", qos.bits()),
                        Packet::SubAck(suback.packet.clone()),
                    )?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/will-above-maximum-qos",
        requires: &[v5("MQTT-3.2.2-12"), v5("X5-S13")],
        needs: &[Need::LimitedQos],
        expects: "a CONNECT whose Will QoS is above Maximum QoS is refused, by CONNACK 0x9B",
        accepts: "Another code, or none, is a warning.",
        run: |cx| {
            Box::pin(async move {
                let will = Message::new(cx.topic("will"), "gone").qos(QoS::ExactlyOnce);
                refuses(&cx, &cx.opening().will(&will), ReasonCode::QOS_NOT_SUPPORTED).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/publish-above-maximum-qos",
        requires: &[v5("X5-R24")],
        needs: &[Need::LimitedQos],
        expects: "a PUBLISH above Maximum QoS ends the connection, with DISCONNECT 0x9B if any",
        run: |cx| {
            Box::pin(async move {
                let message = Message::new(cx.topic("t"), "too high").qos(QoS::ExactlyOnce);
                let mut client = cx.connected().await?;
                client.ping().await?;
                client.publish_begun(&message).await;
                ends(&cx, client, ReasonCode::QOS_NOT_SUPPORTED).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/will-retain-unavailable",
        requires: &[v5("MQTT-3.2.2-13"), v5("X5-S14")],
        needs: &[Need::NoRetain],
        expects: "a CONNECT with Will Retain is refused where Retain Available is 0, by CONNACK 0x9A",
        accepts: "Another code, or none, is a warning.",
        run: |cx| {
            Box::pin(async move {
                let will = Message::new(cx.topic("will"), "gone").retained();
                refuses(&cx, &cx.opening().will(&will), ReasonCode::RETAIN_NOT_SUPPORTED).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/retain-unavailable",
        level: Level::Should,
        requires: &[v5("X5-S14")],
        needs: &[Need::NoRetain],
        expects: "a PUBLISH with RETAIN ends the connection where Retain Available is 0, with DISCONNECT 0x9A if any",
        run: |cx| {
            Box::pin(async move {
                let message = Message::new(cx.topic("t"), "kept").retained();
                let mut client = cx.connected().await?;
                client.ping().await?;
                client.publish_begun(&message).await;
                ends(&cx, client, ReasonCode::RETAIN_NOT_SUPPORTED).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/wildcards-unavailable",
        requires: &[v5("X5-R26")],
        needs: &[Need::NoWildcards],
        expects: "a subscription with a wildcard ends the connection where those are not available, with DISCONNECT 0xA2 if any",
        accepts: "SUBACK 0xA2 is a warning: the text names DISCONNECT.",
        run: |cx| {
            Box::pin(async move {
                let filter = format!("{}/#", cx.topic_prefix());
                let reason = ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED;
                subscription_ends(&cx, &filter, Properties::new(), reason).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/shared-subscriptions-unavailable",
        requires: &[v5("X5-R26")],
        needs: &[Need::NoSharedSubscriptions],
        expects: "a shared subscription ends the connection where those are not available, with DISCONNECT 0x9E if any",
        accepts: "SUBACK 0x9E is a warning: the text names DISCONNECT.",
        run: |cx| {
            Box::pin(async move {
                let filter = format!("$share/pushspec/{}", cx.topic("t"));
                let reason = ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED;
                subscription_ends(&cx, &filter, Properties::new(), reason).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/subscription-identifiers-unavailable",
        requires: &[v5("X5-R26")],
        needs: &[Need::NoSubscriptionIdentifiers],
        expects: "a Subscription Identifier ends the connection where those are not available, with DISCONNECT 0xA1 if any",
        accepts: "SUBACK 0xA1 is a warning: the text names DISCONNECT.",
        run: |cx| {
            Box::pin(async move {
                let properties = Properties::new().with(Property::SubscriptionIdentifier(1));
                let reason = ReasonCode::SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED;
                subscription_ends(&cx, &cx.topic("t"), properties, reason).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/wildcards-are-rejected",
        requires: &[v311("MQTT-3.8.3-2")],
        needs: &[Need::NoWildcards],
        expects: "a Server without support for wildcards rejects every subscription with one by SUBACK 0x80",
        run: |cx| {
            Box::pin(async move {
                let plain = cx.topic("plain");
                let mut client = cx.subscribed(&plain, QoS::AtMostOnce).await?;
                let prefix = cx.topic_prefix();
                for filter in [format!("{prefix}/#"), format!("{prefix}/+"), format!("+/{prefix}")]
                {
                    let asked = [(filter.as_str(), SubscriptionOptions::new(QoS::AtMostOnce))];
                    let suback = client.subscribe_all(&asked, Properties::new()).await;
                    let suback = suback.judged(&cx, "SUBACK")?;
                    cx.judge_at(
                        suback.entry,
                        0..suback.bytes.len(),
                        suback.reasons.iter().all(|reason| reason.0 == 0x80),
                        "SUBACK 0x80",
                        Packet::SubAck(suback.packet.clone()),
                    )?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/limits/server-keep-alive",
        requires: &[v5("MQTT-3.1.2-22")],
        needs: &[Need::ServerKeepAlive],
        expects: "a Client that is silent for one and a half times the Server Keep Alive is disconnected, whatever Keep Alive it asked for",
        accepts: "Being up to 7 s late, and disconnecting earlier, which the spec permits at any time.",
        lasts: Duration::from_secs(18),
        run: |cx| Box::pin(server_keep_alive(cx)),
        ..Case::BASE
    },
];

async fn server_keep_alive(cx: Cx) -> Outcome {
    let opening = cx.opening().keep_alive(600);
    let mut accepted = opening.accepted().await?;
    let Some(seconds @ 1..) = accepted.connack.properties.server_keep_alive() else {
        return Err(Stop::NotApplicable("no Server Keep Alive for Keep Alive 600".to_owned()));
    };
    accepted.client.ping().await?;
    let silence = Duration::from_secs(u64::from(seconds)) * 3 / 2;
    let ended = accepted.client.ended_before(Instant::now() + silence + GRACE).await;
    let expected = format!(
        "the Server closes the network connection after {} s of silence",
        silence.as_secs_f32()
    );
    ended.judged(&cx, &expected)?;
    cx.observe_farewell(&accepted.client);
    cx.alive().await
}

/// A CONNECT asks for what is not offered.
async fn refuses(cx: &Cx, asking: &Opening, recommended: ReasonCode) -> Outcome {
    cx.accepts_clients().await?;
    let mut client = asking.network().await?;
    client.send(Packet::Connect(asking.packet.clone())).await;
    let ended = client.ended().await;
    let code = client.connack_received().map(|connack| connack.reason);
    cx.not_accepted(&mut client)?;
    ended.judged(cx, "the Server closes the network connection")?;
    let found = code.map_or("no CONNACK".to_owned(), |code| format!("CONNACK {:#04x}", code.0));
    cx.advise(code == Some(recommended), format!("CONNACK {:#04x}", recommended.0), found);
    cx.alive().await
}

/// A packet asked for what is not offered: the connection ends. A DISCONNECT says why.
async fn ends(cx: &Cx, mut client: Client, recommended: ReasonCode) -> Outcome {
    let closed = cx.closes(&mut client).await;
    closed.judged(cx, "the Server closes the network connection")?;
    if let Some(disconnect) = client.disconnect_received() {
        cx.advise(
            disconnect.reason == recommended,
            format!("DISCONNECT {:#04x}", recommended.0),
            format!("DISCONNECT {:#04x}", disconnect.reason.0),
        );
    }
    cx.observe_farewell(&client);
    client.drop_connection();
    cx.alive().await
}

/// A SUBSCRIBE asks for what is not offered. To refuse it by its very code without closing is told as
/// a warning.
async fn subscription_ends(
    cx: &Cx,
    filter: &str,
    properties: Properties<'static>,
    recommended: ReasonCode,
) -> Outcome {
    debug_assert_eq!(cx.version(), Version::V5);
    let mut client = cx.connected().await?;
    client.ping().await?;
    let asked = [(filter, SubscriptionOptions::new(QoS::AtMostOnce))];
    let Ok(suback) = client.subscribe_all(&asked, properties).await else {
        return ends(cx, client, recommended).await;
    };
    let found = Packet::SubAck(suback.packet.clone()).to_string();
    let refused = suback.reasons.iter().all(|reason| *reason == recommended);
    let expected = "the Server closes the network connection";
    cx.judge_at(suback.entry, 0..suback.bytes.len(), refused, expected, &found)?;
    let expected = format!("DISCONNECT {:#04x}, and the end of the connection", recommended.0);
    cx.advise(false, expected, found);
    cx.alive().await
}
