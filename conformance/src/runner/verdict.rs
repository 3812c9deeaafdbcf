//! From how a scenario ended to what is reported.

use crate::case::{Outcome, Stop};
use crate::event::{Advice, CaseReport, Verdict};
use crate::evidence::Evidence;
use crate::requirement::Level;

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
    let level = job.about.level_in(job.protocol);
    let mut report = CaseReport {
        id: job.about.id.to_owned(),
        protocol: job.protocol,
        endpoint: job.endpoint.clone(),
        level,
        requirements: job.about.requirements(job.protocol).into_iter().map(str::to_owned).collect(),
        verdict: Verdict::Pass,
        expected: job.about.expects.to_owned(),
        found: None,
        advice: gathered
            .advice
            .into_iter()
            .map(|finding| Advice { expected: finding.expected, found: finding.found })
            .collect(),
        observations: gathered.observations,
        trace: Vec::new(),
        duration_ms,
    };
    match outcome {
        Ok(()) => {
            if let Some(advice) = report.advice.first() {
                report.verdict = Verdict::Warn;
                report.expected.clone_from(&advice.expected);
                report.found = Some(advice.found.clone());
            }
        }
        Err(Stop::Broken(finding)) => match level {
            Level::Must | Level::Should => {
                report.verdict = if level == Level::Must { Verdict::Fail } else { Verdict::Warn };
                report.expected = finding.expected;
                report.found = Some(finding.found);
            }
            // What the spec permits either way is only kept for comparison.
            Level::May => {
                report.observations.insert("departs".to_owned(), finding.found);
            }
        },
        Err(Stop::PromiseBroken(finding)) => {
            report.level = Level::Must;
            report.verdict = Verdict::Fail;
            report.expected = finding.expected;
            report.found = Some(finding.found);
        }
        Err(Stop::Inconclusive(reason)) => {
            report.verdict = Verdict::Inconclusive;
            report.found = Some(reason);
        }
        Err(Stop::NotApplicable(reason)) => {
            report.verdict = Verdict::NotApplicable;
            report.found = Some(reason);
        }
        Err(Stop::Error(reason)) => {
            report.verdict = Verdict::Error;
            report.found = Some(reason);
        }
    }
    if !matches!(report.verdict, Verdict::Pass | Verdict::NotApplicable) {
        report.trace = evidence.trace.entries();
    }
    hide_generated(&mut report, generated);
    report
}

/// A report that never varies with generated names can be compared with another run's.
fn hide_generated(report: &mut CaseReport, generated: &[(String, String)]) {
    let hide = |text: &mut String| {
        for (name, shown) in generated {
            if text.contains(name.as_str()) {
                *text = text.replace(name.as_str(), shown);
            }
        }
    };
    hide(&mut report.expected);
    report.found.iter_mut().for_each(hide);
    report.observations.values_mut().for_each(hide);
    for advice in &mut report.advice {
        hide(&mut advice.expected);
        hide(&mut advice.found);
    }
}
