//! Every property that is forwarded, on every way from a publisher to a subscriber (5.0 sections
//! 3.3.2.3 and 3.1.3.2).

use pushspec_wire::mqtt::{Delivery, Packet, Properties, Property, Publish, QoS};

use super::cx::Cx;
use super::wire;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::mqtt::{Message, Received};
use crate::requirement::{RequirementRef, v5};

/// What is judged on every way.
const FORWARDED: &[RequirementRef] = &[
    v5("MQTT-3.3.2-4"),
    v5("MQTT-3.3.2-6"),
    v5("MQTT-3.3.2-15"),
    v5("MQTT-3.3.2-16"),
    v5("MQTT-3.3.2-17"),
    v5("MQTT-3.3.2-18"),
    v5("MQTT-3.3.2-20"),
];

/// User Properties: the same name with two values and again, an empty name, an empty value, and
/// characters of two, three and four bytes.
const USER: [(&str, &str); 6] =
    [("b", "2"), ("a", "1"), ("b", "1"), ("b", "2"), ("", ""), ("\u{e9}", "\u{20ac}\u{1f600}")];

/// The Message Expiry Interval in seconds: nothing waits that long.
const EXPIRY: u32 = 1000;
/// How much of it may be gone.
const GONE: u32 = 60;

/// The cases of this matrix.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/message/properties-reach-subscribers",
        requires: FORWARDED,
        expects: "all properties of a message reach a subscriber unchanged at every QoS, User Properties in their order and as often as they were given",
        run: |cx| Box::pin(live(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/properties-of-any-length-reach-subscribers",
        requires: FORWARDED,
        expects: "properties that are empty, have one character, or as many bytes as the Server takes, reach a subscriber unchanged",
        run: |cx| Box::pin(any_length(cx)),
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/properties-are-retained",
        requires: FORWARDED,
        needs: &[Need::Retain],
        expects: "all properties of a retained message reach a new subscriber unchanged",
        run: |cx| {
            Box::pin(async move {
                let message = with_all(Message::new(cx.topic("t"), "x").retained());
                fits(&cx, &message)?;
                let message = message.qos(highest(&cx));
                let mut publisher = cx.connected().await?;
                publisher.publish(&message).await?;
                publisher.ping().await?;
                cx.once_settled(|| async {
                    let mut late = cx.subscribed(&cx.topic("t"), QoS::AtMostOnce).await?;
                    same(&cx, &late.message().await?, &all())
                })
                .await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/properties-wait-with-their-message",
        requires: FORWARDED,
        needs: &[Need::KeptSession, Need::QoS1],
        expects: "all properties of a message that waited for an absent Client reach it unchanged",
        run: |cx| {
            Box::pin(async move {
                let (topic, qos) = (cx.topic("t"), QoS::AtLeastOnce);
                let message = with_all(Message::new(&topic, "x")).qos(qos);
                fits(&cx, &message)?;
                let kept = cx.opening().kept(60).resuming();
                let mut client = kept.open().await?;
                client.subscribe(&topic, qos).await?;
                client.disconnect().await;
                let mut publisher = cx.connected().await?;
                publisher.publish(&message).await?;
                let mut client = cx.resumed(&kept).await?;
                same(&cx, &client.message().await?, &all())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/message/properties-reach-shared-subscribers",
        requires: FORWARDED,
        needs: &[Need::SharedSubscriptions],
        expects: "all properties of a message reach the member of a shared subscription unchanged",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("t");
                let message = with_all(Message::new(&topic, "x"));
                fits(&cx, &message)?;
                let shared = format!("$share/pushspec/{topic}");
                let mut member = cx.subscribed(&shared, QoS::AtMostOnce).await?;
                let mut publisher = cx.connected().await?;
                publisher.publish(&message).await?;
                same(&cx, &member.message().await?, &all())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/all-its-properties-are-published",
        requires: &[v5("MQTT-3.1.3-10"), v5("X5-R14")],
        expects: "all properties of a Will Message are published with it unchanged, User Properties in their order and as often as they were given; the Will Delay Interval is not",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let will = with_all(Message::new(&topic, "x")).with(Property::WillDelayInterval(0));
                fits(&cx, &will)?;
                let mut client = cx.opening().will(&will).open().await?;
                client.ping().await?;
                client.drop_connection();
                same(&cx, &watcher.message().await?, &all())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/will/all-its-properties-are-retained",
        requires: &[v5("MQTT-3.1.3-10"), v5("X5-R14")],
        needs: &[Need::Retain],
        expects: "all properties of a retained Will Message reach a later subscriber unchanged",
        run: |cx| {
            Box::pin(async move {
                let topic = cx.topic("will");
                let mut watcher = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                let will = with_all(Message::new(&topic, "x").retained()).qos(highest(&cx));
                fits(&cx, &will)?;
                let mut client = cx.opening().will(&will).open().await?;
                client.ping().await?;
                client.drop_connection();
                watcher.message().await?;
                cx.once_settled(|| async {
                    let mut late = cx.subscribed(&topic, QoS::AtMostOnce).await?;
                    same(&cx, &late.message().await?, &all())
                })
                .await
            })
        },
        ..Case::BASE
    },
];

/// Every property that is forwarded.
fn all() -> Properties<'static> {
    let mut all = Properties::new()
        .with(Property::UserProperty(USER[0].0, USER[0].1))
        .with(Property::PayloadFormatIndicator(1))
        .with(Property::MessageExpiryInterval(EXPIRY))
        .with(Property::ContentType("text/plain; charset=utf-8"))
        .with(Property::ResponseTopic("pushspec/answer"))
        .with(Property::CorrelationData(&[0, 0xFF, 0x0A, b'a', 0x80, 0]));
    for (name, value) in &USER[1..] {
        all.push(Property::UserProperty(name, value));
    }
    all
}

fn with_all(message: Message) -> Message {
    all().iter().fold(message, |message, property| message.with(property))
}

fn highest(cx: &Cx) -> QoS {
    if cx.capabilities().maximum_qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}

/// The Server takes a packet as large as that with this message; as a Will it comes with a CONNECT.
fn fits(cx: &Cx, message: &Message) -> Outcome {
    const CONNECT: usize = 64;
    let size = wire::publish(cx, message).len() + CONNECT;
    match cx.capabilities().maximum_packet_size {
        Some(limit) if (limit as usize) < size => Err(Stop::NotApplicable(format!(
            "the Server takes no packet of {size} bytes: Maximum Packet Size = {limit}"
        ))),
        _ => Ok(()),
    }
}

async fn live(cx: Cx) -> Outcome {
    let maximum = cx.capabilities().maximum_qos;
    for qos in QoS::ALL.into_iter().filter(|qos| qos.bits() <= maximum) {
        let topic = cx.topic(&format!("qos{}", qos.bits()));
        let message = with_all(Message::new(&topic, "x")).qos(qos);
        fits(&cx, &message)?;
        let mut subscriber = cx.subscribed(&topic, qos).await?;
        let mut publisher = cx.connected().await?;
        publisher.publish(&message).await?;
        same(&cx, &subscriber.message().await?, &all())?;
    }
    Ok(())
}

async fn any_length(cx: Cx) -> Outcome {
    let room = cx.capabilities().maximum_packet_size.map_or(usize::MAX, |limit| limit as usize);
    // What else is in the packet needs less than this.
    let longest = usize::from(u16::MAX).min(room.saturating_sub(200));
    let long = "x".repeat(longest);
    let topic = cx.topic("t");
    let mut subscriber = cx.subscribed(&topic, QoS::AtMostOnce).await?;
    let mut publisher = cx.connected().await?;
    for properties in [
        Properties::new()
            .with(Property::ContentType(""))
            .with(Property::CorrelationData(&[]))
            .with(Property::ResponseTopic("/"))
            .with(Property::UserProperty("", "")),
        Properties::new().with(Property::ContentType(&long)).into_owned(),
        Properties::new().with(Property::CorrelationData(long.as_bytes())).into_owned(),
        Properties::new().with(Property::ResponseTopic(&long)).into_owned(),
        Properties::new().with(Property::UserProperty(&long, "")).into_owned(),
        Properties::new().with(Property::UserProperty("", &long)).into_owned(),
    ] {
        let mut message = Message::new(&topic, "x");
        for property in properties.iter() {
            message = message.with(property);
        }
        publisher.publish(&message).await?;
        same(&cx, &subscriber.message().await?, &properties)?;
    }
    Ok(())
}

/// Everything given is there unchanged. What a Server adds is observed.
fn same(cx: &Cx, received: &Received<Publish<'static>>, given: &Properties<'_>) -> Outcome {
    let found = &received.properties;
    let mut wrong: Vec<&str> = given
        .iter()
        .filter(|property| match property {
            Property::UserProperty(..) => false,
            Property::MessageExpiryInterval(seconds) => found
                .message_expiry_interval()
                .is_none_or(|left| left > *seconds || left < seconds - GONE),
            property => found.get(property.id()) != Some(*property),
        })
        .map(|property| property.id().name())
        .collect();
    let mut user = found.user_properties();
    // Others may stand between them, but each has to come behind the one before.
    if !given.user_properties().all(|pair| user.any(|found| found == pair)) {
        wrong.push("User Properties");
    }
    let own: Vec<&str> = found
        .iter()
        .filter(|property| given.get(property.id()).is_none())
        .map(|property| property.id().name())
        .collect();
    if own.contains(&"Will Delay Interval") {
        wrong.push("Will Delay Interval");
    } else if !own.is_empty() {
        cx.observe("properties of the Server's own", own.join(", "));
    }
    let shown = shortened(received);
    cx.judge_at(
        received.entry,
        0..received.bytes.len().min(200),
        wrong.is_empty(),
        format!("every property as given: {}", shortened_properties(given)),
        format!("{} not as given: {shown}", wrong.join(", ")),
    )
}

fn shortened_properties(properties: &Properties<'_>) -> String {
    const SHOWN: usize = 300;
    let each: Vec<String> = properties.iter().map(|property| property.to_string()).collect();
    each.join(" ").chars().take(SHOWN).collect()
}

fn shortened(received: &Received<Publish<'static>>) -> String {
    const SHOWN: usize = 300;
    let publish = Publish { delivery: Delivery::AtMostOnce, ..received.packet.clone() };
    Packet::Publish(publish).to_string().chars().take(SHOWN).collect()
}
