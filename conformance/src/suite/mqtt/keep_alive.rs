//! Keep Alive (5.0 section 3.1.2.10, 3.1.1 section 3.1.2.10).

use std::time::Duration;

use pushspec_wire::mqtt::ConnAck;
use tokio::time::{Instant, sleep};

use super::cx::Cx;
use crate::case::{Case, Outcome, Stop};
use crate::probe::mqtt::Judged;
use crate::requirement::{Level, v5, v31, v311};

/// The Keep Alive of these cases in seconds.
const KEEP_ALIVE: u16 = 2;

/// How late a Server may be. The spec gives no bound, timers of Servers are coarse, and a target
/// under load is later still.
const GRACE: Duration = Duration::from_secs(7);

/// The cases of this chapter.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "mqtt/keep-alive/silence-ends-the-connection",
        requires: &[v31("X31-14"), v311("MQTT-3.1.2-24"), v5("MQTT-3.1.2-22"), v5("MQTT-3.2.2-22")],
        expects: "a Client that is silent for one and a half times its Keep Alive is disconnected",
        accepts: "Being up to 7 s late, and disconnecting earlier, which the spec permits at any time.",
        lasts: Duration::from_secs(3),
        run: |cx| {
            Box::pin(async move {
                let opening = cx.opening().keep_alive(KEEP_ALIVE);
                let mut accepted = opening.accepted().await?;
                ours_is_used(&accepted.connack, KEEP_ALIVE)?;
                accepted.client.ping().await?;
                let due = Instant::now() + Duration::from_secs(u64::from(KEEP_ALIVE)) * 3 / 2;
                let ended = accepted.client.ended_before(due + GRACE).await;
                ended.judged(
                    &cx,
                    "the Server closes the network connection 3 s after the last packet",
                )?;
                cx.observe_farewell(&accepted.client);
                cx.alive().await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/keep-alive/pingreq-keeps-the-connection",
        // That silence ends the connection does not say in so many words that nothing else may, and a
        // Server may have reasons of its own.
        level: Level::Should,
        requires: &[v31("X31-14"), v311("MQTT-3.1.2-24"), v5("MQTT-3.1.2-22")],
        expects: "a Client that sends PINGREQ within every Keep Alive stays connected",
        lasts: Duration::from_secs(6),
        run: |cx| {
            Box::pin(async move {
                let opening = cx.opening().keep_alive(KEEP_ALIVE);
                let mut accepted = opening.accepted().await?;
                ours_is_used(&accepted.connack, KEEP_ALIVE)?;
                for _ in 0..4 {
                    sleep(Duration::from_millis(1500)).await;
                    accepted.client.ping().await.judged(&cx, "the connection stays open")?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "mqtt/keep-alive/zero-turns-it-off",
        // A Server may disconnect an idle Client whenever it likes; within seconds it is worth a warning.
        level: Level::Should,
        requires: &[v31("X31-39"), v311("MQTT-3.1.2-24"), v5("MQTT-3.2.2-22")],
        expects: "a Client with Keep Alive 0 is not disconnected for being silent for 6 s",
        lasts: Duration::from_secs(6),
        run: |cx| {
            Box::pin(async move {
                let accepted = cx.opening().keep_alive(0).accepted().await;
                let mut accepted =
                    accepted.judged(&cx, "a CONNECT with Keep Alive 0 is accepted")?;
                ours_is_used(&accepted.connack, 0)?;
                sleep(Duration::from_secs(6)).await;
                accepted.client.ping().await.judged(&cx, "the connection is still open")
            })
        },
        ..Case::BASE
    },
];

/// The Server does not impose another Keep Alive than the one asked for. Repeating that changes nothing.
pub(super) fn ours_is_used(connack: &ConnAck<'_>, ours: u16) -> Outcome {
    match connack.properties.server_keep_alive() {
        None => Ok(()),
        Some(seconds) if seconds == ours => Ok(()),
        Some(seconds) => Err(Stop::NotApplicable(format!(
            "the Server imposes a Server Keep Alive of {seconds} s"
        ))),
    }
}
