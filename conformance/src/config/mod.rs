//! `pushspec.toml`: the targets that a repository has tested. Its schema is
//! `schema/config-1.schema.json`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema};
use serde::Deserialize;

use crate::schema_file;
use crate::toml_file::{self, TomlError};

/// What `pushspec init` writes.
pub const EXAMPLE: &str = include_str!("example.toml");

/// The file.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// What holds for every target that does not say otherwise.
    #[serde(default)]
    pub options: Options,
    /// The targets, by name.
    #[serde(default)]
    pub targets: BTreeMap<String, Target>,
}

/// What is run, and how. Everything has the meaning of the option of `pushspec test` of that name.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Only these protocols: 3.1, 3.1.1, 5.0, sse.
    pub protocol: Option<Vec<String>>,
    /// Only cases whose id matches one of these patterns.
    pub case: Option<Vec<String>>,
    /// Only cases that judge one of these requirements.
    pub requirement: Option<Vec<String>>,
    /// Only cases of this level or a stronger one: must, should or may.
    pub level: Option<String>,
    /// What is asked of the target: the name of a profile, or its path from the folder of this file.
    pub profile: Option<String>,
    /// What the target is known to lack, such as shared-subscriptions: cases that need it do not apply.
    pub without: Option<Vec<String>>,
    /// Cases that run at the same time.
    pub jobs: Option<u16>,
    /// Seconds that any single reply may take.
    pub timeout: Option<f64>,
}

/// A target.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Target {
    /// Where it listens. With exec, port 0 stands for a free one.
    #[serde(default)]
    pub urls: Vec<String>,
    /// The command that starts it, run in the directory of this file.
    pub exec: Option<String>,
    /// Seconds until it has to listen after it was started.
    pub ready_within: Option<f64>,
    /// MQTT: the user name.
    pub username: Option<String>,
    /// MQTT: the environment variable that holds the password.
    pub password_env: Option<String>,
    /// TLS: a PEM file with the authorities to trust.
    pub ca: Option<PathBuf>,
    /// TLS: a PEM file with the client's certificate chain.
    pub cert: Option<PathBuf>,
    /// TLS: a PEM file with the client's private key.
    pub key: Option<PathBuf>,
    /// HTTP and WebSocket: header fields to send.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// HTTP and WebSocket: header fields whose values environment variables hold.
    #[serde(default)]
    pub headers_env: BTreeMap<String, String>,
    /// SSE: a URL to which a POST causes an event.
    pub publish_url: Option<String>,
    /// SSE: what the body of that POST is, text or json.
    pub publish_format: Option<String>,
    /// SSE: a command that causes an event.
    pub trigger: Option<String>,
    /// SSE: a URL to which a POST ends all streams.
    pub close_url: Option<String>,
    /// SSE: the server promises to replay; what it does with an unknown id: from-start, live, reset-event,
    /// error or none.
    pub replay: Option<String>,
    /// SSE: the server keeps its events over a restart.
    #[serde(default)]
    pub persistent: bool,
    /// SSE: the URL of the same stream through a proxy.
    pub via: Option<String>,
    /// SSE: for how long to watch whether a quiet stream is cut, such as 60s.
    pub idle: Option<String>,
    /// MQTT: it lets in nobody but users with the right password, of whom username is one.
    pub authenticates: Option<bool>,
    /// MQTT: a topic to which that user may not publish.
    pub denied_publish: Option<String>,
    /// MQTT: a filter to which that user may not subscribe.
    pub denied_subscribe: Option<String>,
    /// MQTT: a client identifier that it refuses.
    pub refused_client_id: Option<String>,
    /// MQTT 5.0: the method of enhanced authentication that it offers to that user, SCRAM-SHA-256.
    pub auth_method: Option<String>,
    /// MQTT: sessions and messages outlive a restart (stop), or even being killed (kill). Needs exec.
    pub persists: Option<String>,
    /// Other configurations of the same target, by name, in which cases are judged that do not apply to
    /// the target as it is above. What one of them does not say is as above; of the options it may have
    /// `without`.
    #[serde(default)]
    pub configurations: BTreeMap<String, Target>,
    /// The baseline with the target's known departures.
    pub baseline: Option<PathBuf>,
    /// Options of this target.
    #[serde(default)]
    pub options: Options,
}

