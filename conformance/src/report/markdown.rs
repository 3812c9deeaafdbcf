//! The report as Markdown, as GitHub and GitLab show it: failures first, with their traces folded in.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use crate::event::{CaseReport, RunReport, Totals, Verdict};
use crate::requirement::{Catalogue, Level, Protocol};

use super::exit::{ExitStatus, plural};
use super::rows::{LOOK, ended_early, last_words, level};
use super::terminal::{trace_lines, trace_text};

/// Writes the whole report.
pub fn write(report: &RunReport, mut out: impl io::Write) -> io::Result<()> {
    out.write_all(text(report, usize::MAX).as_bytes())?;
    out.flush()
}

/// The report in at most so many bytes: what is gravest comes first, traces are the first to be left
/// out, and it says how much is missing.
pub(super) fn text(report: &RunReport, limit: usize) -> String {
    let mut page = Page { text: String::new(), limit, left_out: 0 };
    page.head(report);
    let of = |wanted: fn(Verdict) -> bool| {
        let belongs = move |case: &&CaseReport| wanted(case.verdict) && !case.is_known();
        report.cases.iter().filter(belongs).collect::<Vec<_>>()
    };
    page.violations(report);
    page.findings("Failures", &of(|verdict| verdict == Verdict::Fail));
    page.findings("Errors of pushspec", &of(|verdict| verdict == Verdict::Error));
    page.findings("Without a verdict", &of(|verdict| verdict == Verdict::Inconclusive));
    page.findings("Warnings", &of(|verdict| verdict == Verdict::Warn));
    page.stale(report);
    page.known(report);
    page.not_applicable(report);
    page.end()
}

/// What is kept free for the closing line.
const RESERVED: usize = 200;

struct Page {
    text: String,
    limit: usize,
    left_out: usize,
}

impl Page {
    /// Adds a block if there is room for it.
    fn add(&mut self, block: &str) -> bool {
        let fits = self.text.len() + block.len() + RESERVED <= self.limit;
        if fits {
            self.text.push_str(block);
        }
        fits
    }

    fn head(&mut self, report: &RunReport) {
        let status = ExitStatus::of(report);
        let mut head = format!("# pushspec: {}\n\n", status.verdict(report));
        let _ = writeln!(
            head,
            "{} in {:.1} s, {}: {}.\n",
            plural(report.cases.len(), "case"),
            Duration::from_millis(report.duration_ms).as_secs_f64(),
            escaped(&format!("{} {}", report.tool.name, report.tool.version)),
            escaped(&status.reason(report))
        );
        if let Some(why) = &report.interrupted {
            let _ = writeln!(head, "**Ended early:** {}\n", escaped(&ended_early(report, why)));
        }
        for end in &report.target.ended {
            let _ = writeln!(head, "**The target ended by itself:**\n");
            for line in last_words(end).lines() {
                let _ = writeln!(head, "- {}", escaped(line));
            }
            head.push('\n');
        }
        head.push_str("| target | protocol | pass | fail | warn | inconclusive | error | n/a |\n");
        head.push_str("|---|---|--:|--:|--:|--:|--:|--:|\n");
        for endpoint in &report.target.endpoints {
            let url = escaped(&endpoint.url);
            if let Some(reason) = &endpoint.unreachable {
                let _ = writeln!(head, "| {url} | not tested: {} | | | | | | |", escaped(reason));
            }
            for &protocol in &endpoint.protocols {
                let mut totals = Totals::default();
                report.cases_of(&endpoint.url, protocol).for_each(|case| totals.add(case.verdict));
                let _ = writeln!(
                    head,
                    "| {url} | {} | {} | {} | {} | {} | {} | {} |",
                    protocol.title(),
                    totals.pass,
                    totals.fail,
                    totals.warn,
                    totals.inconclusive,
                    totals.error,
                    totals.not_applicable
                );
            }
        }
        if !self.add(&head) {
            self.left_out += 1;
        }
    }

    fn violations(&mut self, report: &RunReport) {
        let mut heading = "\n## Seen beside the cases\n".to_owned();
        for violation in report.violations.iter().filter(|violation| !violation.is_known()) {
            let word = if level(violation) == Level::Must { "FAIL" } else { "WARN" };
            let text = Catalogue::embedded()
                .get(violation.protocol, &violation.requirement)
                .map_or("", |known| known.text);
            let brief = format!(
                "**{word}** {} {} {}\n\n- found: {}\n- during: {}\n",
                requirement_link(violation.protocol, &violation.requirement),
                violation.protocol.title(),
                escaped(text),
                escaped(&violation.found),
                escaped(&violation.case)
            );
            let trace = folded(&trace_lines(&violation.trace, violation.protocol, LOOK));
            if self.add(&format!("{heading}\n{brief}{trace}"))
                || self.add(&format!("{heading}\n{brief}"))
            {
                heading.clear();
            } else {
                self.left_out += 1;
            }
        }
    }

    fn findings(&mut self, title: &str, cases: &[&CaseReport]) {
        if cases.is_empty() {
            return;
        }
        let mut heading = format!("\n## {title} ({})\n", cases.len());
        for case in cases {
            let brief = brief(case);
            let whole = format!("{heading}\n{brief}{}", folded(&trace_text(case, LOOK)));
            if self.add(&whole) || self.add(&format!("{heading}\n{brief}")) {
                heading.clear();
            } else {
                self.left_out += 1;
            }
        }
    }

