#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::probe::sse::{Http, Response};
use crate::trace::Recorder;
use crate::transport::Connector;

const PATIENCE: Duration = Duration::from_secs(5);

/// What comes of a request whose answer is these bytes.
async fn answered(answer: Vec<u8>) -> Result<Response, Trouble> {
    let connector = Connector::memory("http://test/".parse().unwrap(), move || {
        let (client, mut server) = tokio::io::duplex(1 << 20);
        let answer = answer.clone();
        tokio::spawn(async move {
            let mut asked = [0; PREFACE.len()];
            server.read_exact(&mut asked).await.unwrap();
            assert_eq!(asked, PREFACE);
            let _ = server.write_all(&answer).await;
            // What the client has to say until it leaves.
            while matches!(server.read(&mut [0; 4096]).await, Ok(1..)) {}
        });
        client
    });
    let http = Http { connector, trace: Recorder::new(), timeout: PATIENCE };
    http.send(&Request::event_source().http2()).await
}

fn frames(frames: &[(u8, u8, u32, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    frame(kind::SETTINGS, 0, 0, &[], &mut out);
    for (kind, flags, stream, payload) in frames {
        frame(*kind, *flags, *stream, payload, &mut out);
    }
    out
}

fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        field(name, value.as_bytes(), &mut out);
    }
    out
}

#[tokio::test(start_paused = true)]
async fn a_response_comes_in_its_frames() {
    let block = block(&[(":status", "200"), ("content-type", "text/event-stream")]);
    let (first, second) = block.split_at(7);
    let padded = [&[2][..], b"data: 1\n", &[0, 0]].concat();
    let answer = frames(&[
        (kind::PING, 0, 0, &[7; 8]),
        (kind::HEADERS, 0, 1, first),
        (kind::CONTINUATION, END_HEADERS, 1, second),
        (0x42, 0, 0, b"unknown"),
        (kind::DATA, PADDED, 1, &padded),
        (kind::DATA, END_STREAM, 1, b"\n"),
    ]);
    let mut response = answered(answer).await.unwrap();
    assert_eq!((response.head.status, response.head.version), (200, "HTTP/2"));
    assert_eq!(response.head.header("Content-Type").unwrap(), "text/event-stream");
    assert_eq!(response.content(PATIENCE).await.unwrap(), b"data: 1\n\n");
    assert!(response.is_complete());
}

#[tokio::test(start_paused = true)]
async fn hostile_answers_end_in_time() {
    let trouble = |answer| async move { answered(answer).await.err().unwrap() };
    assert!(trouble(Vec::new()).await.is_silence());
    assert!(trouble(frames(&[])).await.is_silence());
    let old = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
    assert!(matches!(trouble(old).await, Trouble::NotHttp { .. }));
    let reset = frames(&[(kind::RST_STREAM, 0, 1, &[0, 0, 0, 7])]);
    assert!(matches!(trouble(reset).await, Trouble::Broken { .. }));
    let goodbye = frames(&[(kind::GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 1])]);
    assert!(matches!(trouble(goodbye).await, Trouble::Broken { .. }));
    let no_status = frames(&[(kind::HEADERS, END_HEADERS, 1, &block(&[("a", "b")]))]);
    assert!(matches!(trouble(no_status).await, Trouble::Http2(_)));
    let promise = frames(&[(kind::PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2])]);
    assert!(matches!(trouble(promise).await, Trouble::Http2(_)));
    let more_padding = frames(&[(kind::HEADERS, END_HEADERS | PADDED, 1, &[9, 0])]);
    assert!(matches!(trouble(more_padding).await, Trouble::Http2(_)));
    let mut huge = frames(&[]);
    huge.extend_from_slice(&[0xff, 0xff, 0xff, kind::DATA, 0, 0, 0, 0, 1]);
    assert!(matches!(trouble(huge).await, Trouble::Http2(_)));
}

#[tokio::test(start_paused = true)]
async fn header_blocks_are_bounded() {
    let mut answer = frames(&[(kind::HEADERS, 0, 1, &[])]);
    for _ in 0..20 {
        frame(kind::CONTINUATION, 0, 1, &block(&[("a", &"x".repeat(8000))]), &mut answer);
    }
    assert!(matches!(answered(answer).await.err().unwrap(), Trouble::HeadTooLarge { .. }));
    // One field in the table, and then a byte for each time that it is meant again.
    let mut bomb = vec![0x40, 1, b'a', 0x7f, 0xa1, 0x1e];
    bomb.extend_from_slice(&[b'x'; 4000]);
    bomb.extend_from_slice(&[0xbe; 10_000]);
    let answer = frames(&[(kind::HEADERS, END_HEADERS, 1, &bomb)]);
    assert!(matches!(answered(answer).await.err().unwrap(), Trouble::HeadTooLarge { .. }));
}

proptest! {
    #[test]
    fn no_header_block_does_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build().unwrap();
        let answer = frames(&[(kind::HEADERS, END_HEADERS, 1, &bytes)]);
        // Whatever comes of it: no panic, and an end.
        let _ = runtime.block_on(answered(answer));
    }
}
