//! Enhanced authentication (5.0 section 4.12), where the target offers SCRAM-SHA-256.

use pushspec_wire::mqtt::lawless::with_true_length;
use pushspec_wire::mqtt::{Auth, Packet, Properties, Property, QoS, ReasonCode};

use super::cx::Cx;
use super::wire;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Challenged, Client, Judged, Message};
use crate::requirement::v5;
use crate::scram;

const CONTINUE: ReasonCode = ReasonCode::CONTINUE_AUTHENTICATION;
const AGAIN: ReasonCode = ReasonCode::RE_AUTHENTICATE;
const ENDS: &str = "the Server closes the network connection";

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/authentication/handshake",
        requires: &[v5("MQTT-4.12.0-2"), v5("MQTT-4.12.0-5")],
        needs: &[Need::EnhancedAuthentication],
        expects: "a Client that authenticates by a method of the Server gets AUTH 0x18 and, behind its answer, CONNACK 0x00, both with the method",
        run: |cx| Box::pin(handshake(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/authentication/wrong-data",
        requires: &[v5("MQTT-4.12.0-4")],
        needs: &[Need::EnhancedAuthentication],
        expects: "a Client whose answer to the challenge is wrong is not let in, and the connection is closed",
        accepts: "CONNACK with an error code before the closure, or none.",
        run: |cx| {
            Box::pin(async move {
                let (mut at, _) = challenged(&cx).await?;
                let wrong = at.answer(&scram::Client::new(&cx.user().0, "wrong", &nonce(&cx)));
                at.client.send_auth(CONTINUE, scram::METHOD, &wrong).await;
                cx.refused(&mut at.client, ENDS).await?;
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/authentication/another-method-in-the-answer",
        requires: &[v5("MQTT-4.12.0-5")],
        needs: &[Need::EnhancedAuthentication],
        expects: "an answer with another Authentication Method than that of CONNECT does not let the Client in",
        run: |cx| {
            Box::pin(async move {
                let (mut at, user) = challenged(&cx).await?;
                let answer = at.answer(&user);
                at.client.send_auth(CONTINUE, "pushspec-other", &answer).await;
                cx.refused(&mut at.client, ENDS).await?;
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/authentication/another-reason-in-the-answer",
        requires: &[v5("MQTT-4.12.0-3")],
        needs: &[Need::EnhancedAuthentication],
        expects: "an answer whose reason code is not 0x18 does not let the Client in",
        run: |cx| {
            Box::pin(async move {
                for reason in [ReasonCode::SUCCESS, AGAIN] {
                    let (mut at, user) = challenged(&cx).await?;
                    let answer = at.answer(&user);
                    at.client.send_auth(reason, scram::METHOD, &answer).await;
                    cx.refused(&mut at.client, ENDS).await?;
                }
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/authentication/malformed-answer",
        requires: &[v5("X5-N29")],
        needs: &[Need::EnhancedAuthentication],
        expects: "an AUTH without Authentication Method, or with the method or the data twice, ends the connection",
        run: |cx| Box::pin(malformed(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/authentication/publish-before-connack",
        requires: &[v5("MQTT-4.13.1-1")],
        needs: &[Need::EnhancedAuthentication],
        expects: "a PUBLISH in the place of the answer to the challenge reaches nobody and ends the connection",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let (mut at, _) = challenged(&cx).await?;
                at.client.publish_begun(&Message::new(&topic, "not yet")).await;
                cx.refused(&mut at.client, ENDS).await?;
                let expected = "a PUBLISH before CONNACK reaches nobody";
                cx.nothing_before_fence(&mut watcher, &topic, QoS::AtMostOnce, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/authentication/unsolicited",
        requires: &[v5("MQTT-4.12.0-7")],
        expects: "AUTH on a connection whose CONNECT had no Authentication Method ends it",
        run: |cx| {
            Box::pin(async move {
                cx.lets_in_without_a_method()?;
                for reason in [CONTINUE, AGAIN] {
                    let mut client = cx.connected().await?;
                    client.ping().await?;
                    client.send_auth(reason, scram::METHOD, "n,,n=user,r=pushspec").await;
                    let closed = cx.closes(&mut client).await;
                    closed.judged(&cx, ENDS)?;
                    cx.observe_farewell(&client);
                }
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/authentication/again",
        requires: &[v5("MQTT-4.12.0-2"), v5("MQTT-4.12.0-5")],
        needs: &[Need::EnhancedAuthentication],
        expects: "a Client may authenticate again: AUTH 0x19 is answered by AUTH 0x18 and its answer by AUTH 0x00, and the connection goes on",
        accepts: "Refusing it by DISCONNECT.",
        run: |cx| Box::pin(again(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/authentication/again-with-wrong-data",
        requires: &[v5("MQTT-4.12.1-2"), v5("X5-S32")],
        needs: &[Need::EnhancedAuthentication],
        expects: "a re-authentication that fails ends the connection, behind a DISCONNECT",
        accepts: "No DISCONNECT before the closure is a warning.",
        run: |cx| {
            Box::pin(async move {
                let mut client = authenticated(&cx).await?;
                let wrong = scram::Client::new(&cx.user().0, "wrong", &nonce(&cx));
                client.send_auth(AGAIN, scram::METHOD, &wrong.first()).await;
                if let Ok(auth) = client.auth().await {
                    let challenge = auth.properties.authentication_data().unwrap_or_default();
                    let answer = wrong.answer(challenge).unwrap_or_default();
                    client.send_auth(CONTINUE, scram::METHOD, &answer).await;
                }
                let closed = cx.closes(&mut client).await;
                closed.judged(&cx, ENDS)?;
                let told = client.disconnect_received().is_some();
                cx.advise(told, "DISCONNECT with a fitting code", "the connection just ended");
                cx.observe_farewell(&client);
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/authentication/again-by-another-method",
        requires: &[v5("MQTT-4.12.1-1")],
        needs: &[Need::EnhancedAuthentication],
        expects: "a re-authentication by another method than that of CONNECT ends the connection",
        run: |cx| {
            Box::pin(async move {
                let mut client = authenticated(&cx).await?;
                let (user, password) = cx.user();
                let first = scram::Client::new(&user, &password, &nonce(&cx)).first();
                client.send_auth(AGAIN, "pushspec-other", &first).await;
                let closed = cx.closes(&mut client).await;
                closed.judged(&cx, ENDS)?;
                cx.observe_farewell(&client);
                cx.alive().await
            })
        },
        ..Case::BASE
    },
];

/// A nonce that nobody else uses. That others could guess it is no matter here.
fn nonce(cx: &Cx) -> String {
    cx.client_id()
}

/// A connection whose CONNECT was answered by a challenge.
async fn challenged(cx: &Cx) -> Result<(Challenged, scram::Client), Stop> {
    let (user, password) = cx.user();
    let user = scram::Client::new(&user, &password, &nonce(cx));
    Ok((cx.opening().authenticating(&user).challenged().await?, user))
}

/// A connection that the Server accepted by the method.
async fn authenticated(cx: &Cx) -> Result<Client, Stop> {
    let (mut at, user) = challenged(cx).await?;
    let answer = at.answer(&user);
    at.client.authenticated(&answer).await?;
    at.client.ping().await?;
    Ok(at.client)
}

async fn handshake(cx: Cx) -> Outcome {
    let (user, password) = cx.user();
    let user = scram::Client::new(&user, &password, &nonce(&cx));
    let at = cx.opening().authenticating(&user).challenged().await;
    let mut at = at.judged(&cx, "AUTH 0x18")?;
    cx.judge_at(
        at.auth.entry,
        0..at.auth.bytes.len(),
        at.auth.reason == CONTINUE
            && at.auth.properties.authentication_method() == Some(scram::METHOD),
        "AUTH with the reason code 0x18 and the method of CONNECT",
        Packet::Auth(at.auth.packet.clone()),
    )?;
    let answer = at.answer(&user);
    let connack = at.client.authenticated(&answer).await.judged(&cx, "CONNACK 0x00")?;
    cx.judge(
        connack.properties.authentication_method() == Some(scram::METHOD),
        "CONNACK with the method of CONNECT",
        Packet::ConnAck(connack),
    )?;
    at.client.ping().await.judged(&cx, "the connection works")?;
    at.client.disconnect().await;
    Ok(())
}

async fn malformed(cx: Cx) -> Outcome {
    let method = || Property::AuthenticationMethod(scram::METHOD);
    for what in ["no method", "the method twice", "the data twice"] {
        let (mut at, user) = challenged(&cx).await?;
        let answer = at.answer(&user);
        let data = || Property::AuthenticationData(answer.as_bytes());
        let properties = Properties::new().with(method()).with(data());
        let legal =
            wire::encoded(&Packet::Auth(Auth { reason: CONTINUE, properties }), cx.version());
        let bytes = altered(&legal, &answer, what);
        let entry = at.client.send_raw(&bytes, format!("AUTH with {what}")).await;
        cx.trace.mark(entry, 0..bytes.len(), what.to_owned());
        cx.refused(&mut at.client, ENDS).await?;
    }
    cx.alive().await
}

/// The bytes of a legal AUTH, with this wrong about them. Its properties are the method and then the
/// data, each behind one byte for the kind and two for the length.
fn altered(legal: &[u8], answer: &str, what: &str) -> Vec<u8> {
    let start = wire::position(legal, &[0x15, 0]);
    let data = start + 3 + scram::METHOD.len();
    let (method, data) = (&legal[start..data], &legal[data..data + 3 + answer.len()]);
    let properties = match what {
        "no method" => data.to_vec(),
        "the method twice" => [method, method, data].concat(),
        _ => [method, data, data].concat(),
    };
    let mut bytes = vec![legal[0], 0, CONTINUE.0];
    // Two bytes are enough for the length, and its form is the shortest from 128 on only.
    match properties.len() {
        length @ ..128 => bytes.push(length as u8),
        length => bytes.extend([(length & 0x7F) as u8 | 0x80, (length >> 7) as u8]),
    }
    bytes.extend(properties);
    with_true_length(&bytes)
}

async fn again(cx: Cx) -> Outcome {
    let mut client = authenticated(&cx).await?;
    let (user, password) = cx.user();
    let user = scram::Client::new(&user, &password, &nonce(&cx));
    client.send_auth(AGAIN, scram::METHOD, &user.first()).await;
    let challenge = match client.auth().await {
        Ok(challenge) => challenge,
        Err(unmet) if client.disconnect_received().is_some() => {
            cx.observe("answer", "refused by DISCONNECT");
            cx.trace.note(unmet.to_string());
            return cx.alive().await;
        }
        Err(unmet) => return Err(cx.broken("AUTH 0x18", unmet.found)),
    };
    let expected = "AUTH with the reason code 0x18 and the method of CONNECT";
    cx.judge_at(
        challenge.entry,
        0..challenge.bytes.len(),
        challenge.reason == CONTINUE
            && challenge.properties.authentication_method() == Some(scram::METHOD),
        expected,
        Packet::Auth(challenge.packet.clone()),
    )?;
    let data = challenge.properties.authentication_data().unwrap_or_default();
    let answer = user.answer(data).unwrap_or_default();
    client.send_auth(CONTINUE, scram::METHOD, &answer).await;
    let done = client.auth().await.judged(&cx, "AUTH 0x00")?;
    cx.judge_at(
        done.entry,
        0..done.bytes.len(),
        done.reason == ReasonCode::SUCCESS
            && done.properties.authentication_method() == Some(scram::METHOD),
        "AUTH with the reason code 0x00 and the method of CONNECT",
        Packet::Auth(done.packet.clone()),
    )?;
    client.ping().await.judged(&cx, "the connection goes on")?;
    client.disconnect().await;
    Ok(())
}
