//! The summary: what was tested, what came of it, and how the tool ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use crate::event::{CaseReport, Endpoint, LeftBehind, RunReport, Totals, Verdict};
use crate::report::exit::{ExitStatus, plural};
use crate::report::text::{Look, Paint, hang};
use crate::requirement::{Catalogue, Level, Protocol};

use super::{Artefact, baseline};

/// Writes it.
pub(super) fn write(out: &mut String, report: &RunReport, artefacts: &[Artefact], look: Look) {
    let status = ExitStatus::of(report);
    let _ = writeln!(out, "\n{}", look.paint(Paint::Faint, look.rule()));
    let word = status.verdict(report);
    let paint = match word {
        "CONFORMANT" | "AS THE BASELINE SAYS" => Paint::Good,
        "NOT CONFORMANT" => Paint::Bad,
        _ => Paint::Doubtful,
    };
    let _ = writeln!(
        out,
        "{}  {} in {:.1} s",
        look.paint(paint, word),
        plural(report.cases.len(), "case"),
        Duration::from_millis(report.duration_ms).as_secs_f64()
    );
    for endpoint in &report.target.endpoints {
        of_endpoint(out, report, endpoint, look);
    }
    out.push('\n');
    requirements(out, report, look);
    not_applicable(out, report, look);
    alive(out, report, look);
    for artefact in artefacts {
        let label = format!("{:<16}", artefact.format);
        hang(out, &label, &look.visible(&artefact.path), look.width);
    }
    next(out, report, artefacts, look);
    baseline::counts(out, report, look);
}

/// How the tool ends, and why.
pub(super) fn exit(out: &mut String, status: ExitStatus, reason: &str, look: Look) {
    let reason = format!("{} ({})", status.code(), look.visible(reason));
    hang(out, "exit            ", &reason, look.width);
}

fn of_endpoint(out: &mut String, report: &RunReport, endpoint: &Endpoint, look: Look) {
    let url = look.visible(&endpoint.title());
    let _ = writeln!(out, "\n{}", look.paint(Paint::Strong, url));
    if let Some(reason) = &endpoint.unreachable {
        hang(out, "  not tested    ", &look.visible(reason), look.width);
    }
    for &protocol in &endpoint.protocols {
        let cases = report.cases_of(&endpoint.url, protocol);
        let line = holds(cases, look.pick(" · ", ", "));
        hang(out, &format!("  {:<14}", protocol.title()), &line, look.width);
        capabilities(out, endpoint, protocol, look);
    }
    measured(out, report, &endpoint.url, look);
    left_behind(out, endpoint, look);
}

/// What cases measured at an endpoint, the slowest of each kind.
fn measured(out: &mut String, report: &RunReport, endpoint: &str, look: Look) {
    let mut slowest: BTreeMap<&str, f64> = BTreeMap::new();
    for case in report.cases.iter().filter(|case| case.endpoint == endpoint) {
        for (what, millis) in &case.measured_ms {
            let known = slowest.entry(what).or_default();
            *known = known.max(*millis);
        }
    }
    if !slowest.is_empty() {
        let shown: Vec<_> =
            slowest.iter().map(|(what, millis)| format!("{what} {millis:.1} ms")).collect();
        let text = shown.join(look.pick(" · ", ", "));
        hang(out, "  measured      ", &look.visible(&text), look.width);
    }
}

/// `must 38 of 39 hold · should 3 of 4 hold · 2 not applicable`
pub(in crate::report) fn holds<'a>(
    cases: impl Iterator<Item = &'a CaseReport> + Clone,
    separator: &str,
) -> String {
    let mut parts = Vec::new();
    for (level, name) in [
        (Level::Must, "must"),
        (Level::Should, "should"),
        (Level::Advice, "advice"),
        (Level::May, "may"),
    ] {
        let mut totals = Totals::default();
        for case in cases.clone().filter(|case| case.level == level) {
            totals.add(case.verdict);
        }
        if totals.judged() > 0 {
            parts.push(format!("{name} {} of {} hold", totals.pass, totals.judged()));
        }
    }
    let mut totals = Totals::default();
    cases.for_each(|case| totals.add(case.verdict));
    for (count, name) in [
        (totals.inconclusive, "inconclusive"),
        (totals.error, "error"),
        (totals.not_applicable, "not applicable"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {name}"));
        }
    }
    if parts.is_empty() {
        parts.push("no case".to_owned());
    }
    parts.join(separator)
}

