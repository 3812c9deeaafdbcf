//! What was tested, how it is reached, and what became of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::requirement::Protocol;

/// What is left of a run in its target, after everything was done to remove it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct LeftBehind {
    /// Client Identifiers whose Sessions can be resumed.
    pub sessions: Vec<String>,
    /// Topics with retained messages.
    pub retained: Vec<String>,
    /// Why that is not known for sure, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

impl LeftBehind {
    /// What is left of two runs.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.sessions.extend(other.sessions);
        self.retained.extend(other.retained);
        self.unknown = self.unknown.or(other.unknown);
        self
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
    /// What is left in it of the run, where that was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<LeftBehind>,
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
    /// The exit status or the signal; or that it was killed, since it no longer answered.
    pub how: String,
    /// The cases that ran at that time, each with its protocol.
    pub during: Vec<String>,
    /// The last lines that it wrote to its standard output.
    pub stdout: Vec<String>,
    /// The last lines that it wrote to its standard error.
    pub stderr: Vec<String>,
}

/// What was tested: one product, reached through one or several endpoints.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// Its name in `pushspec.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The words that lead to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// Its endpoints, in the order given.
    pub endpoints: Vec<Endpoint>,
    /// How its process ended without being asked to, or by being given up, where pushspec started it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<ProcessEnd>,
}

/// The words behind `pushspec test` that lead to a target.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Reach {
    /// The words, as the process was given them.
    pub words: Vec<String>,
    /// They name the endpoints, too: no URL has to be added.
    pub whole: bool,
}
