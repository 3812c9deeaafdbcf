//! From what the user says to what is tested, and how to get at it.

use std::net::TcpListener;

use pushspec::event::Scope;
use pushspec::probe::sse::Stimulus;
use pushspec::profile::Profile;
use pushspec::requirement::{Catalogue, Protocol};
use pushspec::runner::{Access, EndpointPlan, MqttAccess, Selection};
use pushspec::suite;
use pushspec::transport::{Connector, EndpointUrl, Scheme, TlsOptions};

use super::args::{Args, Protocols};
use crate::cli::Wrong;
use crate::cli::similar::suggestion;

/// Puts a free port for every port 0: one for each URL; to publish at port 0 is at the first URL's.
/// Nobody else gets the ports that are held.
pub(super) fn assign_ports(args: &mut Args, held: &mut Vec<TcpListener>) -> Result<(), Wrong> {
    for url in args.urls.iter_mut().filter(|url| wants_port(url)) {
        if args.exec.is_none() {
            return Err(Wrong::usage(format!(
                "{url}: port 0 is for targets that pushspec starts (--exec)"
            )));
        }
        let listener = TcpListener::bind((url.host(), 0))
            .map_err(|error| Wrong::usage(format!("{url}: no free port: {error}")))?;
        *url = url.with_port(listener.local_addr().map_err(Wrong::internal)?.port());
        // So that no other URL gets it.
        held.push(listener);
    }
    if let (Some(publish), Some(first)) = (&mut args.publish_url, args.urls.first())
        && wants_port(publish)
    {
        *publish = publish.with_port(first.port());
    }
    Ok(())
}

fn wants_port(url: &EndpointUrl) -> bool {
    url.port() == 0 && url.scheme() != Scheme::Unix
}

/// Which cases the user wants. What names nothing that exists is a slip.
pub(super) fn selection(args: &Args) -> Result<Selection, Wrong> {
    for pattern in &args.case {
        let one = Selection::all().cases([pattern.as_str()]).map_err(Wrong::usage)?;
        let matches = suite::all()
            .any(|about| about.protocols().into_iter().any(|protocol| one.wants(&about, protocol)));
        if !matches {
            let near = suggestion(pattern, suite::all().map(|about| about.id));
            return Err(Wrong::usage(format!(
                "--case {pattern}: no case matches{near}; `pushspec list` has them all"
            )));
        }
    }
    for id in &args.requirement {
        if Catalogue::embedded().find(id).is_empty() {
            let near = suggestion(id, Catalogue::embedded().iter().map(|row| row.id));
            return Err(Wrong::usage(format!("--requirement {id}: there is none{near}")));
        }
    }
    let selection = Selection::all()
        .protocols(protocols(args))
        .cases(args.case.iter().map(String::as_str))
        .map_err(Wrong::usage)?;
    Ok(selection.requirements(args.requirement.iter().cloned()).level(args.level))
}

/// The protocols that are asked for; none for all.
fn protocols(args: &Args) -> impl Iterator<Item = Protocol> {
    let everything = args.protocol.iter().any(|protocol| matches!(protocol, Protocols::All));
    args.protocol.iter().filter_map(move |protocol| match protocol {
        Protocols::One(protocol) if !everything => Some(*protocol),
        _ => None,
    })
}

/// The password, from where it is said to be.
pub(super) fn password(args: &Args) -> Result<Option<String>, Wrong> {
    let Some(variable) = &args.password_env else { return Ok(None) };
    std::env::var(variable)
        .map(Some)
        .map_err(|error| Wrong::usage(format!("--password-env {variable}: {error}")))
}

/// Everything that the user gave and nobody else should read.
pub(super) fn secrets(args: &Args, password: Option<&str>) -> Vec<String> {
    let urls = args.urls.iter().chain(&args.publish_url).chain(&args.close_url).chain(&args.via);
    let in_urls = urls.filter_map(|url| url.password().map(str::to_owned));
    let in_headers = args.header.iter().flat_map(|(_, value)| {
        // `Bearer …`: the token alone is secret too.
        value.split_whitespace().chain([value.as_str()]).map(str::to_owned).collect::<Vec<_>>()
    });
    in_urls.chain(in_headers).chain(password.map(str::to_owned)).collect()
}

/// What is asked for, as reports tell it.
pub(super) fn scope(args: &Args) -> Result<Scope, Wrong> {
    let known = suite::features();
    for name in &args.without {
        if !known.contains_key(name) {
            let near = suggestion(name, known.keys().map(String::as_str));
            let all = known.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(Wrong::usage(format!(
                "--without {name}: there is no such capability{near}; there are {all}"
            )));
        }
    }
    Ok(Scope {
        protocols: protocols(args).collect(),
        cases: args.case.clone(),
        requirements: args.requirement.clone(),
        level: args.level,
        without: args.without.clone(),
        shard: args.shard,
    })
}

/// The endpoints of the URLs given.
pub(super) fn endpoints(
    args: &Args,
    password: Option<&str>,
    profile: Option<&Profile>,
) -> Result<Vec<EndpointPlan>, Wrong> {
    let tls = TlsOptions { ca: args.ca.clone(), cert: args.cert.clone(), key: args.key.clone() };
    let opening = profile.map(|profile| profile.opening.clone()).unwrap_or_default();
    let promised = profile.and_then(|profile| profile.replay);
    let connector = |url: &EndpointUrl| {
        Connector::new(url.clone(), &tls, args.header.clone())
            .map(|connector| connector.opened_by(opening.clone()))
            .map_err(Wrong::usage)
    };
    args.urls
        .iter()
        .map(|url| {
            let access = if url.scheme().is_sse() {
                let stimulus = match (&args.publish_url, &args.trigger) {
                    (Some(url), _) if !url.scheme().is_sse() => {
                        return Err(Wrong::usage(format!(
                            "--publish-url {url}: expected http:// or https://"
                        )));
                    }
                    (Some(url), _) => Some(Box::new(Stimulus::Publish {
                        connector: connector(url)?,
                        format: args.publish_format,
                    })),
                    (None, Some(command)) => Some(Box::new(Stimulus::Trigger(command.clone()))),
                    (None, None) => None,
                };
                let http = |option: &str, url: &Option<EndpointUrl>| {
                    let Some(url) = url else { return Ok(None) };
                    if !url.scheme().is_sse() {
                        return Err(Wrong::usage(format!(
                            "{option} {url}: expected http:// or https://"
                        )));
                    }
                    connector(url).map(|connector| Some(Box::new(connector)))
                };
                Access::Sse {
                    stimulus,
                    closer: http("--close-url", &args.close_url)?,
                    via: http("--via", &args.via)?,
                    replay: args.replay.or(promised).unwrap_or_default(),
                    persistent: args.persistent,
                    idle: args.idle,
                }
            } else {
                let access = MqttAccess {
                    user_name: url.user_name().map(str::to_owned).or(args.username.clone()),
                    password: url.password().or(password).map(str::to_owned),
                    declared: args.set_up.declared(&args.without, profile),
                    life: None,
                };
                let declared = &access.declared;
                let known = access.user_name.is_some() && access.password.is_some();
                if (declared.authenticates || declared.scram) && !known {
                    return Err(Wrong::usage(
                        "--authenticates and --auth-method want a user: name one with --username and --password-env",
                    ));
                }
                Access::Mqtt(access)
            };
            Ok(EndpointPlan { connector: connector(url)?, access })
        })
        .collect()
}
