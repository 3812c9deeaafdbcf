#![allow(clippy::unwrap_used)]

use std::io::Write as _;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::schema_file;

const KEPT: Options = Options { complete: false, events: 100 };

fn linted(input: &[u8], options: Options) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(lint(captures(input).unwrap(), options))
}

/// The only stream.
fn one(input: &[u8]) -> StreamReport {
    let mut report = linted(input, KEPT);
    assert_eq!(report.streams.len(), 1);
    report.streams.remove(0)
}

fn cases(stream: &StreamReport) -> Vec<&str> {
    stream.findings.iter().map(|finding| finding.case.as_str()).collect()
}

fn response(fields: &str, body: &[u8]) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n";
    [format!("{head}{fields}\r\n").as_bytes(), body].concat()
}

#[test]
fn every_case_named_here_exists() {
    for id in head::HEAD_CASES.iter().chain([&head::FRAMING_CASE, &stream::LAST_BLOCK_CASE]) {
        assert!(findings::about(id).is_some(), "{id}");
    }
}

#[test]
fn findings_stand_where_they_are() {
    let body = b"data: a\n\nretry: 3s\n\nData: b\ndata: c\n\nid: x\0\n\nretry: 3s\n\n";
    let stream = one(body);
    let places: Vec<_> =
        stream.findings.iter().map(|f| (f.offset.unwrap(), f.line.unwrap())).collect();
    assert_eq!(places, [(9, 3), (20, 5), (37, 8), (45, 10)]);
    for finding in &stream.findings {
        assert_eq!(finding.file_offset, finding.offset);
    }
    assert_eq!(stream.verdict, Verdict::Warn);
    let data: Vec<_> = stream.events.iter().map(|event| (event.offset, &*event.data)).collect();
    assert_eq!(data, [(0, "a"), (20, "c")]);
}

#[test]
fn an_unclosed_block_is_held_against_what_is_complete_only() {
    let body = b"data: a\n\ndata: b\n";
    let stream = one(body);
    assert_eq!((stream.verdict, stream.notes.len()), (Verdict::Pass, 1));
    let complete = linted(body, Options { complete: true, ..KEPT }).streams.remove(0);
    assert_eq!(cases(&complete), ["sse/end/last-block-is-closed"]);
    assert_eq!((complete.verdict, complete.findings[0].offset), (Verdict::Fail, Some(9)));
    // The response itself says where it ends.
    let stream = one(&response("Content-Length: 17\r\n", body));
    assert_eq!(cases(&stream), ["sse/end/last-block-is-closed"]);
    let stream = one(&response("", body));
    assert_eq!((stream.verdict, stream.notes.len()), (Verdict::Pass, 1));
}

