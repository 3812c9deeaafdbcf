//! The list of cases, and what is to be known of one case or one requirement.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use super::coverage::parts;
use super::text::{Look, Paint, hang};
use crate::case::About;
use crate::coverage::{Covered, State};
use crate::requirement::{Catalogue, Level, Protocol, Requirement};

/// A case in one protocol, as `pushspec list --json` gives it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Listed {
    /// The case's id.
    pub id: &'static str,
    /// The protocol.
    pub protocol: Protocol,
    /// How a breach is counted.
    pub level: Level,
    /// Ids of the requirements judged.
    pub requirements: Vec<&'static str>,
    /// What the target has to offer.
    pub needs: Vec<String>,
    /// Completes "expected that …".
    pub expected: &'static str,
    /// How long the specification makes the case wait, in milliseconds.
    pub lasts_ms: u64,
}

impl Listed {
    /// A case in one of its protocols.
    pub fn new(about: &About, protocol: Protocol) -> Self {
        Self {
            id: about.id,
            protocol,
            level: about.level_in(protocol),
            requirements: about.requirements(protocol),
            needs: about.needs.iter().map(ToString::to_string).collect(),
            expected: about.expects,
            lasts_ms: about.lasts.as_millis() as u64,
        }
    }
}

/// The list for people: chapter by chapter, one paragraph a case.
pub fn list(cases: &[Listed], look: Look) -> String {
    let mut out = String::new();
    let mut chapter = "";
    let mut rest = cases;
    while let Some(first) = rest.first() {
        // The same case in further protocols follows at once.
        let (of_case, others) =
            rest.split_at(rest.iter().take_while(|listed| listed.id == first.id).count());
        rest = others;
        let (of_chapter, _) = first.id.rsplit_once('/').unwrap_or((first.id, ""));
        if of_chapter != chapter {
            chapter = of_chapter;
            let _ = writeln!(out, "\n{}", look.paint(Paint::Strong, chapter));
        }
        let _ = writeln!(out, "  {}", first.id);
        hang(&mut out, "      ", first.expected, look.width);
        for listed in of_case {
            let label = format!("      {:<10} {:<6} ", listed.protocol.title(), listed.level);
            hang(&mut out, &label, &listed.requirements.join(" "), look.width);
        }
        if !first.needs.is_empty() {
            hang(&mut out, "      needs             ", &first.needs.join(", "), look.width);
        }
    }
    let distinct: BTreeSet<&str> = cases.iter().map(|listed| listed.id).collect();
    let _ = writeln!(
        out,
        "\n{} cases, {} with each protocol counted; `pushspec explain ID` tells more of a case or a requirement",
        distinct.len(),
        cases.len()
    );
    out
}

/// What is to be known of a case.
pub fn explain_case(about: &About, look: Look) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", look.paint(Paint::Strong, about.id));
    hang(&mut out, "  expects   ", about.expects, look.width);
    if !about.accepts.is_empty() {
        hang(&mut out, "  accepts   ", about.accepts, look.width);
    }
    if !about.needs.is_empty() {
        let needs: Vec<String> = about.needs.iter().map(ToString::to_string).collect();
        hang(&mut out, "  needs     ", &needs.join(", "), look.width);
    }
    if !about.lasts.is_zero() {
        let lasts = format!("about {} s, which the specification sets", about.lasts.as_secs_f32());
        hang(&mut out, "  lasts     ", &lasts, look.width);
    }
    for protocol in about.protocols() {
        let level = about.level_in(protocol);
        let _ = writeln!(out, "\n  {} · {level}", protocol.title());
        for id in about.requirements(protocol) {
            match Catalogue::embedded().get(protocol, id) {
                Some(row) => {
                    let label = format!("    {:<14}  ", row.id);
                    hang(&mut out, &label, row.text, look.width);
                    hang(&mut out, &" ".repeat(label.len()), &row.place(), look.width);
                }
                None => {
                    let _ = writeln!(out, "    {id}");
                }
            }
        }
    }
    plain(out, look)
}

