//! A restart between two connections. What a server remembers over one is its own affair, unless the user
//! declares with `--persistent` that it keeps its events.

use super::cx::Cx;
use super::resume::{first_id, has, history};
use crate::case::{Case, Need, Stop};
use crate::probe::sse::{EventStream, Request};
use crate::requirement::{Level, sse};

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[Case {
    id: "sse/replay/after-a-restart",
    level: Level::Advice,
    requires: &[sse("SSE-L5")],
    needs: &[Need::EventIds, Need::Stimulus, Need::Restart],
    expects: "a server that is declared to keep its events sends those after a known id after a restart, too",
    accepts: "anything, unless the user declares that events are kept: what comes is only observed then",
    disturbs: true,
    run: |cx| {
        Box::pin(async move {
            let (stream, events) = history(&cx, 4).await?;
            let id = first_id(&events)?;
            drop(stream);
            cx.restart().await?;
            let request = Request::event_source().header("Last-Event-ID", &id);
            let response = cx.open(&request).await?;
            let status = response.head.status;
            if status / 100 == 5 {
                return Err(Stop::Inconclusive(format!(
                    "after the restart the stream is answered {}",
                    response.head.status_text()
                )));
            }
            let got = if status == 200 {
                cx.fenced(&mut EventStream::over(response)).await?
            } else {
                Vec::new()
            };
            let prefix = cx.prefix();
            let after: Vec<_> =
                events.iter().skip(1).filter(|event| event.contains(&prefix)).collect();
            let missing = after.iter().filter(|event| !has(&got, &event.event.data)).count();
            let found = format!("{missing} of {} are missing", after.len());
            cx.observe("events after a restart", if missing == 0 { "kept" } else { &found });
            if !cx.setting().persistent {
                return Ok(());
            }
            cx.judge(missing == 0, "all events after the known id", found).map_err(Stop::promised)
        })
    },
    ..Case::BASE
}];
