//! Which requirements of the catalogue are judged, by which cases and whether by the monitor; which are
//! not, and why.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::case::About;
use crate::requirement::{Catalogue, Protocol, Requirement, RequirementRef};

/// Rows that are not judged although a Server could show them: protocol, id, state, reason.
const NOT_JUDGED: &str = include_str!("../requirements/not-judged.tsv");

/// The obligations of statements that bundle several: protocol, id, part, text, what judges it.
const PARTS: &str = include_str!("../requirements/parts.tsv");

/// How the note of a row begins that says why nothing judges it.
const EXCUSE: &str = "Not judged: ";

/// What is known of one requirement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Covered {
    /// Whose requirement.
    pub protocol: Protocol,
    /// Its id.
    pub id: &'static str,
    /// Whether it is judged.
    #[serde(flatten)]
    pub state: State,
    /// Its obligations, where it bundles several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// One obligation of a statement that bundles several.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Part {
    /// Its letter.
    pub part: &'static str,
    /// The obligation, in our words.
    pub text: &'static str,
    /// The cases that judge it, and `monitor` where the monitor does.
    pub judged_by: Vec<&'static str>,
}

/// Whether a requirement is judged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It is.
    Judged {
        /// By these cases.
        cases: Vec<&'static str>,
        /// By the monitor, on all traffic.
        monitor: bool,
    },
    /// No endpoint can show it to a test from outside.
    NotTestable {
        /// Why.
        reason: String,
    },
    /// It could be and is not yet.
    Open {
        /// What is missing, where that is known.
        reason: &'static str,
    },
}

/// How many requirements of one protocol are in which state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// All rows of the catalogue.
    pub requirements: usize,
    /// Judged by a case or the monitor.
    pub judged: usize,
    /// Not testable from outside.
    pub not_testable: usize,
    /// Neither.
    pub open: usize,
}

/// Every requirement of the catalogue, in its order, given the cases and what the monitor judges.
pub fn coverage(
    cases: impl IntoIterator<Item = About>,
    monitor: impl IntoIterator<Item = RequirementRef>,
) -> Vec<Covered> {
    let cases = by_cases(cases);
    let monitor: BTreeSet<RequirementRef> = monitor.into_iter().collect();
    let listed = not_judged();
    let mut parts = parts();
    Catalogue::embedded()
        .iter()
        .map(|row| {
            let key = RequirementRef { protocol: row.protocol, id: row.id };
            let cases: Vec<&str> = cases.get(&key).into_iter().flatten().copied().collect();
            let monitor = monitor.contains(&key);
            let state = if monitor || !cases.is_empty() {
                State::Judged { cases, monitor }
            } else {
                not_judged_state(row, listed.get(&(row.protocol.name(), row.id)))
            };
            let parts = parts.remove(&(row.protocol.name(), row.id)).unwrap_or_default();
            Covered { protocol: row.protocol, id: row.id, state, parts }
        })
        .collect()
}

/// Counts the states by protocol.
pub fn counts(coverage: &[Covered]) -> BTreeMap<Protocol, Counts> {
    let mut counts: BTreeMap<Protocol, Counts> = BTreeMap::new();
    for covered in coverage {
        let counts = counts.entry(covered.protocol).or_default();
        counts.requirements += 1;
        *match covered.state {
            State::Judged { .. } => &mut counts.judged,
            State::NotTestable { .. } => &mut counts.not_testable,
            State::Open { .. } => &mut counts.open,
        } += 1;
    }
    counts
}

fn by_cases(
    cases: impl IntoIterator<Item = About>,
) -> BTreeMap<RequirementRef, BTreeSet<&'static str>> {
    let mut judged: BTreeMap<RequirementRef, BTreeSet<&'static str>> = BTreeMap::new();
    for about in cases {
        for requirement in about.requires {
            judged.entry(*requirement).or_default().insert(about.id);
        }
    }
    judged
}

fn not_judged_state(row: &Requirement, listed: Option<&Listed>) -> State {
    let shown_by_servers =
        matches!(row.testability, "server" | "both") || row.also.contains(&"server");
    if let Some(reason) = row.note.strip_prefix(EXCUSE) {
        return State::NotTestable { reason: reason.to_owned() };
    }
    match listed {
        Some(listed) if listed.state == "excused" => {
            State::NotTestable { reason: listed.reason.to_owned() }
        }
        _ if !shown_by_servers => State::NotTestable {
            reason: match row.testability {
                "client" => "only a Client under test could show it".to_owned(),
                "codec" => "a matter of the decoder: judged by the vectors in fixtures/".to_owned(),
                _ if row.note.is_empty() => "cannot be seen from outside".to_owned(),
                _ => row.note.to_owned(),
            },
        },
        listed => State::Open { reason: listed.map_or("", |listed| listed.reason) },
    }
}

