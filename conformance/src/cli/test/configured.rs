//! The targets of `pushspec.toml`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use pushspec::config::{Config, Options, Target};
use pushspec::matrix::{self, Matrix};
use pushspec::report::ExitStatus;

use super::{Args, look_at, matrices, one};
use crate::cli::Wrong;
use crate::cli::output;
use crate::cli::profiles::is_path;
use crate::cli::similar::suggestion;

/// The file that is read when nothing else is said.
const FILE: &str = "pushspec.toml";

/// The targets to test, from a file.
pub(super) struct Configured {
    path: PathBuf,
    config: Config,
}

/// Reads the file, where no URL is given and there is one.
pub(super) fn find(args: &Args) -> Result<Option<Configured>, Wrong> {
    if !args.urls.is_empty() {
        return if args.config.is_some() || !args.target.is_empty() {
            Err(Wrong::usage("--config and --target are for runs without a URL"))
        } else {
            Ok(None)
        };
    }
    let path = match &args.config {
        Some(path) => path.clone(),
        None if Path::new(FILE).exists() => PathBuf::from(FILE),
        None if args.target.is_empty() => return Ok(None),
        None => return Err(Wrong::usage(format!("--target: there is no {FILE} here"))),
    };
    let wrong = |error: String| Wrong::usage(format!("{}: {error}", path.display()));
    let text = fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
    let config: Config = text.parse().map_err(|error| wrong(format!("{error}")))?;
    for name in &args.target {
        if !config.targets.contains_key(name) {
            let near = suggestion(name, config.targets.keys().map(String::as_str));
            return Err(wrong(format!("there is no target `{name}`{near}")));
        }
    }
    Ok(Some(Configured { path, config }))
}

/// A target as it was asked for, and its further configurations.
struct Asked {
    name: String,
    args: Args,
    further: Vec<(String, Args)>,
}

/// A target's options, given as if on the command line.
#[derive(Debug, Parser)]
#[command(name = "pushspec test")]
pub(super) struct Given {
    #[command(flatten)]
    args: Args,
}

impl Configured {
    /// Tests every target, one after the other, and tells all of it as a matrix.
    pub(super) fn run(self, asked: &Args, line: &[OsString]) -> Result<ExitStatus, Wrong> {
        let wanted = |name: &&String| asked.target.is_empty() || asked.target.contains(name);
        let names: Vec<&String> = self.config.targets.keys().filter(wanted).collect();
        let several = names.len() > 1;
        let (of_each, of_all) = matrices::split(&asked.report, several)?;
        // Everything is looked at before anything is run.
        let targets = names
            .into_iter()
            .map(|name| {
                let target = &self.config.targets[name];
                let mut args = self.args(name, target, asked, line)?;
                args.report =
                    of_each.iter().map(|report| matrices::of_target(report, name)).collect();
                let further = target.configurations.iter().map(|(within, other)| {
                    let name = format!("{name}.configurations.{within}");
                    let args = self.args(&name, &target.configured(other), asked, line)?;
                    Ok((within.clone(), args))
                });
                let further = further.collect::<Result<Vec<_>, Wrong>>()?;
                Ok(Asked { name: name.clone(), args, further })
            })
            .collect::<Result<Vec<_>, Wrong>>()?;
        for target in &targets {
            look_at(&target.args).map_err(|wrong| Wrong {
                message: format!(
                    "{}: targets.{}: {}",
                    self.path.display(),
                    target.name,
                    wrong.message
                ),
                ..wrong
            })?;
        }
        let mut matrix = Matrix::default();
        let mut status = None;
        for Asked { name, args, further } in targets {
            if several {
                output::print(&format!("\n=== {name}\n"));
            }
            let tested = one(args, line, Some(name.clone()), further)?;
            status =
                Some(status.map_or(tested.status, |so_far: ExitStatus| so_far.or(tested.status)));
            matrix.add(name, tested.status, tested.report);
            if tested.ended {
                break;
            }
        }
        let artefacts = matrices::write(of_all, &matrix)?;
        if several {
            output::print(&matrix::write_text(&matrix, output::look()));
        }
        for artefact in artefacts {
            output::print(&format!("{artefact}\n"));
        }
        Ok(status.unwrap_or(ExitStatus::Nothing))
    }

