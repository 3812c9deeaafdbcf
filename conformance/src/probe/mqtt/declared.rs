//! What the user says of a Server that it does not announce itself.

use std::collections::BTreeSet;

use crate::case::Need;
use crate::launch::Ending;

/// What the user declares of a Server: how its operator has set it up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Declared {
    /// It lets in nobody but Clients with the right User Name and Password.
    pub authenticates: bool,
    /// A topic to which our user may not publish; to subscribe to it is allowed.
    pub denied_publish: Option<String>,
    /// A filter to which our user may not subscribe; to publish to it is allowed.
    pub denied_subscribe: Option<String>,
    /// A Client Identifier that it refuses.
    pub refused_client_id: Option<String>,
    /// It offers SCRAM-SHA-256 to our user.
    pub scram: bool,
    /// Sessions, messages and retained messages outlive its end: one that it was asked for, or being
    /// killed as well.
    pub persists: Option<Ending>,
    /// What it does not offer, which 3.x has no way to announce.
    pub without: BTreeSet<Need>,
}

impl Declared {
    /// The highest QoS that it offers, unless it announces less.
    pub fn maximum_qos(&self) -> u8 {
        let without = |need| self.without.contains(&need);
        match (without(Need::QoS1), without(Need::QoS2)) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        }
    }

    /// Why a need is not met, if it is one that has to be declared, and is not.
    pub fn lacks(&self, need: Need) -> Option<String> {
        let (declared, option) = match need {
            Need::Users => (self.authenticates, "--authenticates"),
            Need::DeniedPublish => (self.denied_publish.is_some(), "--denied-publish TOPIC"),
            Need::DeniedSubscribe => (self.denied_subscribe.is_some(), "--denied-subscribe FILTER"),
            Need::RefusedClientId => (self.refused_client_id.is_some(), "--refused-client-id ID"),
            Need::EnhancedAuthentication => (self.scram, "--auth-method SCRAM-SHA-256"),
            Need::Persistence => (self.persists.is_some(), "--persists stop"),
            Need::PersistenceWhenKilled => (self.persists == Some(Ending::Kill), "--persists kill"),
            _ => return None,
        };
        (!declared).then(|| format!("no {need}: where the target has it, say so with {option}"))
    }
}
