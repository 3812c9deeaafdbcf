//! What a run tells, and the report model folded from it: the one vocabulary between the runner and
//! the renderings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::listed::{BaselineReport, Listed, Standing};
use crate::requirement::{Level, Protocol};
use crate::trace::TraceEntry;

/// The version of the report's JSON schema. Fields are only added within a major version.
pub const SCHEMA: &str = "pushspec-report/1";
/// The version of the schema of a line of the event log. Fields are only added within a major version.
pub const EVENTS_SCHEMA: &str = "pushspec-events/1";

/// What a case, or a requirement, came to.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A MUST is broken.
    Fail,
    /// The tool's own fault.
    Error,
    /// The case could not reach its point.
    Inconclusive,
    /// A SHOULD is broken, or advice is not followed; the report's level tells which.
    Warn,
    /// Everything judged holds.
    Pass,
    /// The target lacks what the case is about, and says so.
    NotApplicable,
}

impl Verdict {
    /// The verdict as reports write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Inconclusive => "inconclusive",
            Self::Warn => "warn",
            Self::Pass => "pass",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Something a run tells, in the order in which it happens.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The run begins.
    RunStarted {
        /// `pushspec-events/1`
        schema: String,
        /// The tool that runs.
        tool: Tool,
        /// The name of the target in `pushspec.toml`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<String>,
        /// What was asked for.
        #[serde(default)]
        scope: Scope,
    },
    /// An endpoint was probed: what it can do and which cases are planned.
    EndpointPlanned {
        /// What is known of it.
        endpoint: Endpoint,
        /// How many cases will be reported for it (in all protocols).
        cases: usize,
    },
    /// An endpoint cannot be tested.
    EndpointUnreachable {
        /// Its URL without credentials.
        url: String,
        /// Why, in one line, with what would help.
        reason: String,
    },
    /// A case begins.
    CaseStarted {
        /// The endpoint's URL.
        endpoint: String,
        /// The case.
        case: String,
        /// In which protocol.
        protocol: Protocol,
    },
    /// The traffic of a case breaks something that the case did not ask for. Told before its verdict.
    ViolationSeen(Box<Violation>),
    /// A case has its verdict.
    CaseFinished(Box<CaseReport>),
    /// The process of the target, which pushspec started, ended without being asked to.
    TargetEnded(Box<ProcessEnd>),
    /// The run is over.
    RunFinished {
        /// It was ended before its plan was done (Ctrl-C, the target died).
        interrupted: Option<String>,
        /// Wall time in milliseconds.
        duration_ms: u64,
    },
    /// The run was judged by a baseline. Told last.
    BaselineJudged(Box<BaselineReport>),
}

/// The tool that made a report.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `pushspec`
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This tool.
    pub fn this() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// What a run was asked for; nothing means everything.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// Only these protocols.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<Protocol>,
    /// Only cases whose id matches one of these patterns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<String>,
    /// Only cases that judge one of these requirements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<String>,
    /// Only cases of this level or a stronger one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// What the target was declared to lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Only this part of the cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

impl Scope {
    /// Whether it is everything.
    pub fn is_whole(&self) -> bool {
        let Self { protocols, cases, requirements, level, without: _, shard } = self;
        protocols.is_empty()
            && cases.is_empty()
            && requirements.is_empty()
            && level.is_none()
            && shard.is_none()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocols = self.protocols.iter().map(ToString::to_string).collect();
        let listed: [(&str, Vec<String>); 6] = [
            ("protocol", protocols),
            ("case", self.cases.clone()),
            ("requirement", self.requirements.clone()),
            ("level", self.level.iter().map(ToString::to_string).collect()),
            ("without", self.without.clone()),
            ("shard", self.shard.iter().map(ToString::to_string).collect()),
        ];
        let told: Vec<String> = listed
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(name, values)| format!("{name} {}", values.join(" ")))
            .collect();
        f.write_str(if told.is_empty() { "everything" } else { "" })?;
        f.write_str(&told.join(", "))
    }
}

/// One of several parts of a run, such as `2/3`.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
pub struct Shard {
    /// Which, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// Whether the n-th case, from 0, belongs to it.
    pub const fn has(self, n: usize) -> bool {
        n % self.of as usize + 1 == self.index as usize
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl std::str::FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected I/N, such as 2/3, with I from 1 to N";
        let (index, of) = text.split_once('/').ok_or(expected)?;
        let number = |text: &str| text.parse::<u32>().map_err(|_| expected);
        let shard = Self { index: number(index)?, of: number(of)? };
        if (1..=shard.of).contains(&shard.index) { Ok(shard) } else { Err(expected) }
    }
}

