//! The diff in Markdown, for a pull request or a step summary.

use std::fmt::Write as _;

use super::{Change, Class, Diff, text};

/// At most so many bytes: GitHub takes a step summary of 1024 KiB, and a comment of 64.
const LARGEST: usize = 60_000;

/// All of it, as far as it fits: the gravest comes first.
pub fn write(diff: &Diff) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "## pushspec: {}\n", text::result(diff));
    let _ = writeln!(out, "| | |\n|---|---|");
    for (label, side) in [("base", &diff.base), ("head", &diff.head)] {
        let _ = writeln!(out, "| {label} | {} |", escaped(&text::side_line(side)));
    }
    for condition in &diff.conditions {
        let _ = writeln!(out, "| not alike | {} |", escaped(condition));
    }
    let counts = diff.counts();
    for class in Class::ALL {
        let _ = writeln!(out, "| {} | {} |", class.name(), counts.get(&class).unwrap_or(&0));
    }
    let _ = writeln!(out, "| UNCHANGED | {} |", diff.unchanged);
    if diff.not_compared > 0 {
        let _ = writeln!(out, "| not compared | {} |", diff.not_compared);
    }
    for (at, change) in diff.changes.iter().enumerate() {
        let part = of_change(change);
        if out.len() + part.len() > LARGEST {
            let _ = writeln!(out, "\n… and {} more changes", diff.changes.len() - at);
            break;
        }
        out.push_str(&part);
    }
    out
}

fn of_change(change: &Change) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "\n### {} `{}` ({}, {})\n",
        change.class.name(),
        code(&change.case),
        change.protocol,
        escaped(&change.endpoint)
    );
    if change.before.is_some() || change.after.is_some() {
        let _ = writeln!(out, "{}  {}", text::states(change), change.requirements.join(", "));
    }
    for (sign, state) in [("before", &change.before), ("now", &change.after)] {
        if let Some(found) = state.as_ref().and_then(|state| state.found.as_ref()) {
            let _ = writeln!(out, "- {sign}: {}", escaped(found));
        }
    }
    for observation in &change.observations {
        let value = |of: &Option<String>| of.as_deref().map_or("(nothing)".to_owned(), escaped);
        let _ = writeln!(
            out,
            "- {}: {} → {}",
            escaped(&observation.what),
            value(&observation.before),
            value(&observation.after)
        );
    }
    if !change.trace.is_empty() {
        out.push_str("\n```diff\n");
        let (shown, left_out) = change.shown();
        for line in shown {
            let _ = writeln!(
                out,
                "{} {}",
                line.mark,
                line.text.replace("```", "'''").replace(['\n', '\r'], " ")
            );
        }
        if left_out > 0 {
            let _ = writeln!(out, "~ {left_out} more lines");
        }
        out.push_str("```\n");
    }
    out
}

/// The text without anything that Markdown or HTML would take for itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '~' | '@' => {
                out.push('\\');
                out.push(character);
            }
            _ if character.is_control() => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

fn code(text: &str) -> String {
    text.replace('`', "'")
}
