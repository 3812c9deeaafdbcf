//! MQTT over WebSocket (5.0 and 3.1.1 section 6).

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Judged, Shaken, WebSocket};
use crate::requirement::{v5, v311};

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/websocket/selects-the-subprotocol",
        requires: &[v311("MQTT-6.0.0-4"), v5("MQTT-6.0.0-4")],
        needs: &[Need::WebSocket],
        expects: "the Server selects the subprotocol `mqtt`, offered alone or among others",
        run: |cx| {
            Box::pin(async move {
                let expected = "the subprotocol `mqtt` is selected";
                for offered in ["mqtt", "pushspec, mqtt", "mqtt, pushspec"] {
                    let opening = cx.opening();
                    let mut socket = match WebSocket::open(&opening, offered).await? {
                        Shaken::Open(socket, selected) => {
                            let found = selected.as_deref().unwrap_or("none");
                            cx.judge(
                                found == "mqtt",
                                expected,
                                format!("{found} is, of {offered}"),
                            )?;
                            socket
                        }
                        Shaken::WrongSubprotocol(found) => {
                            return Err(cx.broken(expected, format!("{found}, of {offered}")));
                        }
                    };
                    socket.connect(&opening).await?;
                    socket.ping().await?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/websocket/sends-binary-frames",
        requires: &[v311("MQTT-6.0.0-1"), v5("MQTT-6.0.0-1")],
        needs: &[Need::WebSocket],
        expects: "every packet of the Server comes in binary frames",
        run: |cx| {
            Box::pin(async move {
                let mut socket = connected(&cx).await?;
                socket.ping().await?;
                let other = socket.kinds.iter().find(|kind| **kind != "binary");
                cx.judge(
                    other.is_none(),
                    "binary frames only",
                    format!("a {} frame", other.unwrap_or(&"binary")),
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/websocket/text-frame-closes",
        requires: &[v311("MQTT-6.0.0-1"), v5("MQTT-6.0.0-1")],
        needs: &[Need::WebSocket],
        expects: "a packet in a text frame ends the connection",
        run: |cx| {
            Box::pin(async move {
                let mut socket = connected(&cx).await?;
                socket.ping().await?;
                // PINGREQ is no UTF-8; DISCONNECT would end the connection by itself.
                let id = cx.topic("t");
                let publish = super::wire::publish(&cx, &crate::probe::mqtt::Message::new(id, "x"));
                let entry = socket.send_text(&publish, "PUBLISH").await;
                cx.trace.mark(entry, 0..1, "MQTT wants binary frames");
                // What is sent behind it may still be answered: what counts is that the end comes.
                let expected = "the Server closes the network connection";
                socket.send(&[0xC0, 0], "PINGREQ").await;
                let mut came = Vec::new();
                while let Some(packet) = match socket.packet().await {
                    Err(_) if !came.is_empty() => {
                        let came = came.join(" and ");
                        let found = format!("{came} came, and the connection stayed open");
                        return Err(cx.broken(expected, found));
                    }
                    packet => packet.judged(&cx, expected)?,
                } {
                    came.push(packet.to_string());
                }
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/websocket/without-a-subprotocol",
        requires: &[v311("MQTT-6.0.0-3"), v5("MQTT-6.0.0-3")],
        needs: &[Need::WebSocket],
        expects: "a Client that, as it must not, offers no subprotocol is refused, or accepted without one",
        accepts: "Refusing or accepting: MQTT does not describe it, and it is observed. Selecting what was not offered breaks RFC 6455: a warning.",
        run: |cx| {
            Box::pin(async move {
                connected(&cx).await?.ping().await?;
                let reaction = match WebSocket::open(&cx.opening(), "").await {
                    Ok(Shaken::Open(..)) => "accepted",
                    Ok(Shaken::WrongSubprotocol(found)) => {
                        cx.advise(false, "no subprotocol that was not offered", found);
                        "accepted with a subprotocol"
                    }
                    Err(_) => "refused",
                };
                cx.observe("handshake without a subprotocol", reaction);
                connected(&cx).await?.ping().await?;
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/websocket/packets-need-not-fit-frames",
        requires: &[v311("MQTT-6.0.0-2"), v5("MQTT-6.0.0-2")],
        needs: &[Need::WebSocket],
        expects: "packets are read whether they are spread over several frames, share one, or come as a fragmented message",
        run: |cx| Box::pin(not_aligned(cx)),
        ..Case::BASE
    },
];

/// A WebSocket with an accepted CONNECT. Which subprotocol is selected is the matter of one case.
async fn open(cx: &Cx) -> Result<WebSocket, Stop> {
    match WebSocket::open(&cx.opening(), "mqtt").await? {
        Shaken::Open(socket, _) => Ok(*socket),
        Shaken::WrongSubprotocol(found) => Err(Stop::Inconclusive(found)),
    }
}

async fn connected(cx: &Cx) -> Result<WebSocket, Stop> {
    let mut socket = open(cx).await?;
    socket.connect(&cx.opening()).await?;
    Ok(socket)
}

async fn not_aligned(cx: Cx) -> Outcome {
    // One packet over three frames, the first of them with half a fixed header.
    let mut socket = open(&cx).await?;
    let connect = cx.opening().bytes();
    socket.send(&connect[..1], "the first byte of CONNECT").await;
    socket.send(&connect[1..9], "more of CONNECT").await;
    socket.send(&connect[9..], "the rest of CONNECT").await;
    socket.accepted().await.judged(&cx, "CONNACK to a CONNECT in three frames")?;
    // Several packets in one frame, the last of them continued in the next.
    socket.send(&[0xC0, 0, 0xC0, 0, 0xC0], "PINGREQ twice and half of another").await;
    for _ in 0..2 {
        socket.pingresp().await.judged(&cx, "PINGRESP to each PINGREQ of one frame")?;
    }
    socket.send(&[0], "the other half").await;
    socket.pingresp().await.judged(&cx, "PINGRESP to a PINGREQ over two frames")?;
    socket.send_fragmented(&[0xC0, 0, 0xC0, 0], "PINGREQ twice").await;
    for _ in 0..2 {
        socket.pingresp().await.judged(&cx, "PINGRESP to each PINGREQ of a fragmented message")?;
    }
    Ok(())
}
