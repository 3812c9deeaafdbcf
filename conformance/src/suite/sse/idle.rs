//! Quiet streams: keep-alive comments (9.2.7), and whoever cuts connections that are idle.

use std::time::Duration;

use tokio::time::Instant;

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::sse::{EventStream, Trouble};
use crate::requirement::{Level, sse};

/// A comment "every 15 seconds or so" is the advice; twice as long is not "or so" any more, and
/// proxies that drop idle connections after 30 seconds are common.
const QUIET: Duration = Duration::from_secs(30);
/// What timeouts are multiples of, and how exactly they strike.
const ROUND: Duration = Duration::from_secs(5);
const TOLERANCE: Duration = Duration::from_millis(400);

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/delivery/keep-alive",
        level: Level::Advice,
        requires: &[sse("SSE-N1"), sse("SSE-A2")],
        expects: "a quiet stream carries a comment every 15 seconds or so, against proxies that drop idle connections",
        accepts: "anything at all within 30 seconds",
        lasts: QUIET,
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                speaks_when_quiet(&cx, &mut stream).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/keep-alive-after-an-event",
        level: Level::Advice,
        requires: &[sse("SSE-N1")],
        needs: &[Need::Stimulus],
        expects: "a stream that has carried an event is kept alive like any other",
        accepts: "anything at all within 30 seconds",
        lasts: QUIET,
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                cx.fenced(&mut stream).await?;
                speaks_when_quiet(&cx, &mut stream).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/stays-open",
        level: Level::Advice,
        requires: &[sse("SSE-N1"), sse("SSE-K6"), sse("SSE-P8")],
        needs: &[Need::Idle],
        expects: "a stream stays open for as long as it is watched: nobody on the way cuts it after a round time",
        accepts: "a server that ends the response properly after telling a reconnection time, and streams that are finite",
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                let began = Instant::now();
                let end = began + cx.setting().idle.unwrap_or_default();
                let broke = loop {
                    let left = end.saturating_duration_since(Instant::now());
                    match stream.next_read(left).await {
                        Ok(_) => {}
                        Err(Trouble::Silent { .. }) => {
                            cx.observe("end", "none while it was watched");
                            return Ok(());
                        }
                        Err(Trouble::Ended { .. }) => break false,
                        Err(Trouble::Broken { .. }) => break true,
                        Err(trouble) => return Err(trouble.into()),
                    }
                };
                let lived = began.elapsed();
                cx.measure("until the end", lived);
                let complete = !broke && stream.ending().is_some_and(|ending| ending.complete);
                if complete && stream.notes().retry.is_some() {
                    cx.observe("end", "complete, after a reconnection time");
                    return Ok(());
                }
                let expected = "a stream that stays open, or ends properly after a retry";
                if let Some(time) = round(lived) {
                    let found = format!("cut after {} s: a timeout", time.as_secs());
                    return cx.judge(false, expected, found);
                }
                cx.judge(complete, expected, "the connection broke off")?;
                Err(Stop::NotApplicable("the stream is finite".to_owned()))
            })
        },
        ..Case::BASE
    },
];

/// Judges that something comes while nothing is caused.
async fn speaks_when_quiet(cx: &Cx, stream: &mut EventStream) -> Outcome {
    let began = Instant::now();
    let mut quiet_since = began;
    while began.elapsed() < 3 * QUIET {
        match stream.next_read(QUIET).await {
            Ok(events) => {
                if quiet_since == began {
                    cx.measure("time to first bytes", began.elapsed());
                }
                // Other cases make the stream speak while they last.
                let ours = events.iter().any(|event| cx.is_ours(event));
                let gap = quiet_since.elapsed();
                if !ours && gap >= QUIET / 6 {
                    cx.measure("keep-alive gap", gap);
                    return Ok(());
                }
                quiet_since = Instant::now();
            }
            Err(Trouble::Silent { .. }) => {
                let found = format!("{} seconds of silence", QUIET.as_secs());
                return cx.judge(false, "a comment every 15 seconds or so", found);
            }
            Err(Trouble::Ended { .. }) => {
                return Err(Stop::NotApplicable(
                    "the stream ends before it is quiet for long".to_owned(),
                ));
            }
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Err(Stop::Inconclusive("the stream was never quiet".to_owned()))
}

/// The round time at which a timeout would have struck.
fn round(lived: Duration) -> Option<Duration> {
    let steps = (lived.as_secs_f64() / ROUND.as_secs_f64()).round();
    let time = ROUND.mul_f64(steps);
    (steps >= 1.0 && lived.abs_diff(time) <= TOLERANCE).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_strike_at_round_times() {
        let at = |millis| round(Duration::from_millis(millis)).map(|time| time.as_secs());
        assert_eq!(at(30_012), Some(30));
        assert_eq!(at(59_900), Some(60));
        assert_eq!(at(32_000), None);
        assert_eq!(at(100), None);
    }
}
