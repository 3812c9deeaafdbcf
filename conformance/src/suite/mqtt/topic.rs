//! Topic Names and Topic Filters (5.0 section 4.7, 3.1.1 section 4.7).

use pushspec_wire::mqtt::{Properties, QoS, SubscriptionOptions};

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Client, Message, Unmet};
use crate::requirement::{v5, v31, v311};

const QOS: QoS = QoS::AtMostOnce;

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/topic/plus-is-one-level",
        requires: &[v31("X31-32"), v311("MQTT-4.7.1-3"), v5("MQTT-4.7.1-2")],
        needs: &[Need::Wildcards],
        expects: "`+` matches any one level, an empty one too, and not several",
        run: |cx| {
            Box::pin(matched(cx, "+/x", &["a/x", "/x", "longer-name/x"], &["x", "a/b/x", "a/x/b"]))
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/topic/hash-is-all-below-and-the-parent",
        requires: &[v31("X31-32"), v311("MQTT-4.7.1-2"), v5("MQTT-4.7.1-1")],
        needs: &[Need::Wildcards],
        expects: "`#` matches its parent level and every level below",
        run: |cx| Box::pin(matched(cx, "a/#", &["a", "a/", "a/b", "a/b/c"], &["ab", "b/a"])),
        ..Case::BASE
    },
    Case {
        id: "mqtt/topic/is-compared-character-by-character",
        requires: &[v311("MQTT-4.7.3-4"), v5("MQTT-4.7.3-4"), v5("X5-R16")],
        expects: "a Topic Filter without wildcards matches the same Topic Name and no other: case, slashes and the form of accents count",
        run: |cx| {
            // A composed e with acute accent, against the decomposed one.
            const OTHERS: &[&str] =
                &["Caf\u{e9}/b", "caf\u{e9}//b", "caf\u{e9}/b/", "cafe\u{301}/b"];
            Box::pin(matched(cx, "caf\u{e9}/b", &["caf\u{e9}/b"], OTHERS))
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/topic/spaces-are-kept",
        requires: &[v31("X31-34"), v311("MQTT-4.7.3-4"), v5("MQTT-4.7.3-4"), v5("X5-R16")],
        expects: "spaces in topics are characters like others: they are compared, wherever they stand, and not removed",
        accepts: "Not taking topics with spaces, which is observed.",
        run: |cx| Box::pin(spaces(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/topic/byte-order-mark-is-kept",
        requires: &[v311("MQTT-1.5.3-3"), v5("MQTT-1.5.4-3")],
        expects: "U+FEFF is a character like others: it is compared, and not removed",
        run: |cx| Box::pin(matched(cx, "\u{feff}t", &["\u{feff}t"], &["t"])),
        ..Case::BASE
    },
    Case {
        id: "mqtt/topic/wildcards-do-not-match-dollar",
        requires: &[v311("MQTT-4.7.2-1"), v5("MQTT-4.7.2-1")],
        needs: &[Need::Wildcards],
        expects: "a Topic Filter that begins with a wildcard matches no Topic Name that begins with `$`",
        accepts: "Refusing to let Clients publish under `$`, if the Server publishes something under `$SYS` itself.",
        run: |cx| Box::pin(dollar(cx)),
        ..Case::BASE
    },
];

/// Filter and topics below this case's prefix; the filter matches the first topics and not the others.
async fn matched(cx: Cx, filter: &str, matching: &[&str], others: &[&str]) -> Outcome {
    let mut subscriber = cx.subscribed(&cx.topic(filter), QOS).await?;
    let mut publisher = cx.connected().await?;
    published(&cx, &mut publisher, matching, others).await?;
    only_matching(&cx, &mut subscriber, filter, matching).await
}

/// Publishes to all of these topics. The Server has taken them when this returns.
async fn published(
    cx: &Cx,
    publisher: &mut Client,
    matching: &[&str],
    others: &[&str],
) -> Result<(), Unmet> {
    for name in others {
        publisher.publish(&Message::new(cx.topic(name), "other")).await?;
    }
    for name in matching {
        publisher.publish(&Message::new(cx.topic(name), "due")).await?;
    }
    publisher.ping().await
}

async fn only_matching(
    cx: &Cx,
    subscriber: &mut Client,
    filter: &str,
    matching: &[&str],
) -> Outcome {
    let mut due: Vec<String> = matching.iter().map(|name| cx.topic(name)).collect();
    while !due.is_empty() {
        let expected = format!("`{filter}` matches {}", list(cx, &due));
        let message = cx.delivered(subscriber, &expected).await?;
        let before = due.len();
        due.retain(|topic| *topic != message.topic);
        cx.judge_at(
            message.entry,
            2..4 + message.topic.len(),
            due.len() < before,
            format!("`{filter}` matches only {}", list(cx, &due)),
            format!("a message on `{}`", below(cx, &message.topic)),
        )?;
    }
    Ok(())
}

/// There are Servers that take no spaces: they are not blamed, as nothing says that a topic has to be taken.
async fn spaces(cx: Cx) -> Outcome {
    const FILTER: &str = "a b/c";
    let others = ["ab/c", "a  b/c", " a b/c", "a b/c ", "a b/ c"];
    let refused = |by: &str| {
        cx.observe("topics with spaces", format!("refused by {by}"));
        Err(Stop::NotApplicable(format!("topics with spaces are refused by {by}")))
    };
    let mut subscriber = cx.connected().await?;
    if subscriber.subscribe(&cx.topic(FILTER), QOS).await.is_err() {
        cx.alive().await?;
        return refused("the answer to SUBSCRIBE");
    }
    let mut publisher = cx.connected().await?;
    if published(&cx, &mut publisher, &[FILTER], &others).await.is_err() {
        publisher.ended().await?;
        cx.alive().await?;
        return refused("the end of the connection that publishes");
    }
    only_matching(&cx, &mut subscriber, FILTER, &[FILTER]).await
}

fn list(cx: &Cx, topics: &[String]) -> String {
    let quoted: Vec<String> =
        topics.iter().map(|topic| format!("`{}`", below(cx, topic))).collect();
    quoted.join(", ")
}

fn below<'a>(cx: &Cx, topic: &'a str) -> &'a str {
    topic.strip_prefix(&format!("{}/", cx.topic_prefix())).unwrap_or(topic)
}

