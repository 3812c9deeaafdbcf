//! Independent decoders of event streams.

use bytes::Bytes;
use futures_lite::{StreamExt, future, stream};
use sse_core::{SseDecoder, SseEvent};

use super::reading::Dispatched;

/// A decoder from the registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// sse-core 0.2.
    SseCore,
    /// sseer 0.3.
    Sseer,
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::SseCore, Self::Sseer];

    /// The events of a stream that arrives in these chunks; an error ends them.
    pub fn events(self, chunks: &[&[u8]]) -> Result<Vec<Dispatched>, String> {
        match self {
            Self::SseCore => sse_core(chunks),
            Self::Sseer => sseer(chunks),
        }
    }
}

fn sse_core(chunks: &[&[u8]]) -> Result<Vec<Dispatched>, String> {
    let mut decoder = SseDecoder::new();
    let mut events = Vec::new();
    for mut chunk in chunks.iter().copied() {
        while let Some(event) = decoder.next(&mut chunk) {
            if let SseEvent::Message(event) = event.map_err(|error| error.to_string())? {
                events.push(Dispatched {
                    event_type: event.event.into_owned(),
                    data: event.data,
                    last_event_id: event.last_event_id.as_deref().unwrap_or_default().to_owned(),
                });
            }
        }
    }
    Ok(events)
}

fn sseer(chunks: &[&[u8]]) -> Result<Vec<Dispatched>, String> {
    let chunks: Vec<_> =
        chunks.iter().map(|chunk| Ok::<_, String>(Bytes::copy_from_slice(chunk))).collect();
    let events = sseer::event_stream::EventStream::new(stream::iter(chunks)).map(|event| {
        event.map_err(|error| format!("{error:?}")).map(|event| Dispatched {
            event_type: event.event.to_string(),
            data: event.data.to_string(),
            last_event_id: event.id.to_string(),
        })
    });
    future::block_on(events.try_collect())
}
