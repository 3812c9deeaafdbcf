//! URLs that redirect to the stream (9.2.1 and Fetch). That they are followed is for clients to do.

use super::cors::{ALLOW_ORIGIN, ORIGIN};
use super::cx::Cx;
use crate::case::{Case, Need, Stop};
use crate::probe::sse::Request;
use crate::requirement::{Level, sse};

/// The cases of this topic.
pub(super) const CASES: &[Case<Cx>] = &[Case {
    id: "sse/redirect/allowed-origin",
    level: Level::Should,
    requires: &[sse("SSE-I9"), sse("SSE-Q6")],
    needs: &[Need::Redirect],
    expects: "where pages of another origin may read the stream, they may read the redirects to it: browsers check every response on the way",
    accepts: "a stream for pages of its own origin only",
    run: |cx| {
        Box::pin(async move {
            let request = Request::event_source().header("Origin", ORIGIN);
            let (passed, response) = cx.redirected(&cx.http(), &request).await?;
            if response.head.header(ALLOW_ORIGIN).is_none() {
                return Err(Stop::NotApplicable(
                    "pages of this origin are not allowed to read the stream".to_owned(),
                ));
            }
            for head in &passed {
                cx.observe("redirect", head.status);
                let holds = head.header(ALLOW_ORIGIN).is_some();
                cx.judge_header(head, ALLOW_ORIGIN, holds, "the origin allowed here, too")?;
            }
            Ok(())
        })
    },
    ..Case::BASE
}];