/// What is wrong with the file, in one line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not the TOML of a configuration.
    #[error(transparent)]
    Toml(#[from] TomlError),
    /// There is nothing to test.
    #[error("it has no target: expected at least one [targets.NAME] with urls")]
    NoTarget,
    /// A target has no address.
    #[error("targets.{0}: urls is empty")]
    NoUrl(String),
    /// Something that only the target itself can have.
    #[error(
        "targets.{target}.configurations.{name}: configurations, baseline and options but `without` are the target's own"
    )]
    InConfiguration {
        /// The target.
        target: String,
        /// The configuration.
        name: String,
    },
}

impl std::str::FromStr for Config {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml_file::parse(text)?;
        if config.targets.is_empty() {
            return Err(ConfigError::NoTarget);
        }
        for (name, target) in &config.targets {
            if target.urls.is_empty() {
                return Err(ConfigError::NoUrl(name.clone()));
            }
            if let Some(name_within) = target.misplaced() {
                let (target, name) = (name.clone(), name_within.to_owned());
                return Err(ConfigError::InConfiguration { target, name });
            }
        }
        Ok(config)
    }
}

impl Config {
    /// The options of a target: its own, else those of all.
    pub fn options_of(&self, target: &Target) -> Options {
        target.options.clone().or(self.options.clone())
    }
}

impl Target {
    /// The first configuration that says what only the target itself can say.
    fn misplaced(&self) -> Option<&str> {
        let own = |options: &Options| Options { without: None, ..options.clone() };
        let wrong = |one: &Self| {
            !one.configurations.is_empty()
                || one.baseline.is_some()
                || own(&one.options) != Options::default()
        };
        self.configurations.iter().find(|(_, one)| wrong(one)).map(|(name, _)| name.as_str())
    }

    /// The target in one of its configurations: what that does not say is as for the target.
    pub fn configured(&self, other: &Self) -> Self {
        let (a, b) = (other.clone(), self.clone());
        let without = a.options.without.or(b.options.without.clone());
        Self {
            urls: if a.urls.is_empty() { b.urls } else { a.urls },
            exec: a.exec.or(b.exec),
            ready_within: a.ready_within.or(b.ready_within),
            username: a.username.or(b.username),
            password_env: a.password_env.or(b.password_env),
            ca: a.ca.or(b.ca),
            cert: a.cert.or(b.cert),
            key: a.key.or(b.key),
            headers: b.headers.into_iter().chain(a.headers).collect(),
            headers_env: b.headers_env.into_iter().chain(a.headers_env).collect(),
            publish_url: a.publish_url.or(b.publish_url),
            publish_format: a.publish_format.or(b.publish_format),
            trigger: a.trigger.or(b.trigger),
            close_url: a.close_url.or(b.close_url),
            replay: a.replay.or(b.replay),
            via: a.via.or(b.via),
            idle: a.idle.or(b.idle),
            authenticates: a.authenticates.or(b.authenticates),
            denied_publish: a.denied_publish.or(b.denied_publish),
            denied_subscribe: a.denied_subscribe.or(b.denied_subscribe),
            refused_client_id: a.refused_client_id.or(b.refused_client_id),
            persistent: a.persistent || b.persistent,
            auth_method: a.auth_method.or(b.auth_method),
            persists: a.persists.or(b.persists),
            configurations: BTreeMap::new(),
            baseline: None,
            options: Options { without, ..b.options },
        }
    }
}

