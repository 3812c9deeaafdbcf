//! The embedded reference targets, started for `pushspec test` without a URL.

use pushspec::probe::sse::{PublishFormat, Replay, Stimulus, UnknownId};
use pushspec::reference::{mqtt, sse};
use pushspec::runner::{Access, EndpointPlan};
use pushspec::transport::{Connector, EndpointUrl, TlsOptions};

use super::Wrong;

/// Both reference targets, listening on loopback ports.
#[derive(Debug)]
pub(super) struct References {
    /// They end when this is dropped.
    pub(super) servers: (mqtt::Server, sse::Server),
    /// How to test them.
    pub(super) endpoints: Vec<EndpointPlan>,
}

/// Starts them.
pub(super) async fn start() -> Result<References, Wrong> {
    let broker = mqtt::Server::start(mqtt::Config::default());
    let listen = "mqtt://127.0.0.1:0".parse().map_err(Wrong::internal)?;
    let listening = broker.listen(&listen, None).await.map_err(Wrong::internal)?;
    let events = sse::Server::start(sse::Config::default());
    let address = events.listen("127.0.0.1:0").await.map_err(Wrong::internal)?;
    let to = |path: &str| -> Result<Connector, Wrong> {
        let url = format!("http://{address}{path}").parse().map_err(Wrong::internal)?;
        plain(url)
    };
    let endpoints = vec![
        EndpointPlan {
            connector: plain(listening.endpoint().clone())?,
            access: Access::Mqtt { user_name: None, password: None },
        },
        EndpointPlan {
            connector: to("/events")?,
            access: Access::Sse {
                stimulus: Some(Box::new(Stimulus::Publish {
                    connector: to("/publish")?,
                    format: PublishFormat::Json,
                })),
                closer: Some(Box::new(to("/close")?)),
                via: None,
                replay: Replay::Promised(Some(UnknownId::FromStart)),
                persistent: false,
                idle: None,
            },
        },
    ];
    Ok(References { servers: (broker, events), endpoints })
}

fn plain(url: EndpointUrl) -> Result<Connector, Wrong> {
    Connector::new(url, &TlsOptions::default(), Vec::new()).map_err(Wrong::internal)
}
