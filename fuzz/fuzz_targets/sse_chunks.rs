//! An event stream in any chunks gives the same events as in one piece; lines lose no byte.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pushspec_wire::sse::{DecodeError, Discarded, EventDecoder, Limits, LineDecoder, MessageEvent};

#[derive(PartialEq, Debug)]
struct Reading {
    events: Vec<MessageEvent<'static>>,
    error: Option<String>,
    last_event_id: String,
    reconnection_time: Option<Duration>,
    discarded: Option<Discarded>,
}

fuzz_target!(|input: &[u8]| {
    let [limit, sizes, body @ ..] = input else { return };
    let limits = match limit {
        0..128 => Limits::default(),
        _ => Limits { line: usize::from(*limit) - 120, event: usize::from(*limit) - 110 },
    };
    let whole = read(limits, [body]);
    assert_eq!(read(limits, chunks(body, *sizes)), whole);
    assert_eq!(read(limits, body.chunks(1)), whole);
    lines_lose_nothing(body);
});

/// Three sizes, empty chunks among them, again and again; at some point the rest.
fn chunks(mut rest: &[u8], sizes: u8) -> Vec<&[u8]> {
    let mut chunks = Vec::new();
    for size in [sizes & 7, sizes >> 3 & 7, sizes >> 6].into_iter().cycle().take(100) {
        let (chunk, after) = rest.split_at(usize::from(size).min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks.push(rest);
    chunks
}

fn read<'a>(limits: Limits, chunks: impl IntoIterator<Item = &'a [u8]>) -> Reading {
    let mut decoder = EventDecoder::new(limits);
    let mut events = Vec::new();
    let mut error = None;
    'body: for mut chunk in chunks {
        loop {
            match decoder.next_event(&mut chunk) {
                // Where a CR ends a chunk, the LF of a CRLF is not yet part of the event.
                Ok(Some(event)) => {
                    events.push(MessageEvent { offset: 0, end: 0, ..event.into_owned() });
                }
                Ok(None) => break,
                Err(found) => {
                    error = Some(kind(&found));
                    break 'body;
                }
            }
        }
    }
    let failed = error.is_some();
    Reading {
        events,
        error,
        last_event_id: decoder.last_event_id().to_owned(),
        reconnection_time: decoder.reconnection_time(),
        // After an error the stream is not read to its end.
        discarded: if failed { None } else { decoder.finish() },
    }
}

fn kind(error: &DecodeError) -> String {
    format!("{error:?}")
}

/// Every byte is part of a line or of a line end, in order.
fn lines_lose_nothing(body: &[u8]) {
    let mut decoder = LineDecoder::default();
    let mut rest = body;
    let mut read = 0;
    while let Ok(Some(line)) = decoder.next_line(&mut rest) {
        assert_eq!(line.offset, read, "lines follow each other");
        read = line.end();
        let end = usize::try_from(read).expect("within the body");
        assert!(matches!(body[end - 1], b'\r' | b'\n'));
        assert_eq!(body.len() - rest.len(), end);
    }
    let left = &body[usize::try_from(read).expect("within the body")..];
    assert!(!left.contains(&b'\n') && !left.contains(&b'\r'), "no line end is overlooked");
    assert_eq!(decoder.partial_line(), left);
}
