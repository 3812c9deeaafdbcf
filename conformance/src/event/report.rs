//! A whole run: the model that all renderings read.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaseReport, Endpoint, Event, SCHEMA, Scope, Target, Tool, Verdict, Violation};
use crate::listed::{BaselineReport, Listed, Standing};
use crate::requirement::Protocol;

/// What the cases say of one requirement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequirementReport {
    /// The requirement's id.
    pub id: String,
    /// Whose requirement.
    pub protocol: Protocol,
    /// The gravest verdict of its cases.
    pub verdict: Verdict,
    /// Ids of the cases that judged it.
    pub cases: Vec<String>,
}

/// How many cases came to each verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Everything judged holds.
    pub pass: usize,
    /// A MUST is broken.
    pub fail: usize,
    /// A SHOULD is broken.
    pub warn: usize,
    /// The target lacks what the case is about.
    pub not_applicable: usize,
    /// The case could not reach its point.
    pub inconclusive: usize,
    /// The tool's own fault.
    pub error: usize,
}

impl Totals {
    /// Counts one more.
    pub fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Pass => &mut self.pass,
            Verdict::Fail => &mut self.fail,
            Verdict::Warn => &mut self.warn,
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::Inconclusive => &mut self.inconclusive,
            Verdict::Error => &mut self.error,
        } += 1;
    }

    /// How many came to this verdict.
    pub const fn of(&self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Pass => self.pass,
            Verdict::Fail => self.fail,
            Verdict::Warn => self.warn,
            Verdict::NotApplicable => self.not_applicable,
            Verdict::Inconclusive => self.inconclusive,
            Verdict::Error => self.error,
        }
    }

    /// Cases that came to a verdict on the target.
    pub const fn judged(&self) -> usize {
        self.pass + self.fail + self.warn
    }

    /// All cases.
    pub const fn all(&self) -> usize {
        self.judged() + self.not_applicable + self.inconclusive + self.error
    }
}

/// A whole run: the model that all renderings read, and the JSON report as it stands.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RunReport {
    /// `pushspec-report/1`
    pub schema: String,
    /// The tool that made it.
    pub tool: Tool,
    /// What was tested.
    pub target: Target,
    /// What was asked for.
    #[serde(default)]
    pub scope: Scope,
    /// One per case, protocol and endpoint, ordered by endpoint, protocol and id.
    pub cases: Vec<CaseReport>,
    /// One per requirement that a case judged.
    pub requirements: Vec<RequirementReport>,
    /// What the monitor saw beside the cases.
    pub violations: Vec<Violation>,
    /// Verdict counts over the cases.
    pub totals: Totals,
    /// Cases that were planned; more than were reported if the run was ended early.
    pub planned: usize,
    /// Why the run was ended before its plan was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
    /// The baseline by which it was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineReport>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
}

impl RunReport {
    /// What the baseline says of cases and violations.
    pub fn listed(&self) -> impl Iterator<Item = &Listed> {
        let cases = self.cases.iter().filter_map(|case| case.baseline.as_ref());
        cases.chain(self.violations.iter().filter_map(|seen| seen.baseline.as_ref()))
    }

    /// How many departures stand like this.
    pub fn standing(&self, standing: Standing) -> usize {
        self.listed().filter(|listed| listed.standing == standing).count()
    }

    /// How many cases came to this verdict without being known for it.
    pub fn open(&self, verdict: Verdict) -> usize {
        let known = self.cases.iter().filter(|case| case.is_known() && case.verdict == verdict);
        self.totals.of(verdict).saturating_sub(known.count())
    }

    /// The report of a run that told these events, whether or not it came to its end.
    pub fn from_events<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut report = Self { schema: SCHEMA.to_owned(), ..Self::default() };
        let mut finished = false;
        for event in events {
            match event {
                Event::RunStarted { tool, target, reach, scope, .. } => {
                    report.tool = tool.clone();
                    report.target.name.clone_from(target);
                    report.target.reach.clone_from(reach);
                    report.scope = scope.clone();
                }
                Event::EndpointPlanned { endpoint, cases } => {
                    report.target.endpoints.push(endpoint.clone());
                    report.planned += cases;
                }
                Event::EndpointUnreachable { url, reason } => {
                    report.target.endpoints.push(Endpoint {
                        url: url.clone(),
                        protocols: Vec::new(),
                        capabilities: BTreeMap::new(),
                        configuration: None,
                        unreachable: Some(reason.clone()),
                        left: None,
                    });
                }
                Event::CaseStarted { .. } => {}
                Event::ViolationSeen(violation) => {
                    report.violations.push(violation.as_ref().clone());
                }
                Event::CaseFinished(case) => report.cases.push(case.as_ref().clone()),
                Event::TargetEnded(end) => report.target.ended.push(end.as_ref().clone()),
                Event::CleanedUp { endpoint, left } => {
                    for known in &mut report.target.endpoints {
                        if known.url == *endpoint {
                            known.left = Some(left.clone());
                        }
                    }
                }
                Event::RunFinished { interrupted, duration_ms } => {
                    finished = true;
                    report.interrupted.clone_from(interrupted);
                    report.duration_ms = *duration_ms;
                }
                Event::BaselineJudged(judged) => report.baseline = Some(judged.as_ref().clone()),
            }
        }
        if !finished {
            report.interrupted = Some("the run did not come to its end".to_owned());
        }
        report.settle();
        report
    }

    /// The cases of one endpoint in one protocol.
    pub fn cases_of<'a>(
        &'a self,
        endpoint: &'a str,
        protocol: Protocol,
    ) -> impl Iterator<Item = &'a CaseReport> + Clone {
        self.cases.iter().filter(move |case| case.endpoint == endpoint && case.protocol == protocol)
    }

    /// Orders the cases and derives what follows from them.
    pub(crate) fn settle(&mut self) {
        self.totals = Totals::default();
        let order: BTreeMap<&str, usize> = self
            .target
            .endpoints
            .iter()
            .enumerate()
            .map(|(index, endpoint)| (endpoint.url.as_str(), index))
            .collect();
        self.cases.sort_by(|a, b| {
            let key =
                |case: &CaseReport| (order.get(case.endpoint.as_str()).copied(), case.protocol);
            key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
        });
        // Each kind once, whatever the order in which the cases ran.
        self.violations.sort_by(|a, b| {
            let key =
                |seen: &Violation| (order.get(seen.endpoint.as_str()).copied(), seen.protocol);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.requirement.cmp(&b.requirement))
                .then_with(|| a.found.cmp(&b.found))
                .then_with(|| a.case.cmp(&b.case))
        });
        self.violations.dedup_by(|again, seen| {
            (&again.endpoint, again.protocol, &again.requirement, &again.found)
                == (&seen.endpoint, seen.protocol, &seen.requirement, &seen.found)
        });
        let mut requirements: BTreeMap<(Protocol, &str), (Verdict, BTreeSet<&str>)> =
            BTreeMap::new();
        for case in &self.cases {
            self.totals.add(case.verdict);
            for id in &case.requirements {
                let entry = requirements
                    .entry((case.protocol, id))
                    .or_insert((Verdict::NotApplicable, BTreeSet::new()));
                entry.0 = entry.0.min(case.verdict);
                entry.1.insert(&case.id);
            }
        }
        self.requirements = requirements
            .into_iter()
            .map(|((protocol, id), (verdict, cases))| RequirementReport {
                id: id.to_owned(),
                protocol,
                verdict,
                cases: cases.into_iter().map(str::to_owned).collect(),
            })
            .collect();
    }
}
