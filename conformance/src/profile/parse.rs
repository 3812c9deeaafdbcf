//! Reading the file of a profile.

use std::collections::BTreeMap;

use globset::GlobBuilder;
use serde::Deserialize;

use super::{Lack, Profile, Rule, Said};
use crate::probe::sse::Replay;
use crate::requirement::Level;
use crate::suite;
use crate::transport::Opening;

/// Why a file is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// It is no TOML, or has a key that means nothing.
    #[error("{0}")]
    Toml(Box<toml::de::Error>),
    /// A rule names no case.
    #[error("[[case]] id = {id:?}: no case matches; `pushspec list` has them all")]
    UnknownCase {
        /// What it names.
        id: String,
    },
    /// What is lacking is no feature.
    #[error("[[lacks]] feature = {name:?}: there is no such feature; there are {all}")]
    UnknownFeature {
        /// What it names.
        name: String,
        /// All that it might name.
        all: String,
    },
    /// A part of it does not mean anything.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Something in a profile that does not mean anything, with what would.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// A rule says nothing, or two things.
    #[error(
        "[[case]] id = {0:?}: write either `level = \"must\"` (or another level) or `applies = false`"
    )]
    Said(String),
    /// Something is lacking for no reason.
    #[error("[[lacks]] feature = {0:?}: write in `why` what reports should say of it")]
    LacksWhy(String),
    /// A rule gives no reason.
    #[error("[[case]] id = {0:?}: write in `why` what reports should say of it")]
    Why(String),
    /// A rule has no pattern.
    #[error("[[case]] id = {id:?}: {source}")]
    Pattern {
        /// What it has.
        id: String,
        /// What is wrong with it.
        source: globset::Error,
    },
    /// A replay that nobody can promise.
    #[error("replay = {0:?}: expected promised, from-start, live, reset-event, error or none")]
    Replay(String),
    /// A method that is none.
    #[error("[request] method = {0:?}: expected one such as \"GET\" or \"POST\"")]
    Method(String),
    /// A header field that is none.
    #[error(
        "[request.headers] {0}: expected a name of letters, digits and dashes, and a value on one line"
    )]
    Header(String),
    /// A header field whose value nobody else should read.
    #[error(
        "[request.headers] {0}: give it with --header, which keeps it out of files and reports"
    )]
    Secret(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    title: String,
    replay: Option<String>,
    request: Option<Request>,
    #[serde(default)]
    lacks: Vec<Lacks>,
    #[serde(default)]
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lacks {
    feature: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    level: Option<Level>,
    applies: Option<bool>,
    why: String,
}

pub(super) fn profile(text: &str) -> Result<Profile, ProfileError> {
    let file: File = toml::from_str(text).map_err(|error| ProfileError::Toml(Box::new(error)))?;
    Ok(Profile {
        name: file.name,
        title: file.title,
        opening: file.request.map(opening).transpose()?.unwrap_or_default(),
        replay: file.replay.map(replay).transpose()?,
        lacks: file.lacks.into_iter().map(lack).collect::<Result<_, _>>()?,
        rules: file.case.into_iter().map(rule).collect::<Result<_, _>>()?,
    })
}

/// What `--replay` takes, or `promised` for that option without a policy.
fn replay(text: String) -> Result<Replay, Invalid> {
    match text.as_str() {
        "promised" => Ok(Replay::Promised(None)),
        "" => Err(Invalid::Replay(text)),
        policy => policy.parse().map_err(|_| Invalid::Replay(text)),
    }
}

fn lack(lacks: Lacks) -> Result<Lack, ProfileError> {
    let Lacks { feature, why } = lacks;
    let features = suite::features();
    let Some(need) = features.get(&feature).copied() else {
        let all = features.into_keys().collect::<Vec<_>>().join(", ");
        return Err(ProfileError::UnknownFeature { name: feature, all });
    };
    if why.trim().is_empty() {
        return Err(Invalid::LacksWhy(feature).into());
    }
    Ok(Lack { need, why })
}

fn rule(case: Case) -> Result<Rule, ProfileError> {
    let Case { id, level, applies, why } = case;
    let said = match (level, applies) {
        (Some(level), None | Some(true)) => Said::Counts(level),
        (None, Some(false)) => Said::DoesNotApply,
        _ => return Err(Invalid::Said(id).into()),
    };
    if why.trim().is_empty() {
        return Err(Invalid::Why(id).into());
    }
    let cases = match GlobBuilder::new(&id).literal_separator(true).build() {
        Ok(glob) => glob.compile_matcher(),
        Err(source) => return Err(Invalid::Pattern { id, source }.into()),
    };
    if !suite::all().any(|about| cases.is_match(about.id)) {
        return Err(ProfileError::UnknownCase { id });
    }
    Ok(Rule { cases, said, why })
}

fn opening(request: Request) -> Result<Opening, Invalid> {
    let Request { method, headers, body } = request;
    if let Some(method) = method.as_ref().filter(|method| !is_token(method)) {
        return Err(Invalid::Method(method.clone()));
    }
    for (name, value) in &headers {
        if !is_token(name) || value.chars().any(char::is_control) {
            return Err(Invalid::Header(name.clone()));
        }
        let secret = ["authorization", "cookie", "proxy-authorization"];
        if secret.iter().any(|one| name.eq_ignore_ascii_case(one)) {
            return Err(Invalid::Secret(name.clone()));
        }
    }
    Ok(Opening { method, headers: headers.into_iter().collect(), body })
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}
