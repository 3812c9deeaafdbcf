//! Subscription Identifiers where several subscriptions match (5.0 section 3.3.4).

use pushspec_wire::mqtt::{Packet, Properties, Property, QoS, SubscriptionOptions};

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Message};
use crate::requirement::v5;

const QOS: QoS = QoS::AtLeastOnce;

/// The cases on Subscription Identifiers.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/subscribe/identifiers-of-overlapping-subscriptions",
        requires: &[v5("MQTT-3.3.4-4"), v5("MQTT-3.3.4-5")],
        needs: &[Need::SubscriptionIdentifiers, Need::Wildcards, Need::QoS1],
        expects: "a message that matches subscriptions with the identifiers 1 and 2 and one without carries both identifiers if it is sent once, and that of its subscription, if there is one, where a copy is sent for each",
        accepts: "One copy or several: which is observed.",
        run: |cx| {
            Box::pin(async move {
                let copies = copies_for(&cx, &[Some(1), Some(2), None]).await?;
                let due: &[Vec<u32>] = match copies.len() {
                    1 => &[vec![1, 2]],
                    _ => &[vec![], vec![1], vec![2]],
                };
                is_due(&cx, &copies, due)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/subscribe/one-identifier-for-two-subscriptions",
        requires: &[v5("X5-R12")],
        needs: &[Need::SubscriptionIdentifiers, Need::Wildcards, Need::QoS1],
        expects: "a message that matches two subscriptions with the same identifier carries it twice if it is sent once, and once in each copy otherwise",
        run: |cx| {
            Box::pin(async move {
                let copies = copies_for(&cx, &[Some(7), Some(7)]).await?;
                let due: &[Vec<u32>] = match copies.len() {
                    1 => &[vec![7, 7]],
                    _ => &[vec![7], vec![7]],
                };
                is_due(&cx, &copies, due)
            })
        },
        ..Case::BASE
    },
];

/// The identifiers, in ascending order, of each copy of a message that matches subscriptions with these;
/// the copies, too, in ascending order.
async fn copies_for(cx: &Cx, identifiers: &[Option<u32>]) -> Result<Vec<Vec<u32>>, Stop> {
    let topic = cx.topic("a/b");
    let filters = [topic.clone(), cx.topic("a/+"), cx.topic("a/#")];
    let mut client = cx.connected().await?;
    for (filter, identifier) in filters.iter().zip(identifiers) {
        subscribe(&mut client, filter, *identifier).await?;
    }
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&topic, "x").qos(QOS)).await?;
    let mut copies = vec![client.message().await?];
    copies.extend(cx.until_fence_by(&mut publisher, &mut client, &topic, QOS).await?);
    let mut identifiers: Vec<Vec<u32>> = copies
        .iter()
        .filter(|copy| copy.payload.as_ref() == b"x")
        .map(|copy| {
            let mut identifiers: Vec<u32> = copy.properties.subscription_identifiers().collect();
            identifiers.sort_unstable();
            identifiers
        })
        .collect();
    identifiers.sort_unstable();
    let several = identifiers.len() > 1;
    cx.observe("copies", if several { "one for each subscription" } else { "one for all" });
    Ok(identifiers)
}

async fn subscribe(client: &mut Client, filter: &str, identifier: Option<u32>) -> Outcome {
    let mut properties = Properties::new();
    if let Some(identifier) = identifier {
        properties.push(Property::SubscriptionIdentifier(identifier));
    }
    let suback =
        client.subscribe_all(&[(filter, SubscriptionOptions::new(QOS))], properties).await?;
    match suback.reasons.first() {
        Some(reason) if !reason.is_error() => Ok(()),
        _ => Err(Stop::Inconclusive(format!("{} came", Packet::SubAck(suback.packet)))),
    }
}

fn is_due(cx: &Cx, copies: &[Vec<u32>], due: &[Vec<u32>]) -> Outcome {
    cx.judge(
        copies == due,
        format!("Subscription Identifiers {due:?}"),
        format!("Subscription Identifiers {copies:?}"),
    )
}
