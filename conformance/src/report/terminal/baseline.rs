//! What the baseline says of a run: everything that needs a hand, and the counts in one line.

use std::fmt::Write as _;

use crate::event::{RunReport, Verdict};
use crate::listed::{Listed, Remark, Standing};
use crate::report::text::{Look, Paint, hang};
use crate::requirement::Protocol;

/// All of it. Empty where there was no baseline.
pub(super) fn baseline(report: &RunReport, look: Look) -> String {
    let mut out = String::new();
    remarks(&mut out, report, look);
    counts(&mut out, report, look);
    out
}

/// What is not as listed.
pub(super) fn remarks(out: &mut String, report: &RunReport, look: Look) {
    let cases = report
        .cases
        .iter()
        .map(|case| (case.id.clone(), case.protocol, &case.endpoint, &case.baseline));
    let seen = report.violations.iter().map(|seen| {
        (format!("monitor/{}", seen.requirement), seen.protocol, &seen.endpoint, &seen.baseline)
    });
    for (id, protocol, endpoint, listed) in cases.chain(seen) {
        if let Some(listed) = listed {
            of_case(out, &id, protocol, endpoint, listed, look);
        }
    }
    let Some(judged) = &report.baseline else { return };
    for stale in &judged.stale {
        heading(out, "STALE", Paint::Doubtful, &named(stale), look);
        let what = format!(
            "line {}: {}; remove the entry (pushspec baseline update)",
            stale.line, stale.said
        );
        item(out, "", &what, look);
    }
    for soon in &judged.soon {
        let what = format!("{}, line {}, {}", named(soon), soon.line, soon.said);
        hang(out, "soon        ", &look.visible(&what), look.width);
    }
}

fn of_case(
    out: &mut String,
    id: &str,
    protocol: Protocol,
    endpoint: &str,
    listed: &Listed,
    look: Look,
) {
    let word = match listed.standing {
        Standing::Known => return,
        Standing::Changed => "CHANGED",
        Standing::Expired => "EXPIRED",
        Standing::Unlisted => "NOT LISTED",
    };
    heading(out, word, Paint::Bad, &format!("{id} ({protocol}) at {endpoint}"), look);
    match &listed.entry {
        Some(entry) if listed.standing == Standing::Expired => {
            let date = entry.expires.as_deref().unwrap_or_default();
            item(out, "", &format!("its entry in line {} expired on {date}", entry.line), look);
        }
        Some(entry) => {
            let looks = entry.signatures.join(" | ");
            item(out, "listed", &format!("{looks} (line {})", entry.line), look);
            item(out, "found", &listed.signature, look);
        }
        None => item(out, "found", &listed.signature, look),
    }
}

/// `broker.toml: 3 known, 1 stale`
pub(super) fn counts(out: &mut String, report: &RunReport, look: Look) {
    let Some(judged) = &report.baseline else { return };
    let further =
        report.cases.iter().filter(|case| case.verdict == Verdict::Warn && case.baseline.is_none());
    let mut parts = vec![format!("{} known", report.standing(Standing::Known))];
    for (count, what) in [
        (report.standing(Standing::Changed), "changed"),
        (report.standing(Standing::Expired), "expired"),
        (report.standing(Standing::Unlisted), "not listed"),
        (judged.stale.len(), "stale"),
        (further.count(), "further warnings"),
        (judged.not_covered, "not covered by this run"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let line = format!("{}: {}", judged.file, parts.join(", "));
    hang(out, "baseline        ", &look.visible(&line), look.width);
}

fn named(remark: &Remark) -> String {
    format!("{} ({})", remark.case, remark.protocol)
}

fn heading(out: &mut String, word: &str, paint: Paint, what: &str, look: Look) {
    let word = look.paint(paint, format!("{word:<10}"));
    let _ = writeln!(out, "{word}  {}", look.visible(what));
}

fn item(out: &mut String, label: &str, text: &str, look: Look) {
    hang(out, &format!("            {label:<8}"), &look.visible(text), look.width);
}
