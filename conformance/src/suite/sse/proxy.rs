//! The same stream through a proxy that the user named with `--via`.

use super::coding::{accepting, coded};
use super::cx::Cx;
use super::flush::{Path, flows};
use crate::case::{Case, Need, Stop};
use crate::probe::sse::{Http, Request, offers_http2};
use crate::requirement::{Level, sse};

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/proxy/event-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-N3"), sse("SSE-Q7")],
        needs: &[Need::Proxy],
        expects: "events come through the proxy as they come without it: it does not buffer",
        disturbed: true,
        accepts: "a proxy that is told not to, by X-Accel-Buffering or by its configuration",
        run: |cx| {
            Box::pin(async move {
                let path =
                    Path { http: http(&cx)?, request: Request::event_source(), name: "proxy" };
                flows(&cx, &path).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/proxy/compressed-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-Q5"), sse("SSE-N3")],
        needs: &[Need::Proxy],
        expects: "where the stream is compressed behind the proxy, each event leaves the compressor at once",
        accepts: "a proxy that does not compress",
        disturbed: true,
        run: |cx| {
            Box::pin(async move {
                let request = accepting("gzip, deflate");
                coded(&cx, &Path { http: http(&cx)?, request, name: "proxy gzip" }).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/proxy/http2-event-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-N3"), sse("SSE-N4")],
        needs: &[Need::Proxy],
        expects: "over HTTP/2, too, events come through the proxy as they come without it",
        accepts: "a proxy without HTTP/2",
        disturbed: true,
        run: |cx| {
            Box::pin(async move {
                let http = http(&cx)?;
                // The control: there is a proxy.
                http.begin(&Request::event_source()).await?;
                if !offers_http2(&http).await {
                    let why = "HTTP/2 is not offered by the proxy";
                    return Err(Stop::NotApplicable(why.to_owned()));
                }
                let request = Request::event_source().http2();
                flows(&cx, &Path { http, request, name: "proxy http2" }).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/proxy/same-response",
        requires: &[sse("SSE-I8")],
        needs: &[Need::Proxy],
        expects: "through the proxy the stream has the status and the Content-Type that it has without",
        run: |cx| {
            Box::pin(async move {
                let direct = cx.head().await?;
                let proxied = cx.open_by(&http(&cx)?, &Request::event_source()).await?.head;
                let (expected, found) = (direct.status_text(), proxied.status_text());
                cx.judge(direct.status == proxied.status, expected, found)?;
                let expected = direct.header("content-type");
                let holds = proxied.header("content-type") == expected;
                cx.judge_header(&proxied, "Content-Type", holds, expected.unwrap_or_default())
            })
        },
        ..Case::BASE
    },
];

/// Makes exchanges through the proxy.
fn http(cx: &Cx) -> Result<Http, Stop> {
    let via = cx.setting().via.clone();
    let connector = via.ok_or_else(|| Stop::NotApplicable("no proxy was named".to_owned()))?;
    Ok(Http { connector, ..cx.http() })
}
