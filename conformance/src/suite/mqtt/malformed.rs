//! Malformed Packets and protocol violations in general (5.0 sections 2.1, 2.2.2 and 4.13; 3.1.1
//! sections 2.2 and 4.8), PINGREQ and DISCONNECT.

use pushspec_wire::mqtt::lawless::with_true_length;
use pushspec_wire::mqtt::{Delivery, Disconnect, Packet, Properties, QoS, ReasonCode, Version};

use super::cx::{Cx, Illegal};
use super::wire;
use crate::case::{Case, Need, Outcome};
use crate::probe::mqtt::{Judged, Message};
use crate::requirement::{Level, v5, v31, v311};

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/ping/is-answered",
        requires: &[v31("X31-30"), v311("MQTT-3.12.4-1"), v5("MQTT-3.12.4-1")],
        expects: "PINGREQ is answered by PINGRESP, each of several",
        run: |cx| {
            Box::pin(async move {
                let mut client = cx.connected().await?;
                client.send_raw(&[0xC0, 0, 0xC0, 0, 0xC0, 0], "PINGREQ three times").await;
                for _ in 0..3 {
                    client
                        .await_where("PINGRESP", |arrival| {
                            matches!(arrival.packet, Ok(Packet::PingResp(_))).then_some(())
                        })
                        .await
                        .judged(&cx, "three times PINGRESP")?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/disconnect/server-closes",
        level: Level::Should,
        requires: &[v31("X31-40"), v311("X311-S14"), v5("X5-S21")],
        expects: "the Server closes the network connection after DISCONNECT if the Client has not",
        run: |cx| {
            Box::pin(async move {
                let mut client = cx.connected().await?;
                client.ping().await?;
                let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
                client.send(Packet::Disconnect(Disconnect { reason, properties })).await;
                client.ended().await.judged(&cx, "the Server closes the network connection")?;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/packet-type-0",
        requires: &[v311("X311-N01"), v311("MQTT-4.8.0-1"), v5("X5-N01"), v5("MQTT-4.13.1-1")],
        expects: "a packet of type 0, which is forbidden, ends the connection",
        run: |cx| Box::pin(closes(cx, &[0x00, 0x00], "packet type 0", 0..1, "type 0 is forbidden")),
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/remaining-length-of-five-bytes",
        requires: &[v311("X311-N02"), v311("MQTT-4.8.0-1"), v5("X5-N03"), v5("MQTT-4.13.1-1")],
        expects: "a Remaining Length of five bytes ends the connection",
        run: |cx| {
            let bytes = &[0xC0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
            Box::pin(closes(cx, bytes, "PINGREQ with five bytes of length", 4..6, "a fifth byte"))
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/packet-that-only-servers-send",
        requires: &[v311("X311-N03"), v311("MQTT-4.8.0-1"), v5("X5-N02"), v5("MQTT-4.13.1-1")],
        expects: "PINGRESP from a Client ends the connection",
        run: |cx| {
            Box::pin(closes(cx, &[0xD0, 0x00], "PINGRESP", 0..1, "only Servers send this packet"))
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/pingreq-flags",
        requires: &[v311("MQTT-2.2.2-2"), v311("MQTT-2.2.2-1"), v5("MQTT-2.1.3-1")],
        expects: "a PINGREQ with reserved fixed header flags set ends the connection",
        run: |cx| {
            Box::pin(closes(
                cx,
                &[0xC1, 0x00],
                "PINGREQ with flags 0001",
                0..1,
                "flags have to be 0000",
            ))
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/disconnect-flags",
        requires: &[v311("MQTT-3.14.1-1"), v5("MQTT-3.14.1-1")],
        expects: "a DISCONNECT with reserved fixed header flags set is none: the connection ends as for an error, and the Will Message is published",
        accepts: "That the Will Message is published follows from its being no valid DISCONNECT; its absence is a warning.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let client = cx.opening().will(&Message::new(&topic, "gone")).open().await?;
                let illegal = Illegal {
                    bytes: vec![0xE1, 0x00],
                    meant: "DISCONNECT with flags 0001",
                    decides: 0..1,
                    why: "flags have to be 0000",
                };
                cx.closes_on(client, illegal).await?;
                let will = watcher.message().await;
                cx.advise(
                    will.is_ok(),
                    "the Will Message is published, since this was no valid DISCONNECT",
                    "it was not",
                );
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/pubrel-flags",
        requires: &[v311("MQTT-3.6.1-1"), v5("MQTT-3.6.1-1")],
        needs: &[Need::QoS2],
        expects: "a PUBREL whose fixed header flags are not 0010 ends the connection",
        run: |cx| {
            Box::pin(async move {
                let mut client = cx.connected().await?;
                let id = client.fresh_id();
                let delivery = Delivery::ExactlyOnce { id, dup: false };
                let publish = Message::new(cx.topic("t"), "x").publish(delivery);
                client.send(Packet::Publish(publish)).await;
                client.pubrec(id).await?;
                let [high, low] = id.get().to_be_bytes();
                let illegal = Illegal {
                    bytes: vec![0x60, 2, high, low],
                    meant: "PUBREL with flags 0000",
                    decides: 0..1,
                    why: "flags have to be 0010",
                };
                cx.closes_on(client, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/trailing-bytes",
        requires: &[v311("X311-N03"), v311("MQTT-4.8.0-1"), v5("X5-N35"), v5("MQTT-4.13.1-1")],
        expects: "a packet with bytes behind its last field ends the connection",
        run: |cx| {
            Box::pin(closes(
                cx,
                &[0xC0, 0x01, 0x00],
                "PINGREQ with a payload",
                1..3,
                "PINGREQ has none",
            ))
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/unknown-property",
        requires: &[v5("X5-N04"), v5("MQTT-4.13.1-1")],
        expects: "a property whose identifier does not exist ends the connection",
        run: |cx| {
            let why = "no property has the identifier 0x7F";
            Box::pin(with_properties(cx, &[0x7F, 0], "PUBLISH with property 0x7F", why))
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/misplaced-property",
        requires: &[v5("X5-N05"), v5("MQTT-4.13.1-1")],
        expects: "a property that may not stand in the packet ends the connection",
        run: |cx| {
            let why = "Receive Maximum may not stand in PUBLISH";
            Box::pin(with_properties(cx, &[0x21, 0, 9], "PUBLISH with Receive Maximum", why))
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/duplicate-property",
        requires: &[v5("X5-N16"), v5("MQTT-4.13.1-1")],
        expects: "a property that stands twice where it may stand once ends the connection",
        run: |cx| {
            let twice = &[0x03, 0, 1, b'a', 0x03, 0, 1, b'b'];
            let why = "Content Type may stand once";
            Box::pin(with_properties(cx, twice, "PUBLISH with two Content Types", why))
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/malformed/errors-stay-with-their-client",
        requires: &[v311("X311-S17"), v5("X5-R13")],
        expects: "an error on one connection does not disturb another",
        accepts: "3.1.1 only recommends it: there it is a warning.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut other = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                other.ping().await?;
                let mut client = cx.connected().await?;
                client.ping().await?;
                client.send_raw(&[0x00, 0x00], "packet type 0, which is forbidden").await;
                // Whether the Server closes this connection is the matter of other cases.
                let _ = client.ended().await;
                let works = other.ping().await.judged(&cx, "the other connection still works");
                if works.is_err() {
                    return cx.only_advised_in(&[Version::V311], works);
                }
                cx.nothing_before_fence(&mut other, &topic, QoS::AtMostOnce, "no message").await
            })
        },
        ..Case::BASE
    },
];

async fn closes(
    cx: Cx,
    bytes: &[u8],
    meant: &'static str,
    decides: std::ops::Range<usize>,
    why: &'static str,
) -> Outcome {
    let client = cx.connected().await?;
    cx.closes_on(client, Illegal { bytes: bytes.to_vec(), meant, decides, why }).await
}

/// A PUBLISH at QoS 0 with these bytes as its properties ends the connection.
async fn with_properties(
    cx: Cx,
    properties: &[u8],
    meant: &'static str,
    why: &'static str,
) -> Outcome {
    let client = cx.connected().await?;
    let topic = cx.topic("t");
    let legal = wire::publish(&cx, &Message::new(&topic, "x"));
    let length_at = wire::position(&legal, topic.as_bytes()) + topic.len();
    let bytes =
        [&legal[..length_at], &[properties.len() as u8], properties, &legal[length_at + 1..]]
            .concat();
    let bytes = with_true_length(&bytes);
    let start = wire::position(&bytes, topic.as_bytes()) + topic.len() + 1;
    let decides = start..start + properties.len();
    cx.closes_on(client, Illegal { bytes, meant, decides, why }).await
}
