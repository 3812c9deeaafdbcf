//! What a case leaves in the Server, so that it can be removed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pushspec_wire::mqtt::{Connect, Publish, Version};

/// Client Identifiers whose Sessions may live on, and topics that may hold retained messages. Clones
/// note into the same place.
#[derive(Clone, Debug, Default)]
pub struct Residue(Arc<Mutex<Left>>);

/// What may have been left.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// Client Identifiers.
    pub sessions: BTreeSet<String>,
    /// Topic Names.
    pub retained: BTreeSet<String>,
}

impl Residue {
    pub(super) fn note_connect(&self, connect: &Connect<'_>) {
        let kept = match connect.version {
            Version::V5 => connect.properties.session_expiry_interval().is_some_and(|s| s > 0),
            Version::V31 | Version::V311 => !connect.clean_start,
        };
        let mut left = self.lock();
        if kept {
            left.sessions.insert(connect.client_id.to_string());
        }
        if let Some(will) = &connect.will
            && will.retain
        {
            left.retained.insert(will.topic.to_string());
        }
    }

    pub(super) fn note_publish(&self, publish: &Publish<'_>) {
        if publish.retain && !publish.topic.is_empty() {
            self.lock().retained.insert(publish.topic.to_string());
        }
    }

    /// A retained message may be left under this topic, by other ways than a typed PUBLISH.
    pub fn note_retained(&self, topic: &str) {
        self.lock().retained.insert(topic.to_owned());
    }

    /// A Session may be left for this Client Identifier, by other ways than a typed CONNECT.
    pub fn note_session(&self, client_id: &str) {
        self.lock().sessions.insert(client_id.to_owned());
    }

    /// All of this may be left.
    pub fn note(&self, left: &Left) {
        let mut noted = self.lock();
        noted.sessions.extend(left.sessions.iter().cloned());
        noted.retained.extend(left.retained.iter().cloned());
    }

    /// What is left now; nothing is remembered of it afterwards.
    pub fn take(&self) -> Left {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
