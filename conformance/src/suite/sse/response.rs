//! The response that opens a stream (9.2.2, 9.2.3, the registration of `text/event-stream`, and HTTP
//! beneath).

use std::time::Duration;

use super::cx::Cx;
use crate::case::{Case, Stop};
use crate::probe::sse::{EventStream, Judged as _, Request, Trouble, is_event_stream};
use crate::requirement::{Level, sse};

/// So many reads of a body show how it is framed.
const READS: usize = 8;
/// How soon more of a body has to follow to be looked at.
const MORE: Duration = Duration::from_millis(500);

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/response/status-200",
        requires: &[sse("SSE-I3"), sse("SSE-I8")],
        expects: "the stream comes with status 200, the only one with which an EventSource accepts it",
        run: |cx| {
            Box::pin(async move {
                let head = cx.head().await?;
                let found = head.status_text();
                cx.judge_at(head.entry, 0..head.position("").end, head.status == 200, "200", found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/response/content-type",
        requires: &[sse("SSE-I4"), sse("SSE-I8")],
        expects: "the stream is labelled text/event-stream",
        accepts: "any case and any parameters: only the essence of the media type counts",
        run: |cx| {
            Box::pin(async move {
                let head = cx.head().await?;
                let holds =
                    head.header("content-type").is_some_and(|value| is_event_stream(&value));
                cx.judge_header(&head, "Content-Type", holds, "text/event-stream")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/response/charset",
        requires: &[sse("SSE-P1"), sse("SSE-P2")],
        expects: "a charset parameter, if there is one, says utf-8",
        accepts: "no parameter at all, and quotes around the value",
        run: |cx| {
            Box::pin(async move {
                let head = cx.head().await?;
                let content_type = head.header("content-type").unwrap_or_default();
                let charset = parameter(&content_type, "charset");
                let holds =
                    charset.as_ref().is_none_or(|value| value.eq_ignore_ascii_case("utf-8"));
                cx.observe("charset", charset.unwrap_or_else(|| "none".to_owned()));
                cx.judge_header(&head, "Content-Type", holds, "charset=utf-8 or no charset")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/response/accept-is-optional",
        level: Level::Should,
        requires: &[sse("SSE-H4")],
        expects: "the stream is served without Accept and with `Accept: */*`: clients need not name it",
        run: |cx| {
            Box::pin(async move {
                let plain = Request::new("GET");
                for request in [plain.clone(), plain.header("Accept", "*/*")] {
                    let head = cx.open(&request).await?.head;
                    let found = head.status_text();
                    cx.judge(head.status / 100 == 2, "the stream", found)?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/response/accept-of-another-type",
        level: Level::Advice,
        requires: &[sse("SSE-H4")],
        expects: "a client that accepts another type only is answered without an error of the server",
        accepts: "the stream, another representation, and 406",
        run: |cx| {
            Box::pin(async move {
                // The control: the answer is not an error anyway.
                let control = cx.head().await?.status;
                if control >= 500 {
                    return Err(Stop::Inconclusive(format!("{control} with any Accept")));
                }
                let request = Request::new("GET").header("Accept", "application/json");
                let head = cx.open(&request).await.judged(&cx, "an answer")?.head;
                cx.observe("status", head.status);
                cx.judge(head.status < 500, "no status from 500", head.status_text())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/response/http-1.0",
        requires: &[sse("SSE-Q1")],
        expects: "an HTTP/1.0 request is not answered in chunked coding, which that version does not know",
        accepts: "a refusal of HTTP/1.0",
        run: |cx| {
            Box::pin(async move {
                let response = match cx.open(&Request::event_source().http10()).await {
                    Err(Trouble::Ended { .. }) => {
                        return Err(Stop::NotApplicable("HTTP/1.0 is not served".to_owned()));
                    }
                    response => response?,
                };
                let head = &response.head;
                if head.status / 100 != 2 {
                    let how = head.status_text();
                    return Err(Stop::NotApplicable(format!("HTTP/1.0 is answered {how}")));
                }
                let holds = head.header("transfer-encoding").is_none();
                cx.judge_header(head, "Transfer-Encoding", holds, "no Transfer-Encoding")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/response/one-framing",
        requires: &[sse("SSE-Q1")],
        expects: "the body is delimited in one way, and what arrives is framed in that way",
        accepts: "chunked coding, a Content-Length that is true, or the end of the connection",
        run: |cx| {
            Box::pin(async move {
                let expected =
                    "either Transfer-Encoding or Content-Length, and a body that fits it";
                let response = match cx.open(&Request::event_source()).await {
                    Err(trouble @ Trouble::Framing(_)) => {
                        return Err(trouble).judged(&cx, expected);
                    }
                    response => response?,
                };
                let head = &response.head;
                let both = head.header("transfer-encoding").is_some()
                    && head.header("content-length").is_some();
                cx.judge_header(head, "Content-Length", !both, expected)?;
                cx.observe(
                    "framing",
                    format!("{:?}", response.framing).split('(').next().unwrap_or_default(),
                );
                let mut stream = EventStream::over(response);
                let mut patience = cx.timeout();
                for _ in 0..READS {
                    match stream.next_read(patience).await {
                        Ok(_) => patience = patience.min(MORE),
                        Err(trouble @ Trouble::Framing(_)) => {
                            return Err(trouble).judged(&cx, expected);
                        }
                        // Silence and an end are for other cases to judge.
                        Err(_) => break,
                    }
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
];

/// The value of a media type's parameter.
fn parameter(content_type: &str, name: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (found, value) = parameter.split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        let charset = |text| parameter(text, "charset");
        assert_eq!(charset("text/event-stream"), None);
        assert_eq!(charset("text/event-stream;"), None);
        assert_eq!(charset("text/event-stream; a=b; Charset=\"UTF-8\"").as_deref(), Some("UTF-8"));
    }
}