#[test]
fn framing_and_coding_are_undone_where_they_were_captured() {
    let plain = b"data: a\n\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(plain).unwrap();
    let gzip = gzip.finish().unwrap();
    let chunk =
        |body: &[u8]| [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
    let chunked = "Transfer-Encoding: chunked\r\n";
    let coded = "Content-Encoding: gzip\r\n";
    let both = format!("{chunked}{coded}");
    for (fields, body) in [
        (chunked, chunk(plain)),
        (coded, gzip.clone()),
        (&both, chunk(&gzip)),
        // As tools write it that have undone it.
        (chunked, plain.to_vec()),
        (coded, plain.to_vec()),
        (&both, plain.to_vec()),
        (&both, chunk(plain)),
    ] {
        let stream = one(&response(fields, &body));
        assert_eq!((stream.verdict, stream.dispatched), (Verdict::Pass, 1), "{stream:?}");
    }
}

#[test]
fn a_broken_chunk_is_told_behind_what_came_before_it() {
    let stream = one(&response("Transfer-Encoding: chunked\r\n", b"9\r\ndata: a\n\n\r\nzz\r\n"));
    assert_eq!((cases(&stream), stream.dispatched), (vec!["sse/response/one-framing"], 1));
}

#[test]
fn the_head_is_judged_as_it_was_captured() {
    let input = b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\nHTTP/2 203 \r\ncontent-type: text/plain\r\n\r\ndata: a\n\n";
    let stream = one(input);
    assert_eq!(
        cases(&stream),
        ["sse/response/status-200", "sse/caching/not-stored", "sse/response/content-type"]
    );
    let at = stream.findings[2].file_offset.unwrap() as usize;
    assert!(input[at..].starts_with(b"content-type"), "{at}");
    assert!(one(&response("", b"data: a\n\n")).findings.is_empty());
}

#[test]
fn archives_are_searched_for_event_streams() {
    let entry = |kind: &str, text: &str, encoding: Option<&str>| {
        json!({
            "request": {"method": "GET", "url": "http://user:secret@h/x?token=secret"},
            "response": {
                "status": 200, "statusText": "OK",
                "headers": [
                    {"name": "content-type", "value": kind},
                    {"name": "cache-control", "value": "no-cache"},
                    {"name": "transfer-encoding", "value": "chunked"},
                ],
                "content": {"mimeType": kind, "text": text, "encoding": encoding},
            },
        })
    };
    let archive = |entries: Vec<serde_json::Value>| {
        json!({"log": {"version": "1.2", "entries": entries}}).to_string().into_bytes()
    };
    let report = linted(
        &archive(vec![
            entry("text/html", "<p>", None),
            entry("text/event-stream", "data: a\n\n", None),
            entry("text/event-stream", "ZGF0YTogYgoK", Some("base64")),
        ]),
        KEPT,
    );
    let data: Vec<_> = report.streams.iter().map(|stream| &*stream.events[0].data).collect();
    assert_eq!(data, ["a", "b"]);
    assert!(report.streams.iter().all(|stream| stream.verdict == Verdict::Pass));
    assert!(!format!("{report:?}").contains("secret"));

    let mut whole = archive(vec![entry("text/event-stream", "data: a\n\n", None)]);
    let marked = [b"\xef\xbb\xbf".as_slice(), &whole].concat();
    assert_eq!(&*one(&marked).events[0].data, "a");
    whole.truncate(whole.len() / 2);
    assert!(matches!(captures(&whole).unwrap_err(), CaptureError::Archive(_)));

    // What Chrome keeps of an EventSource.
    let mut bare = entry("text/event-stream", "", None);
    bare["response"]["content"] = json!({"mimeType": "text/event-stream", "size": 0});
    bare["_eventSourceMessages"] = json!([{"time": 1.5, "eventName": "message", "data": "a"}]);
    let bare = one(&archive(vec![bare]));
    assert_eq!(bare.verdict, Verdict::Inconclusive);
    let why = bare.inconclusive.unwrap();
    assert!(why.contains("does not hold the body") && why.contains("1 events"), "{why}");
    let none = captures(&archive(vec![entry("text/html", "<p>", None)])).unwrap_err();
    assert!(matches!(none, CaptureError::NoStream(1)));
    let wrong = captures(&archive(vec![entry("text/event-stream", "*", Some("base64"))]));
    assert!(matches!(wrong.unwrap_err(), CaptureError::Archive(_)));
}

#[test]
fn what_is_no_event_stream_is_not_judged() {
    for input in ["{\"error\": 1}\n", "<!DOCTYPE html>\n<p>hi", "{}", "[]"] {
        let stream = one(input.as_bytes());
        assert_eq!(stream.verdict, Verdict::Inconclusive, "{input}");
    }
    assert!(matches!(captures(b"").unwrap_err(), CaptureError::Empty));
    assert!(matches!(captures(b"HTTP/1.1 200 OK\r\nA: b").unwrap_err(), CaptureError::Head(_)));
    // Nothing but comments, or nothing but blank lines, is a stream.
    assert_eq!(one(b": hi\n").verdict, Verdict::Pass);
    assert_eq!(one(b"\n\n").verdict, Verdict::Pass);
}

#[test]
fn what_is_kept_is_bounded() {
    let report = linted(&b"Data: x\n".repeat(5000), Options { events: 0, ..KEPT });
    let stream = &report.streams[0];
    assert_eq!(stream.findings.len() as u64 + stream.further_findings, 5000);
    assert!(stream.findings.len() <= 1000);
    let endless = vec![b'x'; 17 << 20];
    assert_eq!(one(&endless).verdict, Verdict::Inconclusive);
}

#[test]
fn the_schema_in_the_tree_is_current() {
    let schema = schema_file::named(schemars::schema_for!(Report), "pushspec lint", "lint");
    schema_file::tests::the_tree_has("lint-1.schema.json", &schema);
    let report = serde_json::to_string(&linted(b"Data: x\n\ndata: y\n\n", KEPT)).unwrap();
    schema_file::tests::follows(&schema, &report);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_come_to_a_verdict(input in proptest::collection::vec(any::<u8>(), 1..200)) {
        if let Ok(captures) = captures(&input) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let report = runtime.block_on(lint(captures, KEPT));
            prop_assert!(!report.streams.is_empty());
        }
    }

    #[test]
    fn a_response_around_a_stream_changes_nothing_in_it(body in "[a-d:é \n\r]{1,80}") {
        let inner = one(body.as_bytes());
        let outer = one(&response("", body.as_bytes()));
        prop_assert_eq!(&inner.events, &outer.events);
        let lines = |stream: &StreamReport| -> Vec<_> {
            stream.findings.iter().map(|finding| (finding.case.clone(), finding.offset)).collect()
        };
        prop_assert_eq!(lines(&inner), lines(&outer));
    }
}