impl Options {
    /// These, and the others' where these say nothing.
    fn or(self, other: Self) -> Self {
        Self {
            protocol: self.protocol.or(other.protocol),
            case: self.case.or(other.case),
            requirement: self.requirement.or(other.requirement),
            level: self.level.or(other.level),
            profile: self.profile.or(other.profile),
            without: self.without.or(other.without),
            jobs: self.jobs.or(other.jobs),
            timeout: self.timeout.or(other.timeout),
        }
    }
}

/// The schema of the file.
pub fn schema() -> Schema {
    schema_file::named(schemars::schema_for!(Config), "pushspec.toml", "config")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::schema_file::tests::problems;

    fn slip_in(text: &str) -> String {
        text.parse::<Config>().unwrap_err().to_string()
    }

    #[test]
    fn the_schema_in_the_tree_is_current() {
        schema_file::tests::the_tree_has("config-1.schema.json", &schema());
    }

    #[test]
    fn the_example_holds_with_and_without_what_is_commented_out() {
        let plain: Config = EXAMPLE.parse().unwrap();
        assert_eq!(plain.targets.len(), 1);
        // `#key = value` is an option; `# Text.` is a remark.
        let all: String = EXAMPLE
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(option) if !option.starts_with(' ') => format!("{option}\n"),
                _ => format!("{line}\n"),
            })
            .collect::<Vec<_>>()
            .concat();
        let whole: Config = all.parse().unwrap();
        assert_eq!(whole.targets.len(), 2);
        for text in [EXAMPLE, all.as_str()] {
            assert_eq!(problems(&schema(), &toml_file::parse(text).unwrap()), Vec::<String>::new());
        }
    }

    #[test]
    fn the_schema_refuses_what_the_tool_refuses() {
        let value = toml_file::parse("[targets.a]\nurls = []\nbasline = 'x'").unwrap();
        assert!(!problems(&schema(), &value).is_empty());
    }

    #[test]
    fn the_nearest_option_counts() {
        let config: Config = "options.jobs = 1\noptions.timeout = 9\n\
             [targets.a]\nurls = ['mqtt://a']\noptions.jobs = 2\n[targets.b]\nurls = ['mqtt://b']\n\
             options.timeout = 3"
            .parse()
            .unwrap();
        let a = config.options_of(&config.targets["a"]);
        assert_eq!((a.jobs, a.timeout), (Some(2), Some(9.0)));
        let b = config.options_of(&config.targets["b"]);
        assert_eq!((b.jobs, b.timeout), (Some(1), Some(3.0)));
    }

    #[test]
    fn a_configuration_changes_what_it_says_and_nothing_else() {
        let config: Config = "[targets.a]\nurls = ['mqtt://a']\nexec = './a'\nusername = 'u'\n\
             [targets.a.configurations.b]\nexec = './b'\nauthenticates = true"
            .parse()
            .unwrap();
        let target = &config.targets["a"];
        let other = target.configured(&target.configurations["b"]);
        assert_eq!(other.urls, ["mqtt://a"]);
        assert_eq!((other.exec.as_deref(), other.username.as_deref()), (Some("./b"), Some("u")));
        assert_eq!((target.authenticates, other.authenticates), (None, Some(true)));
        let own = "[targets.a]\nurls = ['mqtt://a']\n[targets.a.configurations.b]\nbaseline = 'x'";
        assert!(slip_in(own).starts_with("targets.a.configurations.b: "), "{}", slip_in(own));
    }

    #[test]
    fn slips_are_told_with_what_was_meant() {
        let slip = slip_in("[targets.a]\nurls = ['mqtt://h']\nbasline = 'x'");
        assert!(slip.starts_with("line 3: unknown field `basline`"), "{slip}");
        assert!(slip.ends_with("(did you mean `baseline`?)"), "{slip}");
        assert!(slip_in("").contains("no target"));
        assert!(slip_in("[targets.a]\nurls = []").contains("targets.a: urls is empty"));
        assert!(slip_in("[targets.a]\nurl = 'x'").contains("did you mean `urls`?"));
    }
}