    /// What holds for a target: what the command line says, else what the file says.
    fn args(
        &self,
        name: &str,
        target: &Target,
        asked: &Args,
        line: &[OsString],
    ) -> Result<Args, Wrong> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let mut whole = vec![OsString::from("test")];
        whole.extend(of_target(target, folder)?);
        whole.extend(of_options(&self.config.options_of(target), asked, folder));
        // The command line itself comes last, and what comes last counts.
        whole.extend_from_slice(line);
        let command = Given::command().args_override_self(true);
        let given = command
            .try_get_matches_from(whole)
            .and_then(|matches| Given::from_arg_matches(&matches))
            .map_err(|error| {
                let said = error.to_string();
                let first = said.lines().next().unwrap_or_default();
                let first = first.strip_prefix("error: ").unwrap_or(first);
                Wrong::usage(format!("{}: targets.{name}: {first}", self.path.display()))
            })?;
        Ok(given.args)
    }
}

/// Where the target is and how to get at it.
fn of_target(target: &Target, folder: &Path) -> Result<Vec<OsString>, Wrong> {
    let mut line: Vec<OsString> = target.urls.iter().map(OsString::from).collect();
    let mut add = |name: &str, value: OsString| {
        let mut option = OsString::from(format!("--{name}="));
        option.push(value);
        line.push(option);
    };
    let texts = [
        ("exec", &target.exec),
        ("username", &target.username),
        ("password-env", &target.password_env),
        ("publish-url", &target.publish_url),
        ("publish-format", &target.publish_format),
        ("trigger", &target.trigger),
        ("close-url", &target.close_url),
        ("replay", &target.replay),
        ("via", &target.via),
        ("idle", &target.idle),
        ("denied-publish", &target.denied_publish),
        ("denied-subscribe", &target.denied_subscribe),
        ("refused-client-id", &target.refused_client_id),
        ("auth-method", &target.auth_method),
        ("persists", &target.persists),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            add(name, value.into());
        }
    }
    let paths = [
        ("ca", &target.ca),
        ("cert", &target.cert),
        ("key", &target.key),
        ("baseline", &target.baseline),
    ];
    for (name, path) in paths {
        if let Some(path) = path {
            add(name, folder.join(path).into());
        }
    }
    if target.exec.is_some() && folder != Path::new("") {
        add("exec-dir", folder.into());
    }
    if let Some(seconds) = target.ready_within {
        add("exec-timeout", seconds.to_string().into());
    }
    for (field, value) in &target.headers {
        add("header", format!("{field}: {value}").into());
    }
    for (field, variable) in &target.headers_env {
        let value = std::env::var(variable)
            .map_err(|error| Wrong::usage(format!("headers-env.{field}: ${variable}: {error}")))?;
        add("header", format!("{field}: {value}").into());
    }
    if target.authenticates == Some(true) {
        line.push("--authenticates".into());
    }
    if target.persistent {
        line.push("--persistent".into());
    }
    Ok(line)
}

/// What is run, and how. Lists of the command line stand in the place of those of the file.
fn of_options(options: &Options, asked: &Args, folder: &Path) -> Vec<OsString> {
    let mut line = Vec::new();
    let lists = [
        ("protocol", &options.protocol, asked.protocol.is_empty()),
        ("case", &options.case, asked.case.is_empty()),
        ("requirement", &options.requirement, asked.requirement.is_empty()),
        ("without", &options.without, asked.without.is_empty()),
    ];
    for (name, values, wanted) in lists {
        for value in values.iter().flatten().filter(|_| wanted) {
            line.push(format!("--{name}={value}").into());
        }
    }
    let jobs = options.jobs.map(|jobs| jobs.to_string());
    let timeout = options.timeout.map(|seconds| seconds.to_string());
    for (name, value) in [("level", options.level.clone()), ("jobs", jobs), ("timeout", timeout)] {
        line.extend(value.map(|value| OsString::from(format!("--{name}={value}"))));
    }
    if let Some(profile) = &options.profile {
        let path = if is_path(profile) { folder.join(profile) } else { PathBuf::from(profile) };
        let mut option = OsString::from("--profile=");
        option.push(path);
        line.push(option);
    }
    line
}
