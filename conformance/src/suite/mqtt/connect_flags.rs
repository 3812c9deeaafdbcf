//! Connect Flags and the fields that they announce (5.0 sections 3.1.2.4 to 3.1.2.9 and 3.1.3; 3.1.1
//! the same).

use pushspec_wire::mqtt::lawless::with_true_length;
use pushspec_wire::mqtt::{Packet, QoS};

use super::cx::{Cx, Illegal};
use super::wire;
use crate::case::{Case, Outcome, Stop};
use crate::probe::mqtt::{Judged, Message, Opening};
use crate::requirement::{Level, v5, v31, v311};

const CONNACK_MAY_PRECEDE: &str = "In 5.0 a CONNACK with an error code may precede the closure.";

/// One case: a CONNECT whose flags and fields contradict each other is not accepted.
macro_rules! contradiction {
    ($id:literal, $expects:literal, [$($requirement:expr),+], $change:expr, $meant:literal, $why:literal) => {
        Case {
            id: $id,
            requires: &[$($requirement),+],
            expects: $expects,
            accepts: CONNACK_MAY_PRECEDE,
            run: |cx| Box::pin(async move { refused(&cx, $change, $meant, $why).await }),
            ..Case::BASE
        }
    };
}

const WILL: u8 = 0b0000_0100;
const WILL_QOS_1: u8 = 0b0000_1000;
const WILL_QOS_2: u8 = 0b0001_0000;
const WILL_RETAIN: u8 = 0b0010_0000;
const PASSWORD: u8 = 0b0100_0000;
const USER_NAME: u8 = 0b1000_0000;

