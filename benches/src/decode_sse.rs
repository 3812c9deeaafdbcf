//! Decoding event streams.

use std::convert::Infallible;
use std::num::NonZeroUsize;

use bytes::Bytes;
use futures_lite::{StreamExt, future, stream};
use pushspec_wire::sse::EventDecoder;
use sse_core::{SseDecoder, SseEvent};
use sse_stream::SseByteStream;

use crate::contest::{Contest, Contestant, Goal};
use crate::floors::{copying, scanning};
use crate::streams::{self, Stream};

/// A read from a socket, about as much as a segment of TCP holds.
const SEGMENT: usize = 1_500;

/// Segments, as streams arrive; then whole buffers and single bytes.
pub fn contests() -> Vec<Contest> {
    let goal = |ratio| Some(Goal { of: &["sse-core", "sse-stream"], ratio });
    let whole = usize::MAX;
    vec![
        contest(streams::tokens("\n"), SEGMENT, goal(0.7)),
        contest(streams::tokens("\n"), whole, None),
        contest(streams::tokens("\n"), 1, None),
        contest(streams::tokens("\r\n"), SEGMENT, goal(0.7)),
        contest(streams::multi_line(), SEGMENT, goal(1.0)),
        contest(streams::comments(), SEGMENT, goal(1.0)),
        contest(streams::long_line(), SEGMENT, goal(1.0)),
        contest(streams::long_line(), whole, None),
        contest(streams::long_line(), 1, None),
    ]
}

fn contest(stream: Stream, size: usize, goal: Option<Goal>) -> Contest {
    let bytes = &stream.bytes;
    let how = if size == usize::MAX { "whole".into() } else { format!("{size}-byte chunks") };
    Contest {
        name: format!("SSE {}, {how}", stream.name),
        count: stream.events,
        contestants: vec![ours(bytes, size), sse_core(bytes, size), sse_stream(bytes, size)],
        floors: vec![copying(bytes, stream.events), scanning(bytes, stream.events)],
        goal,
    }
}

fn ours(bytes: &Bytes, size: usize) -> Contestant {
    let bytes = bytes.clone();
    Contestant::new(
        "pushspec-wire",
        move || bytes.clone(),
        move |bytes| {
            let mut decoder = EventDecoder::default();
            let mut count = 0;
            for mut rest in bytes.chunks(size) {
                while let Ok(Some(event)) = decoder.next_event(&mut rest) {
                    std::hint::black_box(&event);
                    count += 1;
                }
            }
            count
        },
    )
}

fn sse_core(bytes: &Bytes, size: usize) -> Contestant {
    const LIMIT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(16 << 20);
    let bytes = bytes.clone();
    Contestant::new(
        "sse-core",
        move || bytes.clone(),
        move |bytes| {
            let mut decoder = SseDecoder::with_limit(LIMIT);
            let mut count = 0;
            for mut rest in bytes.chunks(size) {
                while let Some(Ok(event)) = decoder.next(&mut rest) {
                    std::hint::black_box(&event);
                    count += usize::from(matches!(event, SseEvent::Message(_)));
                }
            }
            count
        },
    )
}

/// It takes owned chunks, which are made outside of the time that counts.
fn sse_stream(bytes: &Bytes, size: usize) -> Contestant {
    let bytes = bytes.clone();
    Contestant::new(
        "sse-stream",
        move || bytes.chunks(size).map(|chunk| bytes.slice_ref(chunk)).collect::<Vec<_>>(),
        |chunks| {
            let chunks = std::mem::take(chunks).into_iter().map(Ok::<_, Infallible>);
            let events = SseByteStream::new(stream::iter(chunks));
            future::block_on(events.filter(|event| event.is_ok()).count())
        },
    )
}
