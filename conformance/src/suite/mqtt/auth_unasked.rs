//! AUTH and Authentication Methods where Client and Server have not agreed on one (5.0 sections 3.15
//! and 4.12).

use pushspec_wire::mqtt::lawless::Fields;
use pushspec_wire::mqtt::{Packet, Property, QoS};

use super::cx::{Cx, Illegal};
use crate::case::{Case, Outcome};
use crate::probe::mqtt::{Judged, Message};
use crate::requirement::v5;

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/auth/unknown-method",
        requires: &[v5("MQTT-4.12.0-1"), v5("X5-S35")],
        expects: "a CONNECT with an Authentication Method that the Server has not is not accepted",
        accepts: "Closing at once, or after a CONNACK that refuses, for which the text names 0x8C (Bad authentication method) and 0x87 (Not authorized): its code is observed.",
        run: |cx| Box::pin(unknown_method(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/auth/without-a-method",
        requires: &[v5("MQTT-4.12.0-7"), v5("X5-N30"), v5("MQTT-4.13.1-1")],
        expects: "AUTH from a Client whose CONNECT had no Authentication Method ends the connection",
        run: |cx| {
            Box::pin(async move {
                cx.lets_in_without_a_method()?;
                for (reason, meant) in [
                    (0x18, "AUTH 0x18 (Continue authentication)"),
                    (0x19, "AUTH 0x19 (Re-authenticate)"),
                ] {
                    let method = Fields::new().byte(0x15).string(b"pushspec");
                    let illegal = Illegal {
                        bytes: Fields::new().byte(reason).properties(&method).packet(0xF0),
                        meant,
                        decides: 0..1,
                        why: "CONNECT had no Authentication Method",
                    };
                    cx.closes_on(cx.connected().await?, illegal).await?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/auth/publishes-the-will",
        requires: &[v5("X5-N30"), v5("MQTT-3.1.2-8")],
        expects: "the Will Message of a Client that the Server disconnects for an AUTH without Authentication Method is published",
        run: |cx| {
            Box::pin(async move {
                cx.lets_in_without_a_method()?;
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let mut client = cx.opening().will(&Message::new(&topic, "gone")).open().await?;
                client.ping().await?;
                client.send_raw(&[0xF0, 0x00], "AUTH 0x00").await;
                client.ended().await.judged(&cx, "the Server closes the network connection")?;
                client.drop_connection();
                cx.delivered(&mut watcher, "the Will Message is published").await?;
                Ok(())
            })
        },
        ..Case::BASE
    },
];

async fn unknown_method(cx: Cx) -> Outcome {
    cx.accepts_clients().await?;
    let method = format!("pushspec-{}", cx.client_id());
    let opening = cx.opening().with(Property::AuthenticationMethod(&method));
    let mut client = opening.network().await?;
    let entry = client.send_raw(&opening.bytes(), "CONNECT with an unknown method").await;
    cx.trace.mark(entry, 0..1, "an Authentication Method that no Server has");
    client.ended().await.judged(&cx, "the Server closes the network connection")?;
    if let Some(connack) = client.connack_received().cloned() {
        let code = connack.reason.0;
        let found = Packet::ConnAck(connack).to_string();
        cx.judge(code >= 0x80, "no CONNACK, or one that refuses", found)?;
        cx.observe("answer", format!("CONNACK {code:#04x}"));
    } else {
        cx.observe("answer", "no packet");
    }
    client.drop_connection();
    cx.alive().await
}