    /// Entries of the baseline that have to go.
    fn stale(&mut self, report: &RunReport) {
        let stale = report.baseline.iter().flat_map(|baseline| &baseline.stale);
        let lines: Vec<String> = stale
            .map(|entry| {
                let (case, said) = (escaped(&entry.case), escaped(&entry.said));
                format!("- {case} {}: line {}, {said}\n", entry.protocol.title(), entry.line)
            })
            .collect();
        if !lines.is_empty() {
            let heading = format!("\n## Stale in the baseline ({})\n\n", lines.len());
            self.add(&format!("{heading}{}", lines.concat()));
        }
    }

    /// What the baseline bears, in a line each.
    fn known(&mut self, report: &RunReport) {
        let cases = report.cases.iter().map(|case| {
            (case.id.clone(), case.verdict.name(), case.protocol, case.baseline.as_ref())
        });
        let seen = report.violations.iter().map(|seen| {
            let name = format!("monitor/{}", seen.requirement);
            (name, "seen", seen.protocol, seen.baseline.as_ref())
        });
        let lines: Vec<String> = cases
            .chain(seen)
            .filter_map(|(id, verdict, protocol, listed)| {
                let remark = escaped(&listed.filter(|listed| listed.is_known())?.remark());
                Some(format!("- {verdict} {} {}: {remark}\n", escaped(&id), protocol.title()))
            })
            .collect();
        if !lines.is_empty() {
            let heading = format!("\n## Known ({})\n\n", lines.len());
            if !self.add(&format!("{heading}{}", lines.concat())) {
                self.left_out += 1;
            }
        }
    }

    fn not_applicable(&mut self, report: &RunReport) {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for case in report.cases.iter().filter(|case| case.verdict == Verdict::NotApplicable) {
            *reasons.entry(case.found.as_deref().unwrap_or("no reason given")).or_default() += 1;
        }
        if reasons.is_empty() {
            return;
        }
        let mut block = "\n## Not applicable\n\n".to_owned();
        for (reason, count) in reasons {
            let _ = writeln!(block, "- {count}: {}", escaped(reason));
        }
        self.add(&block);
    }

    fn end(mut self) -> String {
        if self.left_out > 0 {
            let _ = writeln!(
                self.text,
                "\n{} left out for lack of room; the JSON report has them all.",
                plural(self.left_out, "finding")
            );
        }
        self.text
    }
}

/// What a finding is, without its trace.
fn brief(case: &CaseReport) -> String {
    let mut block = format!(
        "### {} `{}` {} {}\n\n",
        case.verdict.name().to_uppercase(),
        case.id.replace('`', "'"),
        case.protocol.title(),
        case.level
    );
    for id in &case.requirements {
        let text = Catalogue::embedded().get(case.protocol, id).map_or("", |known| known.text);
        let link = requirement_link(case.protocol, id);
        let _ = writeln!(block, "> {link} {}\n>", escaped(text));
    }
    let found = escaped(case.found.as_deref().unwrap_or_default());
    let _ = writeln!(block, "\n- expected: {}\n- found: {found}", escaped(&case.expected));
    if let Some(listed) = &case.baseline {
        let _ = writeln!(block, "- baseline: {}", escaped(&listed.remark()));
    }
    block
}

/// A trace, folded.
fn folded(trace: &str) -> String {
    if trace.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(trace, '`').max(2) + 1);
    format!("\n<details><summary>packets</summary>\n\n{fence}text\n{trace}{fence}\n\n</details>\n")
}

fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for character in text.chars() {
        run = if character == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

fn requirement_link(protocol: Protocol, id: &str) -> String {
    Catalogue::embedded().get(protocol, id).map_or_else(
        || escaped(id),
        |known| format!("[{}]({})", escaped(id), known.link().replace(')', "%29")),
    )
}

/// The text as text: without a meaning for Markdown or HTML, on one line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in LOOK.visible(text).chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn reads_well() {
        insta::assert_snapshot!(text(&sample::report(), usize::MAX));
    }

    #[test]
    fn what_the_baseline_bears_comes_behind_what_counts() {
        let text = text(&sample::listed(), usize::MAX);
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("no {what} in {text}"));
        assert!(at("## Failures") < at("## Stale in the baseline (1)"));
        assert!(at("## Stale") < at("## Known ("));
        assert!(text.contains("- baseline: known otherwise"), "{text}");
    }

    #[test]
    fn a_run_that_broke_off_says_so() {
        insta::assert_snapshot!(text(&sample::broken_off(), usize::MAX));
    }

    #[test]
    fn what_a_target_says_has_no_meaning() {
        let mut report = sample::hostile();
        let text = text(&report, usize::MAX);
        // Within a fence everything is text.
        report.cases.iter_mut().for_each(|case| case.trace.clear());
        let outside = super::text(&report, usize::MAX);
        assert!(!outside.contains("<x") && !outside.contains("]]>"), "{outside}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        assert_eq!(
            escaped("<a>|`*x*` [b](c) #1\n"),
            "&lt;a&gt;\\|\\`\\*x\\*\\` \\[b\\](c) \\#1\\\\n"
        );
    }

    #[test]
    fn a_trace_cannot_leave_its_fence() {
        let mut report = sample::hostile();
        "````\n# x".clone_into(&mut report.cases[0].trace[0].summary);
        let text = text(&report, usize::MAX);
        assert!(text.contains("\n`````text\n"), "{text}");
    }

    #[test]
    fn within_a_limit_the_gravest_is_told_first_and_the_rest_counted() {
        let report = sample::report();
        let whole = text(&report, usize::MAX);
        for limit in (0..whole.len() + 500).step_by(97) {
            let short = text(&report, limit.max(RESERVED));
            assert!(short.len() <= limit.max(RESERVED), "{limit}: {}", short.len());
            assert!(short == whole || short.contains("left out") || short.len() < whole.len());
        }
        let short = text(&report, 3_000);
        assert!(short.contains("## Failures") && short.contains("left out"), "{short}");
    }
}
