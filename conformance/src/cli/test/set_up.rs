//! What the user declares of how an MQTT target is set up.

use clap::ValueEnum;
use pushspec::launch::Ending;
use pushspec::probe::mqtt::Declared;
use pushspec::profile::Profile;
use pushspec::{scram, suite};

/// What is declared of the target, so that the cases on it apply.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SetUp {
    /// MQTT: the target lets in nobody but users with the right password: --username is one.
    #[arg(long, help_heading = "Set-up of the target")]
    pub(super) authenticates: bool,
    /// MQTT: a topic to which --username may not publish. If it may subscribe to it, it is seen that
    /// nothing is delivered.
    #[arg(long, value_name = "TOPIC", help_heading = "Set-up of the target")]
    pub(super) denied_publish: Option<String>,
    /// MQTT: a filter to which --username may not subscribe. If it may publish to it, it is seen that
    /// nothing is delivered.
    #[arg(long, value_name = "FILTER", help_heading = "Set-up of the target")]
    pub(super) denied_subscribe: Option<String>,
    /// MQTT: a client identifier that the target refuses.
    #[arg(long, value_name = "ID", help_heading = "Set-up of the target")]
    pub(super) refused_client_id: Option<String>,
    /// MQTT 5.0: the method of enhanced authentication that the target offers to --username.
    #[arg(long, value_name = "METHOD", value_parser = [scram::METHOD], help_heading = "Set-up of the target")]
    pub(super) auth_method: Option<String>,
    /// MQTT: the target of --exec keeps sessions, acknowledged messages and retained messages when it is
    /// asked to end and started again (stop), or even when it is killed (kill).
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        requires = "exec",
        help_heading = "Set-up of the target"
    )]
    pub(super) persists: Option<Persists>,
}

/// Over which end state is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Persists {
    /// SIGTERM.
    Stop,
    /// SIGKILL as well.
    Kill,
}

impl SetUp {
    /// The same as cases want it.
    pub(super) fn declared(&self, without: &[String], profile: Option<&Profile>) -> Declared {
        let features = suite::features();
        let declared = without.iter().filter_map(|name| features.get(name).copied());
        Declared {
            authenticates: self.authenticates,
            denied_publish: self.denied_publish.clone(),
            denied_subscribe: self.denied_subscribe.clone(),
            refused_client_id: self.refused_client_id.clone(),
            scram: self.auth_method.is_some(),
            persists: self.persists.map(|persists| match persists {
                Persists::Stop => Ending::Stop,
                Persists::Kill => Ending::Kill,
            }),
            without: declared.chain(profile.into_iter().flat_map(Profile::lacking)).collect(),
        }
    }
}
