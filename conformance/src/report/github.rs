//! What GitHub Actions shows of a run: the step summary, and annotations.

use std::fmt::Write as _;

use crate::event::RunReport;

use super::exit::plural;
use super::markdown;
use super::rows::{Counts, Row, rows};

/// GitHub refuses summaries of more than 1024 KiB for all of a step.
pub const SUMMARY_LIMIT: usize = 900 << 10;
/// GitHub shows no more annotations of one kind and step.
const ANNOTATIONS: usize = 10;

/// The step summary, in what is left of its limit by what is there already.
pub fn summary(report: &RunReport, taken: usize) -> String {
    let mut text = markdown::text(report, SUMMARY_LIMIT.saturating_sub(taken));
    text.push('\n');
    text
}

/// Workflow commands that annotate the run: at most ten, the gravest first. What the baseline bears is
/// no news.
pub fn annotations(report: &RunReport) -> String {
    let rows = rows(report);
    let grave = |row: &&Row<'_>| match (row.counts, row.verdict) {
        (Counts::Failed, _) => Some(0),
        (Counts::Unknown, _) => Some(1),
        (Counts::Passed, "warn") => Some(2),
        _ => None,
    };
    let mut told: Vec<&Row<'_>> = rows.iter().filter(|row| grave(row).is_some()).collect();
    told.sort_by_key(grave);
    let shown = if told.len() > ANNOTATIONS { ANNOTATIONS - 1 } else { told.len() };
    let mut out = String::new();
    for row in &told[..shown] {
        let kind = if row.counts == Counts::Passed { "warning" } else { "error" };
        let protocol = row.protocol.map_or("", |protocol| protocol.title());
        let title = format!("{} {} {protocol}", row.verdict.to_uppercase(), row.name);
        let remark = row.remark.as_ref().map(|remark| format!(" ({remark})")).unwrap_or_default();
        let message = format!("{}{remark} {}", row.message, row.requirements.join(" "));
        let _ =
            writeln!(out, "::{kind} title={}::{}", property(title.trim()), data(message.trim()));
    }
    if told.len() > shown {
        let more = plural(told.len() - shown, "more finding");
        let _ = writeln!(out, "::error title=pushspec::{more} in the report");
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::CaseReport;
    use crate::report::sample;

    #[test]
    fn the_gravest_are_annotated_first() {
        insta::assert_snapshot!(annotations(&sample::report()));
    }

    #[test]
    fn what_the_baseline_bears_is_no_news() {
        let told = annotations(&sample::listed());
        assert!(!told.contains("known (bug"), "{told}");
        assert!(told.contains("known otherwise (line 12"), "{told}");
        assert!(told.contains("title=STALE baseline/mqtt/connect/is-accepted"), "{told}");
    }

    #[test]
    fn there_are_never_more_than_ten() {
        let mut report = sample::report();
        let failed = report.cases.iter().find(|case| case.found.is_some()).cloned();
        for number in 0..30 {
            report.cases.extend(
                failed
                    .clone()
                    .map(|case| CaseReport { id: format!("mqtt/publish/{number}"), ..case }),
            );
        }
        let told = annotations(&report);
        assert_eq!(told.lines().count(), ANNOTATIONS);
        assert!(told.lines().all(|line| line.starts_with("::")), "{told}");
        assert!(told.trim_end().ends_with("more findings in the report"), "{told}");
        let holds = annotations(&sample::conformant());
        assert!(holds.lines().all(|line| line.starts_with("::warning ")), "{holds}");
    }

    #[test]
    fn a_target_gives_no_commands() {
        let told = annotations(&sample::hostile());
        assert!(
            told.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")),
            "{told}"
        );
        assert_eq!(data("a%\r\n::x"), "a%25%0D%0A::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }

    #[test]
    fn the_summary_keeps_to_what_is_left() {
        assert!(summary(&sample::report(), SUMMARY_LIMIT - 1_000).len() <= 1_001);
        assert!(summary(&sample::report(), 2 * SUMMARY_LIMIT).len() <= 1_001);
    }
}
