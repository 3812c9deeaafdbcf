//! Content codings (RFC 9110, section 8.4): a compressor that waits for more holds events back.

use super::cx::Cx;
use super::flush::{Path, flows};
use crate::case::{Case, Outcome, Stop};
use crate::probe::sse::Request;
use crate::requirement::{Level, sse};

const ACCEPTS: &str = "a server that does not compress in this way";

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/delivery/compressed-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-Q5"), sse("SSE-N3")],
        expects: "where the stream is compressed, each event leaves the compressor at once",
        accepts: ACCEPTS,
        run: |cx| Box::pin(async move { coded(&cx, accepting("gzip, deflate"), "gzip").await }),
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/brotli-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-Q5"), sse("SSE-N3")],
        expects: "where the stream is compressed with Brotli, each event leaves the compressor at once",
        accepts: ACCEPTS,
        run: |cx| Box::pin(async move { coded(&cx, accepting("br"), "br").await }),
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/zstd-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-Q5"), sse("SSE-N3")],
        expects: "where the stream is compressed with Zstandard, each event leaves the compressor at once",
        accepts: ACCEPTS,
        run: |cx| Box::pin(async move { coded(&cx, accepting("zstd"), "zstd").await }),
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
];

fn accepting(codings: &str) -> Request {
    Request::event_source().header("Accept-Encoding", codings)
}

/// Judges that events come through a coding, where the server uses one of those that the request accepts.
pub(super) async fn coded(cx: &Cx, request: Request, name: &'static str) -> Outcome {
    let coding = cx.open(&request).await?.head.header("content-encoding");
    let Some(coding) = coding.filter(|coding| !coding.eq_ignore_ascii_case("identity")) else {
        return Err(Stop::NotApplicable("the stream is not compressed".to_owned()));
    };
    cx.observe("coding", coding);
    flows(cx, &Path { http: cx.http(), request, name }).await
}
