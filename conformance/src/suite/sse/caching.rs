//! Caches and other intermediaries (RFC 9110, RFC 9111).

use super::cx::Cx;
use crate::case::{Case, Stop};
use crate::probe::sse::Request;
use crate::requirement::{Level, sse};

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/caching/not-stored",
        level: Level::Advice,
        requires: &[sse("SSE-Q4")],
        expects: "Cache-Control keeps caches from storing or reusing the stream",
        accepts: "no-store, no-cache or max-age=0",
        run: |cx| {
            Box::pin(async move {
                let head = cx.head().await?;
                let directives = ["no-store", "no-cache", "max-age=0"];
                let holds = directives.iter().any(|one| head.lists("cache-control", one));
                for (name, value) in [
                    ("no-transform", head.lists("cache-control", "no-transform")),
                    ("X-Accel-Buffering: no", head.lists("x-accel-buffering", "no")),
                ] {
                    cx.observe(name, if value { "present" } else { "absent" });
                }
                cx.judge_header(&head, "Cache-Control", holds, "no-store or no-cache")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/caching/no-304",
        level: Level::Should,
        requires: &[sse("SSE-Q4"), sse("SSE-I3")],
        expects: "a stream is never answered with 304, which would leave the client without one",
        accepts: "an ETag that is not honoured",
        run: |cx| {
            Box::pin(async move {
                let head = cx.head().await?;
                let conditions =
                    [("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")];
                let Some((condition, value)) = conditions
                    .iter()
                    .find_map(|(validator, condition)| Some((condition, head.header(validator)?)))
                else {
                    return Ok(());
                };
                let request = Request::event_source().header(condition, &value);
                let again = cx.open(&request).await?.head;
                if again.status / 100 > 3 {
                    return Err(Stop::Inconclusive(again.status_text()));
                }
                let found = format!("{} to {condition}", again.status_text());
                cx.judge(again.status != 304, "the stream", found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/caching/varies-by-coding",
        level: Level::Advice,
        requires: &[sse("SSE-Q4"), sse("SSE-Q5")],
        expects: "a stream that is compressed for those who accept it says `Vary: Accept-Encoding`",
        accepts: "a server that does not compress",
        run: |cx| {
            Box::pin(async move {
                let request =
                    Request::event_source().header("Accept-Encoding", "gzip, deflate, br, zstd");
                let head = cx.open(&request).await?.head;
                let coding = head.header("content-encoding");
                if coding.is_none_or(|coding| coding.eq_ignore_ascii_case("identity")) {
                    return Err(Stop::NotApplicable("the stream is not compressed".to_owned()));
                }
                let varies = head.lists("vary", "accept-encoding") || head.lists("vary", "*");
                cx.judge_header(&head, "Vary", varies, "Vary: Accept-Encoding")
            })
        },
        ..Case::BASE
    },
];
