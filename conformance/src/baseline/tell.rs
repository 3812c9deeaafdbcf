//! The baseline's part of what is printed at the end of a run.

use std::fmt::Write as _;

use super::{Judgement, signature};
use crate::event::{CaseReport, RunReport, Verdict};
use crate::report::text::{Look, Paint, hang};
use crate::report::{ExitStatus, plural};

/// Everything that needs a hand, and then the result in one line.
pub fn tell(judgement: &Judgement<'_>, name: &str, report: &RunReport, look: Look) -> String {
    let mut out = String::new();
    for changed in &judgement.changed {
        let (case, entry) = (&changed.case, changed.entry);
        heading(&mut out, "CHANGED", Paint::Bad, case, look);
        item(
            &mut out,
            "listed",
            &format!("{} (line {})", entry.signatures.join(" | "), entry.line),
            look,
        );
        item(&mut out, "found", &signature(case), look);
    }
    for expired in &judgement.expired {
        let entry = expired.entry;
        heading(&mut out, "EXPIRED", Paint::Bad, &expired.case, look);
        let date = entry.expires.map(|date| date.to_string()).unwrap_or_default();
        item(&mut out, "", &format!("its entry in line {} expired on {date}", entry.line), look);
    }
    for case in &judgement.unlisted {
        heading(&mut out, "NOT LISTED", Paint::Bad, case, look);
        item(&mut out, "found", &signature(case), look);
    }
    for stale in &judgement.stale {
        let entry = stale.entry;
        let _ = writeln!(
            out,
            "{}  {} ({})",
            look.paint(Paint::Doubtful, format!("{:<10}", "STALE")),
            look.visible(&entry.case),
            entry.protocol
        );
        let what = format!(
            "line {}: {}; remove the entry (pushspec baseline update)",
            entry.line, stale.why
        );
        item(&mut out, "", &what, look);
    }
    for entry in &judgement.soon {
        let date = entry.expires.map(|date| date.to_string()).unwrap_or_default();
        let what = format!("{} ({}), line {}, on {date}", entry.case, entry.protocol, entry.line);
        hang(&mut out, "expires     ", &look.visible(&what), look.width);
    }
    hang(&mut out, "baseline        ", &look.visible(&counted(judgement, name)), look.width);
    let status = judgement.status();
    let why = if judgement.changed.is_empty() && judgement.expired.is_empty() {
        reason(judgement, report)
    } else {
        "departures differ from the baseline".to_owned()
    };
    hang(
        &mut out,
        "exit            ",
        &format!("{} ({})", status.code(), look.visible(&why)),
        look.width,
    );
    out
}

fn counted(judgement: &Judgement<'_>, name: &str) -> String {
    let mut parts = vec![format!("{} known", judgement.known.len())];
    for (count, what) in [
        (judgement.changed.len(), "changed"),
        (judgement.expired.len(), "expired"),
        (judgement.unlisted.len(), "not listed"),
        (judgement.stale.len(), "stale"),
        (judgement.warnings, "further warnings"),
        (judgement.not_covered, "not covered by this run"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    format!("{name}: {}", parts.join(", "))
}

fn reason(judgement: &Judgement<'_>, report: &RunReport) -> String {
    match judgement.status() {
        ExitStatus::Conformant if judgement.known.is_empty() => {
            "every obligation judged holds".to_owned()
        }
        ExitStatus::Conformant => "as the baseline says".to_owned(),
        ExitStatus::Failed => {
            let failed =
                judgement.unlisted.iter().filter(|case| case.verdict == Verdict::Fail).count();
            let others = judgement.unlisted.len() - failed;
            match (failed, others) {
                (0, others) => format!("{} not in the baseline", plural(others, "departure")),
                (failed, _) => format!("{} not in the baseline", plural(failed, "failure")),
            }
        }
        ExitStatus::StaleBaseline => {
            let stale = judgement.stale.len();
            let entries = if stale == 1 { "entry" } else { "entries" };
            format!("{stale} stale {entries} in the baseline")
        }
        status => status.reason(report),
    }
}

fn heading(out: &mut String, word: &str, paint: Paint, case: &CaseReport, look: Look) {
    let _ = writeln!(
        out,
        "{}  {} ({}) at {}",
        look.paint(paint, format!("{word:<10}")),
        look.visible(&case.id),
        case.protocol,
        look.visible(&case.endpoint)
    );
}

fn item(out: &mut String, label: &str, text: &str, look: Look) {
    hang(out, &format!("            {label:<8}"), &look.visible(text), look.width);
}
