//! What a reader has to look at: cases without a verdict, warnings, violations, failures in full.

use std::fmt::Write as _;

use crate::event::{CaseReport, RunReport, Target, Verdict};
use crate::report::text::{Look, Paint, hang};
use crate::requirement::{Catalogue, Protocol};

use super::{baseline, paint, trace_lines, trace_text, word};
use crate::report::breaks_an_obligation;

/// Writes it, the gravest last.
pub(super) fn write(out: &mut String, report: &RunReport, look: Look) {
    known(out, report, look);
    brief(out, report, look, "Without a verdict", |case| {
        matches!(case.verdict, Verdict::Inconclusive | Verdict::Error)
    });
    brief(out, report, look, "Warnings", |case| case.verdict == Verdict::Warn);
    advice(out, report, look);
    violations(out, report, look);
    for case in report.cases.iter().filter(|case| case.verdict == Verdict::Fail) {
        if !case.is_known() {
            failure(out, &report.target, case, look);
        }
    }
    let mut remarks = String::new();
    baseline::remarks(&mut remarks, report, look);
    if !remarks.is_empty() {
        heading(out, look, "Not as the baseline says");
        out.push_str(&remarks);
    }
}

/// Known departures, in a line each: what they look like is no news.
fn known(out: &mut String, report: &RunReport, look: Look) {
    let cases = report.cases.iter().filter(|case| case.is_known());
    let cases = cases.map(|case| (case.id.clone(), case.verdict, case.protocol, &case.baseline));
    let seen = report.violations.iter().filter(|seen| seen.is_known()).map(|seen| {
        let verdict = if breaks_an_obligation(seen) { Verdict::Fail } else { Verdict::Warn };
        (format!("monitor/{}", seen.requirement), verdict, seen.protocol, &seen.baseline)
    });
    let mut told = false;
    for (id, verdict, protocol, listed) in cases.chain(seen) {
        let Some(entry) = listed.as_ref().and_then(|listed| listed.entry.as_ref()) else {
            continue;
        };
        if !told {
            heading(out, look, "Known");
            told = true;
        }
        let why = match &entry.issue {
            Some(issue) => format!("{}, {issue}: {}", entry.disposition.name(), entry.why),
            None => format!("{}: {}", entry.disposition.name(), entry.why),
        };
        let line = format!("{verdict:<4}  {} {}", look.visible(&id), protocol.title());
        hang(out, "  ", &line, look.width);
        hang(out, "        ", &look.visible(&why), look.width);
    }
}

fn heading(out: &mut String, look: Look, title: &str) {
    let _ = writeln!(out, "\n{}", look.paint(Paint::Strong, title));
}

fn brief(
    out: &mut String,
    report: &RunReport,
    look: Look,
    title: &str,
    belongs: impl Fn(&CaseReport) -> bool,
) {
    let belongs = |case: &&CaseReport| belongs(case) && !case.is_known();
    let cases: Vec<&CaseReport> = report.cases.iter().filter(belongs).collect();
    if cases.is_empty() {
        return;
    }
    heading(out, look, title);
    for case in cases {
        let word = word(case.verdict);
        let line = format!(
            "{} {} {}",
            look.visible(&case.id),
            case.protocol.title(),
            look.visible(&case.requirements.join(" "))
        );
        let mut text = String::new();
        hang(&mut text, &format!("  {word}  "), &line, look.width);
        let painted = look.paint(paint(case.verdict), word).to_string();
        out.push_str(&text.replacen(word, &painted, 1));
        if case.verdict == Verdict::Warn {
            hang(out, "        expected  ", &look.visible(&case.expected), look.width);
            hang(out, "        found     ", &found(case, look), look.width);
        } else {
            hang(out, "        ", &found(case, look), look.width);
        }
    }
}

fn advice(out: &mut String, report: &RunReport, look: Look) {
    let mut told = false;
    for case in &report.cases {
        for advice in &case.advice {
            if case.verdict == Verdict::Warn && case.found.as_ref() == Some(&advice.found) {
                continue;
            }
            if !told {
                heading(out, look, "Advice");
                told = true;
            }
            let line = format!("{} {}", look.visible(&case.id), case.protocol.title());
            hang(out, "  ", &line, look.width);
            hang(out, "        expected  ", &look.visible(&advice.expected), look.width);
            hang(out, "        found     ", &look.visible(&advice.found), look.width);
        }
    }
}

