//! QoS published x QoS granted x version of the publisher x version of the subscriber (5.0 section
//! 3.8.4, 3.1.1 section 3.8.4). The case's version is that of the subscribers.

use std::collections::BTreeMap;

use pushspec_wire::mqtt::{Packet, Publish, QoS, Version};

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Message, Received};
use crate::requirement::{v5, v31, v311};

/// The cases of this matrix.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/publish/every-qos-from-every-version",
        requires: &[
            v31("X31-31"),
            v31("X31-35"),
            v311("MQTT-3.8.4-6"),
            v311("MQTT-3.3.1-9"),
            v311("MQTT-3.3.1-3"),
            v5("MQTT-3.8.4-8"),
            v5("MQTT-3.3.1-12"),
            v5("MQTT-3.3.1-3"),
        ],
        expects: "whichever version the publisher speaks, a message comes to a subscriber as it was published, at the lower of its QoS and the QoS granted",
        accepts: "Not speaking other versions.",
        run: |cx| Box::pin(connected(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/publish/every-qos-from-every-version-while-away",
        requires: &[
            v31("X31-31"),
            v31("X31-19"),
            v311("MQTT-3.8.4-6"),
            v311("MQTT-3.1.2-5"),
            v311("MQTT-3.3.1-3"),
            v5("MQTT-3.8.4-8"),
            v5("MQTT-4.5.0-1"),
            v5("MQTT-3.3.1-3"),
        ],
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "whichever version the publisher speaks, a message above QoS 0 waits for a Client that is away, and comes at the lower of its QoS and the QoS granted",
        accepts: "Not speaking other versions. Messages of QoS 0 that wait too.",
        run: |cx| Box::pin(away(cx)),
        ..Case::BASE
    },
];

/// The QoS that the Server offers.
fn offered(cx: &Cx) -> Vec<QoS> {
    let maximum = cx.capabilities().maximum_qos;
    QoS::ALL.into_iter().filter(|qos| qos.bits() <= maximum).collect()
}

/// A publisher in this version; none, if the Server does not speak it.
async fn publisher(cx: &Cx, version: Version) -> Result<Option<Client>, Stop> {
    match cx.opening_in(version).open().await {
        Ok(client) => Ok(Some(client)),
        Err(unmet) if version == cx.version() => Err(unmet.into()),
        Err(_) => {
            cx.observe(&format!("{version} beside it"), "not accepted");
            Ok(None)
        }
    }
}

async fn connected(cx: Cx) -> Outcome {
    let topic = cx.topic("t");
    let mut subscribers = Vec::new();
    for granted in offered(&cx) {
        subscribers.push((granted, cx.subscribed(&topic, granted).await?));
    }
    for version in Version::ALL {
        let Some(mut publisher) = publisher(&cx, version).await? else { continue };
        for published in offered(&cx) {
            let payload = format!("{version} {}", published.bits());
            publisher.publish(&Message::new(&topic, &payload).qos(published)).await?;
            for (granted, subscriber) in &mut subscribers {
                let expected = format!("the message of a Client of {version}");
                let message = cx.delivered(subscriber, &expected).await?;
                if message.payload.as_ref() != payload.as_bytes() {
                    let found = Packet::Publish(message.packet);
                    return Err(Stop::Inconclusive(format!("another message came: {found}")));
                }
                as_due(&cx, &message, version, published, *granted)?;
            }
        }
    }
    Ok(())
}

async fn away(cx: Cx) -> Outcome {
    let topic = cx.topic("t");
    let above_0: Vec<QoS> = offered(&cx).into_iter().filter(|qos| *qos > QoS::AtMostOnce).collect();
    let mut absent = Vec::new();
    for granted in &above_0 {
        let kept = cx.opening().kept(60).resuming();
        let mut client = kept.open().await?;
        client.subscribe(&topic, *granted).await?;
        client.disconnect().await;
        absent.push((*granted, kept));
    }
    let mut waiting = Vec::new();
    for version in Version::ALL {
        let Some(mut publisher) = publisher(&cx, version).await? else { continue };
        for published in &above_0 {
            let payload = format!("{version} {}", published.bits());
            publisher.publish(&Message::new(&topic, &payload).qos(*published)).await?;
            waiting.push((payload, *published));
        }
    }
    let count = waiting.len() * absent.len();
    // In which order they come is for the Server to say: what is amiss is told of all of them.
    let mut amiss: BTreeMap<String, usize> = BTreeMap::new();
    let mut first = None;
    for (granted, kept) in absent {
        let mut client = cx.resumed(&kept).await?;
        let mut due = waiting.clone();
        while !due.is_empty() {
            let expected = format!("{} more messages that waited", due.len());
            let message = cx.delivered(&mut client, &expected).await?;
            let Some(index) =
                due.iter().position(|(payload, ..)| payload.as_bytes() == &*message.payload)
            else {
                continue;
            };
            let (_, published) = due.remove(index);
            for departure in departures(&message, published.min(granted)) {
                first.get_or_insert(message.entry);
                *amiss.entry(departure).or_default() += 1;
            }
        }
    }
    let Some(first) = first else { return Ok(()) };
    let found: Vec<String> =
        amiss.iter().map(|(what, times)| format!("{what} on {times} of {count}")).collect();
    let expected =
        "each message at the lower of its QoS and the QoS granted, with DUP 0 and RETAIN 0";
    cx.judge_at(first, 0..1, false, expected, found.join("; "))
}

/// What is not as it is due to a message that is sent for the first time, at this QoS.
fn departures(message: &Received<Publish<'static>>, due: QoS) -> Vec<String> {
    let found = message.delivery;
    let qos = format!("QoS {} in place of {}", found.qos().bits(), due.bits());
    [
        (found.qos() != due).then_some(qos),
        found.dup().then(|| "DUP = 1".to_owned()),
        message.retain.then(|| "RETAIN = 1".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The message has the QoS that is due, and neither DUP nor RETAIN.
fn as_due(
    cx: &Cx,
    message: &Received<Publish<'static>>,
    version: Version,
    published: QoS,
    granted: QoS,
) -> Outcome {
    let due = published.min(granted);
    cx.judge_at(
        message.entry,
        0..1,
        departures(message, due).is_empty(),
        format!(
            "QoS {}, DUP 0 and RETAIN 0 for a message that a Client of {version} published at QoS {} to a subscription granted QoS {}",
            due.bits(),
            published.bits(),
            granted.bits()
        ),
        Packet::Publish(message.packet.clone()),
    )
}
