//! Resuming after a known id (9.2.3). The spec obliges no server to replay, so a breach is a warning,
//! unless the user declares that this server does replay: then it is a failure.
//!
//! A witness stays connected and shows what the server sent; another connection comes back with
//! `Last-Event-ID` and has to be sent the same from there on. Events of others do no harm, but other
//! cases are kept from causing any meanwhile, since some servers keep no more than ten.

use super::cx::Cx;
use super::resume::{alike, first_id, has, history, last_id, resume};
use crate::case::{Case, Need, Stop};
use crate::probe::sse::Received;
use crate::requirement::{Level, sse};

const NEEDS: &[Need] = &[Need::EventIds];
const ACCEPTS: &str = "anything, unless the user declares that the server replays: then a breach is a failure, otherwise advice";

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/replay/no-gap",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: NEEDS,
        expects: "a client that comes back with a known id is sent every event after that one",
        accepts: ACCEPTS,
        run: |cx| {
            Box::pin(async move {
                let resumed = resume_after_first(&cx).await?;
                let missing = resumed.expected.iter().filter(|event| !resumed.has(event)).count();
                let all = resumed.expected.len();
                let found = format!("{missing} of {all} are missing");
                cx.contract(missing == 0, "all events after the known id", found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/replay/no-duplicate",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: NEEDS,
        expects: "a client that comes back with a known id is not sent that event or an earlier one again, and none twice",
        accepts: ACCEPTS,
        run: |cx| {
            Box::pin(async move {
                let resumed = resume_after_first(&cx).await?;
                let again = resumed.got.iter().any(|event| event.fields == resumed.known.fields);
                cx.contract(!again, "events after the known id only", "the known event again")?;
                let twice = resumed.got.iter().enumerate().any(|(at, event)| {
                    resumed.got[..at].iter().any(|earlier| earlier.fields == event.fields)
                });
                cx.contract(!twice, "each event once", "an event twice")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/replay/order",
        level: Level::Advice,
        requires: &[sse("SSE-L5"), sse("SSE-D2")],
        needs: NEEDS,
        expects: "replayed events come in the order in which they were sent at first",
        accepts: ACCEPTS,
        run: |cx| {
            Box::pin(async move {
                let resumed = resume_after_first(&cx).await?;
                let places: Vec<_> = resumed
                    .got
                    .iter()
                    .filter_map(|event| resumed.expected.iter().position(|one| alike(one, event)))
                    .collect();
                cx.contract(places.is_sorted(), "the order of the first time", "another order")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/replay/same-fields",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: NEEDS,
        expects: "a replayed event has the id and the other fields that it had at first",
        accepts: ACCEPTS,
        run: |cx| {
            Box::pin(async move {
                let resumed = resume_after_first(&cx).await?;
                // Streams may well send the same data again and again, with another id each time.
                let differs =
                    resumed.got.iter().filter(|event| event.fields != resumed.known.fields).any(
                        |event| {
                            let mut first =
                                resumed.expected.iter().filter(|one| alike(one, event)).peekable();
                            first.peek().is_some() && !first.any(|one| one.fields == event.fields)
                        },
                    );
                cx.contract(!differs, "the same fields", "fields that differ from the first time")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/replay/while-disconnected",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: &[Need::EventIds, Need::Stimulus],
        expects: "events that were caused while the client was away are sent when it comes back",
        accepts: ACCEPTS,
        run: |cx| {
            Box::pin(async move {
                let (stream, events) = history(&cx, 2).await?;
                let id = last_id(&events)?;
                drop(stream);
                let tokens = [cx.token(), cx.token(), cx.token()];
                for token in &tokens {
                    cx.publish(token).await?;
                }
                let mut stream = resume(&cx, &id).await?;
                let got = cx.fenced(&mut stream).await?;
                let lost = tokens.iter().filter(|token| !has(&got, token)).count();
                let found = format!("{lost} of {} are lost", tokens.len());
                cx.contract(lost == 0, "all events caused meanwhile", found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/replay/newest-id",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: &[Need::EventIds, Need::Stimulus],
        expects: "a client that comes back with the newest id is sent nothing old",
        accepts: ACCEPTS,
        run: |cx| {
            Box::pin(async move {
                let (_witness, events) = history(&cx, 2).await?;
                let id = last_id(&events)?;
                let mut stream = resume(&cx, &id).await?;
                let got = cx.fenced(&mut stream).await?;
                let prefix = cx.prefix();
                let own = events.iter().filter(|event| event.contains(&prefix));
                let old = own.into_iter().any(|event| has(&got, &event.event.data));
                cx.contract(!old, "new events only", "an event that the client has")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/replay/then-live",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: &[Need::EventIds, Need::Stimulus],
        expects: "events that are caused during a replay follow it, each once",
        accepts: ACCEPTS,
        run: |cx| {
            Box::pin(async move {
                let (_witness, events) = history(&cx, 5).await?;
                let id = first_id(&events)?;
                let mut stream = resume(&cx, &id).await?;
                let tokens = [cx.token(), cx.token(), cx.token()];
                for token in &tokens {
                    cx.publish(token).await?;
                }
                // Whoever is lost during the replay, the fence behind it has to come: it is caused
                // when the replay has been read.
                let got = match stream
                    .until(cx.timeout(), "the live events", |event| event.contains(&tokens[2]))
                    .await
                {
                    Err(trouble) if trouble.is_silence() => cx.fenced(&mut stream).await?,
                    got => got?,
                };
                let lost = tokens.iter().filter(|token| !has(&got, token)).count();
                let found = format!("{lost} of {} are lost", tokens.len());
                cx.contract(lost == 0, "all events caused during the replay", found)?;
                let live =
                    got.iter().filter(|event| tokens.iter().any(|token| event.contains(token)));
                cx.contract(live.count() <= tokens.len(), "each of them once", "one of them twice")
            })
        },
        ..Case::BASE
    },
];

/// What a client got that came back.
struct Resumed {
    /// The event whose id it named.
    known: Received,
    /// What the witness saw after that one.
    expected: Vec<Received>,
    /// What the client got up to the fence.
    got: Vec<Received>,
}

impl Resumed {
    fn has(&self, event: &Received) -> bool {
        self.got.iter().any(|one| alike(one, event))
    }
}

/// Hears some events, and comes back with the id of the first.
async fn resume_after_first(cx: &Cx) -> Result<Resumed, Stop> {
    let (mut witness, mut expected) = history(cx, 5).await?;
    let id = first_id(&expected)?;
    let mut stream = resume(cx, &id).await?;
    let fence = if cx.setting().stimulus.is_some() {
        let token = cx.token();
        cx.publish(&token).await?;
        token
    } else {
        let next = witness.next_event(cx.timeout()).await?;
        let data = next.event.data.to_string();
        expected.push(next);
        data
    };
    let awaited = "the fence, an event behind those looked for";
    let is_fence = |event: &Received| event.contains(&fence);
    if !expected.iter().any(is_fence) {
        expected.extend(witness.until(cx.timeout(), awaited, is_fence).await?);
    }
    let got = stream.until(cx.timeout(), awaited, is_fence).await?;
    let known = expected.remove(0);
    Ok(Resumed { known, expected, got })
}
