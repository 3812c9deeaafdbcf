//! Values of `Last-Event-ID` that a server may meet (9.2.3): whatever another server, an earlier start
//! or a hostile client gave. What it makes of them is its own affair, but it has to cope.

use super::cx::Cx;
use crate::case::{Case, Outcome};
use crate::probe::sse::{Judged as _, Request, Trouble};
use crate::requirement::{Level, sse};

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/last-event-id/unknown",
        level: Level::Should,
        requires: &[sse("SSE-L3"), sse("SSE-L5")],
        expects: "an id that the server never gave is answered without an error of the server",
        accepts: "all events, only new ones, or a status from 400 to 499",
        run: |cx| Box::pin(async move { copes(&cx, b"pushspec-unknown", Illegal::No).await }),
        ..Case::BASE
    },
    Case {
        id: "sse/last-event-id/empty",
        level: Level::Should,
        requires: &[sse("SSE-L2"), sse("SSE-L3")],
        expects: "an empty id is answered without an error of the server",
        accepts: "a status from 400 to 499",
        run: |cx| Box::pin(async move { copes(&cx, b"", Illegal::No).await }),
        ..Case::BASE
    },
    Case {
        id: "sse/last-event-id/non-ascii",
        level: Level::Should,
        requires: &[sse("SSE-L1"), sse("SSE-L3")],
        expects: "an id with characters beyond ASCII, which clients send as UTF-8, is answered without an error of the server",
        accepts: "a status from 400 to 499",
        run: |cx| {
            Box::pin(async move {
                copes(&cx, "gr\u{fc}\u{df}e-\u{1f600}".as_bytes(), Illegal::No).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/last-event-id/long",
        level: Level::Should,
        requires: &[sse("SSE-L3")],
        expects: "an id of 8 KiB is answered without an error of the server",
        accepts: "a status from 400 to 499, such as 431",
        run: |cx| Box::pin(async move { copes(&cx, &[b'7'; 8 << 10], Illegal::No).await }),
        ..Case::BASE
    },
    Case {
        id: "sse/last-event-id/spaces",
        level: Level::Should,
        requires: &[sse("SSE-L3")],
        expects: "an id with spaces in it is answered without an error of the server",
        accepts: "a status from 400 to 499",
        run: |cx| Box::pin(async move { copes(&cx, b"a b  c", Illegal::No).await }),
        ..Case::BASE
    },
    Case {
        id: "sse/last-event-id/control-characters",
        level: Level::Should,
        requires: &[sse("SSE-L3"), sse("SSE-L6")],
        expects: "an id with control characters, which no header field may carry, is answered without an error of the server",
        accepts: "a status from 400 to 499, and the end of the connection",
        run: |cx| Box::pin(async move { copes(&cx, b"a\x01b\x7f", Illegal::Yes).await }),
        ..Case::BASE
    },
];

/// Whether HTTP itself forbids the value. A server may then hang up, but not fail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Illegal {
    Yes,
    No,
}

async fn copes(cx: &Cx, id: &[u8], illegal: Illegal) -> Outcome {
    // The control: without an id there is a stream.
    let control = cx.head().await?;
    if control.status >= 500 {
        return Err(crate::case::Stop::Inconclusive(format!(
            "without Last-Event-ID the answer is {} already",
            control.status_text()
        )));
    }
    let request = Request::event_source().header("Last-Event-ID", id);
    let head = match cx.open(&request).await {
        Err(Trouble::Ended { .. } | Trouble::Broken { .. }) if illegal == Illegal::Yes => {
            cx.observe("status", "the connection ended");
            return Ok(());
        }
        response => response.judged(cx, "an answer")?.head,
    };
    cx.observe("status", head.status);
    let found = head.status_text();
    cx.judge_at(
        head.entry,
        0..head.position("").end,
        head.status < 500,
        "no status from 500",
        found,
    )
}
