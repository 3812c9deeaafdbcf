//! What cases on resuming a stream have in common: events to come back after, and coming back.

use super::cx::Cx;
use crate::case::{Outcome, Stop};
use crate::probe::sse::{EventStream, Received, Replay, Request};

/// Whether the server may replay at all.
pub(super) fn declared(cx: &Cx) -> Outcome {
    if cx.setting().replay == Replay::Declined {
        return Err(Stop::NotApplicable("the server is declared not to replay".to_owned()));
    }
    Ok(())
}

/// A stream and `count` events or more that it has brought, of which the first has an id.
pub(super) async fn history(cx: &Cx, count: usize) -> Result<(EventStream, Vec<Received>), Stop> {
    declared(cx)?;
    cx.alone().await;
    let mut stream = cx.subscribe().await?;
    let mut events = Vec::new();
    if cx.setting().stimulus.is_some() {
        let tokens: Vec<_> = (0..count).map(|_| cx.token()).collect();
        for token in &tokens {
            cx.publish(token).await?;
        }
        let is_last = |event: &Received| tokens.last().is_some_and(|token| event.contains(token));
        events = stream.until(cx.timeout(), "events to resume after", is_last).await?;
        let own = events.iter().position(|event| tokens.iter().any(|token| event.contains(token)));
        events.drain(..own.unwrap_or_default());
    } else {
        while events.len() < count {
            match stream.next_event(cx.timeout()).await {
                Ok(event) => events.push(event),
                Err(trouble) if trouble.is_silence() && events.len() < 2 => {
                    return Err(cx.unheard(&stream, "no two events"));
                }
                Err(trouble) if trouble.is_silence() => break,
                Err(trouble) => return Err(trouble.into()),
            }
        }
    }
    if events.iter().all(|event| event.id().is_none()) {
        return Err(Stop::NotApplicable("the stream's events carry no ids".to_owned()));
    }
    Ok((stream, events))
}

pub(super) async fn resume(cx: &Cx, id: &[u8]) -> Result<EventStream, Stop> {
    Ok(cx.subscribe_with(&Request::event_source().header("Last-Event-ID", id)).await?)
}

pub(super) fn first_id(events: &[Received]) -> Result<Vec<u8>, Stop> {
    id_of(events.first())
}

pub(super) fn last_id(events: &[Received]) -> Result<Vec<u8>, Stop> {
    id_of(events.last())
}

pub(super) fn id_of(event: Option<&Received>) -> Result<Vec<u8>, Stop> {
    event
        .and_then(Received::id)
        .map(<[u8]>::to_vec)
        .ok_or_else(|| Stop::NotApplicable("not every event carries an id".to_owned()))
}

/// The same event but for its id, which a server may have changed.
pub(super) fn alike(a: &Received, b: &Received) -> bool {
    a.event.data == b.event.data && a.event.event_type == b.event.event_type
}

pub(super) fn has(events: &[Received], data: &str) -> bool {
    events.iter().any(|event| event.contains(data))
}
