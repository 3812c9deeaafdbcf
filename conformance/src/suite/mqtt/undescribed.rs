//! What 3.1 forbids or reserves without a word on what a Server does about it: its reaction is
//! observed, and that it goes on serving Clients is judged.

use pushspec_wire::mqtt::{Packet, PacketId, PacketType, QoS};

use super::cx::Cx;
use super::wire;
use crate::case::{Case, Outcome};
use crate::probe::mqtt::{Judged, Message};
use crate::requirement::v31;

/// The cases on what 3.1 does not describe.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/undescribed/second-connect",
        requires: &[v31("X31-22"), v31("X31-21")],
        expects: "after a second CONNECT on one connection, whatever becomes of it, other Clients are served",
        run: |cx| {
            Box::pin(async move {
                let second = cx.opening().bytes();
                served_after(&cx, &[("a second CONNECT", second)]).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/undescribed/publish-at-qos-3",
        requires: &[v31("X31-42"), v31("X31-21")],
        expects: "after a PUBLISH with both QoS bits set, whatever becomes of it, other Clients are served, and none of them gets a message at QoS 3",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let message = Message::new(&topic, "x");
                let mut bytes = wire::publish_at(&cx, &message, QoS::AtLeastOnce);
                bytes[0] |= 0b0110;
                served_after(&cx, &[("PUBLISH at QoS 3", bytes)]).await?;
                watcher.ping().await.judged(&cx, "the watcher is served")?;
                for arrival in watcher.arrived() {
                    let first = arrival.bytes[0];
                    let at_qos_3 = first >> 4 == PacketType::Publish as u8 && first & 6 == 6;
                    cx.judge_at(arrival.entry, 0..1, !at_qos_3, "no QoS 3", "QoS 3")?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/undescribed/reserved-types-and-lengths",
        requires: &[v31("X31-44"), v31("X31-21")],
        expects: "after packets of the reserved types 0 and 15, and one with a Remaining Length of five bytes, whatever becomes of them, other Clients are served",
        run: |cx| {
            Box::pin(async move {
                served_after(
                    &cx,
                    &[
                        ("a packet of type 0", vec![0x00, 0x00]),
                        ("a packet of type 15", vec![0xF0, 0x00]),
                        ("five bytes of length", vec![0xC0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
                    ],
                )
                .await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/undescribed/invalid-filters",
        requires: &[v31("X31-49"), v31("X31-21")],
        expects: "after SUBSCRIBE to filters with misplaced wildcards, which are not valid, whatever becomes of them, other Clients are served",
        run: |cx| {
            Box::pin(async move {
                let legal = cx.topic("t");
                let with = |end: &str| {
                    let bytes = wire::subscribe(&cx, &legal, PacketId::MIN);
                    wire::with_filter(&bytes, &legal, &format!("{legal}{end}"))
                };
                served_after(
                    &cx,
                    &[
                        ("SUBSCRIBE to t#", with("#")),
                        ("SUBSCRIBE to t/#/b", with("/#/b")),
                        ("SUBSCRIBE to t+", with("+")),
                    ],
                )
                .await
            })
        },
        ..Case::BASE
    },
];

/// Sends each on a connection of its own. What comes of it is observed.
async fn served_after(cx: &Cx, occasions: &[(&str, Vec<u8>)]) -> Outcome {
    let mut other = cx.connected().await?;
    for (meant, bytes) in occasions {
        let mut client = cx.connected().await?;
        client.ping().await?;
        client.send_raw(bytes, *meant).await;
        let reaction = match cx.closes(&mut client).await {
            Ok(()) => "closes",
            Err(_) => match client.arrived().iter().find_map(|arrival| match &arrival.packet {
                Ok(packet @ (Packet::SubAck(_) | Packet::PubAck(_) | Packet::PubRec(_))) => {
                    Some(packet.packet_type())
                }
                _ => None,
            }) {
                Some(answer) => answer.name(),
                None => "goes on",
            },
        };
        cx.observe(meant, reaction);
        client.drop_connection();
    }
    other.ping().await.judged(cx, "other connections are served")?;
    cx.alive().await
}