/// What is to be known of a requirement, and what of it is covered, by which of these cases.
pub fn explain_requirement(
    row: &Requirement,
    covered: &[Covered],
    cases: &[About],
    look: Look,
) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}  {} · {}",
        look.paint(Paint::Strong, row.id),
        row.protocol.title(),
        row.level.name()
    );
    hang(&mut out, "  says      ", row.text, look.width);
    hang(&mut out, "  section   ", &row.place(), look.width);
    // Links are for the clipboard: never wrapped.
    let _ = writeln!(out, "  link      {}", row.link());
    hang(&mut out, "  binds     ", row.bound, look.width);
    let tested: Vec<&str> = std::iter::once(row.testability).chain(row.also.clone()).collect();
    hang(&mut out, "  tested by ", &tested.join(", "), look.width);
    if !row.needs.is_empty() {
        hang(&mut out, "  needs     ", &row.needs.join(", "), look.width);
    }
    if !row.probe.is_empty() {
        hang(&mut out, "  how       ", row.probe, look.width);
    }
    if !row.note.is_empty() {
        hang(&mut out, "  note      ", row.note, look.width);
    }
    let label = |at: usize| if at == 0 { "  cases     " } else { "            " };
    let judging: Vec<&About> =
        cases.iter().filter(|about| about.requirements(row.protocol).contains(&row.id)).collect();
    for (at, about) in judging.iter().enumerate() {
        let _ = writeln!(out, "{}{} ({})", label(at), about.id, about.level_in(row.protocol));
        hang(&mut out, "              expects ", about.expects, look.width);
        if !about.accepts.is_empty() {
            hang(&mut out, "              accepts ", about.accepts, look.width);
        }
    }
    let of_row = |of: &&Covered| (of.protocol, of.id) == (row.protocol, row.id);
    let covered = covered.iter().find(of_row);
    match covered.map(|covered| &covered.state) {
        Some(State::Judged { monitor: true, .. }) => {
            let _ =
                writeln!(out, "{}the monitor, on the traffic of every case", label(judging.len()));
        }
        Some(State::NotTestable { reason }) => hang(&mut out, "  not judged ", reason, look.width),
        Some(State::Open { reason }) => hang(&mut out, "  not yet   ", reason, look.width),
        Some(State::Judged { .. }) | None => {}
    }
    if let Some(covered) = covered.filter(|covered| !covered.parts.is_empty()) {
        out.push_str("  parts\n");
        parts(&mut out, "            ", &covered.parts, look);
    }
    plain(out, look)
}

/// The few signs beyond ASCII that the texts hold, for outputs that cannot show them.
fn plain(text: String, look: Look) -> String {
    if look.unicode { text } else { text.replace('·', "-").replace('§', "section ") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::coverage::coverage;
    use crate::{monitor, suite};

    const LOOK: Look = Look { width: 80, colour: false, unicode: true };

    #[test]
    fn every_case_cites_the_catalogue_and_can_be_judged() {
        let mut ids = BTreeSet::new();
        for about in suite::all() {
            assert!(ids.insert(about.id), "{} is there twice", about.id);
            assert!(!about.requires.is_empty(), "{}", about.id);
            for cited in about.requires {
                let row = Catalogue::embedded().get(cited.protocol, cited.id);
                assert!(row.is_some(), "{} cites {} of {}", about.id, cited.id, cited.protocol);
            }
            assert!(!about.expects.is_empty() && !about.expects.ends_with('.'), "{}", about.id);
        }
    }

    #[test]
    fn a_recommendation_never_fails() {
        let weaker: Vec<String> = suite::all()
            .flat_map(|about| {
                about.protocols().into_iter().filter_map(move |protocol| {
                    let level = about.level_in(protocol);
                    (level != about.level)
                        .then(|| format!("{} {protocol}: {} only", about.id, level))
                })
            })
            .collect();
        insta::assert_snapshot!(weaker.join("\n"));
    }

    #[test]
    fn requirements_are_explained() {
        let cases: Vec<About> = suite::all().collect();
        let covered = coverage(suite::all(), monitor::judged());
        let text: Vec<String> = ["MQTT-3.3.1-8", "MQTT-4.3.3-1", "SSE-C3", "MQTT-3.1.2-23"]
            .into_iter()
            .flat_map(|id| Catalogue::embedded().find(id))
            .map(|row| explain_requirement(row, &covered, &cases, LOOK))
            .collect();
        insta::assert_snapshot!(text.join("\n"));
    }

    #[test]
    fn cases_are_explained() {
        let about = suite::all().find(|about| !about.accepts.is_empty()).unwrap();
        insta::assert_snapshot!(explain_case(&about, LOOK));
    }

    #[test]
    fn the_list_reads_well() {
        let cases: Vec<Listed> = suite::all()
            .filter(|about| about.id.starts_with("mqtt/keep-alive/"))
            .flat_map(|about| about.protocols().into_iter().map(move |p| Listed::new(&about, p)))
            .collect();
        insta::assert_snapshot!(list(&cases, LOOK));
    }
}
