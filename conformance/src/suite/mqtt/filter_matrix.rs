//! Topic Filters against Topic Names (section 4.7 of 5.0 and 3.1.1): every pair of two lists.

use std::collections::BTreeSet;

use pushspec_wire::mqtt::{QoS, topic};

use super::cx::Cx;
use crate::case::{Case, Need, Outcome};
use crate::probe::mqtt::{Client, Message};
use crate::requirement::{v5, v31, v311};

/// Below the case's own topic. The first two and the last are those that wrong matching shows most at.
const FILTERS: [&str; 25] = [
    "/a/+",
    "/a",
    "/a/b",
    "/A",
    "/+",
    "/+/b",
    "/+/+",
    "/+/+/+",
    "//",
    "//+",
    "//#",
    "/+/",
    "/a/",
    "//a",
    "/a//b",
    "/a/+/b",
    "/a/b/+",
    "/a/b/#",
    "/a/#",
    "/+/#",
    "/ab/+",
    "/caf\u{e9}",
    "",
    "/+/+/#",
    "/#",
];

/// Likewise.
const TOPICS: [&str; 20] = [
    "",
    "/",
    "//",
    "///",
    "/a",
    "/A",
    "/b",
    "/a/",
    "//a",
    "//b",
    "/a/b",
    "/A/b",
    "/a//b",
    "/a/b/",
    "/a/b/c",
    "/a/x/b",
    "/a/b/c/d",
    "/ab/c",
    "/caf\u{e9}",
    "/cafe\u{301}",
];

/// The case of this matrix.
pub(super) const CASES: &[Case<Cx>] = &[Case {
    id: "mqtt/topic/every-filter-against-every-topic",
    requires: &[
        v31("X31-32"),
        v31("X31-34"),
        v311("MQTT-4.7.1-2"),
        v311("MQTT-4.7.1-3"),
        v311("MQTT-4.7.3-4"),
        v5("MQTT-4.7.1-1"),
        v5("MQTT-4.7.1-2"),
        v5("MQTT-4.7.3-4"),
        v5("X5-R16"),
    ],
    needs: &[Need::Wildcards],
    expects: "of 25 Topic Filters and 20 Topic Names, with wildcards at every place and empty levels, each pair matches that has to, and no other",
    run: |cx| Box::pin(every_pair(cx)),
    ..Case::BASE
}];

async fn every_pair(cx: Cx) -> Outcome {
    let qos = if cx.capabilities().maximum_qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
    let below = |name: &str| format!("{}{name}", cx.topic_prefix());
    let mut subscribers = Vec::new();
    for (number, filter) in cx.variants_of(FILTERS.to_vec()).into_iter().enumerate() {
        let mut client = cx.subscribed(&below(filter), qos).await?;
        let fence = format!("{}-fence/{number}", cx.topic_prefix());
        client.subscribe(&fence, qos).await?;
        subscribers.push((filter, fence, client));
    }
    let mut publisher = cx.connected().await?;
    for name in TOPICS {
        publisher.publish(&Message::new(below(name), "x").qos(qos)).await?;
    }
    for (filter, fence, subscriber) in &mut subscribers {
        let due: BTreeSet<String> = TOPICS
            .iter()
            .map(|name| below(name))
            .filter(|name| topic::matches(&below(filter), name))
            .collect();
        compare(&cx, filter, due, fence, &mut publisher, subscriber, qos).await?;
    }
    Ok(())
}

/// What reaches the subscriber of one filter is what is due to it.
async fn compare(
    cx: &Cx,
    filter: &str,
    mut due: BTreeSet<String>,
    fence: &str,
    publisher: &mut Client,
    subscriber: &mut Client,
    qos: QoS,
) -> Outcome {
    let shown =
        |name: &str| format!("`~{}`", name.strip_prefix(&cx.topic_prefix()).unwrap_or(name));
    let matching = due.clone();
    for message in cx.until_fence_by(publisher, subscriber, fence, qos).await? {
        cx.judge_at(
            message.entry,
            2..4 + message.topic.len(),
            matching.contains(&*message.topic),
            format!("`~{filter}` does not match {}", shown(&message.topic)),
            "the message was delivered to it",
        )?;
        due.remove(&*message.topic);
    }
    // The order of topics among each other is not promised: some may come behind the fence.
    while let Some(first) = due.first() {
        let expected = format!("`~{filter}` matches {}", shown(first));
        let message = cx.delivered(subscriber, &expected).await?;
        cx.judge_at(
            message.entry,
            2..4 + message.topic.len(),
            matching.contains(&*message.topic),
            format!("`~{filter}` does not match {}", shown(&message.topic)),
            "the message was delivered to it",
        )?;
        due.remove(&*message.topic);
    }
    Ok(())
}
