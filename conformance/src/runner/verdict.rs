//! From how a scenario ended to what is reported.

use crate::case::Outcome;
use crate::counted::Counted;
use crate::event::{Advice, CaseReport, Violation};
use crate::evidence::Evidence;

use super::Job;

/// The report of a case whose attempt ended like this.
pub(super) fn report(
    job: &Job,
    outcome: Outcome,
    evidence: &Evidence,
    generated: &[(String, String)],
    duration_ms: u64,
) -> CaseReport {
    let gathered = evidence.gathered();
    let by_specification = job.about.level_in(job.protocol);
    let level = job.counts_as.as_ref().map_or(by_specification, |(level, _)| *level);
    let counted = Counted::new(level, outcome, &gathered);
    let mut observations = gathered.observations;
    if let Some(departs) = counted.departs {
        observations.insert("departs".to_owned(), departs);
    }
    if let Some((level, why)) = &job.counts_as {
        let change = format!("counts as {level} instead of {by_specification}: {why}");
        observations.insert("level".to_owned(), change);
    }
    let mut report = CaseReport {
        id: job.about.id.to_owned(),
        protocol: job.protocol,
        endpoint: job.endpoint.clone(),
        level: counted.level,
        requirements: job.about.requirements(job.protocol).into_iter().map(str::to_owned).collect(),
        verdict: counted.verdict,
        expected: counted.expected.unwrap_or_else(|| job.about.expects.to_owned()),
        found: counted.found,
        advice: gathered
            .advice
            .into_iter()
            .map(|finding| Advice { expected: finding.expected, found: finding.found })
            .collect(),
        observations,
        measured_ms: gathered.measured,
        trace: evidence.trace.entries(),
        duration_ms,
        baseline: None,
        repeated: false,
    };
    hide_generated(&mut report, generated);
    report
}

/// What the traffic of an attempt breaks beside what the case judges.
pub(super) fn violations(
    job: &Job,
    evidence: &Evidence,
    generated: &[(String, String)],
) -> Vec<Violation> {
    let sightings = evidence.gathered().sightings.into_iter();
    sightings
        .map(|sighting| Violation {
            requirement: sighting.requirement.id.to_owned(),
            protocol: sighting.requirement.protocol,
            endpoint: job.endpoint.clone(),
            trace: evidence.trace.excerpt(sighting.entry, &sighting.found),
            found: hidden(sighting.found, generated),
            case: job.about.id.to_owned(),
            connection: sighting.connection,
            packet: hidden(sighting.packet, generated),
            baseline: None,
        })
        .collect()
}

/// A report that never varies with generated names can be compared with another run's.
fn hide_generated(report: &mut CaseReport, generated: &[(String, String)]) {
    let hide = |text: &mut String| *text = hidden(std::mem::take(text), generated);
    hide(&mut report.expected);
    report.found.iter_mut().for_each(hide);
    report.observations.values_mut().for_each(hide);
    for advice in &mut report.advice {
        hide(&mut advice.expected);
        hide(&mut advice.found);
    }
}

fn hidden(mut text: String, generated: &[(String, String)]) -> String {
    for (name, shown) in generated {
        if text.contains(name.as_str()) {
            text = text.replace(name.as_str(), shown);
        }
    }
    text
}
