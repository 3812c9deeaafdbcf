//! The same stream through a proxy that the user named with `--via`.

use super::cx::Cx;
use super::flush::{Path, flows};
use crate::case::{Case, Need, Stop};
use crate::probe::sse::{Http, Request};
use crate::requirement::{Level, sse};

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/proxy/event-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-N3"), sse("SSE-Q7")],
        needs: &[Need::Proxy],
        expects: "events come through the proxy as they come without it: it does not buffer",
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
