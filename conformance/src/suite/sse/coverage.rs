//! Every requirement that a test of a server can judge is judged by a case, or the catalogue says why
//! not.

use std::collections::BTreeSet;

use super::CASES;
use crate::requirement::{Catalogue, Protocol};

/// How the note of a row begins that no case judges.
const EXCUSE: &str = "Not judged: ";

#[test]
fn every_requirement_on_servers_is_judged_or_excused() {
    let judged: BTreeSet<_> = CASES
        .iter()
        .copied()
        .flatten()
        .flat_map(|case| case.requires)
        .map(|requirement| requirement.id)
        .collect();
    let rows = Catalogue::embedded().iter().filter(|row| row.protocol == Protocol::Sse);
    let testable: Vec<_> = rows
        .filter(|row| row.testability == "server" || row.also.contains(&"server"))
        .map(|row| (row.id, row.note.starts_with(EXCUSE)))
        .collect();
    assert_eq!(testable.len(), 42);
    for (id, excused) in testable {
        assert_ne!(judged.contains(id), excused, "{id}: either judged or excused, and not both");
    }
}
