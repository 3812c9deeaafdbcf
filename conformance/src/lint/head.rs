//! The head of a captured response, judged by the cases that judge it at an endpoint.

use std::sync::Arc;
use std::time::Duration;

use super::capture::Capture;
use super::findings::{Finding, Part, Place, about, excerpt};
use crate::case::Case;
use crate::counted::Counted;
use crate::evidence::Evidence;
use crate::probe::sse::{Capabilities, Replay};
use crate::requirement::Protocol;
use crate::suite::sse::{CASES, Cx, Setting};
use crate::transport::EndpointUrl;

/// The cases that look at nothing but the answer to one request as an `EventSource` makes it.
pub(super) const HEAD_CASES: &[&str] = &[
    "sse/response/status-200",
    "sse/response/content-type",
    "sse/response/charset",
    "sse/caching/not-stored",
];
/// The case on how the body is delimited.
pub(super) const FRAMING_CASE: &str = "sse/response/one-framing";

/// The URL under which captures are played back.
pub(super) fn nowhere() -> Option<EndpointUrl> {
    "http://capture/".parse().ok()
}

/// Judges the head, and the framing where it was captured.
pub(super) async fn judge(capture: &Capture) -> Vec<Finding> {
    let wanted = HEAD_CASES.iter().chain(capture.framed.then_some(&FRAMING_CASE));
    let mut findings = Vec::new();
    for id in wanted {
        let case = CASES.iter().copied().flatten().find(|case| case.id == *id);
        if let (Some(case), Some(url)) = (case, nowhere()) {
            findings.extend(run(case, capture, url).await);
        }
    }
    findings
}

async fn run(case: &Case<Cx>, capture: &Capture, url: EndpointUrl) -> Option<Finding> {
    let evidence = Evidence::new();
    let setting = Setting {
        connector: capture.played_back(url),
        stimulus: None,
        closer: None,
        via: None,
        replay: Replay::Undeclared,
        idle: None,
        capabilities: Arc::new(Capabilities::default()),
        timeout: Duration::from_secs(5),
        run: "lint".to_owned(),
        floor: Arc::default(),
        persistent: false,
        restarter: None,
    };
    let outcome = (case.run)(Cx::new(setting, evidence.clone(), "a".to_owned())).await;
    let case = about(case.id)?;
    let counted = Counted::new(case.level_in(Protocol::Sse), outcome, &evidence.gathered());
    // What the case points at is in the head, which is the first that came.
    let mark = evidence.trace.entries().into_iter().find_map(|entry| entry.marks.first().cloned());
    let place = mark.map_or_else(Place::default, |mark| {
        let offset = capture.head_at.map(|(_, grown)| (mark.start as u64).saturating_sub(grown));
        Place {
            offset,
            file_offset: capture.head_at.zip(offset).map(|((at, _), offset)| at + offset),
            line: None,
            text: excerpt(&capture.response, mark.start..mark.end.min(capture.response.len())),
        }
    });
    Finding::of(&case, counted, Part::Head, place)
}
