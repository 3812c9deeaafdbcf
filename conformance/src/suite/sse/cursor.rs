//! Several ways to name the place from which a client resumes.

use super::cx::Cx;
use super::resume::{declared, first_id, has, history, id_of, resume};
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::sse::{EventStream, Payload, Published, Received, Request, Trouble};
use crate::requirement::{Level, sse};

const NEEDS: &[Need] = &[Need::EventIds, Need::Stimulus];
const ACCEPTS: &str = "anything, unless the user declares that the server replays: then a breach is a failure, otherwise advice";
/// Query parameters by which servers take the last event ID of clients that cannot set header fields.
const PARAMETERS: [&str; 5] =
    ["lastEventId", "lastEventID", "last_event_id", "last-event-id", "Last-Event-ID"];

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/replay/two-cursors",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: NEEDS,
        expects: "two clients that come back with different ids at once are each sent what came after its own",
        accepts: ACCEPTS,
        run: |cx| {
            Box::pin(async move {
                let (_witness, events) = history(&cx, 6).await?;
                let events = own(&cx, events);
                let mut streams = Vec::new();
                for known in [0, 3] {
                    let id = id_of(events.get(known))?;
                    streams.push((known, resume(&cx, &id).await?));
                }
                for (known, mut stream) in streams {
                    let got = cx.fenced(&mut stream).await?;
                    judge_from(&cx, &events, known, &got)?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/replay/non-ascii-id",
        level: Level::Advice,
        requires: &[sse("SSE-L1"), sse("SSE-L3"), sse("SSE-L5")],
        needs: NEEDS,
        expects: "a client resumes after an id with characters beyond ASCII, which it sends as UTF-8",
        accepts: "a server that gives no such ids, or refuses to",
        run: |cx| {
            Box::pin(async move {
                declared(&cx)?;
                cx.alone().await;
                let mut stream = cx.subscribe().await?;
                let id = format!("gr\u{fc}\u{df}e-{}\u{1f600}", cx.token());
                let payload = Payload { data: cx.token(), id: Some(id.clone()), event: None };
                if let Published::Refused(how) = cx.try_publish(&payload).await? {
                    return Err(Stop::NotApplicable(format!("such an id is refused: {how}")));
                }
                for _ in 0..2 {
                    cx.publish(&cx.token()).await?;
                }
                let events = own(&cx, cx.fenced(&mut stream).await?);
                if events.first().and_then(Received::id) != Some(id.as_bytes()) {
                    return Err(Stop::NotApplicable("the server gives ids of its own".to_owned()));
                }
                let request = Request::event_source().header("Last-Event-ID", &id);
                let mut stream = match cx.subscribe_with(&request).await {
                    Err(Trouble::Status(how)) => {
                        return cx.contract(false, "the stream from that id on", how);
                    }
                    stream => stream?,
                };
                let got = cx.fenced(&mut stream).await?;
                judge_from(&cx, &events, 0, &got)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/replay/query-parameter",
        level: Level::Advice,
        requires: &[sse("SSE-L5")],
        needs: NEEDS,
        expects: "where the id is accepted in the query, too, it means there what it means in the header field",
        accepts: "a server that knows no such parameter",
        run: |cx| {
            Box::pin(async move {
                let (_witness, events) = history(&cx, 4).await?;
                let events = own(&cx, events);
                let id = first_id(&events)?;
                // The control: without an id nothing old comes.
                let mut fresh = cx.subscribe().await?;
                if cx.fenced(&mut fresh).await?.iter().any(|got| has(&events, &got.event.data)) {
                    return Err(Stop::NotApplicable("every client is sent old events".to_owned()));
                }
                for parameter in PARAMETERS {
                    let mut stream = by_query(&cx, parameter, &id).await?;
                    let got = cx.fenced(&mut stream).await?;
                    if got.iter().any(|event| has(&events, &event.event.data)) {
                        cx.observe("parameter", parameter);
                        return judge_from(&cx, &events, 0, &got);
                    }
                }
                Err(Stop::NotApplicable("no query parameter resumes the stream".to_owned()))
            })
        },
        ..Case::BASE
    },
];

/// Judges that a client got exactly what came after the event at `known`.
fn judge_from(cx: &Cx, events: &[Received], known: usize, got: &[Received]) -> Outcome {
    let (old, new) = events.split_at(known + 1);
    let missing = new.iter().filter(|event| !has(got, &event.event.data)).count();
    let found = format!("{missing} of {} are missing", new.len());
    cx.contract(missing == 0, "all events after the known id", found)?;
    let again = old.iter().any(|event| has(got, &event.event.data));
    cx.contract(!again, "events after the known id only", "an older event")
}

/// The stream from an id on that is given in the query.
async fn by_query(cx: &Cx, parameter: &str, id: &[u8]) -> Result<EventStream, Stop> {
    let path = cx.setting().connector.url().path().to_owned();
    let mark = if path.contains('?') { '&' } else { '?' };
    let id: String = url::form_urlencoded::byte_serialize(id).collect();
    let request = Request::event_source().target(format!("{path}{mark}{parameter}={id}"));
    Ok(cx.subscribe_with(&request).await?)
}

/// Those of the case itself.
fn own(cx: &Cx, events: Vec<Received>) -> Vec<Received> {
    let prefix = cx.prefix();
    events.into_iter().filter(|event| event.contains(&prefix)).collect()
}
