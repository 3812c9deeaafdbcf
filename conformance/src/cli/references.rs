//! The embedded reference targets, started for `pushspec test` without a URL.

use std::sync::Arc;

use pushspec::packs::{self, Pack};
use pushspec::probe::sse::{PublishFormat, Replay, Stimulus, UnknownId};
use pushspec::reference::{mqtt, sse};
use pushspec::runner::{Access, Configuration, EndpointPlan, MqttAccess};
use pushspec::transport::{Connector, EndpointUrl, TlsOptions};

use super::{Wrong, test};

/// The reference targets, listening on loopback ports.
#[derive(Debug)]
pub(super) struct References {
    /// They end when this is dropped.
    pub(super) servers: (Vec<Arc<mqtt::Server>>, sse::Server),
    /// How to test them.
    pub(super) configurations: Vec<Configuration>,
}

/// Starts them: the broker in every configuration that cases want, and the event server.
pub(super) async fn start() -> Result<References, Wrong> {
    let mut brokers = Vec::new();
    let mut configurations = Vec::new();
    for pack in packs::all() {
        let (broker, endpoint) = start_broker(&pack).await?;
        configurations.push(Configuration {
            name: (!configurations.is_empty()).then(|| pack.name.to_owned()),
            endpoints: vec![endpoint],
            launch: None,
            without: pack.without(),
            run: test::run_id()?,
        });
        brokers.push(broker);
    }
    let (events, endpoint) = start_events().await?;
    if let Some(first) = configurations.first_mut() {
        first.endpoints.push(endpoint);
    }
    Ok(References { servers: (brokers, events), configurations })
}

async fn start_broker(pack: &Pack) -> Result<(Arc<mqtt::Server>, EndpointPlan), Wrong> {
    let broker = Arc::new(mqtt::Server::start(pack.config.clone()));
    let url = if pack.websocket { "ws://127.0.0.1:0/mqtt" } else { "mqtt://127.0.0.1:0" };
    let listen = url.parse().map_err(Wrong::internal)?;
    let listening = broker.listen(&listen, None).await.map_err(Wrong::internal)?;
    let access = MqttAccess {
        user_name: pack.user.map(|(name, _)| name.to_owned()),
        password: pack.user.map(|(_, password)| password.to_owned()),
        declared: pack.declared.clone(),
        life: Some(packs::life(&broker)),
    };
    let connector = plain(listening.endpoint().clone())?;
    Ok((broker, EndpointPlan { connector, access: Access::Mqtt(access) }))
}

async fn start_events() -> Result<(sse::Server, EndpointPlan), Wrong> {
    let events = sse::Server::start(sse::Config::default());
    let address = events.listen("127.0.0.1:0").await.map_err(Wrong::internal)?;
    let to = |path: &str| -> Result<Connector, Wrong> {
        let url = format!("http://{address}{path}").parse().map_err(Wrong::internal)?;
        plain(url)
    };
    let access = Access::Sse {
        stimulus: Some(Box::new(Stimulus::Publish {
            connector: to("/publish")?,
            format: PublishFormat::Json,
        })),
        closer: Some(Box::new(to("/close")?)),
        via: None,
        replay: Replay::Promised(Some(UnknownId::FromStart)),
        persistent: false,
        idle: None,
    };
    Ok((events, EndpointPlan { connector: to("/events")?, access }))
}

fn plain(url: EndpointUrl) -> Result<Connector, Wrong> {
    Connector::new(url, &TlsOptions::default(), Vec::new()).map_err(Wrong::internal)
}
