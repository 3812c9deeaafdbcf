//! The reference Server in the configurations that, together, every case applies to: what
//! `pushspec test` without a URL tests, and what the kill matrix runs on.

use std::sync::Arc;

use pushspec_wire::mqtt::QoS;

use crate::case::Need;
use crate::launch::{Ending, Life};
use crate::probe::mqtt::Declared;
use crate::reference::mqtt::{Choice, Config, Limits, Server};

/// The user of the configuration that has users, and the Password.
const USER: (&str, &str) = ("pushspec", "reference");

/// The reference Server in one configuration.
#[derive(Clone, Debug)]
pub struct Pack {
    /// Its name in reports.
    pub name: &'static str,
    /// How the Server is set up.
    pub config: Config,
    /// What has to be declared of it.
    pub declared: Declared,
    /// User Name and Password of every CONNECT.
    pub user: Option<(&'static str, &'static str)>,
    /// It is reached by WebSocket.
    pub websocket: bool,
}

impl Pack {
    /// What has to be declared as lacking, as `--without` has it.
    pub fn without(&self) -> Vec<String> {
        self.declared.without.iter().map(|need| need.name()).collect()
    }
}

/// All of them. Each is there for the cases that do not apply to those before it.
pub fn all() -> Vec<Pack> {
    vec![default(), users(), least(), websocket()]
}

/// Restarts a reference Server in this process.
pub fn life(server: &Arc<Server>) -> Life {
    let server = Arc::clone(server);
    Life::new(move |how| {
        let server = Arc::clone(&server);
        Box::pin(async move {
            server.restart(how == Ending::Kill).await;
            Ok(())
        })
    })
}

fn default() -> Pack {
    Pack {
        name: "default",
        config: Config::default(),
        declared: Declared { persists: Some(Ending::Kill), ..Declared::default() },
        user: None,
        websocket: false,
    }
}

/// Users, who may not do everything.
fn users() -> Pack {
    let denied = "pushspec-denied".to_owned();
    let refused = "pushspecrefused".to_owned();
    Pack {
        name: "users",
        config: Config {
            users: [(USER.0.to_owned(), USER.1.to_owned())].into(),
            scram: true,
            denied_publish: [denied.clone()].into(),
            denied_subscribe: [format!("{denied}/subscribe")].into(),
            refused_client_ids: [refused.clone()].into(),
            ..Config::default()
        },
        declared: Declared {
            authenticates: true,
            denied_publish: Some(denied.clone()),
            denied_subscribe: Some(format!("{denied}/subscribe")),
            refused_client_id: Some(refused),
            scram: true,
            ..Declared::default()
        },
        user: Some(USER),
        websocket: false,
    }
}

/// As little as the specs let a Server offer.
fn least() -> Pack {
    let choices =
        [Choice::NoWildcards, Choice::NoSubscriptionIdentifiers, Choice::NoSharedSubscriptions];
    Pack {
        name: "least",
        config: Config {
            limits: Limits {
                maximum_qos: QoS::AtLeastOnce,
                retain_available: false,
                wildcards_in_v311: false,
                server_keep_alive: Some(2),
                ..Limits::default()
            },
            choices: choices.into(),
            ..Config::default()
        },
        declared: Declared { without: [Need::Wildcards].into(), ..Declared::default() },
        user: None,
        websocket: false,
    }
}

fn websocket() -> Pack {
    Pack { name: "websocket", websocket: true, ..default() }
}
