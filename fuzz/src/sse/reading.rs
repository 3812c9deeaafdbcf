//! What a stream says: the events that it dispatches and the reconnection times that it sets.

use std::time::Duration;

use pushspec_wire::sse::{DecodeError, Discarded, EventDecoder, Limits, MessageEvent};

/// An event as all codecs can tell it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dispatched {
    /// Its type, `message` where none is named.
    pub event_type: String,
    /// Its data.
    pub data: String,
    /// The last event ID at its dispatch.
    pub last_event_id: String,
}

/// All that our decoder tells about a stream.
#[derive(PartialEq, Debug)]
pub struct Reading {
    /// The events.
    pub events: Vec<MessageEvent<'static>>,
    /// Why it stopped early.
    pub error: Option<DecodeError>,
    /// The last event ID at the end.
    pub last_event_id: String,
    /// The reconnection time at the end.
    pub reconnection_time: Option<Duration>,
    /// What the end threw away; nothing is said of it after an error.
    pub discarded: Option<Discarded>,
}

impl Reading {
    /// Reads a stream that arrives in these chunks.
    pub fn of<'a>(limits: Limits, chunks: impl IntoIterator<Item = &'a [u8]>) -> Self {
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
                        error = Some(found);
                        break 'body;
                    }
                }
            }
        }
        Self {
            events,
            error,
            last_event_id: decoder.last_event_id().to_owned(),
            reconnection_time: decoder.reconnection_time(),
            discarded: if error.is_some() { None } else { decoder.finish() },
        }
    }

    /// The events as other codecs tell them.
    pub fn dispatched(self) -> Vec<Dispatched> {
        let tell = |event: MessageEvent<'static>| Dispatched {
            event_type: event.event_type.into_owned(),
            data: event.data.into_owned(),
            last_event_id: event.last_event_id.into_owned(),
        };
        self.events.into_iter().map(tell).collect()
    }
}
