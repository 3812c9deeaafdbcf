//! DISCONNECT from either side, and what a Server says before it closes (5.0 sections 3.14 and 4.13,
//! 3.1.1 section 3.14).

use pushspec_wire::mqtt::{Disconnect, Packet, PacketId, Properties, QoS, ReasonCode, Unsubscribe};

use super::cx::Cx;
use super::wire;
use crate::case::{Case, Outcome};
use crate::probe::mqtt::{Client, Judged, Message};
use crate::requirement::{Level, v5, v311};

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/disconnect/nothing-counts-behind-it",
        requires: &[v311("MQTT-3.14.4-2"), v311("MQTT-3.14.4-3"), v5("MQTT-3.14.4-3")],
        expects: "DISCONNECT discards the Will Message also if the Client, as it must not, sends a PUBLISH behind it",
        accepts: "Publishing what stands behind it or not: no spec describes it, and it is observed.",
        run: |cx| {
            Box::pin(async move {
                let (will, topic) = (cx.topic("will"), cx.topic("t"));
                let mut watcher = cx.subscribed(&will, QoS::AtMostOnce).await?;
                watcher.subscribe(&topic, QoS::AtMostOnce).await?;
                let mut client = cx.opening().will(&Message::new(&will, "gone")).open().await?;
                client.ping().await?;
                let (reason, properties) = (ReasonCode::SUCCESS, Properties::new());
                let disconnect = Packet::Disconnect(Disconnect { reason, properties });
                let publish = wire::publish(&cx, &Message::new(&topic, "behind"));
                let bytes = [wire::encoded(&disconnect, cx.version()), publish].concat();
                client.send_raw(&bytes, "DISCONNECT and PUBLISH in one write").await;
                // Whether the Server closes is the matter of another case.
                let _ = client.ended().await;
                client.drop_connection();
                let came = cx.until_fence(&mut watcher, &will, QoS::AtMostOnce).await?;
                let behind = came.iter().any(|message| message.topic == topic.as_str());
                cx.observe(
                    "PUBLISH behind DISCONNECT",
                    if behind { "published" } else { "ignored" },
                );
                let found = came.iter().find(|message| message.topic == will.as_str());
                cx.judge(found.is_none(), "no Will Message", "the Will Message came")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/disconnect/with-an-error-code",
        requires: &[v5("MQTT-3.1.2-8")],
        expects: "DISCONNECT of a Client with a reason code of 0x80 or above leaves its Will Message to be published",
        accepts: "That the Server leaves it to the Client to close: section 4.13.2 wants the connection closed, but section 3.14.4 wants that of the sender, and of the receiver only as a recommendation, which another case looks at.",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let mut client = cx.opening().will(&Message::new(&topic, "gone")).open().await?;
                client.ping().await?;
                let (reason, properties) = (ReasonCode::UNSPECIFIED_ERROR, Properties::new());
                client.send(Packet::Disconnect(Disconnect { reason, properties })).await;
                let _ = client.ended().await;
                client.drop_connection();
                cx.delivered(&mut watcher, "the Will Message is published").await?;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/disconnect/of-the-server-is-followed-by-the-end",
        requires: &[v5("MQTT-3.14.4-2"), v5("MQTT-3.14.4-1"), v5("MQTT-4.13.2-1")],
        expects: "a Server that sends DISCONNECT sends nothing more on that connection and closes it, though the Client does not",
        accepts: "Closing without DISCONNECT.",
        run: |cx| {
            Box::pin(async move {
                // The Server is free to say DISCONNECT; these are occasions.
                for (meant, bytes) in occasions(&cx) {
                    let mut client = cx.connected().await?;
                    client.ping().await?;
                    client.send_raw(&bytes, meant).await;
                    let ended = client.ended().await;
                    // A Server that tolerates it is the matter of other cases.
                    if client.disconnect_received().is_some() {
                        ended.judged(&cx, "the Server closes the network connection")?;
                        nothing_behind_disconnect(&cx, &mut client)?;
                    }
                }
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/disconnect/says-why",
        level: Level::Should,
        requires: &[v5("X5-S34"), v5("X5-S22")],
        expects: "before a Server closes a connection for an error in a packet that is not CONNECT, it sends DISCONNECT with a reason code of 0x80 or above",
        accepts: "Silence on a second CONNECT, of which section 4.13.1 can be read either way. What is said is observed.",
        run: |cx| {
            Box::pin(async move {
                let mut silent = Vec::new();
                for (meant, bytes) in occasions(&cx) {
                    let mut client = cx.connected().await?;
                    client.ping().await?;
                    client.send_raw(&bytes, meant).await;
                    if client.ended().await.is_err() {
                        cx.observe(meant, "tolerated");
                        continue;
                    }
                    let said = client.disconnect_received().map(|disconnect| disconnect.reason);
                    let answer = said.map_or("no DISCONNECT".to_owned(), |reason| {
                        format!("DISCONNECT {:#04x}", reason.0)
                    });
                    cx.observe(meant, answer);
                    // Section 4.13.1 speaks of errors in packets other than CONNECT: whether it means one
                    // on a connection that is open already can be read either way.
                    let asked = meant != SECOND_CONNECT;
                    if asked && !said.is_some_and(ReasonCode::is_error) {
                        silent.push(meant);
                    }
                }
                cx.judge(
                    silent.is_empty(),
                    "DISCONNECT with an error code before each closure",
                    format!("none after {}", silent.join(", ")),
                )
            })
        },
        ..Case::BASE
    },
];

const SECOND_CONNECT: &str = "a second CONNECT";

/// Errors on an open connection, each of another kind.
fn occasions(cx: &Cx) -> [(&'static str, Vec<u8>); 3] {
    let filters = vec![cx.topic("t").into()];
    let packet_id = PacketId::MIN;
    let properties = Properties::new();
    let unsubscribe = Packet::Unsubscribe(Unsubscribe { packet_id, properties, filters });
    let mut with_flags = wire::encoded(&unsubscribe, cx.version());
    with_flags[0] = 0xA0;
    [
        ("a packet of type 0", vec![0x00, 0x00]),
        ("UNSUBSCRIBE with wrong flags", with_flags),
        (SECOND_CONNECT, cx.opening().bytes()),
    ]
}

fn nothing_behind_disconnect(cx: &Cx, client: &mut Client) -> Outcome {
    let mut arrived = client.arrived().into_iter();
    let said = arrived.any(|arrival| matches!(arrival.packet, Ok(Packet::Disconnect(_))));
    match arrived.next().filter(|_| said) {
        None => Ok(()),
        Some(more) => {
            let expected = "nothing behind DISCONNECT";
            cx.judge_at(more.entry, 0..more.bytes.len(), false, expected, "another packet")
        }
    }
}
