//! The words of the command line that lead to a target, so that a report can say how to get there
//! again.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _};
use pushspec::event::Reach;

use super::configured::Given;

/// What is said of a run and not of its target.
const OF_THE_RUN: [&str; 10] = [
    "protocol",
    "case",
    "requirement",
    "level",
    "jobs",
    "report",
    "baseline",
    "against",
    "shard",
    "traces",
];

/// The words of this line, for the target of that name where `pushspec.toml` has it.
pub(super) fn reach(line: &[OsString], name: Option<&str>) -> Reach {
    let command = Given::command().args_override_self(true);
    let whole = std::iter::once(OsString::from("test")).chain(line.iter().cloned());
    // It was read before, and nothing was wrong with it.
    let Ok(said) = command.clone().try_get_matches_from(whole) else { return Reach::default() };
    let given = |id: &str| said.value_source(id) == Some(ValueSource::CommandLine);
    let endpoints = values(&said, "urls");
    let mut words = Vec::new();
    // Ports may be given anew each time, and without a URL there are several endpoints.
    let whole = endpoints.is_empty() || given("exec");
    if whole {
        words.extend(endpoints);
    }
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let Some(long) = argument.get_long() else { continue };
        if !given(id) || OF_THE_RUN.contains(&id) || id == "target" {
            continue;
        }
        let values = values(&said, id);
        if values.is_empty() || !argument.get_action().takes_values() {
            words.push(format!("--{long}"));
            continue;
        }
        for value in values {
            words.push(format!("--{long}"));
            words.extend(Some(value).filter(|value| !value.is_empty()));
        }
    }
    if let Some(name) = name {
        words.extend(["--target".to_owned(), name.to_owned()]);
    }
    Reach { words, whole }
}

fn values(said: &ArgMatches, id: &str) -> Vec<String> {
    let raw = said.get_raw(id).into_iter().flatten();
    raw.map(|value| value.to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str, name: Option<&str>) -> (String, bool) {
        let line: Vec<OsString> =
            line.split(' ').filter(|w| !w.is_empty()).map(Into::into).collect();
        let Reach { words, whole } = reach(&line, name);
        (words.join(" "), whole)
    }

    #[test]
    fn what_leads_to_the_target_is_kept() {
        let with = "--username me --password-env PW --case mqtt/will/* mqtt/publish/* --jobs 3";
        let plain = words(&format!("mqtt://h:1883 {with}"), None);
        assert_eq!(plain, ("--username me --password-env PW".to_owned(), false));
        let line =
            "mqtt://127.0.0.1:0 --exec broker --exec-timeout 5 --report json=x --authenticates";
        let launched = words(line, None);
        let expected = "mqtt://127.0.0.1:0 --exec broker --exec-timeout 5 --authenticates";
        assert_eq!(launched, (expected.to_owned(), true));
        let optional = words("http://h/ --replay --without redirects restart", None);
        assert_eq!(optional, ("--without redirects --without restart --replay".to_owned(), false));
    }

    #[test]
    fn a_target_of_the_file_is_named() {
        assert_eq!(words("", Some("b")), ("--target b".to_owned(), true));
        let line = "--config ci/pushspec.toml --target a b --shard 1/2";
        let expected = "--config ci/pushspec.toml --target b";
        assert_eq!(words(line, Some("b")), (expected.to_owned(), true));
        assert_eq!(words("", None), (String::new(), true), "the reference targets");
    }
}
