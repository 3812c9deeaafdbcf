//! What a server does with an id that it does not know, or no longer (9.2.4). There is no standard
//! signal for a gap, so each way is right; what the user declared with `--replay` has to be true.

use super::cx::Cx;
use super::resume::{first_id, has, history, resume};
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::sse::{EventStream, Received, Replay, Request, UnknownId};
use crate::requirement::{Level, sse};

/// Well-formed for most servers, and given by none.
const NEVER_GIVEN: &[u8] = b"pushspec-never-given";
/// So many events are caused at most to make an id expire, in so many rounds.
const ROUNDS: usize = 4;
const ROUND: usize = 64;

const NEEDS: &[Need] = &[Need::EventIds, Need::Stimulus];
const ACCEPTS: &str = "all that the server still has, new events only, an event that tells of the gap, or a status from 400 to 499: what was declared with --replay, if anything was";

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/replay/unknown-id",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: NEEDS,
        expects: "with an id that the server never gave a client is treated as declared",
        accepts: ACCEPTS,
        run: |cx| {
            Box::pin(async move {
                let (mut witness, events) = history(&cx, 3).await?;
                let found = treatment(&cx, NEVER_GIVEN, &mut witness, &events).await?;
                as_declared(&cx, "unknown id", found)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/replay/expired-id",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: NEEDS,
        expects: "with an id that the server has given but keeps no longer a client is treated as declared",
        accepts: ACCEPTS,
        run: |cx| {
            Box::pin(async move {
                let (mut witness, mut events) = history(&cx, 2).await?;
                let id = first_id(&events)?;
                let next = events[1].event.data.to_string();
                for _ in 0..ROUNDS {
                    let tokens: Vec<_> = (0..ROUND).map(|_| cx.token()).collect();
                    for token in &tokens {
                        cx.publish(token).await?;
                    }
                    let last = &tokens[ROUND - 1];
                    events = witness
                        .until(cx.timeout(), "the events caused", |event| event.contains(last))
                        .await?;
                    let Some(mut stream) = resumed(&cx, &id).await? else {
                        return as_declared(&cx, "expired id", UnknownId::Error);
                    };
                    if !has(&cx.fenced(&mut stream).await?, &next) {
                        let found = treatment(&cx, &id, &mut witness, &events).await?;
                        return as_declared(&cx, "expired id", found);
                    }
                }
                let kept = ROUNDS * ROUND;
                cx.observe("history", format!("{kept} events or more"));
                Err(Stop::NotApplicable(format!("after {kept} events the id is still known")))
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/replay/oldest-id",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: NEEDS,
        expects: "with the id of the oldest event that is kept a client is sent all others, and not that one",
        accepts: "servers that never show their oldest event",
        run: |cx| {
            Box::pin(async move {
                let (_witness, _) = history(&cx, 3).await?;
                let hidden = || Stop::NotApplicable("the oldest event is not shown".to_owned());
                let mut stream = resumed(&cx, NEVER_GIVEN).await?.ok_or_else(hidden)?;
                let all = cx.fenced(&mut stream).await?;
                let (Some(oldest), Some(second)) = (all.first(), all.get(1)) else {
                    return Err(hidden());
                };
                let id = first_id(&all)?;
                let mut stream = resume(&cx, &id).await?;
                let got = cx.fenced(&mut stream).await?;
                let again = got.iter().any(|event| event.fields == oldest.fields);
                cx.contract(!again, "all events but the oldest", "the oldest again")?;
                let begins = got.first().is_some_and(|event| event.fields == second.fields);
                cx.contract(begins, "the second oldest event first", "another one")
            })
        },
        ..Case::BASE
    },
];

/// A stream from this id on; nothing if the id is refused.
async fn resumed(cx: &Cx, id: &[u8]) -> Result<Option<EventStream>, Stop> {
    let request = Request::event_source().header("Last-Event-ID", id);
    let response = cx.open(&request).await?;
    match response.head.status {
        200..=299 => Ok(Some(EventStream::over(response))),
        400..=499 => Ok(None),
        _ => Err(Stop::Inconclusive(response.head.status_text())),
    }
}

/// How a client with this id is treated, which lacks these events.
async fn treatment(
    cx: &Cx,
    id: &[u8],
    witness: &mut EventStream,
    missed: &[Received],
) -> Result<UnknownId, Stop> {
    let Some(mut stream) = resumed(cx, id).await? else { return Ok(UnknownId::Error) };
    let got = cx.fenced(&mut stream).await?;
    let live = cx.fenced(witness).await?;
    let prefix = cx.prefix();
    let mut own = missed.iter().filter(|event| event.contains(&prefix));
    if own.any(|event| has(&got, &event.event.data)) {
        return Ok(UnknownId::FromStart);
    }
    // What only this client is sent tells it of the gap, unless everyone is greeted so.
    let foreign = |events: &[Received]| {
        let first = events.first().filter(|event| !has(&live, &event.event.data))?;
        Some(first.event.event_type.to_string())
    };
    let mut fresh = cx.subscribe().await?;
    let greeting = cx.fenced(&mut fresh).await?;
    let told = foreign(&got).is_some_and(|told| Some(told) != foreign(&greeting));
    Ok(if told { UnknownId::ResetEvent } else { UnknownId::Live })
}

/// Records how an id is treated, and judges it where that was declared.
fn as_declared(cx: &Cx, what: &str, found: UnknownId) -> Outcome {
    cx.observe(what, found);
    let Replay::Promised(Some(declared)) = cx.setting().replay else { return Ok(()) };
    cx.contract(found == declared, declared.about(), found.about())
}
