//! The coverage of the catalogue, for people.

use std::fmt::Write as _;

use super::text::{Look, Paint, hang};
use crate::coverage::{Covered, Part, State, counts};

/// A line of counts for each protocol, then what is judged in parts, what is open and what is not
/// testable, with the reasons.
pub fn coverage(coverage: &[Covered], look: Look) -> String {
    let mut out = String::new();
    for (protocol, counts) in counts(coverage) {
        let _ = writeln!(
            out,
            "{:<10}  {:>3} requirements  {:>3} judged  {:>3} not testable from outside  {:>3} open",
            protocol.title(),
            counts.requirements,
            counts.judged,
            counts.not_testable,
            counts.open
        );
    }
    let bundles: Vec<&Covered> = coverage.iter().filter(|row| !row.parts.is_empty()).collect();
    if !bundles.is_empty() {
        let _ = writeln!(out, "\n{}", look.paint(Paint::Strong, "Judged in parts"));
    }
    for row in bundles {
        let _ = writeln!(out, "  {:<10} {}", row.protocol.title(), row.id);
        parts(&mut out, "    ", &row.parts, look);
    }
    let reason = |covered: &Covered, open: bool| match &covered.state {
        State::Open { reason } if open => Some((*reason).to_owned()),
        State::NotTestable { reason } if !open => Some(reason.clone()),
        _ => None,
    };
    for (title, open) in [("Open", true), ("Not testable from outside", false)] {
        let rows: Vec<_> =
            coverage.iter().filter_map(|covered| Some((covered, reason(covered, open)?))).collect();
        if !rows.is_empty() {
            let _ = writeln!(out, "\n{}", look.paint(Paint::Strong, title));
        }
        for (covered, reason) in rows {
            let label = format!("  {:<10} {:<15} ", covered.protocol.title(), covered.id);
            hang(&mut out, &label, &reason, look.width);
        }
    }
    out
}

/// The parts of a statement, each with what judges it.
pub(super) fn parts(out: &mut String, margin: &str, parts: &[Part], look: Look) {
    for Part { part, text, judged_by } in parts {
        hang(out, &format!("{margin}{part}  "), text, look.width);
        hang(out, &format!("{margin}   by "), &judged_by.join(" "), look.width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::Protocol;

    #[test]
    fn the_coverage_reads_well() {
        let covered =
            |id, state| Covered { protocol: Protocol::Mqtt5, id, state, parts: Vec::new() };
        let part = |part, text| Part { part, text, judged_by: vec!["mqtt/session/one", "monitor"] };
        let rows = [
            Covered {
                parts: vec![
                    part("a", "An unacknowledged PUBLISH is sent again."),
                    part(
                        "b",
                        "An unacknowledged PUBREL is, too, and whatever else needs two lines.",
                    ),
                ],
                ..covered("MQTT-4.4.0-1", State::Judged { cases: Vec::new(), monitor: true })
            },
            covered("MQTT-3.1.0-1", State::Judged { cases: vec!["mqtt/a"], monitor: false }),
            covered(
                "MQTT-3.2.2-12",
                State::Open { reason: "needs a Server with Maximum QoS below 2" },
            ),
            covered("X5-S04", State::NotTestable { reason: "only a Client shows it".to_owned() }),
        ];
        insta::assert_snapshot!(coverage(&rows, Look { width: 80, colour: false, unicode: true }));
    }
}
