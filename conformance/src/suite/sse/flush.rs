//! Whether events arrive as they are caused, and how long they take.

use std::time::Duration;

use tokio::time::Instant;

use super::cx::Cx;
use crate::case::{Outcome, Stop};
use crate::probe::sse::{EventStream, Http, Request, Trouble};

/// How many events are timed.
const TIMED: usize = 20;
/// A median above it is a buffer that waits for company, not the way through a network.
const PROMPT: Duration = Duration::from_secs(1);
/// As many of the server's own events are enough to see whether they come one by one.
const WATCHED: usize = 8;
/// Events further apart than this did not come in one block.
const APART: Duration = Duration::from_millis(200);
/// Events closer than this may have.
const TOGETHER: Duration = Duration::from_millis(50);

/// Where a stream is asked for, and how.
pub(super) struct Path {
    /// Makes the exchanges.
    pub http: Http,
    /// What is asked.
    pub request: Request,
    /// What the times are called in the report.
    pub name: &'static str,
}

/// Judges that events come through as they are caused, or as the server sends its own. The control is
/// the stream as an `EventSource` reads it directly.
pub(super) async fn flows(cx: &Cx, path: &Path) -> Outcome {
    let mut control = cx.subscribe().await?;
    let mut stream = match open(cx, path).await {
        Err(trouble) if trouble.is_silence() => return held_back(cx, path, control).await,
        stream => stream?,
    };
    if cx.setting().stimulus.is_some() {
        at_once(cx, &mut control, "direct").await.map_err(|_| {
            Stop::Inconclusive("events do not arrive at once the plain way either".to_owned())
        })?;
        return at_once(cx, &mut stream, path.name).await;
    }
    let (control, watched) = tokio::join!(watch(cx, control), watch(cx, stream));
    let control = control?;
    if control.spread() < APART {
        return Err(Stop::Inconclusive(format!(
            "no events came one after the other within {} s (cause some with --publish-url or --trigger)",
            cx.timeout().as_secs_f32()
        )));
    }
    let watched = watched?;
    let all = watched.arrivals.len();
    let expected = "events one by one, as they come the plain way";
    cx.judge(all > 0, expected, format!("none within {} s", cx.timeout().as_secs_f32()))?;
    let block = all > 1 && watched.spread() < TOGETHER && watched.ended;
    cx.judge(!block, expected, "all of them in one block, at the end")
}

/// Opens a stream this way.
async fn open(cx: &Cx, path: &Path) -> Result<EventStream, Trouble> {
    let response = cx.open_by(&path.http, &path.request).await?;
    if response.head.status / 100 != 2 {
        return Err(Trouble::Status(response.head.status_text()));
    }
    Ok(EventStream::over(response))
}

/// Not even the header fields came this way: judges that, if events come the plain way, and if it is not
/// the second stream at a time that is not answered.
async fn held_back(cx: &Cx, path: &Path, mut control: EventStream) -> Outcome {
    if cx.setting().stimulus.is_some() {
        cx.fenced(&mut control).await?;
    } else {
        control.next_event(cx.timeout()).await?;
    }
    drop(control);
    match open(cx, path).await {
        Err(trouble) if trouble.is_silence() => {}
        Err(trouble) => return Err(trouble.into()),
        Ok(_) => {
            let found = "it is answered only while there is no other stream";
            return Err(Stop::Inconclusive(found.to_owned()));
        }
    }
    let expected = "events one by one, as they come the plain way";
    cx.judge(false, expected, "nothing, not even the header fields of the response")
}

/// Causes an event and waits for it; causes another to find out what it waited for. Then times some.
pub(super) async fn at_once(cx: &Cx, stream: &mut EventStream, name: &str) -> Outcome {
    let (first, second) = (cx.token(), cx.token());
    cx.publish(&first).await?;
    let awaited = "an event that was caused";
    match stream.until(cx.timeout(), awaited, |event| event.contains(&first)).await {
        Err(trouble) if trouble.is_silence() => {}
        arrived => {
            arrived?;
            return prompt(cx, stream, name).await;
        }
    }
    cx.publish(&second).await?;
    let either =
        |event: &crate::probe::sse::Received| event.contains(&first) || event.contains(&second);
    let expected = "the event at once";
    let waited = cx.timeout().as_secs_f32();
    match stream.until(cx.timeout(), awaited, either).await {
        Ok(events) if events.last().is_some_and(|event| event.contains(&first)) => {
            cx.judge(false, expected, "it came when the next one was caused")
        }
        Ok(_) => cx.judge(false, expected, "it never came, though the next one did"),
        // Without coding, a stimulus that has no effect is not the stream's fault.
        Err(trouble) if trouble.is_silence() && name != "direct" => {
            cx.judge(false, expected, format!("nothing within {waited} s"))
        }
        Err(trouble) => Err(trouble.into()),
    }
}

/// Times some events, from when their publication is acknowledged.
async fn prompt(cx: &Cx, stream: &mut EventStream, name: &str) -> Outcome {
    let mut times = Vec::with_capacity(TIMED);
    for _ in 0..TIMED {
        let token = cx.token();
        cx.publish(&token).await?;
        let caused = Instant::now();
        let events = stream.until(cx.timeout(), "an event", |event| event.contains(&token)).await?;
        let arrived = events.last().map_or(caused, |event| event.at);
        times.push(arrived.saturating_duration_since(caused));
    }
    times.sort_unstable();
    let (median, late) = (times[TIMED / 2], times[TIMED - 1 - TIMED / 100]);
    cx.measure(&format!("flush latency {name} p50"), median);
    cx.measure(&format!("flush latency {name} p99"), late);
    cx.judge(median <= PROMPT, "events within a second", "most events take longer than a second")
}

/// When events came.
struct Watched {
    arrivals: Vec<Instant>,
    /// The stream ended while it was watched.
    ended: bool,
}

impl Watched {
    fn spread(&self) -> Duration {
        match (self.arrivals.first(), self.arrivals.last()) {
            (Some(first), Some(last)) => *last - *first,
            _ => Duration::ZERO,
        }
    }
}

async fn watch(cx: &Cx, mut stream: EventStream) -> Result<Watched, Stop> {
    let deadline = Instant::now() + cx.timeout();
    let mut watched = Watched { arrivals: Vec::new(), ended: false };
    while watched.arrivals.len() < WATCHED {
        match stream.next_event(deadline.saturating_duration_since(Instant::now())).await {
            Ok(event) => watched.arrivals.push(event.at),
            Err(Trouble::Silent { .. }) => break,
            Err(Trouble::Ended { .. } | Trouble::Broken { .. }) => {
                watched.ended = true;
                break;
            }
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Ok(watched)
}
