//! The page of one report.

use std::time::Duration;

use askama::Template;

use crate::event::{Endpoint, RunReport, Violation};
use crate::listed::{BaselineReport, Remark};
use crate::report::exit::{ExitStatus, plural};
use crate::report::rows::{LOOK, ended_early, last_words, level, plain};
use crate::report::terminal::{holds, trace_lines};
use crate::requirement::Level;

use super::case::{CaseView, RequirementView, anchor, requirement};
use super::coverage::{Coverage, LEGEND, coverage};
use super::{Frame, KNOWN, Tile, VERDICTS, distinct, tiles, tone};

#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page {
    frame: Frame,
    bar_label: String,
    tiles: Vec<Tile>,
    interrupted: Option<String>,
    baseline: Option<BaselineView>,
    ended: Vec<String>,
    endpoints: Vec<EndpointView>,
    violations: Vec<ViolationView>,
    protocols: Vec<(&'static str, &'static str)>,
    chapters: Vec<String>,
    groups: Vec<Group>,
    legend: [(&'static str, &'static str, &'static str); 8],
    coverage: Vec<Coverage>,
}

/// What the baseline says beyond what stands with each case.
struct BaselineView {
    file: String,
    stale: Vec<String>,
    soon: Vec<String>,
}

struct Group {
    title: &'static str,
    cases: Vec<CaseView>,
}

struct EndpointView {
    url: String,
    unreachable: Option<String>,
    protocols: Vec<ProtocolView>,
}

struct ProtocolView {
    title: &'static str,
    holds: String,
    capabilities: Vec<(String, String)>,
}

struct ViolationView {
    verdict: &'static str,
    word: &'static str,
    title: &'static str,
    requirement: RequirementView,
    found: String,
    case: String,
    remark: Option<String>,
    trace: String,
}

impl Page {
    pub(super) fn new(report: &RunReport) -> Self {
        let status = ExitStatus::of(report);
        let several = report.target.endpoints.len() > 1;
        let known = report.cases.iter().filter(|case| case.is_known()).count();
        let tiles = tiles(|verdict| report.open(verdict), known);
        let views: Vec<(usize, CaseView)> = report
            .cases
            .iter()
            .map(|case| {
                let at = report.target.endpoints.iter().position(|one| one.url == case.endpoint);
                let mut anchor = anchor(case.protocol, &case.id);
                if let Some(at @ 1..) = at {
                    anchor = format!("{anchor}@{}", at + 1);
                }
                let endpoint = several.then(|| plain(&case.endpoint));
                let rank = VERDICTS.iter().position(|verdict| *verdict == case.verdict);
                let rank = if case.is_known() { Some(VERDICTS.len()) } else { rank };
                (rank.unwrap_or(0), CaseView::new(&report.target, case, anchor, endpoint))
            })
            .collect();
        let protocols = distinct(views.iter().map(|(_, case)| (case.protocol, case.title)));
        let chapters = distinct(views.iter().map(|(_, case)| case.chapter.clone()));
        Self {
            frame: Frame::new(
                status.verdict(report),
                format!(
                    "{} · {} in {:.1} s · {}",
                    report
                        .target
                        .endpoints
                        .iter()
                        .map(|endpoint| plain(&endpoint.url))
                        .collect::<Vec<_>>()
                        .join(", "),
                    plural(report.cases.len(), "case"),
                    Duration::from_millis(report.duration_ms).as_secs_f64(),
                    plain(&status.reason(report)),
                ),
                tone(report),
                plain(&format!("{} {}", report.tool.name, report.tool.version)),
            ),
            bar_label: tiles
                .iter()
                .map(|tile| format!("{} {}", tile.count, tile.word))
                .collect::<Vec<_>>()
                .join(", "),
            tiles,
            interrupted: report.interrupted.as_ref().map(|why| plain(&ended_early(report, why))),
            baseline: report.baseline.as_ref().map(of_baseline),
            ended: report.target.ended.iter().map(|end| plain(&last_words(end))).collect(),
            endpoints: report.target.endpoints.iter().map(|one| of_endpoint(report, one)).collect(),
            violations: report.violations.iter().map(of_violation).collect(),
            protocols,
            chapters,
            groups: groups(views),
            legend: LEGEND,
            coverage: coverage(report),
        }
    }
}

fn groups(views: Vec<(usize, CaseView)>) -> Vec<Group> {
    const TITLES: [&str; VERDICTS.len() + 1] = [
        "Failures",
        "Errors of pushspec",
        "Without a verdict",
        "Warnings",
        "Passed",
        "Not applicable",
        "Known",
    ];
    let mut groups: Vec<Group> =
        TITLES.into_iter().map(|title| Group { title, cases: Vec::new() }).collect();
    for (rank, view) in views {
        if let Some(group) = groups.get_mut(rank) {
            group.cases.push(view);
        }
    }
    groups.retain(|group| !group.cases.is_empty());
    groups
}

fn of_endpoint(report: &RunReport, endpoint: &Endpoint) -> EndpointView {
    EndpointView {
        url: plain(&endpoint.title()),
        unreachable: endpoint.unreachable.as_deref().map(plain),
        protocols: endpoint
            .protocols
            .iter()
            .map(|&protocol| ProtocolView {
                title: protocol.title(),
                holds: holds(report.cases_of(&endpoint.url, protocol), " · "),
                capabilities: endpoint
                    .capabilities
                    .get(protocol.name())
                    .into_iter()
                    .flatten()
                    .map(|(name, value)| (plain(name), plain(value)))
                    .collect(),
            })
            .collect(),
    }
}

fn of_baseline(baseline: &BaselineReport) -> BaselineView {
    let told = |remarks: &[Remark]| {
        let told = remarks.iter().map(|remark| {
            plain(&format!(
                "{} ({}), line {}: {}",
                remark.case, remark.protocol, remark.line, remark.said
            ))
        });
        told.collect()
    };
    BaselineView {
        file: plain(&baseline.file),
        stale: told(&baseline.stale),
        soon: told(&baseline.soon),
    }
}

fn of_violation(violation: &Violation) -> ViolationView {
    let (known, fails) = (violation.is_known(), level(violation) == Level::Must);
    let (verdict, word) = match (known, fails) {
        (true, _) => KNOWN,
        (false, true) => ("fail", "FAIL"),
        (false, false) => ("warn", "WARN"),
    };
    ViolationView {
        verdict,
        word,
        remark: violation.baseline.as_ref().map(|listed| plain(&listed.remark())),
        title: violation.protocol.title(),
        requirement: requirement(violation.protocol, &violation.requirement),
        found: plain(&violation.found),
        case: plain(&violation.case),
        trace: trace_lines(&violation.trace, violation.protocol, LOOK),
    }
}