fn violations(out: &mut String, report: &RunReport, look: Look) {
    let mut told = false;
    for violation in report.violations.iter().filter(|violation| !violation.is_known()) {
        if !told {
            heading(out, look, "Seen beside the cases");
            told = true;
        }
        let strength = Catalogue::embedded()
            .get(violation.protocol, &violation.requirement)
            .map_or("", |requirement| requirement.level.name());
        let _ = writeln!(
            out,
            "  {}  {} {} {strength}",
            look.paint(Paint::Bad, "SEEN"),
            look.visible(&violation.requirement),
            violation.protocol.title(),
        );
        requirement(out, violation.protocol, &violation.requirement, look);
        hang(out, "  found     ", &look.visible(&violation.found), look.width);
        hang(out, "  during    ", &look.visible(&violation.case), look.width);
        if !violation.trace.is_empty() {
            out.push('\n');
            out.push_str(&trace_lines(&violation.trace, violation.protocol, look));
            out.push('\n');
        }
    }
}

fn failure(out: &mut String, target: &Target, case: &CaseReport, look: Look) {
    let _ = writeln!(out, "\n{}", look.paint(Paint::Faint, look.rule()));
    let id = look.visible(&case.id);
    let dot = look.pick(" · ", ", ");
    let of = format!(
        "{}{dot}{}{dot}{}",
        case.protocol.title(),
        case.level,
        look.visible(&case.requirements.join(" "))
    );
    let _ = write!(out, "{}  {}", look.paint(Paint::Bad, "FAIL"), look.paint(Paint::Strong, &id));
    if 8 + id.chars().count() + of.chars().count() <= look.width {
        let _ = writeln!(out, "  {of}");
    } else {
        out.push('\n');
        hang(out, "      ", &of, look.width);
    }
    out.push('\n');
    for id in &case.requirements {
        requirement(out, case.protocol, id, look);
    }
    hang(out, "  expected  ", &look.visible(&case.expected), look.width);
    hang(out, "  found     ", &found(case, look), look.width);
    if case.repeated {
        out.push_str("  repeated  the same verdict on 2 of 2 tries\n");
    }
    if !case.trace.is_empty() {
        out.push('\n');
        out.push_str(&trace_text(case, look));
        out.push('\n');
    }
    hints(out, target, case, look);
}

/// Id, text and place of a requirement.
fn requirement(out: &mut String, protocol: Protocol, id: &str, look: Look) {
    let Some(requirement) = Catalogue::embedded().get(protocol, id) else { return };
    let label = format!("  {id}  ");
    hang(out, &label, &look.visible(requirement.text), look.width);
    let margin = " ".repeat(label.chars().count());
    let mut place = String::new();
    hang(&mut place, &margin, &look.visible(&requirement.place()), look.width);
    let _ = writeln!(out, "{}", look.paint(Paint::Faint, place.trim_end_matches('\n')));
}

fn hints(out: &mut String, target: &Target, case: &CaseReport, look: Look) {
    // Kept on one line each, to be copied.
    if let Some(command) = explain_command(case) {
        let _ = writeln!(out, "  explain   {}", look.visible(&command));
    }
    let _ = writeln!(out, "  rerun     {}", look.visible(&rerun_command(target, case)));
}

/// What explains the case's first requirement.
pub(in crate::report) fn explain_command(case: &CaseReport) -> Option<String> {
    let id = case.requirements.first()?;
    Some(format!("pushspec explain {}{}", quoted(&visible(id)), of_protocol(case)))
}

/// What runs the case again.
pub(in crate::report) fn rerun_command(target: &Target, case: &CaseReport) -> String {
    let reach = target.reach.clone().unwrap_or_default();
    let endpoint = (!reach.whole).then_some(&case.endpoint);
    let words: String =
        endpoint.into_iter().chain(&reach.words).map(|word| quoted(&visible(word)) + " ").collect();
    format!("pushspec test {words}--case {}{}", quoted(&visible(&case.id)), of_protocol(case))
}

fn of_protocol(case: &CaseReport) -> String {
    match case.protocol {
        Protocol::Sse => String::new(),
        mqtt => format!(" --protocol {mqtt}"),
    }
}

/// Controls made visible before anything is quoted for a shell.
fn visible(text: &str) -> String {
    Look { unicode: true, ..Look::default() }.visible(text)
}

/// The text as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=[]".contains(c);
    if text.chars().all(|c| plain(c) && c != '[' && c != ']') {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn found(case: &CaseReport, look: Look) -> String {
    look.visible(case.found.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn urls_can_be_copied_into_a_shell() {
        assert_eq!(quoted("mqtt://127.0.0.1:1883"), "mqtt://127.0.0.1:1883");
        assert_eq!(quoted("http://h/e?a=1&b=2"), "'http://h/e?a=1&b=2'");
        assert_eq!(quoted("mqtt://[::1]:1883"), "'mqtt://[::1]:1883'");
        assert_eq!(quoted("unix:/it's"), r"'unix:/it'\''s'");
    }
}
