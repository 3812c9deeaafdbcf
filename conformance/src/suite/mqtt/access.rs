//! Who may connect (5.0 and 3.1.1 section 3.1.4), and which Client Identifiers are refused
//! (section 3.1.3.1). The user declares how the target is set up.

use pushspec_wire::mqtt::{Packet, QoS, Version};

use super::cx::Cx;
use super::wire;
use crate::case::{Case, Need, Outcome};
use crate::probe::mqtt::{Message, Opening};
use crate::requirement::{RequirementRef, v5, v311};

/// What a Server does with a CONNECT whose credentials do not hold.
const CHECKS: &[RequirementRef] =
    &[v311("X311-R02"), v311("X311-S07"), v5("MQTT-3.1.4-2"), v5("X5-S07"), v5("X5-S31")];

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/access/wrong-password",
        requires: CHECKS,
        needs: &[Need::Users],
        expects: "a CONNECT with the User Name of a user and another Password is refused",
        accepts: "In 5.0 closing without a CONNACK, or one with any error code.",
        run: |cx| Box::pin(async move { refuses(&cx, &with_wrong_password(&cx)).await }),
        ..Case::BASE
    },
    Case {
        id: "mqtt/access/unknown-user",
        requires: CHECKS,
        needs: &[Need::Users],
        expects: "a CONNECT with a User Name that nobody has is refused",
        accepts: "In 5.0 closing without a CONNACK, or one with any error code.",
        run: |cx| {
            Box::pin(async move {
                let mut stranger = cx.opening();
                stranger.packet.user_name = Some("pushspec-nobody".into());
                refuses(&cx, &stranger).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/access/no-credentials",
        requires: CHECKS,
        needs: &[Need::Users],
        expects: "a CONNECT without User Name and Password is refused",
        accepts: "In 5.0 closing without a CONNACK, or one with any error code.",
        run: |cx| {
            Box::pin(async move {
                let mut nobody = cx.opening();
                nobody.packet.user_name = None;
                nobody.packet.password = None;
                refuses(&cx, &nobody).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/access/refused-takes-nothing-over",
        requires: &[v311("X311-R02"), v311("MQTT-3.1.4-2"), v5("MQTT-3.1.4-2"), v5("MQTT-3.1.4-3")],
        needs: &[Need::Users],
        expects: "a CONNECT that is refused for its credentials leaves the connection and the Session that have its Client Identifier as they are",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let right = cx.opening();
                let mut client = right.open().await?;
                client.subscribe(&topic, QoS::AtMostOnce).await?;
                // The same Client Identifier and Clean Start 1.
                let mut wrong = with_wrong_password(&cx);
                wrong.packet.client_id = right.packet.client_id.clone();
                refused(&cx, &wrong).await?;
                let expected = "the connection with this Client Identifier goes on";
                let kept = client.ping().await;
                kept.map_err(|unmet| cx.broken(expected, unmet.found))?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "still here")).await?;
                let expected = "its subscription is still there";
                let message = cx.delivered(&mut client, expected).await?;
                cx.judge(
                    message.payload.as_ref() == b"still here",
                    expected,
                    Packet::Publish(message.packet),
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/access/refused-leaves-no-will",
        requires: &[v311("X311-R02"), v311("MQTT-3.1.2-8"), v5("MQTT-3.1.4-2"), v5("MQTT-3.1.2-7")],
        needs: &[Need::Users],
        expects: "the Will Message of a CONNECT that is refused for its credentials is not published",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let wrong = with_wrong_password(&cx).will(&Message::new(&topic, "not a user"));
                refused(&cx, &wrong).await?;
                let expected = "no Will Message of whom the Server refused";
                cx.nothing_before_fence(&mut watcher, &topic, QoS::AtMostOnce, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/access/nothing-is-processed-behind-wrong-credentials",
        requires: &[v311("MQTT-3.1.4-5"), v5("MQTT-3.1.4-6")],
        needs: &[Need::Users],
        expects: "a PUBLISH in one write behind a CONNECT that is refused for its credentials reaches nobody",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let wrong = with_wrong_password(&cx);
                let publish = wire::publish(&cx, &Message::new(&topic, "behind"));
                let both = [wrong.bytes(), publish].concat();
                let mut client = wrong.network().await?;
                client.send_raw(&both, "CONNECT with a wrong Password, and PUBLISH").await;
                cx.refused(&mut client, "the Server closes the network connection").await?;
                let expected = "the PUBLISH behind the refused CONNECT reaches nobody";
                cx.nothing_before_fence(&mut watcher, &topic, QoS::AtMostOnce, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/access/refused-client-id",
        requires: &[v311("MQTT-3.1.3-9"), v5("MQTT-3.1.3-8")],
        needs: &[Need::RefusedClientId],
        expects: "a Client Identifier that the Server does not take is answered by closing: in 3.1.1 behind CONNACK 0x02, in 5.0 behind CONNACK 0x85 if any",
        accepts: "Another error code in 5.0 is a warning: the text names 0x85.",
        run: |cx| {
            Box::pin(async move {
                cx.accepts_clients().await?;
                let id = cx.declared().refused_client_id.clone().unwrap_or_default();
                let code = refused(&cx, &cx.opening().id(id)).await?;
                let found =
                    code.map_or("no CONNACK".to_owned(), |code| format!("CONNACK {code:#04x}"));
                if cx.is_v5() {
                    cx.advise(matches!(code, None | Some(0x85)), "CONNACK 0x85 if any", found);
                } else {
                    cx.judge(code == Some(2), "CONNACK 0x02", found)?;
                }
                cx.alive().await
            })
        },
        ..Case::BASE
    },
];

/// A CONNECT of our user, with a Password that is not the user's.
fn with_wrong_password(cx: &Cx) -> Opening {
    let mut wrong = cx.opening();
    let password = format!("not {}", cx.user().1);
    wrong.packet.password = Some(password.into_bytes().into());
    wrong
}

/// A CONNECT is refused that differs from the positive control by its credentials alone.
async fn refuses(cx: &Cx, wrong: &Opening) -> Outcome {
    cx.accepts_clients().await?;
    let code = refused(cx, wrong).await?;
    // 5.0 leaves it to the Server whether it sends CONNACK at all (section 3.1.4).
    if cx.version() == Version::V311 {
        cx.advise(
            matches!(code, Some(4 | 5)),
            "CONNACK 0x04 or 0x05 before the closure",
            code.map_or("no CONNACK".to_owned(), |code| format!("CONNACK {code:#04x}")),
        );
    }
    cx.alive().await
}

/// A CONNECT is not accepted, and the connection closed. Tells the code of CONNACK, if one came.
async fn refused(cx: &Cx, wrong: &Opening) -> Result<Option<u8>, crate::case::Stop> {
    let mut client = wrong.network().await?;
    client.send(Packet::Connect(wrong.packet.clone())).await;
    let ended = client.ended().await;
    let code = client.connack_received().map(|connack| connack.reason.0);
    cx.not_accepted(&mut client)?;
    let expected = "the Server closes the network connection";
    ended.map_err(|unmet| cx.broken(expected, unmet.found))?;
    Ok(code)
}
