//! What a run tells, and the report model folded from it: the one vocabulary between the runner and
//! the renderings.

mod case;
mod report;
mod scope;
mod target;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::listed::BaselineReport;
use crate::requirement::Protocol;

pub use case::{Advice, CaseReport, Violation};
pub use report::{RequirementReport, RunReport, Totals};
pub use scope::{Scope, Shard};
pub use target::{Endpoint, LeftBehind, ProcessEnd, Reach, Target};

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
        /// The words that lead to the target.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reach: Option<Reach>,
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
    /// The process of the target, which pushspec started, ended without being asked to,
    /// or had to be given up.
    TargetEnded(Box<ProcessEnd>),
    /// All cases of an endpoint are done: what they left in it.
    CleanedUp {
        /// The endpoint's URL.
        endpoint: String,
        /// What is still there.
        left: LeftBehind,
    },
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