/// The cases on Connect Flags.
pub(super) const CASES: &[Case<Cx>] = &[
    contradiction!(
        "mqtt/connect/will-qos-1-without-will",
        "a CONNECT with Will Flag 0 and Will QoS 1 is not accepted",
        [v311("MQTT-3.1.2-13"), v311("MQTT-3.1.2-11"), v5("MQTT-3.1.2-11")],
        |connect| connect.set(WILL_QOS_1),
        "CONNECT with Will QoS 1 and without Will Flag",
        "bit 3 is set and bit 2, the Will Flag, is not"
    ),
    contradiction!(
        "mqtt/connect/will-qos-2-without-will",
        "a CONNECT with Will Flag 0 and Will QoS 2 is not accepted",
        [v311("MQTT-3.1.2-13"), v311("MQTT-3.1.2-11"), v5("MQTT-3.1.2-11")],
        |connect| connect.set(WILL_QOS_2),
        "CONNECT with Will QoS 2 and without Will Flag",
        "bit 4 is set and bit 2, the Will Flag, is not"
    ),
    contradiction!(
        "mqtt/connect/will-retain-without-will",
        "a CONNECT with Will Flag 0 and Will Retain 1 is not accepted",
        [v311("MQTT-3.1.2-15"), v311("MQTT-3.1.2-11"), v5("MQTT-3.1.2-13")],
        |connect| connect.set(WILL_RETAIN),
        "CONNECT with Will Retain and without Will Flag",
        "bit 5 is set and bit 2, the Will Flag, is not"
    ),
    contradiction!(
        "mqtt/connect/will-fields-without-will-flag",
        "a CONNECT with Will Flag 0 whose payload has the fields of a Will is not accepted",
        [v311("MQTT-3.1.2-11"), v5("X5-N35")],
        |connect| {
            connect.opening =
                connect.opening.clone().will(&Message::new(connect.topic.clone(), "gone"));
            connect.bytes = connect.opening.bytes();
            connect.clear(WILL);
        },
        "CONNECT with Will fields and without Will Flag",
        "bit 2 is not set, and a Will follows"
    ),
    contradiction!(
        "mqtt/connect/user-name-without-its-flag",
        "a CONNECT with User Name Flag 0 whose payload has a User Name is not accepted",
        [v311("MQTT-3.1.2-18"), v5("MQTT-3.1.2-16")],
        |connect| connect.append(b"user"),
        "CONNECT with a User Name and without User Name Flag",
        "bit 7 is not set, and a User Name follows"
    ),
    contradiction!(
        "mqtt/connect/user-name-flag-without-user-name",
        "a CONNECT with User Name Flag 1 whose payload ends before the User Name is not accepted",
        [v311("MQTT-3.1.2-19"), v5("MQTT-3.1.2-17")],
        |connect| connect.set(USER_NAME),
        "CONNECT with the User Name Flag and without User Name",
        "bit 7 announces a User Name that does not follow"
    ),
    contradiction!(
        "mqtt/connect/password-without-its-flag",
        "a CONNECT with Password Flag 0 whose payload has a Password is not accepted",
        [v311("MQTT-3.1.2-20"), v5("MQTT-3.1.2-18")],
        |connect| {
            connect.set(USER_NAME);
            connect.append(b"user");
            connect.append(b"word");
        },
        "CONNECT with a Password and without Password Flag",
        "bit 6 is not set, and a Password follows the User Name"
    ),
    contradiction!(
        "mqtt/connect/password-flag-without-password",
        "a CONNECT with Password Flag 1 whose payload ends before the Password is not accepted",
        [v311("MQTT-3.1.2-21"), v5("MQTT-3.1.2-19")],
        |connect| {
            connect.set(USER_NAME | PASSWORD);
            connect.append(b"user");
        },
        "CONNECT with the Password Flag and without Password",
        "bit 6 announces a Password that does not follow"
    ),
    contradiction!(
        "mqtt/connect/without-client-id",
        "a CONNECT whose payload has no Client Identifier is not accepted",
        [v311("MQTT-3.1.3-3"), v5("MQTT-3.1.3-3")],
        |connect| {
            let id = connect.opening.packet.client_id.len() + 2;
            connect.bytes.truncate(connect.bytes.len() - id);
        },
        "CONNECT without a Client Identifier",
        "ends where the Client Identifier is due"
    ),
    Case {
        id: "mqtt/connect/announced-user-name-may-be-missing",
        level: Level::Should,
        requires: &[v31("X31-05")],
        expects: "a CONNECT whose User Name Flag is set although no User Name follows is valid in 3.1: the Remaining Length counts",
        accepts: "Refusing it for want of a User Name, with code 4 or 5.",
        run: |cx| {
            Box::pin(async move {
                let opening = cx.opening();
                let mut connect = Changed::of(&cx, &opening);
                connect.set(USER_NAME);
                let mut client = connect.opening.network().await?;
                let meant = "CONNECT with the User Name Flag and without User Name";
                client.send_raw(&connect.bytes, meant).await;
                let connack = client.connack().await.judged(&cx, "CONNACK")?;
                if matches!(connack.reason.0, 4 | 5) {
                    return Err(Stop::NotApplicable("the Server wants a User Name".to_owned()));
                }
                let found = format!("CONNACK {:#04x}", connack.reason.0);
                cx.judge(connack.reason.0 == 0, "CONNACK 0x00", found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/connect/all-fields-in-their-order",
        requires: &[v31("X31-18"), v311("MQTT-3.1.3-1"), v5("MQTT-3.1.3-1")],
        expects: "a CONNECT with every field is read in the order of the fields: its Will is published with Will Topic and Will Payload, byte for byte",
        accepts: "Refusing a User Name that the Server does not know: then without one.",
        run: |cx| Box::pin(all_fields(cx)),
        ..Case::BASE
    },
];

/// A CONNECT without User Name and Password, on its way to be illegal.
struct Changed {
    opening: Opening,
    topic: String,
    bytes: Vec<u8>,
}

impl Changed {
    fn of(cx: &Cx, legal: &Opening) -> Self {
        let mut opening = legal.clone();
        opening.packet.user_name = None;
        opening.packet.password = None;
        let bytes = opening.bytes();
        Self { opening, topic: cx.topic("will"), bytes }
    }

    fn set(&mut self, flags: u8) {
        let at = wire::connect_flags_at(&self.bytes);
        self.bytes[at] |= flags;
    }

    fn clear(&mut self, flags: u8) {
        let at = wire::connect_flags_at(&self.bytes);
        self.bytes[at] &= !flags;
    }

    fn append(&mut self, string: &[u8]) {
        self.bytes.extend((string.len() as u16).to_be_bytes());
        self.bytes.extend(string);
    }
}

async fn refused(
    cx: &Cx,
    change: fn(&mut Changed),
    meant: &'static str,
    why: &'static str,
) -> Outcome {
    let legal = cx.opening();
    let mut connect = Changed::of(cx, &legal);
    change(&mut connect);
    let bytes = with_true_length(&connect.bytes);
    let flags = wire::connect_flags_at(&bytes);
    cx.refuses_connect(legal, Illegal { bytes, meant, decides: flags..flags + 1, why }).await
}

async fn all_fields(cx: Cx) -> Outcome {
    const PAYLOAD: &str = "topic and payload differ";
    let topic = cx.topic("will");
    let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
    let mut opening = cx.opening().will(&Message::new(&topic, PAYLOAD));
    if opening.packet.user_name.is_none() {
        opening.packet.user_name = Some("pushspec".into());
        opening.packet.password = Some(b"pushspec"[..].into());
    }
    let mut answered = opening.accepted().await;
    if cx.opening().packet.user_name.is_none() {
        let taken = if answered.is_ok() { "accepted" } else { "refused" };
        cx.observe("User Name that nobody set up", taken);
        if answered.is_err() {
            opening.packet.user_name = None;
            opening.packet.password = None;
            answered = opening.accepted().await;
        }
    }
    let mut client = answered?.client;
    client.ping().await?;
    client.drop_connection();
    let expected = "the Will Message on its Will Topic";
    let will = cx.delivered(&mut watcher, expected).await?;
    let as_sent = will.topic == topic.as_str() && will.payload.as_ref() == PAYLOAD.as_bytes();
    let found = Packet::Publish(will.packet.clone());
    cx.judge_at(will.entry, 0..will.bytes.len(), as_sent, format!("the Will {PAYLOAD:?}"), found)
}
