//! Which cases run.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};

use crate::case::About;
use crate::requirement::{Level, Protocol};

/// Which cases run: those that pass every filter given.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    protocols: BTreeSet<Protocol>,
    patterns: Vec<GlobMatcher>,
    requirements: Vec<String>,
    level: Option<Level>,
}

/// A filter that cannot be meant.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// A pattern that is none.
    #[error("--case {pattern}: {source}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        source: globset::Error,
    },
}

impl Selection {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only these protocols; all if there are none.
    pub fn protocols(mut self, protocols: impl IntoIterator<Item = Protocol>) -> Self {
        self.protocols.extend(protocols);
        self
    }

    /// Only cases whose id matches one of the patterns: `*` stays within a part of the id, `**` does
    /// not.
    pub fn cases<'a>(
        mut self,
        patterns: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, SelectionError> {
        for pattern in patterns {
            let glob =
                GlobBuilder::new(pattern).literal_separator(true).build().map_err(|source| {
                    SelectionError::Pattern { pattern: pattern.to_owned(), source }
                })?;
            self.patterns.push(glob.compile_matcher());
        }
        Ok(self)
    }

    /// Only cases that judge one of these requirements.
    pub fn requirements(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        self.requirements.extend(ids);
        self
    }

    /// Only cases of this level or a stronger one.
    pub const fn level(mut self, level: Option<Level>) -> Self {
        self.level = level;
        self
    }

    /// Whether cases run in this protocol at all.
    pub fn wants_protocol(&self, protocol: Protocol) -> bool {
        self.protocols.is_empty() || self.protocols.contains(&protocol)
    }

    /// Whether a case runs in this protocol.
    pub fn wants(&self, about: &About, protocol: Protocol) -> bool {
        self.wants_protocol(protocol)
            && about.protocols().contains(&protocol)
            && self.level.is_none_or(|level| about.level_in(protocol) <= level)
            && (self.patterns.is_empty()
                || self.patterns.iter().any(|glob| glob.is_match(about.id)))
            && (self.requirements.is_empty()
                || about.requirements(protocol).iter().any(|id| {
                    self.requirements.iter().any(|wanted| wanted.eq_ignore_ascii_case(id))
                }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;
    use crate::requirement::{v5, v311};

    const ABOUT: About = About {
        id: "mqtt/publish/qos-3",
        level: Level::Should,
        requires: &[v311("MQTT-3.3.1-4"), v5("MQTT-3.3.1-4")],
        needs: &[],
        expects: "",
        accepts: "",
        lasts: Duration::ZERO,
        replies: 8,
        disturbs: false,
        disturbed: false,
    };

    fn picks(pattern: &str) -> bool {
        Selection::all().cases([pattern]).unwrap().wants(&ABOUT, Protocol::Mqtt5)
    }

    #[test]
    fn patterns_go_by_parts_of_the_id() {
        assert!(picks("mqtt/publish/*"));
        assert!(picks("mqtt/**"));
        assert!(picks("**/qos-3"));
        assert!(!picks("mqtt/*"));
        assert!(!picks("mqtt/publish"));
    }

    #[test]
    fn every_filter_has_to_let_a_case_through() {
        let all = Selection::all();
        assert!(all.wants(&ABOUT, Protocol::Mqtt311));
        assert!(!all.wants(&ABOUT, Protocol::Mqtt31));
        assert!(!all.clone().level(Some(Level::Must)).wants(&ABOUT, Protocol::Mqtt5));
        assert!(
            all.clone().requirements(["mqtt-3.3.1-4".to_owned()]).wants(&ABOUT, Protocol::Mqtt5)
        );
        assert!(
            !all.clone().requirements(["MQTT-3.3.1-5".to_owned()]).wants(&ABOUT, Protocol::Mqtt5)
        );
        assert!(!all.protocols([Protocol::Sse]).wants(&ABOUT, Protocol::Mqtt5));
    }
}