async fn dollar(cx: Cx) -> Outcome {
    // Something below `$` has to be on its way for the case to show anything: what the Server itself
    // publishes, or, where it lets Clients do so, a message of ours.
    let ours = format!("${}", cx.topic("t"));
    let mut explicit = cx.connected().await?;
    let options = SubscriptionOptions::new(QOS);
    let properties = Properties::new();
    explicit.subscribe_all(&[("$SYS/#", options), (&ours, options)], properties).await?;
    let fence = cx.topic("fence");
    let mut wildcards = cx.connected().await?;
    wildcards.subscribe("#", QOS).await?;
    wildcards.subscribe("+/#", QOS).await?;

    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&ours, "ours")).await?;
    // A Server may hold the attempt against the Client.
    let _ = publisher.ping().await;
    let control = explicit.message().await;
    if control.is_err() {
        return Err(Stop::NotApplicable(
            "nothing was on its way below `$`: no $SYS topics, and Clients cannot publish there"
                .to_owned(),
        ));
    }
    let mut publisher = cx.connected().await?;
    publisher.publish(&Message::new(&fence, "fence")).await?;
    loop {
        let message = wildcards.message().await?;
        if message.topic == fence.as_str() {
            return Ok(());
        }
        cx.judge_at(
            message.entry,
            2..4 + message.topic.len(),
            !message.topic.starts_with('$'),
            "`#` and `+/#` match no topic that begins with `$`",
            format!("a message on `{}`", message.topic),
        )?;
    }
}
