//! What `pushspec test` can be told.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use pushspec::event::Shard;
use pushspec::probe::sse::{PublishFormat, Replay};
use pushspec::requirement::{Level, Protocol};
use pushspec::transport::EndpointUrl;

use super::set_up::SetUp;
use crate::cli::output::{self, ReportTo};

/// Test endpoints against their specifications
///
/// Without a URL the targets that pushspec.toml describes are tested. Without such a file, the embedded
/// reference broker and event server are started on loopback ports and tested: that shows what a
/// conformant target looks like.
///
/// What is held against a target is confirmed by a second attempt. Topics and client identifiers are
/// the run's own; retained messages and sessions are removed at the end, also after Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{}\n\n{EXAMPLES}", output::FORMATS))]
pub(in crate::cli) struct Args {
    /// What to test: mqtt:// mqtts:// ws:// wss:// unix:/path are MQTT, http:// https:// are SSE.
    #[arg(value_name = "URL")]
    pub(super) urls: Vec<EndpointUrl>,

    /// Only this protocol: 3.1, 3.1.1, 5.0, sse or all [default: all].
    #[arg(long, value_name = "VERSION", value_delimiter = ',', value_parser = protocol)]
    pub(super) protocol: Vec<Protocols>,
    /// Only cases whose id matches, e.g. 'mqtt/will/*' or '**/retained*'; `pushspec list` has them.
    #[arg(long, value_name = "GLOB", num_args = 1..)]
    pub(super) case: Vec<String>,
    /// Only cases that judge this requirement, e.g. MQTT-3.3.1-8.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(super) requirement: Vec<String>,
    /// Only cases of this level or a stronger one: must, should, advice or may.
    #[arg(long, value_name = "LEVEL")]
    pub(super) level: Option<Level>,

