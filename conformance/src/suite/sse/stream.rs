//! What the stream consists of (9.2.5 grammar, 9.2.6 interpretation): a lint of what arrives.

use std::collections::BTreeSet;

use super::cx::Cx;
use crate::case::{Case, Need, Stop};
use crate::probe::sse::{EventStream, Received, Remark};
use crate::requirement::{Level, sse};

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[
    Case {
        id: "sse/stream/utf-8",
        requires: &[sse("SSE-B1"), sse("SSE-B7"), sse("SSE-P3")],
        expects: "the stream is well-formed UTF-8",
        run: |cx| {
            Box::pin(async move {
                let stream = read(&cx).await?;
                cx.judge_unremarked(&stream, Remark::IllFormed)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/stream/byte-order-mark",
        level: Level::Should,
        requires: &[sse("SSE-A6"), sse("SSE-B4")],
        expects: "a byte order mark stands at most at the very start: elsewhere clients ignore the line that it begins",
        run: |cx| {
            Box::pin(async move {
                let stream = read(&cx).await?;
                let notes = stream.notes();
                cx.observe("byte order mark", if notes.byte_order_mark { "yes" } else { "no" });
                cx.judge_unremarked(&stream, Remark::LateByteOrderMark)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/stream/field-names",
        level: Level::Should,
        requires: &[sse("SSE-A8"), sse("SSE-D8")],
        expects: "no field is named almost like a known one: names compare exactly, so clients ignore it",
        accepts: "names without any likeness, which clients ignore, too",
        run: |cx| {
            Box::pin(async move {
                let stream = read(&cx).await?;
                let notes = stream.notes();
                if !notes.unknown.is_empty() {
                    let names: Vec<_> = notes.unknown.iter().map(String::as_str).collect();
                    cx.observe("unknown fields", names.join(", "));
                }
                let ends = stream.line_ends();
                let kinds = [("LF", ends.lf), ("CRLF", ends.crlf), ("CR", ends.cr)];
                let used: Vec<_> =
                    kinds.iter().filter(|(_, count)| *count > 0).map(|(kind, _)| *kind).collect();
                cx.observe("line ends", used.join(" and "));
                cx.judge_unremarked(&stream, Remark::NearMiss)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/stream/retry-is-digits",
        level: Level::Should,
        requires: &[sse("SSE-E5"), sse("SSE-E6")],
        expects: "the value of retry consists of ASCII digits: clients ignore any other",
        run: |cx| {
            Box::pin(async move {
                let stream = read(&cx).await?;
                cx.judge_unremarked(&stream, Remark::BadRetry)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/stream/retry-is-not-zero",
        level: Level::Should,
        requires: &[sse("SSE-K6")],
        expects: "a reconnection time, where one is sent, is not zero, lest all clients come back at once",
        accepts: "a stream without one: only those that end need it",
        run: |cx| {
            Box::pin(async move {
                let stream = read(&cx).await?;
                if stream.notes().retry.is_none() {
                    cx.observe("retry", "none");
                }
                cx.judge_unremarked(&stream, Remark::ZeroRetry)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/stream/retry-is-bearable",
        level: Level::Advice,
        requires: &[sse("SSE-E8"), sse("SSE-K6")],
        expects: "a reconnection time fits 31 bits of milliseconds (24 days): with more, timers of clients overflow and they come back at once",
        accepts: "a stream without one",
        run: |cx| {
            Box::pin(async move {
                let stream = read(&cx).await?;
                cx.judge_unremarked(&stream, Remark::HugeRetry)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/stream/has-data",
        level: Level::Should,
        requires: &[sse("SSE-A8"), sse("SSE-F3")],
        expects: "what the stream carries is in data fields: clients ignore lines of any other kind, such as bare JSON",
        accepts: "comments alone",
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                let Err(stop) = cx.heard(&mut stream).await else { return Ok(()) };
                let notes = stream.notes();
                let foreign =
                    !notes.unknown.is_empty() || notes.remarked(Remark::NearMiss).is_some();
                if notes.data_fields > 0 || !foreign {
                    return Err(stop);
                }
                cx.judge(false, "fields named data", "lines that clients ignore, and no data field")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/stream/ids-without-nul",
        level: Level::Should,
        requires: &[sse("SSE-E4")],
        expects: "ids hold no U+0000: clients ignore such a field and resume from an older one",
        run: |cx| {
            Box::pin(async move {
                let stream = read(&cx).await?;
                cx.judge_unremarked(&stream, Remark::NulId)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/stream/ids-travel",
        level: Level::Should,
        requires: &[sse("SSE-L3"), sse("SSE-L6")],
        expects: "ids come back unchanged as the value of a header field: no blanks around them and no controls",
        run: |cx| {
            Box::pin(async move {
                let stream = read(&cx).await?;
                cx.judge_unremarked(&stream, Remark::UnsafeId)
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/stream/ids-differ",
        level: Level::Should,
        requires: &[sse("SSE-L5"), sse("SSE-L6")],
        needs: &[Need::EventIds, Need::Stimulus],
        expects: "each event has an id of its own: with a common one nobody can resume after it",
        run: |cx| {
            Box::pin(async move {
                let mut stream = cx.subscribe().await?;
                for _ in 0..3 {
                    cx.publish(&cx.token()).await?;
                }
                let events = cx.fenced(&mut stream).await?;
                let ids: Vec<_> = events.iter().filter_map(Received::id).collect();
                if ids.is_empty() {
                    return Err(Stop::NotApplicable("the events carry no ids".to_owned()));
                }
                let different: BTreeSet<_> = ids.iter().collect();
                cx.judge(different.len() == ids.len(), "as many ids as events", "one id twice")
            })
        },
        ..Case::BASE
    },
    Case {
        id: "sse/stream/named-blocks-have-data",
        level: Level::Should,
        requires: &[sse("SSE-F3")],
        expects: "a block with an event type has data: without it clients dispatch nothing",
        accepts: "blocks of id or retry alone, which do take effect",
        run: |cx| {
            Box::pin(async move {
                let stream = read(&cx).await?;
                cx.judge_unremarked(&stream, Remark::LostBlock)
            })
        },
        ..Case::BASE
    },
];

/// A stream that has spoken.
async fn read(cx: &Cx) -> Result<EventStream, Stop> {
    let mut stream = cx.subscribe().await?;
    cx.heard(&mut stream).await?;
    Ok(stream)
}
