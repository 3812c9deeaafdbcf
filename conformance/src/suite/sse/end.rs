//! The end of a stream (9.2.6, and HTTP beneath). Applies where the stream ends while the case looks.

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::sse::{Ending, EventStream, Http, Judged as _, Request, Trouble};
use crate::requirement::{Level, sse};

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/end/last-block-is-closed",
        requires: &[sse("SSE-A1"), sse("SSE-A9"), sse("SSE-G3")],
        expects: "an empty line closes the last block: without it clients throw the block away",
        accepts: "a comment at the very end, which nobody misses",
        disturbs: true,
        run: |cx| {
            Box::pin(async move {
                let (stream, ending) = ended(&cx).await?;
                let lost = ending.lost_fields();
                if lost > 0 && !ending.complete {
                    return Err(Stop::Inconclusive("the connection broke off".to_owned()));
                }
                cx.judge_at(
                    stream.entry(),
                    0..usize::MAX,
                    lost == 0,
                    "an empty line behind the last field",
                    format!("a block of {lost} fields is lost"),
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/end/last-event-arrives",
        level: Level::Advice,
        requires: &[sse("SSE-G3"), sse("SSE-N3")],
        needs: &[Need::Closer, Need::Stimulus],
        expects: "events that were caused before the end arrive before it",
        disturbs: true,
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                // The control: events arrive while nothing ends.
                cx.fenced(&mut stream).await?;
                // More than a connection's buffers take while nobody reads.
                let padding = "x".repeat(32 << 10);
                let tokens: Vec<_> = (0..16).map(|_| cx.token()).collect();
                for token in &tokens {
                    cx.publish(&format!("{token}{padding}")).await?;
                }
                close(&cx).await?;
                for (number, token) in tokens.iter().enumerate() {
                    let found = format!("{} of {} events are lost", 16 - number, 16);
                    match stream
                        .until(cx.timeout(), "an event", |event| event.contains(token))
                        .await
                    {
                        Ok(_) => {}
                        Err(Trouble::Ended { .. } | Trouble::Broken { .. }) => {
                            return cx.judge(false, "all events, then the end", found);
                        }
                        Err(trouble) => return Err(trouble.into()),
                    }
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/end/complete",
        level: Level::Should,
        requires: &[sse("SSE-Q1"), sse("SSE-I7")],
        expects: "the response is brought to its end, so that clients can tell it from a broken connection",
        disturbs: true,
        run: |cx| {
            Box::pin(async move {
                let (_, ending) = ended(&cx).await?;
                let found = "the connection ended in the middle of the body";
                cx.judge(ending.complete, "the last chunk, or all that was announced", found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/end/retry-was-sent",
        level: Level::Should,
        requires: &[sse("SSE-K6")],
        expects: "a server that ends streams tells clients how soon they may come back",
        disturbs: true,
        run: |cx| {
            Box::pin(async move {
                let (stream, _) = ended(&cx).await?;
                let found = "the stream ended without a valid retry";
                cx.judge(stream.notes().retry.is_some(), "a retry field before the end", found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/end/next-connection",
        level: Level::Should,
        requires: &[sse("SSE-G2"), sse("SSE-I6")],
        expects: "a client that reconnects after the end gets the stream again, or 204 if it should stop",
        disturbs: true,
        run: |cx| {
            Box::pin(async move {
                ended(&cx).await?;
                let head =
                    cx.open(&Request::event_source()).await.judged(&cx, "the stream or 204")?.head;
                cx.observe("status", head.status);
                let found = head.status_text();
                cx.judge(head.status < 500, "the stream or 204", found)
            })
        },
        ..Case::BASE
    },
];

/// Ends all streams, where there is a way to.
async fn close(cx: &Cx) -> Outcome {
    if let Some(closer) = &cx.setting().closer {
        let http = Http { connector: closer.clone(), ..cx.http() };
        http.send(&Request::new("POST").body("")).await?;
    }
    Ok(())
}

/// A stream that has come to its end, by itself or because it was asked to.
async fn ended(cx: &Cx) -> Result<(EventStream, Ending), Stop> {
    let mut stream = cx.subscribe().await?;
    if cx.setting().closer.is_some() {
        cx.heard(&mut stream).await?;
        close(cx).await?;
    }
    match stream.to_end(cx.timeout()).await {
        Ok(ending) => Ok((stream, ending)),
        Err(trouble) if trouble.is_silence() => {
            Err(Stop::NotApplicable("the stream does not end by itself".to_owned()))
        }
        Err(trouble) => Err(trouble.into()),
    }
}