    /// What the endpoint is asked for: a profile's name, or the path of one's own; `pushspec profiles`
    /// has them [default: browser].
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) profile: Option<String>,

    /// Cases that run at the same time, beside those that only wait.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: u16,
    /// Seconds that any single reply may take.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(super) timeout: Duration,
    /// Write a report; see below. May be given several times.
    #[arg(long, value_name = "FORMAT=FILE")]
    pub(super) report: Vec<ReportTo>,

    /// A shell command that starts the target and stays in the foreground. It learns where to listen
    /// from $PUSHSPEC_PORT and $PUSHSPEC_URL (of further URLs: $PUSHSPEC_PORT_2 …) and may keep things
    /// in $PUSHSPEC_DIR. A URL with port 0 gets a free port. The target is ended with the run.
    #[arg(long, value_name = "COMMAND", requires = "urls", help_heading = "Target")]
    pub(super) exec: Option<String>,
    /// Where --exec is run.
    #[arg(long, value_name = "DIR", hide = true)]
    pub(super) exec_dir: Option<PathBuf>,
    /// Seconds until the target of --exec has to listen.
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds, help_heading = "Target")]
    pub(super) exec_timeout: Duration,
    /// What the target is known to lack, such as shared-subscriptions: cases that need it do not apply.
    #[arg(long, value_name = "CAPABILITY", num_args = 1.., help_heading = "Target")]
    pub(super) without: Vec<String>,
    /// The targets to test, where no URL is given [default: pushspec.toml, if there is one].
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub(super) config: Option<PathBuf>,
    /// Only these targets of pushspec.toml.
    #[arg(long, value_name = "NAME", num_args = 1.., help_heading = "Target")]
    pub(super) target: Vec<String>,

    /// Judge by the known departures in this file; `pushspec baseline` makes it.
    #[arg(long, value_name = "FILE", help_heading = "In CI")]
    pub(super) baseline: Option<PathBuf>,
    /// Tell what changed since an earlier run, whose report this is. Then only what became worse fails,
    /// and not what departed before in the same way.
    #[arg(long, value_name = "REPORT", help_heading = "In CI")]
    pub(super) against: Option<PathBuf>,
    /// Do only the I-th of N parts of the cases; `pushspec merge` joins the reports.
    #[arg(long, value_name = "I/N", help_heading = "In CI")]
    pub(super) shard: Option<Shard>,
    /// Of which cases reports keep traces: of findings, or of all, so that `pushspec diff` can compare
    /// those that pass.
    #[arg(long, value_enum, default_value_t = Traces::Findings, help_heading = "In CI")]
    pub(super) traces: Traces,

    /// MQTT: the user name, where the URL has none.
    #[arg(long, value_name = "NAME", help_heading = "Access")]
    pub(super) username: Option<String>,
    /// MQTT: the environment variable that holds the password.
    #[arg(long, value_name = "VARIABLE", help_heading = "Access")]
    pub(super) password_env: Option<String>,
    #[command(flatten)]
    pub(super) set_up: SetUp,
    /// TLS: a PEM file with the authorities to trust instead of the system's.
    #[arg(long, value_name = "FILE", help_heading = "Access")]
    pub(super) ca: Option<PathBuf>,
    /// TLS: a PEM file with the client's certificate chain.
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "Access")]
    pub(super) cert: Option<PathBuf>,
    /// TLS: a PEM file with the client's private key.
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "Access")]
    pub(super) key: Option<PathBuf>,
    /// HTTP and WebSocket: a header field to send, such as 'Authorization: Bearer …'.
    #[arg(long, value_name = "NAME: VALUE", value_parser = header, help_heading = "Access")]
    pub(super) header: Vec<(String, String)>,

    /// SSE: a URL to which a POST causes an event whose data is the body.
    #[arg(long, value_name = "URL", conflicts_with = "trigger", help_heading = "Events")]
    pub(super) publish_url: Option<EndpointUrl>,
    /// SSE: what the body of that POST is: text, or json with `data`, `event` and `id`.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = publish_format, requires = "publish_url", help_heading = "Events")]
    pub(super) publish_format: PublishFormat,
    /// SSE: a shell command that causes an event; the data is on its standard input and in
    /// $PUSHSPEC_DATA, type and id, where a case gives them, in $PUSHSPEC_EVENT and $PUSHSPEC_ID.
    #[arg(long, value_name = "COMMAND", help_heading = "Events")]
    pub(super) trigger: Option<String>,
    /// SSE: a URL to which a POST ends all streams.
    #[arg(long, value_name = "URL", help_heading = "Events")]
    pub(super) close_url: Option<EndpointUrl>,
    /// SSE: the server promises to replay what came after a known Last-Event-ID: a broken replay is a
    /// failure then, a warning otherwise. POLICY is what it does with an unknown or expired id:
    /// from-start, live, reset-event or error; none says that it does not replay at all.
    #[arg(long, value_name = "POLICY", num_args = 0..=1, default_missing_value = "", help_heading = "Events")]
    pub(super) replay: Option<Replay>,
    /// SSE: the server keeps its events over a restart (with --exec): if it then replays fewer, that is a
    /// failure.
    #[arg(long, requires = "exec", help_heading = "Events")]
    pub(super) persistent: bool,
    /// SSE: the URL of the same stream through a proxy, to be compared with the direct one.
    #[arg(long, value_name = "URL", help_heading = "Events")]
    pub(super) via: Option<EndpointUrl>,
    /// SSE: watch for this long whether a stream is cut, such as 60s or 2m.
    #[arg(long, value_name = "TIME", value_parser = span, help_heading = "Events")]
    pub(super) idle: Option<Duration>,
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
4 nothing selected or nothing run · 5 incomplete or inconclusive
6 only stale entries in the baseline · 70 error of pushspec itself";

/// Of which cases reports keep traces.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Traces {
    /// Of those that are not as they should be.
    Findings,
    /// Of every case.
    All,
}

/// What `--protocol` can name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocols {
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
}
