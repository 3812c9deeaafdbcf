//! The cases cite requirements that exist.

use pushspec::requirement::Catalogue;
use pushspec::suite;

#[test]
fn every_cited_requirement_is_in_the_catalogue() {
    let catalogue = Catalogue::embedded();
    let unknown: Vec<String> = suite::mqtt::CASES
        .iter()
        .copied()
        .flatten()
        .flat_map(|case| case.requires.iter().map(|required| (case.id, required)))
        .filter(|(_, required)| catalogue.get(required.protocol, required.id).is_none())
        .map(|(case, required)| format!("{case} cites {} {}", required.protocol, required.id))
        .collect();
    assert_eq!(unknown, Vec::<String>::new());
}
