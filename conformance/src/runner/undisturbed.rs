//! Test: what holds events back is found, however much else is caused meanwhile.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::{Access, Selection, whole};
use crate::event::Verdict;
use crate::probe::sse::{PublishFormat, Replay, Stimulus};
use crate::reference::sse::{Config, Fault, Server};
use crate::transport::Connector;

/// Enough to push events out of any buffer.
const BUSY: [&str; 3] = ["sse/payload/*", "sse/parallel/*", "sse/delivery/burst"];

/// What a case comes to at a server with this fault, while others cause events.
async fn verdict(fault: Fault, id: &str) -> (Verdict, String) {
    let server = Arc::new(Server::start(Config::with_fault(fault)));
    let connector = |path: &str| {
        let server = Arc::clone(&server);
        let url = format!("http://reference{path}").parse().unwrap();
        Connector::memory(url, move || server.connect_in_memory())
    };
    let stimulus =
        Stimulus::Publish { connector: connector("/publish"), format: PublishFormat::Json };
    let access = Access::Sse {
        stimulus: Some(Box::new(stimulus)),
        closer: None,
        via: None,
        replay: Replay::Undeclared,
        persistent: false,
        idle: None,
    };
    let selection = Selection::all().cases(BUSY.into_iter().chain([id])).unwrap();
    let plan = whole::plan(connector("/events"), access, "busy", selection);
    let cases = whole::told(plan).await.cases;
    let case = cases.into_iter().find(|case| case.id == id).unwrap();
    (case.verdict, case.found.unwrap_or_default())
}

#[tokio::test(start_paused = true)]
async fn a_compressor_that_keeps_events() {
    let (verdict, found) = verdict(Fault::GzipNotFlushed, "sse/delivery/compressed-at-once").await;
    assert_eq!((verdict, found.as_str()), (Verdict::Warn, "nothing within 5 s"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_one_event_behind() {
    let (verdict, found) = verdict(Fault::OneBehind, "sse/delivery/event-at-once").await;
    assert_eq!((verdict, found.as_str()), (Verdict::Warn, "it came when the next one was caused"));
}

#[tokio::test(start_paused = true)]
async fn header_fields_that_wait_for_an_event() {
    let (verdict, found) = verdict(Fault::HeadersHeld, "sse/delivery/headers-at-once").await;
    assert_eq!((verdict, found.as_str()), (Verdict::Warn, "they came with the first event"));
}
