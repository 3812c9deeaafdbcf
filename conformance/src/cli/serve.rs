//! `pushspec serve`

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Subcommand;
use pushspec::reference::mqtt::listen::{ListenUrl, ServerTls, ServerTlsFiles};
use pushspec::reference::{mqtt, sse};
use pushspec::report::ExitStatus;
use pushspec::transport::Scheme;

use super::similar::suggestion;
use super::{Asked, Wrong, output, runtime};

/// Run a reference target in the foreground, with faults if wanted
///
/// The reference targets are correct, and made for testing, not for production: everything lives in
/// memory and anyone may connect. A fault makes them depart from the specification in one respect, so
/// that a client, or pushspec itself, can be seen to notice.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Target {
    /// The reference broker: MQTT 3.1, 3.1.1 and 5.0.
    Mqtt(MqttArgs),
    /// The reference event server: GET /events is the stream, POST /publish causes an event.
    Sse(SseArgs),
}

#[derive(Debug, clap::Args)]
struct MqttArgs {
    /// Where to listen: mqtt:// mqtts:// ws:// wss:// or unix:/path; port 0 picks a free one. May be
    /// given several times.
    #[arg(long, value_name = "URL", default_value = "mqtt://127.0.0.1:1883")]
    listen: Vec<ListenUrl>,
    /// Demand this user name, with the password of --password-env.
    #[arg(long, value_name = "NAME", requires = "password_env")]
    username: Option<String>,
    /// The environment variable that holds the password.
    #[arg(long, value_name = "VARIABLE", requires = "username")]
    password_env: Option<String>,
    /// Demand client certificates of this authority, a PEM file.
    #[arg(long, value_name = "FILE", requires = "cert")]
    client_ca: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct SseArgs {
    /// Where to listen: http:// or https://; port 0 picks a free one. May be given several times.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    listen: Vec<ListenUrl>,
    /// Let only pages of this origin read the stream; otherwise all may.
    #[arg(long, value_name = "ORIGIN")]
    origin: Vec<String>,
    /// Events kept for replay.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    history: usize,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// A fault to show; --faults lists them.
    #[arg(long, value_name = "NAME")]
    fault: Vec<String>,
    /// List the faults and end.
    #[arg(long)]
    faults: bool,
    /// TLS: a PEM file with the certificate chain.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// TLS: a PEM file with the private key.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
}

/// Serves until asked to end.
pub(super) fn run(args: Args) -> Result<ExitStatus, Wrong> {
    match args.target {
        Target::Mqtt(args) if args.common.faults => {
            let faults = mqtt::Fault::ALL.iter().map(|fault| (fault.name(), fault.about()));
            print_faults(faults);
        }
        Target::Sse(args) if args.common.faults => {
            let faults = sse::Fault::ALL.iter().map(|fault| (fault.name(), fault.about()));
            print_faults(faults);
        }
        Target::Mqtt(args) => runtime()?.block_on(serve_mqtt(args))?,
        Target::Sse(args) => runtime()?.block_on(serve_sse(args))?,
    }
    Ok(ExitStatus::Conformant)
}

async fn serve_mqtt(args: MqttArgs) -> Result<(), Wrong> {
    let mut users = BTreeMap::new();
    if let (Some(name), Some(variable)) = (args.username, args.password_env) {
        let password = std::env::var(&variable)
            .map_err(|error| Wrong::usage(format!("--password-env {variable}: {error}")))?;
        users.insert(name, password);
    }
    let known = || mqtt::Fault::ALL.iter().map(|fault| fault.name());
    let faults = args.common.faults_of(known)?;
    let tls = args.common.tls(args.client_ca)?;
    let mut asked = Asked::listen()?;
    let server = mqtt::Server::start(mqtt::Config { users, faults, ..mqtt::Config::default() });
    for url in &args.listen {
        if url.scheme().is_sse() {
            return Err(Wrong::usage(format!("--listen {url}: that is for `pushspec serve sse`")));
        }
        let local = server.listen(url, tls.as_ref()).await.map_err(Wrong::usage)?;
        listening(local.endpoint());
    }
    asked.wish().await;
    server.shut_down().await;
    Ok(())
}

async fn serve_sse(args: SseArgs) -> Result<(), Wrong> {
    let known = || sse::Fault::ALL.iter().map(|fault| fault.name());
    let mut faults: Vec<sse::Fault> = args.common.faults_of(known)?;
    if faults.len() > 1 {
        return Err(Wrong::usage("--fault: the event server shows one fault at a time"));
    }
    let tls = args.common.tls(None)?;
    let origins =
        if args.origin.is_empty() { sse::Origins::Any } else { sse::Origins::Listed(args.origin) };
    let mut asked = Asked::listen()?;
    let server = sse::Server::start(sse::Config {
        origins,
        history_events: args.history,
        closable: false,
        fault: faults.pop(),
        ..sse::Config::default()
    });
    for url in &args.listen {
        let endpoint = url.endpoint();
        let address = (endpoint.host(), endpoint.port());
        let bound = match (endpoint.scheme(), &tls) {
            (Scheme::Http, _) => server.listen(address).await,
            (Scheme::Https, Some(tls)) => {
                server.listen_tls(address, std::sync::Arc::clone(tls.config())).await
            }
            (Scheme::Https, None) => {
                return Err(Wrong::usage(format!(
                    "--listen {url}: it needs a certificate (name one with --cert and --key)"
                )));
            }
            _ => {
                return Err(Wrong::usage(format!("--listen {url}: expected http:// or https://")));
            }
        };
        let bound =
            bound.map_err(|error| Wrong::usage(format!("cannot listen on {url}: {error}")))?;
        listening(&endpoint.with_port(bound.port()).with_path("/events"));
    }
    asked.wish().await;
    Ok(())
}

impl Common {
    fn faults_of<'a, F: std::str::FromStr, C: FromIterator<F>, I: Iterator<Item = &'a str>>(
        &self,
        known: impl Fn() -> I,
    ) -> Result<C, Wrong>
    where
        F::Err: std::fmt::Display,
    {
        self.fault
            .iter()
            .map(|name| {
                name.parse().map_err(|error| {
                    let near = suggestion(name, known());
                    Wrong::usage(format!("--fault: {error}{near}; --faults lists them"))
                })
            })
            .collect()
    }

    fn tls(&self, client_ca: Option<PathBuf>) -> Result<Option<ServerTls>, Wrong> {
        let (Some(cert), Some(key)) = (&self.cert, &self.key) else { return Ok(None) };
        let files = ServerTlsFiles { cert: cert.clone(), key: key.clone(), client_ca };
        ServerTls::from_files(&files).map(Some).map_err(Wrong::usage)
    }
}

/// The line that scripts wait for.
fn listening(url: &pushspec::transport::EndpointUrl) {
    output::print(&format!("listening on {url}\n"));
}

fn print_faults(faults: impl Iterator<Item = (&'static str, &'static str)>) {
    let lines: Vec<String> = faults.map(|(name, about)| format!("{name:<34}  {about}\n")).collect();
    output::print(&lines.concat());
}