fn capabilities(out: &mut String, endpoint: &Endpoint, protocol: Protocol, look: Look) {
    let Some(offers) = endpoint.capabilities.get(protocol.name()) else { return };
    let offers: Vec<String> =
        offers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if !offers.is_empty() {
        let mut text = String::new();
        let margin = " ".repeat(16);
        hang(&mut text, &margin, &look.visible(&offers.join(", ")), look.width);
        let _ = writeln!(out, "{}", look.paint(Paint::Faint, text.trim_end_matches('\n')));
    }
}

/// How to look into what failed, where that is kept and no page shows it yet.
fn next(out: &mut String, report: &RunReport, artefacts: &[Artefact], look: Look) {
    let kept = artefacts.iter().find(|artefact| matches!(&*artefact.format, "json" | "ndjson"));
    let page = artefacts.iter().any(|artefact| artefact.format == "html");
    if let (Some(kept), false, true) = (kept, page, report.open(Verdict::Fail) > 0) {
        // On one line, to be copied.
        let path = look.visible(&kept.path);
        let _ = writeln!(out, "next            pushspec report {path} --html report.html");
    }
}

/// How many requirements of the protocols that were tested a case could judge by watching a server.
fn testable(report: &RunReport) -> usize {
    let tested: BTreeSet<Protocol> = report.cases.iter().map(|case| case.protocol).collect();
    let judged = |protocol, id: &str| {
        report.requirements.iter().any(|known| known.protocol == protocol && known.id == id)
    };
    Catalogue::embedded()
        .iter()
        .filter(|row| tested.contains(&row.protocol))
        // What a case judges can evidently be tested.
        .filter(|row| row.testable_at_a_server() || judged(row.protocol, row.id))
        .count()
}

/// Whether the target was still there when the run came to its end, and how often it was not in between.
fn alive(out: &mut String, report: &RunReport, look: Look) {
    let tested = report.target.endpoints.iter().any(|endpoint| endpoint.unreachable.is_none());
    if !tested || report.cases.is_empty() || report.interrupted.is_some() {
        return;
    }
    let ends = report.target.ended.len();
    let text = match ends {
        0 => "alive at the end".to_owned(),
        _ => format!("alive at the end, after its process ended {}", plural(ends, "time")),
    };
    hang(out, "target          ", &text, look.width);
}

/// What of ours is still in the target.
fn left_behind(out: &mut String, endpoint: &Endpoint, look: Look) {
    let Some(LeftBehind { sessions, retained, unknown }) = &endpoint.left else { return };
    let mut told = Vec::new();
    if let Some(why) = unknown {
        told.push(format!("not known: {why}"));
    }
    for (left, one, many) in
        [(retained, "a retained message", "retained messages"), (sessions, "a Session", "Sessions")]
    {
        match left.as_slice() {
            [] => {}
            [only] => told.push(format!("{one}: {only}")),
            [first, ..] => told.push(format!("{} {many}, such as {first}", left.len())),
        }
    }
    let text = if told.is_empty() { "nothing".to_owned() } else { told.join("; ") };
    hang(out, "  left behind   ", &look.visible(&text), look.width);
}

fn requirements(out: &mut String, report: &RunReport, look: Look) {
    let count = |wanted: Verdict| {
        report.requirements.iter().filter(|requirement| requirement.verdict == wanted).count()
    };
    let (hold, broken, doubtful) =
        (count(Verdict::Pass), count(Verdict::Fail), count(Verdict::Warn));
    let judged = hold + broken + doubtful;
    let of = testable(report);
    let mut text = format!("{judged} of {of} on a server judged: {hold} hold, {broken} broken");
    if doubtful > 0 {
        let _ = write!(text, ", {doubtful} with warnings");
    }
    let without = report.requirements.len() - judged;
    if without > 0 {
        let _ = write!(text, "; {without} without a verdict");
    }
    hang(out, "requirements    ", &text, look.width);
}

/// Grouped by reason, the most frequent first.
fn not_applicable(out: &mut String, report: &RunReport, look: Look) {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for case in report.cases.iter().filter(|case| case.verdict == Verdict::NotApplicable) {
        *reasons.entry(case.found.as_deref().unwrap_or("no reason given")).or_default() += 1;
    }
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (at, (reason, count)) in reasons.into_iter().enumerate() {
        let label = if at == 0 { "not applicable  " } else { "                " };
        hang(out, label, &format!("{count}: {}", look.visible(reason)), look.width);
    }
}
