//! `data: [DONE]`, by which many streams of language models tell that an answer is whole. To the format it is
//! data like any other; clients that wait for it have to see it, and stop reading there.

use tokio::time::Instant;

use super::cx::Cx;
use crate::case::{Case, Stop};
use crate::probe::sse::{Received, Trouble};
use crate::requirement::{Level, sse};

const DONE: &str = "[DONE]";

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[Case {
    id: "sse/end/done-marker",
    level: Level::Advice,
    requires: &[sse("SSE-A1"), sse("SSE-G3")],
    expects: "where a stream ends with `data: [DONE]`, an empty line closes that block, and no event follows: clients stop reading there",
    accepts: "streams without it",
    run: |cx| {
        Box::pin(async move {
            let mut stream = cx.subscribe().await?;
            let deadline = Instant::now() + cx.timeout();
            let mut done: Option<Received> = None;
            loop {
                let patience = deadline.saturating_duration_since(Instant::now());
                match stream.next_event(patience).await {
                    Ok(event) => {
                        if let Some(done) = &done {
                            let found = "an event behind it";
                            let whole = 0..usize::MAX;
                            return cx.judge_at(
                                done.entry,
                                whole,
                                false,
                                "nothing behind [DONE]",
                                found,
                            );
                        }
                        done = (event.event.data == DONE).then_some(event);
                    }
                    Err(trouble) if trouble.is_silence() => break,
                    Err(Trouble::Ended { .. } | Trouble::Broken { .. }) => break,
                    Err(trouble) => return Err(trouble.into()),
                }
            }
            if done.is_some() {
                return Ok(());
            }
            let lost = stream.ending().is_some_and(|ending| {
                let cut_off = ending.partial_line.ends_with(DONE.as_bytes());
                ending.lost_fields() > 0 && (cut_off || stream.last_data() == Some(DONE.as_bytes()))
            });
            if !lost {
                return Err(Stop::NotApplicable("the stream brought no [DONE]".to_owned()));
            }
            let found = "clients never see it: no empty line closes its block";
            cx.judge_at(stream.entry(), 0..usize::MAX, false, "[DONE] as an event", found)
        })
    },
    ..Case::BASE
}];