fn parts() -> BTreeMap<(&'static str, &'static str), Vec<Part>> {
    let mut parts: BTreeMap<_, Vec<Part>> = BTreeMap::new();
    for line in PARTS.lines().skip(1) {
        if let [protocol, id, part, text, judges] = *line.split('\t').collect::<Vec<_>>() {
            let judged_by = judges.split(',').collect();
            parts.entry((protocol, id)).or_default().push(Part { part, text, judged_by });
        }
    }
    parts
}

struct Listed {
    state: &'static str,
    reason: &'static str,
}

fn not_judged() -> BTreeMap<(&'static str, &'static str), Listed> {
    NOT_JUDGED
        .lines()
        .skip(1)
        .filter_map(|line| <[&str; 4]>::try_from(line.split('\t').collect::<Vec<_>>()).ok())
        .map(|[protocol, id, state, reason]| ((protocol, id), Listed { state, reason }))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{monitor, suite};

    fn covered() -> Vec<Covered> {
        coverage(suite::all(), monitor::judged())
    }

    fn cited() -> BTreeSet<RequirementRef> {
        by_cases(suite::all()).into_keys().chain(monitor::judged()).collect()
    }

    #[test]
    fn whatever_is_cited_is_in_the_catalogue() {
        let catalogue = Catalogue::embedded();
        let unknown: Vec<_> = cited()
            .into_iter()
            .filter(|cited| catalogue.get(cited.protocol, cited.id).is_none())
            .collect();
        assert_eq!(unknown, Vec::new());
    }

    #[test]
    fn a_requirement_is_judged_or_it_is_said_why_not() {
        let listed = not_judged();
        let silent: Vec<_> = covered()
            .into_iter()
            .filter(|covered| matches!(covered.state, State::Open { .. }))
            .map(|covered| (covered.protocol.name(), covered.id))
            .filter(|key| !listed.contains_key(key))
            .collect();
        assert_eq!(silent, Vec::new(), "neither judged nor in requirements/not-judged.tsv");
    }

    #[test]
    fn what_is_judged_is_not_listed() {
        let judged: BTreeSet<(&str, &str)> =
            cited().iter().map(|judged| (judged.protocol.name(), judged.id)).collect();
        let both: Vec<_> = not_judged().into_keys().filter(|key| judged.contains(key)).collect();
        assert_eq!(both, Vec::new(), "judged, and in requirements/not-judged.tsv all the same");
    }

    #[test]
    fn the_list_is_well_formed() {
        let lines = NOT_JUDGED.lines().skip(1).count();
        let listed = not_judged();
        assert_eq!(listed.len(), lines, "four columns, each id once");
        for ((protocol, id), listed) in listed {
            assert!(["open", "excused"].contains(&listed.state), "{protocol} {id}");
            assert!(!listed.reason.is_empty(), "{protocol} {id}");
            let protocol: Protocol = protocol.parse().unwrap();
            assert!(Catalogue::embedded().get(protocol, id).is_some(), "{protocol} {id}");
        }
    }

    /// What stands in the place of a case where the monitor judges.
    const MONITOR: &str = "monitor";

    #[test]
    fn each_part_is_judged_by_what_cites_the_whole() {
        let covered = covered();
        let lines = PARTS.lines().skip(1).count();
        assert_eq!(covered.iter().map(|row| row.parts.len()).sum::<usize>(), lines, "none is lost");
        for row in covered.iter().filter(|row| !row.parts.is_empty()) {
            let letters: String = row.parts.iter().map(|part| part.part).collect();
            assert!("abcdefgh".starts_with(&letters) && letters.len() > 1, "{} {letters}", row.id);
            let State::Judged { cases, monitor } = &row.state else { panic!("{}", row.id) };
            for Part { part, text, judged_by } in &row.parts {
                assert!(text.ends_with('.'), "{} {part}", row.id);
                for judge in judged_by {
                    let cites = if *judge == MONITOR { *monitor } else { cases.contains(judge) };
                    assert!(cites, "{} {part}: {judge} does not cite it", row.id);
                }
            }
        }
    }

    #[test]
    fn what_bundles_obligations_is_split() {
        let covered = covered();
        for row in Catalogue::embedded().iter().filter(|row| row.note.starts_with("Bundles")) {
            let of = covered.iter().find(|of| (of.protocol, of.id) == (row.protocol, row.id));
            assert!(of.is_some_and(|of| !of.parts.is_empty()), "{}", row.id);
        }
    }

    #[test]
    fn the_counts_add_up() {
        let counts = counts(&covered());
        assert_eq!(counts.len(), Protocol::ALL.len());
        for (protocol, counts) in counts {
            let sum = counts.judged + counts.not_testable + counts.open;
            assert_eq!(sum, counts.requirements, "{protocol}");
            assert!(counts.judged > 0, "{protocol}");
        }
    }
}
