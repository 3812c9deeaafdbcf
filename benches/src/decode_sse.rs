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
    let chunks: Vec<Bytes> =
        stream.bytes.chunks(size.min(stream.bytes.len())).map(Bytes::copy_from_slice).collect();
    let how = if size == usize::MAX { "whole".into() } else { format!("{size}-byte chunks") };
    Contest {
        name: format!("SSE {}, {how}", stream.name),
        count: stream.events,
        contestants: vec![ours(&chunks), sse_core(&chunks), sse_stream(&chunks)],
        floors: vec![copying(&stream.bytes, stream.events), scanning(&stream.bytes, stream.events)],
        goal,
    }
}

fn ours(chunks: &[Bytes]) -> Contestant {
    let chunks = chunks.to_vec();
    Contestant::new(
        "pushspec-wire",
        || (),
        move |()| {
            let mut decoder = EventDecoder::default();
            let mut count = 0;
            for chunk in &chunks {
                let mut rest = &chunk[..];
                while let Ok(Some(event)) = decoder.next_event(&mut rest) {
                    std::hint::black_box(&event);
                    count += 1;
                }
            }
            count
        },
    )
}

fn sse_core(chunks: &[Bytes]) -> Contestant {
    const LIMIT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(16 << 20);
    let chunks = chunks.to_vec();
    Contestant::new(
        "sse-core",
        || (),
        move |()| {
            let mut decoder = SseDecoder::with_limit(LIMIT);
            let mut count = 0;
            for chunk in &chunks {
                let mut rest = &chunk[..];
                while let Some(Ok(event)) = decoder.next(&mut rest) {
                    count += usize::from(matches!(event, SseEvent::Message(_)));
                }
            }
            count
        },
    )
}

fn sse_stream(chunks: &[Bytes]) -> Contestant {
    let chunks = chunks.to_vec();
    Contestant::new(
        "sse-stream",
        move || chunks.clone(),
        |chunks| {
            let chunks = std::mem::take(chunks).into_iter().map(Ok::<_, Infallible>);
            let events = SseByteStream::new(stream::iter(chunks));
            future::block_on(events.filter(|event| event.is_ok()).count())
        },
    )
}
