//! Leaving an MQTT Server as it was found: retained messages and Sessions are removed, and in the end
//! looked for.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use pushspec_wire::mqtt::{Packet, QoS};
use tokio::time::{sleep, timeout};

use crate::case::Need;
use crate::event::LeftBehind;
use crate::evidence::Evidence;
use crate::probe::mqtt::{Left, Message, Residue, Unmet};
use crate::suite::mqtt::{Cx, Setting};

/// How long looking may take in all.
const LOOKING: Duration = Duration::from_secs(20);
/// How long retained messages may take to come.
const COMING: Duration = Duration::from_millis(100);
/// How many Sessions are looked for at the same time.
const AT_A_TIME: usize = 16;

/// Removes retained messages and Sessions. What cannot be removed is left: the target may be dead.
pub(super) async fn clean_up(setting: Setting, left: Left, name: String) {
    let cx = Cx::new(setting, Evidence::new(), Residue::default(), name);
    for id in left.sessions {
        if let Ok(client) = cx.opening().id(id).open().await {
            client.disconnect().await;
        }
    }
    if left.retained.is_empty() {
        return;
    }
    if let Ok(mut client) = cx.connected().await {
        for topic in left.retained {
            // QoS 0, so that a Server with odd handshakes does not hold up the rest.
            let _ = client.publish(&Message::new(topic, "").qos(QoS::AtMostOnce).retained()).await;
        }
        let _ = client.ping().await;
        client.disconnect().await;
    }
}

/// Looks for what is left of all that was noted, and tries once more to remove it.
pub(super) async fn left_behind(setting: Setting, noted: Residue) -> LeftBehind {
    let noted = noted.take();
    let looked = timeout(LOOKING, async {
        let found = look(&setting, &noted, "zy").await;
        if found.sessions.is_empty() && found.retained.is_empty() {
            return found;
        }
        let again = Left {
            sessions: found.sessions.into_iter().collect(),
            retained: found.retained.into_iter().collect(),
        };
        clean_up(setting.clone(), again.clone(), "zyz".to_owned()).await;
        look(&setting, &again, "zz").await
    });
    looked.await.unwrap_or_else(|_| LeftBehind {
        unknown: Some(format!("it could not be found out within {} s", LOOKING.as_secs())),
        ..LeftBehind::default()
    })
}

async fn look(setting: &Setting, noted: &Left, name: &str) -> LeftBehind {
    let cx = Cx::new(setting.clone(), Evidence::new(), Residue::default(), name.to_owned());
    let mut left = LeftBehind::default();
    if cx.capabilities().retain && !noted.retained.is_empty() {
        match retained(&cx, noted).await {
            Ok(topics) => left.retained = topics,
            Err(unmet) => left.unknown = Some(unmet.to_string()),
        }
    }
    let looks = noted.sessions.iter().cloned().map(|id| {
        let cx = cx.clone();
        async move { resumable(&cx, &id).await.then_some(id) }
    });
    let found = stream::iter(looks).buffer_unordered(AT_A_TIME);
    left.sessions = found.filter_map(std::future::ready).collect().await;
    left.sessions.sort_unstable();
    left
}

/// The topics of this run that have retained messages.
async fn retained(cx: &Cx, noted: &Left) -> Result<Vec<String>, Unmet> {
    let mut client = cx.connected().await?;
    if cx.capabilities().lacks(Need::Wildcards).is_none() {
        client.subscribe(&cx.all_topics(), QoS::AtMostOnce).await?;
    } else {
        for topic in &noted.retained {
            client.subscribe(topic, QoS::AtMostOnce).await?;
        }
    }
    client.ping().await?;
    // Not every Server sends them before it answers what came behind the SUBSCRIBE.
    sleep(COMING).await;
    client.ping().await?;
    let arrived = client.arrived().into_iter().filter_map(|arrival| match arrival.packet {
        Ok(Packet::Publish(publish)) => Some(publish.topic.into_owned()),
        _ => None,
    });
    let mut topics: Vec<String> = arrived.collect();
    client.disconnect().await;
    topics.sort_unstable();
    topics.dedup();
    Ok(topics)
}

/// Whether a Session is there. What is resumed, or made by asking, is removed: in 3.x it would stay.
async fn resumable(cx: &Cx, id: &str) -> bool {
    let opening = cx.opening().id(id);
    let Ok(accepted) = opening.clone().resuming().accepted().await else { return false };
    accepted.client.disconnect().await;
    if !cx.is_v5()
        && let Ok(client) = opening.open().await
    {
        client.disconnect().await;
    }
    accepted.connack.session_present
}
