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
        let last = look(&setting, &again, "zz").await;
        // What could not be asked for the first time was not asked for again.
        LeftBehind { unknown: last.unknown.or(found.unknown), ..last }
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
        async move { (resumable(&cx, &id).await, id) }
    });
    let mut asked = stream::iter(looks).buffer_unordered(AT_A_TIME);
    while let Some((found, id)) = asked.next().await {
        match found {
            Ok(true) => left.sessions.push(id),
            Ok(false) => {}
            Err(unmet) => left.unknown = Some(unmet.to_string()),
        }
    }
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

/// Whether a Session is there. Not, if the Server takes others in and, asked twice, not this one: some
/// Client Identifiers are refused.
async fn resumable(cx: &Cx, id: &str) -> Result<bool, Unmet> {
    match resumed(cx, id).await {
        Err(_) => {
            cx.connected().await?.disconnect().await;
            Ok(resumed(cx, id).await.unwrap_or(false))
        }
        found => found,
    }
}

/// Asks once. What is resumed, or made by asking, is removed: in 3.x it would stay.
async fn resumed(cx: &Cx, id: &str) -> Result<bool, Unmet> {
    let opening = cx.opening().id(id);
    let accepted = opening.clone().resuming().accepted().await?;
    accepted.client.disconnect().await;
    if !cx.is_v5()
        && let Ok(client) = opening.open().await
    {
        client.disconnect().await;
    }
    Ok(accepted.connack.session_present)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use pushspec_wire::mqtt::Version;
    use tokio::io::DuplexStream;

    use super::*;
    use crate::probe::mqtt::Capabilities;
    use crate::reference::mqtt::{Config, Server};
    use crate::suite::mqtt::Extent;
    use crate::transport::Connector;

    fn setting(open: impl Fn() -> DuplexStream + Send + Sync + 'static) -> Setting {
        let url = "mqtt://reference".parse().unwrap();
        Setting {
            connector: Connector::memory(url, open),
            version: Version::V5,
            capabilities: Arc::new(Capabilities::assumed(Version::V5)),
            timeout: Duration::from_secs(1),
            user_name: None,
            password: None,
            run: "left".to_owned(),
            declared: Arc::default(),
            life: None,
            extent: Extent::Whole,
        }
    }

    /// What is found of these Sessions.
    async fn found_of(
        ids: &[&str],
        open: impl Fn() -> DuplexStream + Send + Sync + 'static,
    ) -> LeftBehind {
        let noted = Residue::default();
        for id in ids {
            noted.note_session(id);
        }
        left_behind(setting(open), noted).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_hangs_up_on_everyone_may_keep_anything() {
        let found = found_of(&["a"], || tokio::io::duplex(64).0).await;
        assert_eq!((found.sessions, found.unknown.is_some()), (Vec::new(), true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_identifier_that_is_refused_has_no_session() {
        let refused_client_ids = BTreeSet::from(["a".to_owned()]);
        let server = Server::start(Config { refused_client_ids, ..Config::default() });
        let found = found_of(&["a"], move || server.connect_in_memory()).await;
        assert_eq!(found, LeftBehind::default());
    }

    #[tokio::test(start_paused = true)]
    async fn what_could_not_be_asked_for_stays_unknown_when_the_rest_is_removed() {
        let server = Arc::new(Server::start(Config::default()));
        let direct = Arc::clone(&server);
        let keeping = setting(move || direct.connect_in_memory());
        let cx = Cx::new(keeping, Evidence::new(), Residue::default(), "keeping".to_owned());
        cx.opening().id("b").kept(60).open().await.unwrap().disconnect().await;

        // The first and the third are those that ask for `a`, and whether others are taken in.
        let opened = AtomicUsize::new(0);
        let found = found_of(&["a", "b"], move || match opened.fetch_add(1, Ordering::Relaxed) {
            0 | 2 => tokio::io::duplex(64).0,
            _ => server.connect_in_memory(),
        });
        let found = found.await;
        assert_eq!((found.sessions, found.unknown.is_some()), (Vec::new(), true));
    }
}
