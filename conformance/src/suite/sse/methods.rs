//! Methods other than GET (RFC 9110, section 9).

use std::time::Duration;

use super::cx::Cx;
use crate::case::{Case, Stop};
use crate::probe::sse::{Judged as _, Request, Trouble, is_event_stream};
use crate::requirement::{Level, sse};

/// A method that HTTP libraries know and that streams have no use for. It changes nothing.
const OTHER: &str = "PROPFIND";

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/methods/head-is-answered",
        level: Level::Should,
        requires: &[sse("SSE-Q3")],
        expects: "HEAD is answered at once, although the body would never end",
        accepts: "any status",
        run: |cx| {
            Box::pin(async move {
                let response = cx
                    .http()
                    .follow(&Request::new("HEAD"))
                    .await
                    .judged(&cx, "a response to HEAD in time")?;
                cx.observe("HEAD", response.head.status);
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/methods/head-has-no-body",
        requires: &[sse("SSE-Q3")],
        expects: "the response to HEAD ends with its header fields",
        run: |cx| {
            Box::pin(async move {
                let mut response = cx.http().follow(&Request::new("HEAD")).await?;
                let patience = cx.timeout().min(Duration::from_secs(1));
                let surplus = match response.surplus(patience).await {
                    Err(Trouble::Ended { .. } | Trouble::Broken { .. }) => Vec::new(),
                    surplus => surplus?,
                };
                cx.judge_at(
                    response.entry(),
                    0..surplus.len(),
                    surplus.is_empty(),
                    "nothing behind the header fields",
                    format!("{:?}…", String::from_utf8_lossy(&surplus[..surplus.len().min(20)])),
                )
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/methods/head-has-the-same-header-fields",
        level: Level::Should,
        requires: &[sse("SSE-Q3")],
        expects: "HEAD is answered with the status and the Content-Type of GET",
        accepts: "no Content-Type, and a refusal of HEAD",
        run: |cx| {
            Box::pin(async move {
                let get = cx.head().await?;
                let request = Request::new("HEAD").header("Accept", "text/event-stream");
                let head = cx.http().follow(&request).await?.head;
                if matches!(head.status, 405 | 501) {
                    let how = head.status_text();
                    return Err(Stop::NotApplicable(format!("HEAD is answered {how}")));
                }
                cx.judge(head.status == get.status, get.status_text(), head.status_text())?;
                let (expected, found) = (get.header("content-type"), head.header("content-type"));
                let holds = found.is_none() || found == expected;
                cx.judge_header(&head, "Content-Type", holds, expected.unwrap_or_default())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/methods/options-is-answered",
        level: Level::Should,
        requires: &[sse("SSE-Q3")],
        expects: "OPTIONS is answered at once and opens no stream",
        accepts: "any status",
        run: |cx| {
            Box::pin(async move {
                // The control: the endpoint answers at all.
                cx.head().await?;
                let head = cx
                    .http()
                    .send(&Request::new("OPTIONS"))
                    .await
                    .judged(&cx, "a response to OPTIONS in time")?
                    .head;
                cx.observe("OPTIONS", head.status);
                let stream = head.status == 200
                    && head.header("content-type").is_some_and(|value| is_event_stream(&value))
                    && head.header("content-length").is_none();
                cx.judge(!stream, "no stream", "OPTIONS opened a stream")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/methods/405-names-the-allowed",
        requires: &[sse("SSE-Q3")],
        expects: "status 405 comes with Allow",
        accepts: "other statuses, such as 404 and 501",
        run: |cx| {
            Box::pin(async move {
                let head = cx.http().send(&Request::new(OTHER)).await?.head;
                cx.observe("status", head.status);
                if head.status != 405 {
                    let how = head.status_text();
                    return Err(Stop::NotApplicable(format!("{OTHER} is answered {how}")));
                }
                cx.judge_header(&head, "Allow", head.header("allow").is_some(), "405 with Allow")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/methods/others-open-no-stream",
        level: Level::Should,
        requires: &[sse("SSE-Q3")],
        expects: "a method that has no meaning here is refused rather than answered with a stream",
        run: |cx| {
            Box::pin(async move {
                // The control: the endpoint does not refuse everything.
                cx.subscribe().await?;
                let head = match cx.http().send(&Request::new(OTHER)).await {
                    // Hanging up is a refusal, too.
                    Err(Trouble::Ended { .. } | Trouble::Broken { .. }) => return Ok(()),
                    response => response?.head,
                };
                let stream = head.status / 100 == 2
                    && head.header("content-type").is_some_and(|value| is_event_stream(&value));
                cx.judge(!stream, "405 or another refusal", format!("{OTHER} opened a stream"))
            })
        },
        ..Case::BASE
    },
];
