//! CONNECT and CONNACK (5.0 sections 3.1 and 3.2, 3.1.1 sections 3.1 and 3.2).

use pushspec_wire::mqtt::lawless::with_true_length;
use pushspec_wire::mqtt::{Packet, PingReq, QoS, Version};

use super::cx::{Cx, Illegal};
use super::wire;
use crate::case::{Case, Need};
use crate::probe::mqtt::{Judged, Message};
use crate::requirement::{v5, v31, v311};

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/connect/is-accepted",
        requires: &[v31("X31-21"), v31("X31-01"), v311("MQTT-3.1.4-4"), v5("MQTT-3.1.4-5")],
        expects: "the Server answers a valid CONNECT with a CONNACK that accepts it",
        run: |cx| {
            Box::pin(async move {
                let opening = cx.opening();
                let expected = "CONNACK with code 0x00";
                let accepted = opening.answered().await.judged(&cx, expected)?;
                let found = Packet::ConnAck(accepted.connack.clone()).to_string();
                cx.judge(accepted.connack.reason.0 == 0, expected, found)?;
                accepted.client.disconnect().await;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/connack-comes-first",
        requires: &[v311("MQTT-3.2.0-1"), v5("MQTT-3.2.0-1")],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "CONNACK is the first packet from the Server, also when a Session is resumed that has messages waiting and other packets follow the CONNECT at once",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("waiting");
                let kept = cx.opening().kept(60).resuming();
                let mut subscriber = kept.open().await?;
                subscriber.subscribe(&topic, QoS::AtLeastOnce).await?;
                subscriber.disconnect().await;
                let mut publisher = cx.connected().await?;
                publisher.publish(&Message::new(&topic, "1").qos(QoS::AtLeastOnce)).await?;

                let mut bytes = kept.bytes();
                bytes.extend(wire::encoded(&Packet::PingReq(PingReq), cx.version()));
                let mut resumed = kept.network().await?;
                resumed.send_raw(&bytes, "CONNECT and PINGREQ in one write").await;
                let first = resumed.first_packet("CONNACK").await.judged(&cx, "CONNACK first")?;
                cx.judge_at(
                    first.entry,
                    0..1,
                    matches!(first.packet, Packet::ConnAck(_)),
                    "CONNACK first",
                    format!("{} first", first.packet),
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/second-connect-closes",
        requires: &[v311("MQTT-3.1.0-2"), v5("MQTT-3.1.0-2")],
        expects: "a second CONNECT on the same connection ends it, without a second CONNACK",
        run: |cx| {
            Box::pin(async move {
                let opening = cx.opening();
                let mut client = opening.open().await?;
                client.ping().await?;
                let entry = client.send_raw(&opening.bytes(), "a second CONNECT").await;
                cx.trace.mark(entry, 0..1, "CONNECT again");
                client.ended().await.judged(&cx, "the Server closes the network connection")?;
                cx.observe_farewell(&client);
                let again = client
                    .arrived()
                    .into_iter()
                    .find(|arrival| matches!(arrival.packet, Ok(Packet::ConnAck(_))));
                if let Some(connack) = again {
                    cx.judge_at(
                        connack.entry,
                        0..1,
                        false,
                        "no second CONNACK",
                        "a second CONNACK",
                    )?;
                }
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/must-be-the-first-packet",
        requires: &[
            v31("X31-23"),
            v311("MQTT-3.1.0-1"),
            v311("MQTT-4.8.0-1"),
            v5("MQTT-3.1.0-1"),
            v5("MQTT-4.13.1-1"),
        ],
        expects: "a connection whose first packet is not CONNECT is closed, and that packet is not answered",
        run: |cx| {
            Box::pin(async move {
                cx.accepts_clients().await?;
                let mut client = cx.opening().network().await?;
                let ping = wire::encoded(&Packet::PingReq(PingReq), cx.version());
                let entry = client.send_raw(&ping, "PINGREQ as the first packet").await;
                cx.trace.mark(entry, 0..1, "not CONNECT");
                client.ended().await.judged(&cx, "the Server closes the network connection")?;
                for arrival in client.arrived() {
                    let answered = matches!(arrival.packet, Ok(Packet::PingResp(_)));
                    cx.judge_at(arrival.entry, 0..1, !answered, "no answer", "PINGRESP came")?;
                }
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/nothing-is-published-before-it",
        requires: &[
            v31("X31-23"),
            v311("MQTT-3.1.0-1"),
            v311("MQTT-4.8.0-1"),
            v5("MQTT-3.1.0-1"),
            v5("MQTT-4.13.1-1"),
        ],
        expects: "a PUBLISH before CONNECT reaches nobody and ends the connection",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let mut client = cx.opening().network().await?;
                let publish = wire::publish(&cx, &Message::new(&topic, "too early"));
                let entry = client.send_raw(&publish, "PUBLISH as the first packet").await;
                cx.trace.mark(entry, 0..1, "not CONNECT");
                client.ended().await.judged(&cx, "the Server closes the network connection")?;
                let expected = "the subscriber is sent nothing";
                cx.nothing_before_fence(&mut watcher, &topic, QoS::AtMostOnce, expected).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/wrong-protocol-name",
        requires: &[v31("X31-04"), v311("MQTT-3.1.2-1"), v5("MQTT-3.1.2-1")],
        expects: "a CONNECT whose Protocol Name is not that of the protocol is not accepted",
        accepts: "Closing at once, or after a CONNACK that refuses. 3.1.1 only permits closing, in case the name is that of another protocol: a connection that stays open there without CONNACK is a warning. 3.1 recommends closing.",
        run: |cx| {
            Box::pin(async move {
                let legal = cx.opening();
                let mut bytes = legal.bytes();
                let last = wire::connect_flags_at(&bytes) - 2;
                bytes[last] = b'X';
                legal.clone().id(cx.client_id()).open().await?.disconnect().await;
                let mut client = legal.network().await?;
                let entry =
                    client.send_raw(&bytes, "CONNECT with a Protocol Name that ends in X").await;
                cx.trace.mark(entry, last..last + 1, "not the name of the protocol");
                let ended = client.ended().await;
                cx.not_accepted(&mut client)?;
                let ended = ended.judged(&cx, "the Server closes the network connection");
                cx.only_advised_in(&[Version::V311], ended.map(drop))?;
                client.drop_connection();
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/unsupported-protocol-level",
        requires: &[v31("X31-04"), v311("MQTT-3.1.2-2"), v311("X311-S09"), v5("MQTT-3.1.2-2")],
        expects: "a CONNECT with a Protocol Level that the Server has not is refused: in 3.1.1 by CONNACK 0x01 and closing, in 5.0 and 3.1 by closing, which CONNACK may precede",
        accepts: "A Server that speaks 5.0 as well may say 0x84 in the form of 5.0 where 3.1.1 wants 0x01, since it cannot know which of the two the Client speaks.",
        run: |cx| {
            Box::pin(async move {
                let legal = cx.opening();
                let mut bytes = legal.bytes();
                let level = wire::connect_flags_at(&bytes) - 1;
                bytes[level] = 127;
                legal.clone().id(cx.client_id()).open().await?.disconnect().await;
                let mut client = legal.network().await?;
                let entry = client.send_raw(&bytes, "CONNECT with Protocol Level 127").await;
                cx.trace.mark(entry, level..level + 1, "no level that exists");
                client.ended().await.judged(&cx, "the Server closes the network connection")?;
                // The answer may stand in the form of another version: read the bytes themselves.
                let answers = client.arrived();
                let connack = answers.iter().find(|arrival| arrival.bytes[0] == 0x20);
                let code = connack.and_then(|arrival| arrival.bytes.get(3)).copied();
                cx.observe(
                    "answer",
                    code.map_or("closed".to_owned(), |code| format!("CONNACK {code:#04x}")),
                );
                match (cx.version(), code) {
                    (Version::V5 | Version::V31, None) | (_, Some(0x01 | 0x84)) => {}
                    (Version::V5, Some(code @ 0x80..)) => cx.advise(
                        false,
                        "CONNACK 0x84 (Unsupported Protocol Version)",
                        format!("CONNACK {code:#04x} came"),
                    ),
                    (_, None) => {
                        return Err(cx.broken("CONNACK 0x01 before the closure", "no CONNACK came"));
                    }
                    (_, Some(code)) => {
                        return Err(cx.broken(
                            "CONNACK that says that the protocol level is not supported",
                            format!("CONNACK {code:#04x} came"),
                        ));
                    }
                }
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/reserved-flag",
        requires: &[v311("MQTT-3.1.2-3"), v5("MQTT-3.1.2-3")],
        expects: "a CONNECT with the reserved Connect Flag set is not accepted",
        accepts: "In 5.0 a CONNACK with an error code may precede the closure.",
        run: |cx| {
            Box::pin(async move {
                let legal = cx.opening();
                let meant = "CONNECT with the reserved Connect Flag";
                let why = "bit 0 is reserved and has to be 0";
                let illegal = wire::flagged(legal.bytes(), 1, meant, why);
                cx.refuses_connect(legal, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/will-qos-3",
        requires: &[
            v311("MQTT-3.1.2-14"),
            v311("MQTT-3.1.4-1"),
            v5("MQTT-3.1.2-12"),
            v5("MQTT-3.1.4-1"),
        ],
        expects: "a CONNECT with Will QoS 3 is not accepted",
        accepts: "In 5.0 a CONNACK with an error code may precede the closure.",
        run: |cx| {
            Box::pin(async move {
                let legal = cx.opening().will(&Message::new(cx.topic("will"), "gone"));
                let (meant, why) = ("CONNECT with Will QoS 3", "bits 4 and 3 say QoS 3");
                let illegal = wire::flagged(legal.bytes(), 0b0001_1000, meant, why);
                cx.refuses_connect(legal, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/will-flag-without-will",
        requires: &[
            v311("MQTT-3.1.2-9"),
            v311("MQTT-3.1.4-1"),
            v5("MQTT-3.1.2-9"),
            v5("MQTT-3.1.4-1"),
        ],
        expects: "a CONNECT with the Will Flag whose payload ends before the Will is not accepted",
        accepts: "In 5.0 a CONNACK with an error code may precede the closure.",
        run: |cx| {
            Box::pin(async move {
                let legal = cx.opening();
                let meant = "CONNECT with the Will Flag and no Will fields";
                let why = "bit 2 announces a Will that does not follow";
                let illegal = wire::flagged(legal.bytes(), 0b0000_0100, meant, why);
                cx.refuses_connect(legal, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/password-without-user-name",
        requires: &[v31("X31-06"), v311("MQTT-3.1.2-22"), v311("MQTT-3.1.4-1")],
        expects: "a CONNECT with a Password but no User Name is not accepted",
        accepts: "3.1 only recommends to close the connection: there it is a warning.",
        run: |cx| {
            Box::pin(async move {
                let legal = cx.opening();
                let mut bare = legal.clone();
                bare.packet.user_name = None;
                bare.packet.password = None;
                let mut bytes = bare.bytes();
                let flags = wire::connect_flags_at(&bytes);
                bytes[flags] |= 0b0100_0000;
                bytes.extend([0, 2, b'p', b'w']);
                let illegal = Illegal {
                    bytes: with_true_length(&bytes),
                    meant: "CONNECT with Password Flag 1 and User Name Flag 0",
                    decides: flags..flags + 1,
                    why: "bit 6 is set and bit 7 is not",
                };
                let refused = cx.refuses_connect(legal, illegal).await;
                cx.only_advised_in(&[Version::V31], refused)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/malformed-gets-no-connack",
        requires: &[v311("MQTT-3.1.4-1"), v311("MQTT-3.1.3-3")],
        expects: "a CONNECT that does not conform to section 3.1 is closed without a CONNACK",
        accepts: "5.0 allows a CONNACK here; 3.1.1 does not.",
        run: |cx| {
            Box::pin(async move {
                cx.accepts_clients().await?;
                let whole = cx.opening().bytes();
                let flags = wire::connect_flags_at(&whole);
                let mut reserved = whole.clone();
                reserved[flags] |= 1;
                // The variable header alone: flags, and two bytes of Keep Alive.
                let headless = with_true_length(&whole[..flags + 3]);
                for (bytes, meant) in [
                    (reserved, "CONNECT with the reserved Connect Flag"),
                    (headless, "CONNECT without a Client Identifier"),
                ] {
                    let mut client = cx.opening().network().await?;
                    client.send_raw(&bytes, meant).await;
                    client.ended().await.judged(&cx, "the Server closes the network connection")?;
                    if let Some(answer) = client.arrived().first() {
                        cx.judge_at(
                            answer.entry,
                            0..answer.bytes.len(),
                            false,
                            "nothing before the closure",
                            format!("an answer to {meant}"),
                        )?;
                    }
                }
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/takes-over-the-client-id",
        requires: &[v31("X31-15"), v311("MQTT-3.1.4-2"), v5("MQTT-3.1.4-3")],
        expects: "a Client that connects with a Client Identifier in use takes the place of the one before, whose connection the Server closes",
        accepts: "5.0 states without MUST that DISCONNECT 0x8E precedes the closure: its absence is a warning.",
        run: |cx| {
            Box::pin(async move {
                let opening = cx.opening();
                let mut first = opening.open().await?;
                first.ping().await?;
                let second = opening.open().await;
                let mut second = second.judged(&cx, "the second CONNECT is accepted")?;
                first.ended().await.judged(&cx, "the first connection is closed")?;
                second.ping().await.judged(&cx, "the second connection works")?;
                if cx.is_v5() {
                    let code = first.disconnect_received().map(|disconnect| disconnect.reason.0);
                    cx.advise(
                        code == Some(0x8E),
                        "DISCONNECT 0x8E (Session taken over) before the closure",
                        code.map_or("no DISCONNECT".to_owned(), |code| {
                            format!("DISCONNECT {code:#04x}")
                        }),
                    );
                }
                second.disconnect().await;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/nothing-is-processed-after-a-refusal",
        requires: &[v311("MQTT-3.1.4-5"), v5("MQTT-3.1.4-6")],
        expects: "what a Client sends behind a CONNECT that the Server refuses has no effect",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let publish = wire::publish(&cx, &Message::new(&topic, "behind"));

                // Positive control: behind a legal CONNECT, in one write, it is published.
                let legal = cx.opening();
                let mut control = legal.clone().id(cx.client_id()).network().await?;
                let both = [legal.bytes(), publish.clone()].concat();
                control.send_raw(&both, "CONNECT and PUBLISH in one write").await;
                control.connack().await?;
                watcher.message().await?;
                control.drop_connection();

                let mut refused = cx.opening().bytes();
                let flags = wire::connect_flags_at(&refused);
                refused[flags] |= 1;
                let mut client = legal.network().await?;
                let both = [refused, publish].concat();
                let entry =
                    client.send_raw(&both, "an illegal CONNECT and PUBLISH in one write").await;
                cx.trace.mark(entry, flags..flags + 1, "the reserved Connect Flag is set");
                cx.refused(&mut client, "the Server closes the network connection").await?;
                let expected = "the PUBLISH behind the refused CONNECT reaches nobody";
                cx.nothing_before_fence(&mut watcher, &topic, QoS::AtMostOnce, expected).await
            })
        },
        ..Case::BASE
    },
];