/// One tested endpoint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// Its URL without credentials.
    pub url: String,
    /// The configuration of the target that it belongs to, where there are several; the first has no
    /// name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// The protocols that it accepted, in which cases were run.
    pub protocols: Vec<Protocol>,
    /// What it offers, by protocol: from CONNACK, response headers and small probes.
    pub capabilities: BTreeMap<String, BTreeMap<String, String>>,
    /// Why it could not be tested, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<String>,
}

impl Endpoint {
    /// Its URL, with its configuration where it belongs to one.
    pub fn title(&self) -> String {
        match &self.configuration {
            Some(configuration) => format!("{} (configuration {configuration})", self.url),
            None => self.url.clone(),
        }
    }
}

/// How the process of the target ended while it was tested.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProcessEnd {
    /// The exit status or the signal.
    pub how: String,
    /// The cases that ran at that time, each with its protocol.
    pub during: Vec<String>,
    /// The last lines that it wrote to its standard output.
    pub stdout: Vec<String>,
    /// The last lines that it wrote to its standard error.
    pub stderr: Vec<String>,
}

/// What one case came to in one protocol at one endpoint.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseReport {
    /// The case's id.
    pub id: String,
    /// In which protocol it ran.
    pub protocol: Protocol,
    /// The endpoint's URL.
    pub endpoint: String,
    /// How a breach is counted.
    pub level: Level,
    /// Ids of the requirements judged, in this protocol.
    pub requirements: Vec<String>,
    /// What it came to.
    pub verdict: Verdict,
    /// What the spec wants: completes "expected that …".
    pub expected: String,
    /// What the target did instead (fail, warn), or why there is no verdict on it
    /// (inconclusive, not-applicable, error).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Recommendations that were not followed beside what the case is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Advice>,
    /// Permitted variation.
    #[serde(default)]
    pub observations: BTreeMap<String, String>,
    /// What was measured, in milliseconds: it differs from run to run, and comparisons leave it out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub measured_ms: BTreeMap<String, f64>,
    /// Everything that went over the case's connections; kept for every verdict but pass and
    /// not-applicable.
    #[serde(default)]
    pub trace: Vec<TraceEntry>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// How it stands to the baseline, where there is one and it has something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Listed>,
    /// A second attempt came to the same verdict.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
}

impl CaseReport {
    /// Whether it is a known departure, which is borne.
    pub fn is_known(&self) -> bool {
        self.baseline.as_ref().is_some_and(Listed::is_known)
    }

    /// Orders cases by how much they need a reader: departures, those that the baseline bears, the rest.
    pub fn gravity(&self) -> impl Ord + use<> {
        let holds = matches!(self.verdict, Verdict::Pass | Verdict::NotApplicable);
        (holds, self.is_known(), self.verdict)
    }
}

/// A recommendation that was not followed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// What is recommended.
    pub expected: String,
    /// What the target did.
    pub found: String,
}

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

/// A violation that no case asked for, seen by the monitor.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// The requirement's id.
    pub requirement: String,
    /// Whose requirement.
    pub protocol: Protocol,
    /// The endpoint's URL.
    pub endpoint: String,
    /// What was seen.
    pub found: String,
    /// The case during which it was seen, the first by id where there were several.
    pub case: String,
    /// The connection, by its number in that case.
    #[serde(default)]
    pub connection: u32,
    /// The packet that shows it, in one line.
    #[serde(default)]
    pub packet: String,
    /// What led to it: the last entry is the packet.
    #[serde(default)]
    pub trace: Vec<TraceEntry>,
    /// How it stands to the baseline, where there is one and it has something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Listed>,
}

impl Violation {
    /// Whether it is a known departure, which is borne.
    pub fn is_known(&self) -> bool {
        self.baseline.as_ref().is_some_and(Listed::is_known)
    }
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

/// What was tested: one product, reached through one or several endpoints.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Its name in `pushspec.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its endpoints, in the order given.
    pub endpoints: Vec<Endpoint>,
    /// How its process ended without being asked to, where pushspec started it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<ProcessEnd>,
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
                Event::RunStarted { tool, target, scope, .. } => {
                    report.tool = tool.clone();
                    report.target.name.clone_from(target);
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
                    });
                }
                Event::CaseStarted { .. } => {}
                Event::ViolationSeen(violation) => {
                    report.violations.push(violation.as_ref().clone());
                }
                Event::CaseFinished(case) => report.cases.push(case.as_ref().clone()),
                Event::TargetEnded(end) => report.target.ended.push(end.as_ref().clone()),
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
