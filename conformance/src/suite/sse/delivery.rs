//! When events arrive (9.2.7 authoring notes; buffering and compression on the way).

use std::time::Duration;

use tokio::time::Instant;

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::sse::{EventStream, Received, Request, Trouble};
use crate::requirement::{Level, sse};

/// A comment "every 15 seconds or so" is the advice; twice as long is not "or so" any more, and
/// proxies that drop idle connections after 30 seconds are common.
const QUIET: Duration = Duration::from_secs(30);
/// How many events make a burst.
const BURST: usize = 100;

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/delivery/headers-at-once",
        level: Level::Should,
        requires: &[sse("SSE-J2")],
        expects: "the response's header fields come before there is any event: clients are connecting until then",
        run: |cx| {
            Box::pin(async move {
                // Another case's event would bring the header fields along.
                cx.alone().await;
                let pending = cx.http().begin(&Request::event_source()).await?;
                let Err(pending) = pending.try_head(cx.timeout()).await? else {
                    return Ok(());
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
        level: Level::Should,
        requires: &[sse("SSE-C4"), sse("SSE-N3")],
        needs: &[Need::Stimulus],
        expects: "an event arrives whole as soon as it is caused, and does not wait for the next one",
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                at_once(&cx, &mut stream).await
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
    Case {
        id: "sse/delivery/compressed-at-once",
        level: Level::Should,
        requires: &[sse("SSE-Q5"), sse("SSE-N3")],
        needs: &[Need::Stimulus],
        expects: "where the stream is compressed, each event leaves the compressor at once",
        accepts: "a server that does not compress",
        run: |cx| {
            Box::pin(async move {
                // The control: without compression events do arrive.
                let mut plain = cx.subscribe().await?;
                at_once(&cx, &mut plain).await.map_err(|_| {
                    Stop::Inconclusive(
                        "events do not arrive at once without compression".to_owned(),
                    )
                })?;
                let request = Request::event_source().header("Accept-Encoding", "gzip, deflate");
                let mut stream = cx.subscribe_with(&request).await?;
                let Some(coding) = stream.head().header("content-encoding") else {
                    return Err(Stop::NotApplicable("the stream is not compressed".to_owned()));
                };
                cx.observe("coding", coding);
                at_once(&cx, &mut stream).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/no-coding-unasked",
        level: Level::Should,
        requires: &[sse("SSE-Q5")],
        expects: "a client that accepts the identity coding alone is served that",
        run: |cx| {
            Box::pin(async move {
                let request = Request::event_source().header("Accept-Encoding", "identity, *;q=0");
                let head = cx.open(&request).await?.head;
                let coding = head.header("content-encoding");
                let holds = coding.is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
                cx.judge_header(&head, "Content-Encoding", holds, "no Content-Encoding")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/keep-alive",
        level: Level::Should,
        requires: &[sse("SSE-N1")],
        expects: "a quiet stream carries a comment every 15 seconds or so, against proxies that drop idle connections",
        accepts: "anything at all within 30 seconds",
        lasts: QUIET,
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                let began = Instant::now();
                let mut quiet_since = began;
                while began.elapsed() < 3 * QUIET {
                    match stream.next_read(QUIET).await {
                        Ok(events) => {
                            // Other cases make the stream speak while they last.
                            let ours = events.iter().any(|event| cx.is_ours(event));
                            if !ours && quiet_since.elapsed() >= QUIET / 6 {
                                return Ok(());
                            }
                            quiet_since = Instant::now();
                        }
                        Err(Trouble::Silent { .. }) => {
                            return cx.judge(
                                false,
                                "a comment every 15 seconds or so",
                                format!("{} seconds of silence", QUIET.as_secs()),
                            );
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
            })
        },
        ..Case::BASE
    },
];

/// Causes an event and waits for it; causes another to find out what it waited for.
async fn at_once(cx: &Cx, stream: &mut EventStream) -> Outcome {
    let (first, second) = (cx.token(), cx.token());
    cx.publish(&first).await?;
    let awaited = "an event that was caused";
    match stream.until(cx.timeout(), awaited, |event| event.contains(&first)).await {
        Err(trouble) if trouble.is_silence() => {}
        arrived => return arrived.map(drop).map_err(Into::into),
    }
    cx.publish(&second).await?;
    let either = |event: &Received| event.contains(&first) || event.contains(&second);
    let expected = "the event at once";
    let waited = cx.timeout().as_secs_f32();
    match stream.until(cx.timeout(), awaited, either).await {
        Ok(events) if events.last().is_some_and(|event| event.contains(&first)) => {
            cx.judge(false, expected, "it came when the next one was caused")
        }
        Ok(_) => cx.judge(false, expected, "it never came, though the next one did"),
        // Without coding, a stimulus that has no effect is not the stream's fault.
        Err(trouble)
            if trouble.is_silence() && stream.head().header("content-encoding").is_some() =>
        {
            cx.judge(false, expected, format!("nothing within {waited} s"))
        }
        Err(trouble) => Err(trouble.into()),
    }
}
