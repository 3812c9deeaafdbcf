//! Requirements: what the specifications demand, by protocol and id.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use pushspec_wire::mqtt::Version;

mod catalogue;

pub use catalogue::{Catalogue, Requirement, Strength};

/// A protocol in one version. Requirement ids repeat between versions with different meanings, so a
/// requirement is always named together with its protocol.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
pub enum Protocol {
    /// MQTT 3.1
    #[serde(rename = "3.1")]
    Mqtt31,
    /// MQTT 3.1.1
    #[serde(rename = "3.1.1")]
    Mqtt311,
    /// MQTT 5.0
    #[serde(rename = "5.0")]
    Mqtt5,
    /// Server-Sent Events (WHATWG HTML 9.2)
    #[serde(rename = "sse")]
    Sse,
}

impl Protocol {
    /// All protocols, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Mqtt31, Self::Mqtt311, Self::Mqtt5, Self::Sse];

    /// The name as reports and the command line write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mqtt31 => "3.1",
            Self::Mqtt311 => "3.1.1",
            Self::Mqtt5 => "5.0",
            Self::Sse => "sse",
        }
    }

    /// The name of its specification.
    pub const fn specification(self) -> &'static str {
        match self {
            Self::Mqtt31 => "MQTT 3.1",
            Self::Mqtt311 => "MQTT 3.1.1",
            Self::Mqtt5 => "MQTT 5.0",
            Self::Sse => "HTML",
        }
    }

    /// Protocol and version as a reader names them.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Mqtt31 | Self::Mqtt311 | Self::Mqtt5 => self.specification(),
            Self::Sse => "SSE",
        }
    }

    /// The MQTT version, if it is one.
    pub const fn mqtt(self) -> Option<Version> {
        match self {
            Self::Mqtt31 => Some(Version::V31),
            Self::Mqtt311 => Some(Version::V311),
            Self::Mqtt5 => Some(Version::V5),
            Self::Sse => None,
        }
    }
}

impl From<Version> for Protocol {
    fn from(version: Version) -> Self {
        match version {
            Version::V31 => Self::Mqtt31,
            Version::V311 => Self::Mqtt311,
            Version::V5 => Self::Mqtt5,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no protocol.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no protocol: expected 3.1, 3.1.1, 5.0 or sse")]
pub struct UnknownProtocol(String);

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "5" => Ok(Self::Mqtt5),
            _ => Self::ALL
                .into_iter()
                .find(|protocol| protocol.name() == text)
                .ok_or_else(|| UnknownProtocol(text.to_owned())),
        }
    }
}

/// How strongly the specification demands something.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A breach is a failure.
    Must,
    /// A breach is a warning.
    Should,
    /// Operational advice, such as on buffering, caches and idle connections: a breach is a warning of
    /// this class, and no breach of the specification.
    Advice,
    /// Permitted variation: only observed.
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::Advice => "ADVICE",
            Self::May => "MAY",
        })
    }
}

/// The text names no level.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no level: expected must, should, advice or may")]
pub struct UnknownLevel(String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "must" => Ok(Self::Must),
            "should" => Ok(Self::Should),
            "advice" => Ok(Self::Advice),
            "may" => Ok(Self::May),
            _ => Err(UnknownLevel(text.to_owned())),
        }
    }
}

/// Names one requirement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequirementRef {
    /// Whose requirement.
    pub protocol: Protocol,
    /// Its id in the catalogue, such as `MQTT-3.3.1-8`, `X5-N17` or `SSE-C3`.
    pub id: &'static str,
}

/// A requirement of MQTT 3.1.
pub const fn v31(id: &'static str) -> RequirementRef {
    RequirementRef { protocol: Protocol::Mqtt31, id }
}

/// A requirement of MQTT 3.1.1.
pub const fn v311(id: &'static str) -> RequirementRef {
    RequirementRef { protocol: Protocol::Mqtt311, id }
}

/// A requirement of MQTT 5.0.
pub const fn v5(id: &'static str) -> RequirementRef {
    RequirementRef { protocol: Protocol::Mqtt5, id }
}

/// A requirement on Server-Sent Events.
pub const fn sse(id: &'static str) -> RequirementRef {
    RequirementRef { protocol: Protocol::Sse, id }
}
