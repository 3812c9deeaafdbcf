//! The diff for a terminal or a log.

use std::fmt::Write as _;

use super::{Change, Class, Diff, Kept, Side, State};
use crate::event::Verdict;
use crate::report::text::{Look, Paint, hang};

/// All of it: what was compared, what changed by class, the traces, and the result.
pub fn write(diff: &Diff, look: Look) -> String {
    let mut out = String::new();
    for (label, side) in [("base", &diff.base), ("head", &diff.head)] {
        let _ = writeln!(out, "{label:<10}  {}", look.visible(&side_line(side)));
    }
    for condition in &diff.conditions {
        let label = format!("{}  ", look.paint(Paint::Doubtful, "not alike "));
        out.push_str(&label);
        hang(&mut out, "", &look.visible(condition), look.width.saturating_sub(12));
    }
    out.push('\n');
    for class in Class::ALL {
        let changes: Vec<&Change> =
            diff.changes.iter().filter(|change| change.class == class).collect();
        if changes.is_empty() {
            continue;
        }
        let word = look.paint(paint(class), format!("{:<10}", class.name()));
        let _ = writeln!(out, "{word}  {}{}", changes.len(), note(class));
        for change in changes {
            of_change(&mut out, change, look);
        }
        out.push('\n');
    }
    let _ = write!(out, "{:<10}  {}", "UNCHANGED", diff.unchanged);
    if diff.not_compared > 0 {
        let _ = write!(
            out,
            "  ({} not compared: only one of the runs was meant to do them)",
            diff.not_compared
        );
    }
    let _ = writeln!(out, "\n{}", result(diff));
    out
}

/// The result in one line.
pub(super) fn result(diff: &Diff) -> String {
    let regressions = diff.changes.iter().filter(|change| change.class.is_regression()).count();
    match (regressions, diff.changes.len()) {
        (0, 0) => "nothing changed".to_owned(),
        (0, _) => "no regressions".to_owned(),
        (1, _) => "1 regression".to_owned(),
        (several, _) => format!("{several} regressions"),
    }
}

pub(super) fn side_line(side: &Side) -> String {
    format!("{}  (pushspec {}, {} cases)", side.name, side.version, side.cases)
}

const fn note(class: Class) -> &'static str {
    match class {
        Class::Lost => "  (counts as a regression)",
        Class::Behaviour => "  (as conformant as before)",
        Class::Regressed | Class::Fixed | Class::New => "",
    }
}

const fn paint(class: Class) -> Paint {
    match class {
        Class::Regressed | Class::Lost => Paint::Bad,
        Class::Fixed => Paint::Good,
        Class::Behaviour | Class::New => Paint::Doubtful,
    }
}

fn of_change(out: &mut String, change: &Change, look: Look) {
    let ids = change.requirements.join(" ");
    let head = format!(
        "{}  {} {} {} {ids}",
        change.case,
        change.protocol,
        look.pick("·", "-"),
        change.endpoint
    );
    hang(out, "  ", look.visible(&head).trim_end(), look.width);
    if change.before.is_some() || change.after.is_some() {
        item(out, &states(change), look);
    }
    for (sign, state) in [("-", &change.before), ("+", &change.after)] {
        if let Some(found) = state.as_ref().and_then(|state| state.found.as_ref()) {
            item(out, &format!("{sign} {found}"), look);
        }
    }
    for observation in &change.observations {
        let value = |of: &Option<String>| of.clone().unwrap_or_else(|| "(nothing)".to_owned());
        let (before, after) = (value(&observation.before), value(&observation.after));
        item(out, &format!("{}: {before} -> {after}", observation.what), look);
    }
    match change.traces {
        Kept::Both => {
            let (shown, left_out) = change.shown();
            for line in shown {
                let text = format!("      {} {}", line.mark, line.text);
                let _ = writeln!(out, "{}", look.clip(look.visible(&text).trim_end(), look.width));
            }
            if left_out > 0 {
                item(out, &format!("~ {left_out} more lines (--format html has them)"), look);
            }
        }
        Kept::Base => {
            item(out, "trace of the base run only (--traces all keeps those of passes)", look);
        }
        Kept::Head => {
            item(out, "trace of the head run only (--traces all keeps those of passes)", look);
        }
        Kept::Neither => {}
    }
}

/// `pass -> FAIL`
pub(super) fn states(change: &Change) -> String {
    let word = |state: &Option<State>| match state {
        Some(State { verdict: verdict @ (Verdict::Fail | Verdict::Error), .. }) => {
            verdict.name().to_uppercase()
        }
        Some(state) => state.verdict.name().to_owned(),
        None => "not there".to_owned(),
    };
    format!("{} -> {}", word(&change.before), word(&change.after))
}

fn item(out: &mut String, text: &str, look: Look) {
    hang(out, "      ", &look.visible(text), look.width);
}
