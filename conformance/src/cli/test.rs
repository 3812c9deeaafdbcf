//! `pushspec test`

use std::path::PathBuf;
use std::time::Duration;

use pushspec::event::{Event, RunReport};
use pushspec::launch::Launch;
use pushspec::probe::sse::{PublishFormat, Replay, Stimulus};
use pushspec::profile::Profile;
use pushspec::report::{ExitStatus, Secrets};
use pushspec::requirement::{Catalogue, Level, Protocol};
use pushspec::runner::{self, Access, EndpointPlan, Plan, Selection};
use pushspec::suite;
use pushspec::transport::{Connector, EndpointUrl, Scheme, TlsOptions};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::output::{self, Files, ReportTo};
use super::similar::suggestion;
use super::{Asked, Wrong, profiles, references, runtime};

/// Test endpoints against their specifications
///
/// Without a URL the embedded reference broker and event server are started on loopback ports and
/// tested: that shows what a conformant target looks like.
///
/// What is held against a target is confirmed by a second attempt. Topics and client identifiers are
/// the run's own; retained messages and sessions are removed at the end, also after Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{}\n\n{EXAMPLES}", output::FORMATS))]
pub(super) struct Args {
    /// What to test: mqtt:// mqtts:// ws:// wss:// unix:/path are MQTT, http:// https:// are SSE.
    #[arg(value_name = "URL")]
    urls: Vec<EndpointUrl>,

    /// Only this protocol: 3.1, 3.1.1, 5.0, sse or all [default: all].
    #[arg(long, value_name = "VERSION", value_delimiter = ',', value_parser = protocol)]
    protocol: Vec<Protocols>,
    /// Only cases whose id matches, e.g. 'mqtt/will/*' or '**/retained*'; `pushspec list` has them.
    #[arg(long, value_name = "GLOB", num_args = 1..)]
    case: Vec<String>,
    /// Only cases that judge this requirement, e.g. MQTT-3.3.1-8.
    #[arg(long, value_name = "ID", num_args = 1..)]
    requirement: Vec<String>,
    /// Only cases of this level or a stronger one: must, should, advice or may.
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,

    /// What the endpoint is asked for: a profile's name, or the path of one's own; `pushspec profiles`
    /// has them [default: browser].
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,

    /// Cases that run at the same time, beside those that only wait.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Seconds that any single reply may take.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    timeout: Duration,
    /// Write a report; see below. May be given several times.
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<ReportTo>,

    /// A shell command that starts the target and stays in the foreground. It learns where to listen
    /// from $PUSHSPEC_PORT and $PUSHSPEC_URL (of further URLs: $PUSHSPEC_PORT_2 …) and may keep things
    /// in $PUSHSPEC_DIR. A URL with port 0 gets a free port. The target is ended with the run.
    #[arg(long, value_name = "COMMAND", requires = "urls", help_heading = "Target")]
    exec: Option<String>,
    /// Seconds until the target of --exec has to listen.
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds, help_heading = "Target")]
    exec_timeout: Duration,

    /// MQTT: the user name, where the URL has none.
    #[arg(long, value_name = "NAME", help_heading = "Access")]
    username: Option<String>,
    /// MQTT: the environment variable that holds the password.
    #[arg(long, value_name = "VARIABLE", help_heading = "Access")]
    password_env: Option<String>,
    /// TLS: a PEM file with the authorities to trust instead of the system's.
    #[arg(long, value_name = "FILE", help_heading = "Access")]
    ca: Option<PathBuf>,
    /// TLS: a PEM file with the client's certificate chain.
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "Access")]
    cert: Option<PathBuf>,
    /// TLS: a PEM file with the client's private key.
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "Access")]
    key: Option<PathBuf>,
    /// HTTP and WebSocket: a header field to send, such as 'Authorization: Bearer …'.
    #[arg(long, value_name = "NAME: VALUE", value_parser = header, help_heading = "Access")]
    header: Vec<(String, String)>,

    /// SSE: a URL to which a POST causes an event whose data is the body.
    #[arg(long, value_name = "URL", conflicts_with = "trigger", help_heading = "Events")]
    publish_url: Option<EndpointUrl>,
    /// SSE: what the body of that POST is: text, or json with `data`, `event` and `id`.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = publish_format, requires = "publish_url", help_heading = "Events")]
    publish_format: PublishFormat,
    /// SSE: a shell command that causes an event; the data is on its standard input and in
    /// $PUSHSPEC_DATA.
    #[arg(long, value_name = "COMMAND", help_heading = "Events")]
    trigger: Option<String>,
    /// SSE: a URL to which a POST ends all streams.
    #[arg(long, value_name = "URL", help_heading = "Events")]
    close_url: Option<EndpointUrl>,
    /// SSE: the server promises to replay what came after a known Last-Event-ID: a broken replay is a
    /// failure then, a warning otherwise. POLICY is what it does with an unknown or expired id:
    /// from-start, live, reset-event or error; none says that it does not replay at all.
    #[arg(long, value_name = "POLICY", num_args = 0..=1, default_missing_value = "", help_heading = "Events")]
    replay: Option<Replay>,
    /// SSE: the URL of the same stream through a proxy, to be compared with the direct one.
    #[arg(long, value_name = "URL", help_heading = "Events")]
    via: Option<EndpointUrl>,
    /// SSE: watch for this long whether a stream is cut, such as 60s or 2m.
    #[arg(long, value_name = "TIME", value_parser = span, help_heading = "Events")]
    idle: Option<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  pushspec test mqtt://localhost:1883 --protocol 5.0 --case 'mqtt/will/*'
  pushspec test mqtts://broker:8883 --ca ca.pem --username ci --password-env MQTT_PASSWORD
  pushspec test http://localhost:3000/events --publish-url http://localhost:3000/publish
  pushspec test http://localhost:3000/events --trigger 'redis-cli -x publish news'
  pushspec test http://localhost:8000/v1/chat/completions --profile llm
  pushspec test mqtt://localhost:1883 --report html=out.html --report junit=out.xml
  pushspec test mqtt://127.0.0.1:0 --exec 'mosquitto -p $PUSHSPEC_PORT'

