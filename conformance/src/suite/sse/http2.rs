//! The stream over HTTP/2 (RFC 9113), where it is offered.

use super::coding::{accepting, coded};
use super::cx::Cx;
use super::flush::{Path, flows};
use super::resume::{first_id, has, history};
use crate::case::{Case, Need};
use crate::probe::sse::{Judged as _, Received, Request};
use crate::requirement::{Level, sse};

const NEEDS: &[Need] = &[Need::Http2];
/// What RFC 9113 section 8.2.2 forbids.
const FORBIDDEN: [&str; 5] =
    ["Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade"];

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/http2/no-connection-fields",
        requires: &[sse("SSE-Q2")],
        needs: NEEDS,
        expects: "over HTTP/2 the response has no header field that concerns a connection: browsers drop such streams",
        run: |cx| {
            Box::pin(async move {
                let head = cx.open(&Request::event_source().http2()).await?.head;
                for name in FORBIDDEN {
                    let expected = format!("no {name}");
                    cx.judge_header(&head, name, head.header(name).is_none(), expected)?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/http2/same-response",
        requires: &[sse("SSE-I8")],
        needs: NEEDS,
        expects: "over HTTP/2 the stream has the status and the Content-Type that it has over HTTP/1.1",
        run: |cx| {
            Box::pin(async move {
                let first = cx.head().await?;
                let second = cx.open(&Request::event_source().http2()).await;
                let second = second.judged(&cx, "a response, since HTTP/2 is offered")?.head;
                cx.judge(first.status == second.status, first.status, second.status)?;
                let expected = first.header("content-type");
                let holds = second.header("content-type") == expected;
                cx.judge_header(&second, "Content-Type", holds, expected.unwrap_or_default())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/http2/event-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-N3"), sse("SSE-N4")],
        needs: NEEDS,
        expects: "over HTTP/2 events come as they come over HTTP/1.1",
        disturbed: true,
        run: |cx| {
            Box::pin(async move {
                let request = Request::event_source().http2();
                flows(&cx, &Path { http: cx.http(), request, name: "http2" }).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/http2/compressed-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-Q5"), sse("SSE-N3")],
        needs: NEEDS,
        expects: "where the stream is compressed over HTTP/2, each event leaves the compressor at once",
        disturbed: true,
        accepts: "a server that does not compress in this way",
        run: |cx| {
            Box::pin(async move {
                let request = accepting("gzip, deflate").http2();
                coded(&cx, &Path { http: cx.http(), request, name: "http2 gzip" }).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/http2/head-is-answered",
        level: Level::Should,
        requires: &[sse("SSE-Q3")],
        needs: NEEDS,
        expects: "over HTTP/2, too, HEAD is answered at once, although the body would never end",
        accepts: "any status",
        run: |cx| {
            Box::pin(async move {
                // The control: HTTP/2 is answered at all.
                cx.open(&Request::event_source().http2()).await?;
                let request = Request::new("HEAD").http2();
                let response = cx.http().follow(&request).await;
                let head = response.judged(&cx, "a response to HEAD in time")?.head;
                cx.observe("HEAD", head.status);
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/http2/resumes",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: &[Need::Http2, Need::EventIds, Need::Stimulus],
        expects: "a client that comes back over HTTP/2 is sent what one over HTTP/1.1 is",
        accepts: "a server that replays nothing",
        run: |cx| {
            Box::pin(async move {
                let (_witness, events) = history(&cx, 3).await?;
                let id = first_id(&events)?;
                let plain = Request::event_source().header("Last-Event-ID", &id);
                let mut first = cx.subscribe_with(&plain).await?;
                let mut second = cx.subscribe_with(&plain.http2()).await?;
                let expected = cx.fenced(&mut first).await?;
                let missing = |got: &[Received]| {
                    expected.iter().filter(|event| !has(got, &event.event.data)).count()
                };
                let got = cx.fenced(&mut second).await?;
                let found = format!("{} of {} are missing", missing(&got), expected.len());
                cx.judge(missing(&got) == 0, "the same events", found)
            })
        },
        ..Case::BASE
    },
];
