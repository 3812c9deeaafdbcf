//! What a stream says, as all codecs can tell it.

use pushspec_laws::sse::Reading;
use pushspec_wire::sse::Limits;

/// An event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dispatched {
    /// Its type, `message` where none is named.
    pub event_type: String,
    /// Its data.
    pub data: String,
    /// The last event ID at its dispatch.
    pub last_event_id: String,
}

/// The events that our decoder dispatches of a stream in these chunks.
pub fn dispatched(chunks: &[&[u8]]) -> Vec<Dispatched> {
    let reading = Reading::of(Limits::default(), chunks.iter().copied());
    let tell = |event: pushspec_wire::sse::MessageEvent<'static>| Dispatched {
        event_type: event.event_type.into_owned(),
        data: event.data.into_owned(),
        last_event_id: event.last_event_id.into_owned(),
    };
    reading.events.into_iter().map(tell).collect()
}
