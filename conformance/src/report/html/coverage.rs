//! Which requirements the cases judged, by section of the specification.

use crate::event::{RequirementReport, RunReport, Verdict};
use crate::requirement::{Catalogue, Protocol, Requirement};

/// The requirements of one protocol.
pub(super) struct Coverage {
    pub(super) title: &'static str,
    pub(super) protocol: &'static str,
    /// What binds a server and can be seen from outside.
    pub(super) testable: usize,
    pub(super) judged: usize,
    pub(super) hold: usize,
    pub(super) broken: usize,
    pub(super) warned: usize,
    pub(super) open: bool,
    pub(super) sections: Vec<Section>,
}

/// The requirements of one section.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) cells: Vec<Cell>,
}

/// One requirement.
pub(super) struct Cell {
    pub(super) id: &'static str,
    pub(super) level: &'static str,
    pub(super) text: &'static str,
    pub(super) class: &'static str,
    pub(super) glyph: &'static str,
    pub(super) says: &'static str,
}

/// What the cells mean: class, glyph, words.
pub(super) const LEGEND: [(&str, &str, &str); 8] = [
    ("pass", "✓", "holds"),
    ("fail", "✕", "broken"),
    ("warn", "!", "with a warning"),
    ("inconclusive", "?", "without a verdict"),
    ("error", "E", "error of pushspec"),
    ("not-applicable", "–", "not applicable"),
    ("open", "·", "not judged in this run"),
    ("beyond", " ", "binds others, or cannot be seen from outside"),
];

/// The coverage of the protocols that were tested.
pub(super) fn coverage(report: &RunReport) -> Vec<Coverage> {
    Protocol::ALL
        .into_iter()
        .filter(|protocol| report.cases.iter().any(|case| case.protocol == *protocol))
        .map(|protocol| of(report, protocol))
        .collect()
}

fn of(report: &RunReport, protocol: Protocol) -> Coverage {
    let judged = |id: &str| {
        report
            .requirements
            .iter()
            .find(|requirement| requirement.protocol == protocol && requirement.id == id)
    };
    let mut coverage = Coverage {
        title: protocol.title(),
        protocol: protocol.name(),
        testable: 0,
        judged: 0,
        hold: 0,
        broken: 0,
        warned: 0,
        open: false,
        sections: Vec::new(),
    };
    let mut requirements: Vec<&Requirement> =
        Catalogue::embedded().iter().filter(|row| row.protocol == protocol).collect();
    requirements.sort_by_key(|row| place(row.section));
    for requirement in requirements {
        let found = judged(requirement.id);
        coverage.count(requirement, found);
        let (class, glyph, says) = meaning(requirement, found);
        let cell = Cell {
            id: requirement.id,
            level: requirement.level.name(),
            text: requirement.text,
            class,
            glyph,
            says,
        };
        let title = requirement.place();
        match coverage.sections.iter_mut().find(|section| section.title == title) {
            Some(section) => section.cells.push(cell),
            None => coverage.sections.push(Section { title, cells: vec![cell] }),
        }
    }
    coverage.open = coverage.broken > 0;
    coverage
}

/// Sections in the order of their numbers, then those without.
fn place(section: &str) -> (bool, Vec<u32>) {
    let numbers: Result<Vec<u32>, _> = section.split('.').map(str::parse).collect();
    numbers.map_or((true, Vec::new()), |numbers| (false, numbers))
}

impl Coverage {
    fn count(&mut self, requirement: &Requirement, found: Option<&RequirementReport>) {
        // What a case judges can evidently be tested.
        if requirement.testable_at_a_server() || found.is_some() {
            self.testable += 1;
        }
        match found.map(|found| found.verdict) {
            Some(Verdict::Pass) => self.hold += 1,
            Some(Verdict::Fail) => self.broken += 1,
            Some(Verdict::Warn) => self.warned += 1,
            _ => return,
        }
        self.judged += 1;
    }
}

fn meaning(
    requirement: &Requirement,
    found: Option<&RequirementReport>,
) -> (&'static str, &'static str, &'static str) {
    let class = match found {
        Some(found) => found.verdict.name(),
        None if requirement.testable_at_a_server() => "open",
        None => "beyond",
    };
    LEGEND.into_iter().find(|(known, _, _)| *known == class).unwrap_or(LEGEND[6])
}
