//! The traces of one case in two runs, packet by packet.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use similar::{Algorithm, ChangeTag, DiffOp, capture_diff_slices, group_diff_ops};

use crate::baseline::steady;
use crate::trace::{EntryKind, TraceEntry};

/// So many lines that are the same stand around those that are not.
const AROUND: usize = 2;

/// Of which runs there is a trace. Cases that pass keep one only where that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// Of both.
    Both,
    /// Of the earlier one only.
    Base,
    /// Of the later one only.
    Head,
    /// Of none.
    Neither,
}

/// A line of two traces compared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// `-` before only, `+` now only, a blank in both, `~` where lines are left out.
    pub mark: char,
    /// What happened, without what differs from run to run.
    pub text: String,
}

/// Compares two traces.
pub(super) fn compare(before: &[TraceEntry], after: &[TraceEntry]) -> (Kept, Vec<Line>) {
    match (before.is_empty(), after.is_empty()) {
        (true, true) => return (Kept::Neither, Vec::new()),
        (false, true) => return (Kept::Base, Vec::new()),
        (true, false) => return (Kept::Head, Vec::new()),
        (false, false) => {}
    }
    // Which of two connections is served first is chance: only the order on each is compared.
    let lines = |entries: &[TraceEntry]| {
        let mut entries: Vec<&TraceEntry> = entries.iter().collect();
        entries.sort_by_key(|entry| (entry.connection == 0, entry.connection));
        entries.into_iter().map(line).collect::<Vec<_>>()
    };
    let (before, after) = (lines(before), lines(after));
    let operations = capture_diff_slices(Algorithm::Patience, &before, &after);
    let groups: Vec<Vec<DiffOp>> = group_diff_ops(operations, AROUND);
    let mut told = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let begins = group.first().map_or(0, |operation| operation.old_range().start);
        if at > 0 || begins > 0 {
            told.push(Line { mark: '~', text: String::new() });
        }
        for change in group.iter().flat_map(|operation| operation.iter_changes(&before, &after)) {
            let mark = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            told.push(Line { mark, text: change.value() });
        }
    }
    (Kept::Both, told)
}

/// What an entry says, the same in every run in which the same happens.
fn line(entry: &TraceEntry) -> String {
    let sign = match entry.kind {
        EntryKind::Opened => "open",
        EntryKind::Sent => "->",
        EntryKind::Received => "<-",
        EntryKind::Closed => "closed",
        EntryKind::Left => "left",
        EntryKind::Waited => "wait",
        EntryKind::Note => "note",
    };
    let connection =
        if entry.connection == 0 { String::new() } else { format!("{} ", entry.connection) };
    format!("{connection}{sign} {}", without_names(&steady(&entry.summary)))
}

/// The text without what the run has generated for itself: topics and Client Identifiers.
fn without_names(text: &str) -> String {
    static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        const CLIENT: &str = "ps-?[a-z0-9]{6}-?[a-z]+[0-9]*";
        let topic = "(?<topic>pushspec/[a-z0-9]{6}/[a-z0-9]+/)";
        // A topic may be named after a client.
        Regex::new(&format!(r"{topic}(?<of>t{CLIENT})?|(?-u:\b{CLIENT})")).ok()
    });
    let Some(names) = &*NAMES else { return text.to_owned() };
    let shown = |found: &regex::Captures<'_>| match (found.name("topic"), found.name("of")) {
        (Some(_), Some(_)) => "~/t-client-",
        (Some(_), None) => "~/",
        (None, _) => "client-",
    };
    names.replace_all(text, shown).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn trace(lines: &[&str]) -> Vec<TraceEntry> {
        lines
            .iter()
            .map(|line| TraceEntry { summary: (*line).to_owned(), ..sample::entry() })
            .collect()
    }

    fn told(before: &[&str], after: &[&str]) -> Vec<String> {
        let lines = compare(&trace(before), &trace(after)).1;
        lines.into_iter().map(|line| format!("{}{}", line.mark, line.text)).collect()
    }

    #[test]
    fn what_the_run_made_up_is_no_difference() {
        let before =
            ["CONNECT client-id=\"psz73htcaxc0\"", "PUBLISH id=1 \"pushspec/z73htc/ax/t\""];
        let after = ["CONNECT client-id=\"ps8fi2ndbxc0\"", "PUBLISH id=7 \"pushspec/8fi2nd/bx/t\""];
        assert_eq!(told(&before, &after), Vec::<String>::new());
        let before = ["SUBSCRIBE id=1 \"pushspec/g6jgrz/isx/tpsg6jgrzisxc1\" qos=1"];
        let after = ["SUBSCRIBE id=1 \"pushspec/wak7a5/isx/tpswak7a5isxc1\" qos=1"];
        assert_eq!(told(&before, &after), Vec::<String>::new());
    }

    #[test]
    fn which_connection_is_first_is_no_difference() {
        let on = |connection, line: &str| TraceEntry { connection, ..trace(&[line]).remove(0) };
        let before = [on(1, "a"), on(2, "x"), on(1, "b"), on(2, "y"), on(0, "judged")];
        let after = [on(2, "x"), on(2, "y"), on(1, "a"), on(1, "b"), on(0, "judged")];
        assert_eq!(compare(&before, &after).1, Vec::new());
        let turned = [on(2, "y"), on(2, "x"), on(1, "a"), on(1, "b"), on(0, "judged")];
        assert!(!compare(&before, &turned).1.is_empty());
    }

    #[test]
    fn packets_that_differ_stand_among_those_around_them() {
        let before = ["a", "b", "c", "d", "e"];
        let after = ["a", "b", "c", "x", "e"];
        let told = told(&before, &after);
        let marks: String = told.iter().filter_map(|line| line.chars().next()).collect();
        assert_eq!(marks, "~  -+ ", "{told:?}");
    }

    #[test]
    fn one_trace_alone_is_not_compared() {
        assert_eq!(compare(&trace(&["a"]), &[]), (Kept::Base, Vec::new()));
        assert_eq!(compare(&[], &trace(&["a"])), (Kept::Head, Vec::new()));
        assert_eq!(compare(&[], &[]), (Kept::Neither, Vec::new()));
    }
}
