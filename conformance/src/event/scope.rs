//! What a run was asked for.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::requirement::{Level, Protocol};

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
