//! Client Identifiers (section 3.1.3.1 of 5.0 and 3.1.1, 3.1 of 3.1).

use pushspec_wire::mqtt::Packet;

use super::cx::{Cx, Illegal};
use super::wire;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::Judged;
use crate::requirement::{v5, v31, v311};

/// The cases on Client Identifiers.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/connect/accepts-client-ids-of-23-letters-and-digits",
        requires: &[v31("X31-02"), v311("MQTT-3.1.3-5"), v5("MQTT-3.1.3-5")],
        expects: "Client Identifiers of 23 bytes made of 0-9, a-z and A-Z are accepted, all of these characters among them",
        run: |cx| {
            Box::pin(async move {
                const ALPHABET: &str =
                    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
                let unique = cx.client_id();
                let room = 23usize.saturating_sub(unique.len()).max(1);
                let characters: Vec<char> = ALPHABET.chars().cycle().take(62 + room).collect();
                for some in characters[..62].chunks(room) {
                    let filled = some.iter().chain(&characters).take(room);
                    let id: String = unique.chars().chain(filled.copied()).collect();
                    let answered = cx.opening().id(&id).answered().await;
                    let answered = answered.judged(&cx, "CONNACK 0x00")?;
                    cx.judge(
                        answered.connack.reason.0 == 0,
                        format!("CONNACK 0x00 for a Client Identifier of {} bytes", id.len()),
                        Packet::ConnAck(answered.connack.clone()),
                    )?;
                    answered.client.disconnect().await;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/empty-client-ids-are-told-apart",
        requires: &[
            v311("MQTT-3.1.3-6"),
            v5("MQTT-3.1.3-6"),
            v5("MQTT-3.1.3-7"),
            v5("MQTT-3.2.2-16"),
            v5("X5-S10"),
        ],
        needs: &[Need::EmptyClientId],
        expects: "Clients with a zero-length Client Identifier each get one of their own: neither takes the other's place, and in 5.0 CONNACK tells it",
        accepts: "Refusing zero-length Client Identifiers, with 0x02 in 3.1.1 and 0x85 in 5.0.",
        run: |cx| {
            Box::pin(async move {
                let opening = cx.opening().id("");
                let mut clients = Vec::new();
                let mut assigned = Vec::new();
                for _ in 0..2 {
                    let accepted = opening.answered().await?;
                    let taken = accepted.connack.reason.0 == 0;
                    let word = if taken { "accepted" } else { "refused" };
                    cx.observe("zero-length Client Identifier", word);
                    if !taken {
                        return Err(Stop::NotApplicable(format!(
                            "the Server refuses zero-length Client Identifiers: {}",
                            Packet::ConnAck(accepted.connack)
                        )));
                    }
                    if cx.is_v5() {
                        let id = accepted.connack.properties.assigned_client_identifier();
                        let Some(id) = id.filter(|id| !id.is_empty()) else {
                            return Err(cx.broken(
                                "an Assigned Client Identifier in CONNACK",
                                "CONNACK accepted the zero-length Client Identifier and told none",
                            ));
                        };
                        assigned.push(id.to_owned());
                    }
                    clients.push(accepted.client);
                }
                for client in &mut clients {
                    client.ping().await.judged(&cx, "both Clients stay connected")?;
                }
                assigned.dedup();
                cx.judge(
                    !cx.is_v5() || assigned.len() == 2,
                    "two different Assigned Client Identifiers",
                    "the same one twice",
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/empty-client-id-wants-clean-session",
        requires: &[v311("MQTT-3.1.3-8"), v311("MQTT-3.1.3-7"), v311("X311-S09")],
        expects: "a zero-length Client Identifier with Clean Session 0 is answered by CONNACK 0x02 and closing",
        run: |cx| {
            Box::pin(async move {
                cx.accepts_clients().await?;
                let mut bytes = cx.opening().id("").bytes();
                let flags = wire::connect_flags_at(&bytes);
                bytes[flags] &= !0b0000_0010;
                let mut client = cx.opening().network().await?;
                let meant = "CONNECT with a zero-length Client Identifier and Clean Session 0";
                let entry = client.send_raw(&bytes, meant).await;
                cx.trace.mark(entry, flags..flags + 1, "Clean Session is 0");
                let connack = client.connack().await.judged(&cx, "CONNACK 0x02")?;
                cx.judge(connack.reason.0 == 2, "CONNACK 0x02", Packet::ConnAck(connack))?;
                client.ended().await.judged(&cx, "the Server closes the network connection")?;
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/ill-formed-utf-8-in-client-id",
        requires: &[
            v311("MQTT-1.5.3-1"),
            v311("MQTT-3.1.3-4"),
            v5("MQTT-1.5.4-1"),
            v5("MQTT-3.1.3-4"),
        ],
        expects: "a CONNECT whose Client Identifier is not well-formed UTF-8 is not accepted",
        accepts: "In 5.0 a CONNACK with an error code may precede the closure.",
        run: |cx| {
            Box::pin(async move {
                let legal = cx.opening();
                let mut bytes = legal.bytes();
                let id = wire::position(&bytes, legal.packet.client_id.as_bytes());
                // A surrogate, which UTF-8 cannot encode.
                bytes[id..id + 3].copy_from_slice(&[0xED, 0xA0, 0x80]);
                let illegal = Illegal {
                    bytes,
                    meant: "CONNECT with an ill-formed Client Identifier",
                    decides: id..id + 3,
                    why: "U+D800, a surrogate, is not UTF-8",
                };
                cx.refuses_connect(legal, illegal).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/longer-client-ids",
        requires: &[v311("X311-S05"), v311("MQTT-3.1.3-2"), v5("X5-S09"), v5("MQTT-3.1.3-2")],
        expects: "Client Identifiers that are longer than 23 bytes or have other characters are told apart to their last byte, where they are accepted",
        accepts: "Refusing them: which are accepted is observed.",
        run: |cx| Box::pin(longer_client_ids(cx)),
        ..Case::BASE
    },
];

async fn longer_client_ids(cx: Cx) -> Outcome {
    cx.accepts_clients().await?;
    let unique = cx.client_id();
    let padded = |length: usize| format!("{unique}{}", "x".repeat(length - unique.len() - 1));
    for (name, base) in [
        ("24 bytes", padded(24.max(unique.len() + 2))),
        ("128 bytes", padded(128)),
        ("65535 bytes", padded(65_535)),
        ("punctuation", format!("{unique}-_/:.")),
        ("beyond ASCII", format!("{unique}\u{e9}\u{4e16}")),
    ] {
        let mut clients = Vec::new();
        for last in ["a", "b"] {
            let answered = cx.opening().id(format!("{base}{last}")).answered().await;
            let Some(client) = answered
                .ok()
                .filter(|answered| answered.connack.reason.0 == 0)
                .map(|answered| answered.client)
            else {
                break;
            };
            clients.push(client);
        }
        cx.observe(name, if clients.len() == 2 { "accepted" } else { "refused" });
        if let [first, _] = clients.as_mut_slice() {
            let expected = format!("two Client Identifiers ({name}) that differ in the last byte");
            first.ping().await.judged(&cx, &expected)?;
        }
        for client in clients {
            client.disconnect().await;
        }
    }
    Ok(())
}
