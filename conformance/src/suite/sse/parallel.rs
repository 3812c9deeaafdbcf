//! Several subscribers at once.

use std::fmt::Write as _;

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::sse::{EventStream, Judged as _, Payload, Published, Received, Request};
use crate::requirement::{Level, sse};

const SUBSCRIBERS: usize = 8;
const EVENTS: usize = 10;
/// More than servers with a leak tend to survive, fewer than any limit in use.
const CYCLES: usize = 50;
/// Together more than the buffers of a connection hold.
const BULK_EVENTS: usize = 96;
const BULK_EVENT: usize = 64 << 10;

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/parallel/same-events",
        level: Level::Should,
        requires: &[sse("SSE-D2"), sse("SSE-L5")],
        needs: &[Need::Stimulus],
        expects: "subscribers of one stream get the same events with the same fields in the same order",
        run: |cx| {
            Box::pin(async move {
                let mut streams = Vec::new();
                for _ in 0..SUBSCRIBERS {
                    streams.push(cx.subscribe().await?);
                }
                let tokens: Vec<_> = (0..EVENTS).map(|_| cx.token()).collect();
                for token in &tokens {
                    cx.publish(token).await?;
                }
                let last = tokens.last().cloned().unwrap_or_default();
                let mut first: Option<Vec<Received>> = None;
                for stream in &mut streams {
                    let events = match stream
                        .until(cx.timeout(), "the last event", |event| event.contains(&last))
                        .await
                    {
                        Err(trouble) if trouble.is_silence() => cx.fenced(stream).await?,
                        events => events?,
                    };
                    let own: Vec<_> = events
                        .into_iter()
                        .filter(|event| tokens.iter().any(|token| event.contains(token)))
                        .collect();
                    let Some(first) = &first else {
                        first = Some(own);
                        continue;
                    };
                    let data = |events: &[Received]| -> Vec<String> {
                        events.iter().map(|event| event.event.data.to_string()).collect()
                    };
                    cx.judge(
                        data(first) == data(&own),
                        "the same events",
                        "others or another order",
                    )?;
                    let same = first.iter().zip(&own).all(|(a, b)| a.fields == b.fields);
                    cx.judge(same, "the same fields", "fields that differ between subscribers")?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/parallel/served-together",
        level: Level::Advice,
        requires: &[sse("SSE-N4"), sse("SSE-P6")],
        expects: "several streams are served at the same time: a second client does not wait for the first to leave",
        accepts: "a refusal with 429 or a status from 500, which tells of a limit",
        run: |cx| {
            Box::pin(async move {
                let mut held = vec![cx.open(&Request::event_source()).await?];
                while held.len() < SUBSCRIBERS {
                    let expected = format!("the head of stream {} at once", held.len() + 1);
                    let response =
                        cx.open(&Request::event_source()).await.judged(&cx, &expected)?;
                    let status = response.head.status;
                    if status == 429 || status >= 500 {
                        let how = response.head.status_text();
                        cx.observe("limit", format!("{} streams", held.len()));
                        return Err(Stop::NotApplicable(format!("the server has a limit: {how}")));
                    }
                    held.push(response);
                }
                cx.observe("limit", format!("none up to {SUBSCRIBERS} streams"));
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/parallel/slow-reader",
        level: Level::Advice,
        requires: &[sse("SSE-N3"), sse("SSE-D2")],
        needs: &[Need::Stimulus],
        expects: "a client that does not read holds up nobody else",
        accepts: "that the slow one loses events or is cut off",
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                let padding = "x".repeat(BULK_EVENT);
                // The control: such an event arrives while all clients read.
                bulk(&cx, &mut stream, &padding).await??;
                let slow = cx.subscribe().await?;
                for number in 1..=BULK_EVENTS {
                    let arrived = bulk(&cx, &mut stream, &padding).await?;
                    let found = format!("event {number} behind the slow client did not come");
                    arrived.or_else(|_| cx.judge(false, "events for those who read", found))?;
                }
                drop(slow);
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/parallel/open-and-abort",
        level: Level::Should,
        requires: &[sse("SSE-P6"), sse("SSE-K6")],
        expects: "clients that come and go leave nothing behind: the stream is still served after them",
        disturbed: true,
        run: |cx| {
            Box::pin(async move {
                // The control: one client is answered at once.
                match cx.http().follow(&Request::event_source()).await {
                    Err(trouble) if trouble.is_silence() => {
                        return Err(Stop::NotApplicable(
                            "clients are not answered before there is an event".to_owned(),
                        ));
                    }
                    control => drop(control?),
                }
                let mut unserved = String::new();
                for _ in 0..CYCLES {
                    let response = cx.http().follow(&Request::event_source()).await;
                    match response.map(|response| response.head) {
                        Ok(head) if head.status / 100 == 2 => {}
                        Ok(head) => {
                            unserved = head.status_text();
                            break;
                        }
                        Err(trouble) => {
                            let _ = write!(unserved, "{trouble}");
                            break;
                        }
                    }
                }
                cx.judge(
                    unserved.is_empty(),
                    format!("the stream, after {CYCLES} clients came and went"),
                    unserved,
                )?;
                if cx.setting().stimulus.is_some() {
                    let mut stream = cx.subscribe().await.judged(&cx, "the stream")?;
                    cx.fenced(&mut stream).await?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
];

/// Causes a large event and waits for it; tells apart that it could not be caused and that it did not
/// arrive.
async fn bulk(cx: &Cx, stream: &mut EventStream, padding: &str) -> Result<Outcome, Stop> {
    let token = cx.token();
    let payload = Payload::data(format!("{token}{padding}"));
    if let Published::Refused(how) = cx.try_publish(&payload).await? {
        return Err(Stop::NotApplicable(format!("such a payload is refused: {how}")));
    }
    let arrived =
        stream.until(cx.timeout(), "a large event", |event| event.contains(&token)).await.map(drop);
    Ok(arrived.map_err(Stop::from))
}
