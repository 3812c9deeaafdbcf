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
        disturbed: true,
        run: |cx| Box::pin(async move { coded(&cx, &direct(&cx, "gzip, deflate", "gzip")).await }),
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/brotli-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-Q5"), sse("SSE-N3")],
        expects: "where the stream is compressed with Brotli, each event leaves the compressor at once",
        accepts: ACCEPTS,
        disturbed: true,
        run: |cx| Box::pin(async move { coded(&cx, &direct(&cx, "br", "br")).await }),
        ..Case::BASE
    },
    Case {
        id: "sse/delivery/zstd-at-once",
        level: Level::Advice,
        requires: &[sse("SSE-Q5"), sse("SSE-N3")],
        expects: "where the stream is compressed with Zstandard, each event leaves the compressor at once",
        accepts: ACCEPTS,
        disturbed: true,
        run: |cx| Box::pin(async move { coded(&cx, &direct(&cx, "zstd", "zstd")).await }),
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

/// What asks for a stream and accepts these codings.
pub(super) fn accepting(codings: &str) -> Request {
    Request::event_source().header("Accept-Encoding", codings)
}

/// The stream itself, where these codings are accepted.
fn direct(cx: &Cx, codings: &str, name: &'static str) -> Path {
    Path { http: cx.http(), request: accepting(codings), name }
}

/// Judges that events come through a coding, where the server uses one of those that the request accepts.
pub(super) async fn coded(cx: &Cx, path: &Path) -> Outcome {
    let head = cx.open_by(&path.http, &path.request).await?.head;
    let coding = head.header("content-encoding");
    let Some(coding) = coding.filter(|coding| !coding.eq_ignore_ascii_case("identity")) else {
        return Err(Stop::NotApplicable("the stream is not compressed".to_owned()));
    };
    cx.observe("coding", coding);
    flows(cx, path).await
}
