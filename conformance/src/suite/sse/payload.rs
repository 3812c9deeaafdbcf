//! Payloads that a careless server garbles (9.2.5 grammar, 9.2.6 interpretation): what a publisher
//! gave has to come out at the client, and nothing else with it.

use super::cx::Cx;
use crate::case::{Case, Need, Outcome, Stop};
use crate::probe::sse::{Payload, Published, Received, Remark};
use crate::requirement::{Level, sse};

const NEEDS: &[Need] = &[Need::Stimulus];

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/payload/line-feeds",
        level: Level::Should,
        requires: &[sse("SSE-E2"), sse("SSE-F5")],
        needs: NEEDS,
        expects: "a payload of several lines is sent as several data fields",
        run: |cx| {
            Box::pin(async move {
                let payload = format!("{}\nsecond\n\nfourth", cx.token());
                round_trip(&cx, &payload).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/carriage-returns",
        level: Level::Should,
        requires: &[sse("SSE-A4"), sse("SSE-C1"), sse("SSE-E2")],
        needs: NEEDS,
        expects: "CR and CRLF end lines of a payload as LF does",
        accepts: "any kind of line end in the event: the format does not tell them apart",
        run: |cx| {
            Box::pin(async move {
                let payload = format!("{}\rsecond\r\nthird", cx.token());
                round_trip(&cx, &payload).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/leading-spaces",
        level: Level::Should,
        requires: &[sse("SSE-D6")],
        needs: NEEDS,
        expects: "spaces at the start of a payload's lines survive: clients drop the first one after the colon",
        run: |cx| {
            Box::pin(async move {
                let payload = format!(" {}\n  two", cx.token());
                round_trip(&cx, &payload).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/trailing-spaces",
        level: Level::Should,
        requires: &[sse("SSE-D6")],
        needs: NEEDS,
        expects: "blanks at the end of a payload's lines survive: clients drop none of them",
        run: |cx| {
            Box::pin(async move {
                let payload = format!("{}  \ntwo \t", cx.token());
                round_trip(&cx, &payload).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/nul",
        level: Level::Should,
        requires: &[sse("SSE-A5"), sse("SSE-C6")],
        needs: NEEDS,
        expects: "U+0000 in a payload is an ordinary character",
        accepts: "a refusal of such payloads",
        run: |cx| {
            Box::pin(async move {
                let payload = format!("{}a\0b", cx.token());
                round_trip(&cx, &payload).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/trailing-line-feed",
        level: Level::Should,
        requires: &[sse("SSE-F5")],
        needs: NEEDS,
        expects: "a line end at the end of a payload survives: clients drop the last one of the data buffer",
        run: |cx| {
            Box::pin(async move {
                let payload = format!("{}\n", cx.token());
                round_trip(&cx, &payload).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/characters",
        level: Level::Should,
        requires: &[sse("SSE-A5"), sse("SSE-C6")],
        needs: NEEDS,
        expects: "characters that end lines elsewhere, byte order marks and emoji are ordinary ones",
        run: |cx| {
            Box::pin(async move {
                let payload = format!(
                    "{}a\u{b}b\u{c}c\u{85}d\u{2028}e\u{2029}f\u{feff}g\u{e4}\u{1f600}",
                    cx.token()
                );
                round_trip(&cx, &payload).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/empty",
        level: Level::Should,
        requires: &[sse("SSE-F3"), sse("SSE-F4")],
        needs: NEEDS,
        expects: "an empty payload that is accepted becomes an event with empty data",
        accepts: "a refusal of empty payloads",
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                let (before, after) = (cx.token(), cx.token());
                cx.publish(&before).await?;
                accepted(&cx, &Payload::data("")).await?;
                cx.publish(&after).await?;
                let events = cx.fenced(&mut stream).await?;
                let at = |token: &str| events.iter().position(|event| event.contains(token));
                let (Some(before), Some(after)) = (at(&before), at(&after)) else {
                    return Err(Stop::Inconclusive("the events around it did not come".to_owned()));
                };
                let between = events.get(before..after).unwrap_or_default();
                let came = between.iter().any(|event| event.event.data.is_empty());
                cx.judge(came, "an event with empty data", "no such event")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/large",
        level: Level::Should,
        requires: &[sse("SSE-E2")],
        needs: NEEDS,
        expects: "a payload of 1 MiB that is accepted arrives whole",
        accepts: "a refusal of large payloads",
        run: |cx| {
            Box::pin(async move {
                let payload = format!("{}{}", cx.token(), "0123456789abcdef".repeat(64 << 10));
                round_trip(&cx, &payload).await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/no-injection-through-data",
        level: Level::Should,
        requires: &[sse("SSE-A1"), sse("SSE-A4"), sse("SSE-E2")],
        needs: NEEDS,
        expects: "a payload that looks like fields stays a payload: otherwise publishers forge events, ids and types",
        accepts: "a refusal of such payloads, and any form in which they stay data",
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                for end in ["\n", "\r", "\r\n"] {
                    let forged = format!("{}forged", cx.token());
                    let lines = [
                        cx.token(),
                        format!("id: {forged}"),
                        format!("event: {forged}"),
                        ": x".to_owned(),
                        String::new(),
                        format!("data: {forged}"),
                        String::new(),
                    ];
                    accepted(&cx, &Payload::data(lines.join(end))).await?;
                    let events = cx.fenced(&mut stream).await?;
                    nothing_forged(&cx, &events, &forged)?;
                }
                Ok(())
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/no-injection-through-id",
        level: Level::Should,
        requires: &[sse("SSE-A3"), sse("SSE-E3")],
        needs: NEEDS,
        expects: "a line end in a publisher's id does not begin another field",
        accepts: "a refusal, and an id without the line end",
        run: |cx| {
            Box::pin(async move {
                injection(&cx, |data, hostile| Payload { data, id: Some(hostile), event: None })
                    .await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/no-injection-through-event",
        level: Level::Should,
        requires: &[sse("SSE-A3"), sse("SSE-E1")],
        needs: NEEDS,
        expects: "a line end in a publisher's event type does not begin another field",
        accepts: "a refusal, and a type without the line end",
        run: |cx| {
            Box::pin(async move {
                injection(&cx, |data, hostile| Payload { data, event: Some(hostile), id: None })
                    .await
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/payload/no-nul-through-id",
        level: Level::Should,
        requires: &[sse("SSE-E4")],
        needs: NEEDS,
        expects: "U+0000 in a publisher's id does not reach the stream: clients ignore such an id and resume from an older one",
        accepts: "a refusal, and an id without it",
        run: |cx| {
            Box::pin(async move {
                sets_fields(&cx)?;
                let mut stream = cx.subscribe().await?;
                let id = Some(format!("{}\0", cx.token()));
                let payload = Payload { data: cx.token(), id, event: None };
                if let Published::Refused(how) = cx.try_publish(&payload).await? {
                    cx.observe("answer", how);
                    return Ok(());
                }
                cx.fenced(&mut stream).await?;
                cx.judge_unremarked(&stream, Remark::NulId)
            })
        },
        ..Case::BASE
    },
];

/// Publishes, and judges that exactly this payload arrives, line ends unified.
async fn round_trip(cx: &Cx, payload: &str) -> Outcome {
    let mut stream = cx.subscribe().await?;
    accepted(cx, &Payload::data(payload)).await?;
    let (events, verbatim) = cx.fenced_verbatim(&mut stream).await?;
    if !verbatim {
        return Err(Stop::NotApplicable(
            "the target sends payloads in a form of its own, not as they are published".to_owned(),
        ));
    }
    let own = own(cx, &events);
    let expected = payload.replace("\r\n", "\n").replace('\r', "\n");
    let Some(event) = own.first() else {
        return cx.judge(false, "the payload", "it never came, though the next one did");
    };
    cx.judge(
        event.event.data == expected,
        format!("the payload {}", shown(cx, &expected)),
        format!("{} instead", shown(cx, &event.event.data)),
    )?;
    cx.judge(own.len() == 1, "one event", format!("{} events from one payload", own.len()))
}

/// Judges that nothing in a payload became a field of its own. `forged` stands in the payload only as the
/// value of what looks like one: where it is in an id or a type, or all of a data field, the line it stood
/// in is read as a field. Whether the payload came as it was is for other cases to judge.
fn nothing_forged(cx: &Cx, events: &[Received], forged: &str) -> Outcome {
    let own = own(cx, events);
    if own.is_empty() {
        return Err(Stop::NotApplicable("such a payload is accepted, and never sent".to_owned()));
    }
    for event in own {
        let field = event.fields.iter().find(|(name, value)| match name.as_slice() {
            b"data" => value == forged.as_bytes(),
            b"id" | b"event" => String::from_utf8_lossy(value).contains(forged),
            _ => false,
        });
        if let Some((name, _)) = field {
            let name = String::from_utf8_lossy(name);
            let found = format!("a forged field `{name}`");
            return cx.judge_at(event.entry, 0..usize::MAX, false, "nothing but data", found);
        }
    }
    Ok(())
}

/// Publishes a field with each line end in it, and judges that it does not become more.
async fn injection(cx: &Cx, payload: impl Fn(String, String) -> Payload) -> Outcome {
    sets_fields(cx)?;
    let mut stream = cx.subscribe().await?;
    for end in ["\n", "\r"] {
        let forged = format!("{}forged", cx.token());
        let answer = cx.try_publish(&payload(cx.token(), format!("x{end}data: {forged}"))).await?;
        if let Published::Refused(how) = answer {
            cx.observe("answer", how);
            continue;
        }
        let events = cx.fenced(&mut stream).await?;
        let forged = events.iter().find(|event| event.contains(&forged));
        if let Some(event) = forged {
            let found = format!("data {}", shown(cx, &event.event.data));
            let whole = 0..usize::MAX;
            return cx.judge_at(event.entry, whole, false, "no field but the published", found);
        }
    }
    Ok(())
}

/// Whether event types and ids can be published.
fn sets_fields(cx: &Cx) -> Outcome {
    if cx.setting().stimulus.as_ref().is_some_and(|stimulus| !stimulus.sets_fields()) {
        return Err(Stop::NotApplicable(
            "the stimulus sets data only (a JSON body or --trigger could set the rest)".to_owned(),
        ));
    }
    Ok(())
}

/// Publishes; that it is refused means that the target does without such payloads.
async fn accepted(cx: &Cx, payload: &Payload) -> Outcome {
    match cx.try_publish(payload).await? {
        Published::Accepted => Ok(()),
        Published::Refused(how) => {
            Err(Stop::NotApplicable(format!("such a payload is refused: {how}")))
        }
    }
}

/// The events that carry anything of this case's.
fn own<'a>(cx: &Cx, events: &'a [Received]) -> Vec<&'a Received> {
    let prefix = cx.prefix();
    events.iter().filter(|event| event.contains(&prefix)).collect()
}

/// Escaped, shortened, and without what differs from run to run.
fn shown(cx: &Cx, data: &str) -> String {
    let data = data.replace(&cx.prefix(), "");
    let mut shown: String = data.chars().take(60).flat_map(char::escape_debug).collect();
    if data.chars().count() > 60 {
        return format!("\"{shown}… ({} bytes)\"", data.len());
    }
    shown.insert(0, '"');
    shown.push('"');
    shown
}