Exit status: 0 conformant · 1 a failure · 2 wrong usage · 3 target unreachable
4 nothing selected or nothing run · 5 incomplete or inconclusive · 70 error of pushspec itself";

/// How long a target may take to end before it is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// What `--protocol` can name.
#[derive(Clone, Copy, Debug)]
enum Protocols {
    All,
    One(Protocol),
}

fn protocol(text: &str) -> Result<Protocols, String> {
    match text {
        "all" => Ok(Protocols::All),
        _ => text
            .parse()
            .map(Protocols::One)
            .map_err(|_| format!("`{text}` is no protocol: expected 3.1, 3.1.1, 5.0, sse or all")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let expected = "expected a number of seconds from 0.1 to 300";
    let seconds: f64 = text.parse().map_err(|_| expected)?;
    if (0.1..=300.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(expected.to_owned())
    }
}

/// A time such as `30s`, `2m` or `90`.
fn span(text: &str) -> Result<Duration, String> {
    let expected = "expected a time from 1s to 1h, such as 30s or 2m";
    let (number, unit) = match text.as_bytes().last() {
        Some(b's') => (&text[..text.len() - 1], 1),
        Some(b'm') => (&text[..text.len() - 1], 60),
        Some(b'h') => (&text[..text.len() - 1], 3600),
        _ => (text, 1),
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)) {
        Some(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err(expected.to_owned()),
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    let expected = "expected 'Name: value'";
    let (name, value) = text.split_once(':').ok_or(expected)?;
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let value = value.trim();
    if name.is_empty() || !name.chars().all(token) || value.contains(['\r', '\n', '\0']) {
        return Err(expected.to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn publish_format(text: &str) -> Result<PublishFormat, String> {
    match text {
        "text" => Ok(PublishFormat::Text),
        "json" => Ok(PublishFormat::Json),
        _ => Err("expected text or json".to_owned()),
    }
}

/// Tests, reports, and tells how the process should end.
pub(super) fn run(mut args: Args) -> Result<ExitStatus, Wrong> {
    assign_ports(&mut args)?;
    let selection = selection(&args)?;
    let password = password(&args)?;
    let secrets = secrets(&args, password.as_deref());
    let profile = args.profile.as_deref().map(profiles::profile).transpose()?;
    let endpoints = endpoints(&args, password.as_deref(), profile.as_ref())?;
    let files = Files::create(args.report)?;
    let runtime = runtime()?;
    let status = runtime.block_on(async {
        // Held until the run is over.
        let references = if endpoints.is_empty() { Some(references::start().await?) } else { None };
        let (references, endpoints) = match references {
            Some(references) => (Some(references.servers), references.endpoints),
            None => (None, endpoints),
        };
        let plan = Plan {
            launch: args.exec.map(|command| Launch {
                command,
                endpoints: endpoints.iter().map(|endpoint| endpoint.connector.clone()).collect(),
                ready_within: args.exec_timeout,
                ends_within: ENDS_WITHIN,
            }),
            endpoints,
            selection,
            profile,
            jobs: args.jobs.into(),
            timeout: args.timeout,
            run: run_id()?,
        };
        let status = tell(plan, &secrets, files).await;
        drop(references);
        status
    });
    // Nothing that still runs may hold up the end.
    runtime.shutdown_background();
    status
}

/// Puts a free port for every port 0: one for each URL; to publish at port 0 is at the first URL's.
fn assign_ports(args: &mut Args) -> Result<(), Wrong> {
    let mut held = Vec::new();
    for url in args.urls.iter_mut().filter(|url| wants_port(url)) {
        if args.exec.is_none() {
            return Err(Wrong::usage(format!(
                "{url}: port 0 is for targets that pushspec starts (--exec)"
            )));
        }
        let listener = std::net::TcpListener::bind((url.host(), 0))
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

/// Runs the plan and tells it as it goes.
async fn tell(plan: Plan, secrets: &Secrets, mut files: Files) -> Result<ExitStatus, Wrong> {
    let mut asked = Asked::listen()?;
    let (told, mut events) = mpsc::unbounded_channel();
    let (interrupt, interrupted) = watch::channel(None);
    let running = tokio::spawn(runner::run(plan, interrupted, told));
    let began = Instant::now();
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut terminal = output::terminal();
    let mut log: Vec<Event> = Vec::new();
    let mut ending = false;
    loop {
        let printed = tokio::select! {
            event = events.recv() => {
                let Some(event) = event else { break };
                let event = secrets.hide(event);
                files.log(&event);
                let printed = terminal.handle(&event);
                log.push(event);
                printed
            }
            _ = second.tick() => terminal.tick(began.elapsed()),
            why = asked.wish() => {
                if ending {
                    // Asked twice: what is left in the target stays there.
                    running.abort();
                    break;
                }
                ending = true;
                interrupt.send_replace(Some(why.to_owned()));
                Ok(())
            }
        };
        // A closed pipe is no reason to leave things in the target, nor to lose the reports.
        drop(printed);
    }
    let panicked = running.await.is_err_and(|error| error.is_panic());
    let report = RunReport::from_events(&log);
    let artefacts = files.write(&report)?;
    let status = ExitStatus::of(&report);
    if terminal.finish(&report, &artefacts).is_err() {
        return Ok(status);
    }
    if panicked {
        return Err(Wrong::internal("the runner failed"));
    }
    Ok(status)
}

/// Which cases the user wants. What names nothing that exists is a slip.
fn selection(args: &Args) -> Result<Selection, Wrong> {
    let everything = args.protocol.iter().any(|protocol| matches!(protocol, Protocols::All));
    let protocols = args.protocol.iter().filter_map(|protocol| match protocol {
        Protocols::One(protocol) if !everything => Some(*protocol),
        _ => None,
    });
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
        .protocols(protocols)
        .cases(args.case.iter().map(String::as_str))
        .map_err(Wrong::usage)?;
    Ok(selection.requirements(args.requirement.iter().cloned()).level(args.level))
}

fn password(args: &Args) -> Result<Option<String>, Wrong> {
    let Some(variable) = &args.password_env else { return Ok(None) };
    std::env::var(variable)
        .map(Some)
        .map_err(|error| Wrong::usage(format!("--password-env {variable}: {error}")))
}

/// Everything that the user gave and nobody else should read.
fn secrets(args: &Args, password: Option<&str>) -> Secrets {
    let urls = args.urls.iter().chain(&args.publish_url).chain(&args.close_url).chain(&args.via);
    let in_urls = urls.filter_map(|url| url.password().map(str::to_owned));
    let in_headers = args.header.iter().flat_map(|(_, value)| {
        // `Bearer …`: the token alone is secret too.
        value.split_whitespace().chain([value.as_str()]).map(str::to_owned).collect::<Vec<_>>()
    });
    Secrets::new(in_urls.chain(in_headers).chain(password.map(str::to_owned)))
}

/// The endpoints of the URLs given.
fn endpoints(
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
                    idle: args.idle,
                }
            } else {
                Access::Mqtt {
                    user_name: url.user_name().map(str::to_owned).or(args.username.clone()),
                    password: url.password().or(password).map(str::to_owned),
                }
            };
            Ok(EndpointPlan { connector: connector(url)?, access })
        })
        .collect()
}

/// Distinguishes this run from all others at a shared target: six letters and digits.
fn run_id() -> Result<String, Wrong> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(Wrong::internal)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn headers_are_fields() {
        assert_eq!(header("X-Token:  a:b ").unwrap(), ("X-Token".to_owned(), "a:b".to_owned()));
        for wrong in ["token", ": x", "a b: c", "a: b\nc: d"] {
            header(wrong).unwrap_err();
        }
    }

    #[test]
    fn spans_have_units() {
        assert_eq!(span("30s").unwrap(), Duration::from_secs(30));
        assert_eq!(span("2m").unwrap(), Duration::from_secs(120));
        assert_eq!(span("1h").unwrap(), Duration::from_secs(3600));
        for wrong in ["", "s", "0s", "2h", "-1s", "1.5m", "18446744073709551615h"] {
            span(wrong).unwrap_err();
        }
    }

    #[test]
    fn timeouts_have_bounds() {
        assert_eq!(seconds("0.5").unwrap(), Duration::from_millis(500));
        for wrong in ["0", "-1", "301", "NaN", "inf", "5s"] {
            seconds(wrong).unwrap_err();
        }
    }

    #[test]
    fn run_ids_differ() {
        assert_ne!(run_id().unwrap(), run_id().unwrap());
    }
}
