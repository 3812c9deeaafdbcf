//! When events arrive (9.2.7 authoring notes; buffering and compression on the way).

use tokio::time::Instant;

use super::cx::Cx;
use super::flush::{Path, at_once, flows};
use crate::case::{Case, Need, Stop};
use crate::probe::sse::{Received, Redirects, Request, Trouble};
use crate::requirement::{Level, sse};

/// How many events make a burst.
const BURST: usize = 100;

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/delivery/headers-at-once",
        level: Level::Should,
        requires: &[sse("SSE-J2")],
        expects: "the response's header fields come before there is any event: clients are connecting until then",
        disturbed: true,
        run: |cx| {
            Box::pin(async move {
                let began = Instant::now();
                let mut redirects = Redirects::new(cx.http(), &Request::event_source());
                let pending = loop {
                    match redirects.begin().await?.try_head(cx.timeout()).await? {
                        Ok(response) if redirects.follow(&response.head)? => {}
                        Ok(_) => {
                            cx.measure("time to headers", began.elapsed());
                            return Ok(());
                        }
                        Err(pending) => break pending,
                    }
                };
                cx.publish(&cx.token()).await.map_err(|_| {
                    Stop::Inconclusive("no response, and no way to cause an event".to_owned())
                })?;
                let found = match pending.head(cx.timeout()).await {
                    Err(trouble) if trouble.is_silence() => {
                        "neither they nor an event that was caused: the response is held back"
                    }
                    head => {
                        head?;
                        "they came with the first event"
                    }
                };
                cx.judge(false, "header fields at once", found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/event-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-C4"), sse("SSE-N3")],
        needs: &[Need::Stimulus],
        expects: "an event arrives whole as soon as it is caused, and does not wait for the next one",
        disturbed: true,
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                at_once(&cx, &mut stream, "direct").await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/http-1.0-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-N3"), sse("SSE-Q1")],
        expects: "to HTTP/1.0, which proxies such as nginx speak unless told otherwise, events come as they are caused",
        accepts: "a refusal of HTTP/1.0",
        disturbed: true,
        run: |cx| {
            Box::pin(async move {
                let request = Request::event_source().http10();
                let refused = match cx.open(&request).await {
                    Err(Trouble::Ended { .. }) => Some("not at all".to_owned()),
                    Ok(response) if response.head.status / 100 != 2 => {
                        Some(response.head.status_text())
                    }
                    _ => None,
                };
                if let Some(how) = refused {
                    return Err(Stop::NotApplicable(format!("HTTP/1.0 is answered {how}")));
                }
                flows(&cx, &Path { http: cx.http(), request, name: "http/1.0" }).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/burst",
        level: Level::Should,
        requires: &[sse("SSE-D2")],
        needs: &[Need::Stimulus],
        expects: "events that are caused in quick succession all arrive, in their order",
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                let tokens: Vec<_> = (0..BURST).map(|_| cx.token()).collect();
                for token in &tokens {
                    cx.publish(token).await?;
                }
                let mut events = cx.fenced(&mut stream).await?;
                let number = |event: &Received| tokens.iter().position(|one| event.contains(one));
                if events.iter().filter_map(number).count() < BURST {
                    // Late is not lost.
                    events.extend(cx.fenced(&mut stream).await?);
                }
                let own: Vec<_> = events.iter().filter_map(number).collect();
                let lost = (0..BURST).filter(|number| !own.contains(number)).count();
                cx.judge(lost == 0, format!("{BURST} events"), format!("{lost} of them are lost"))?;
                let surplus = own.len() - BURST;
                cx.judge(surplus == 0, "each of them once", format!("{surplus} came again"))?;
                cx.judge(own.is_sorted(), "their order", "another order")
            })
        },
        ..Case::BASE
    },
];
