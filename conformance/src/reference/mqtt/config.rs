//! How the reference Server behaves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pushspec_wire::mqtt::QoS;

use super::{Choice, FaultSet};

/// How the reference Server behaves.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What it offers and keeps at most.
    pub limits: Limits,
    /// User Names and their Passwords. Without any, everyone is let in.
    pub users: BTreeMap<String, String>,
    /// Users are offered SCRAM-SHA-256 as well (5.0 section 4.12).
    pub scram: bool,
    /// Nobody is let in without an Authentication Method.
    pub only_by_method: bool,
    /// Topics that no Client may publish to.
    pub denied_publish: BTreeSet<String>,
    /// Filters that no Client may subscribe to; looked at as they stand, not for what they match.
    pub denied_subscribe: BTreeSet<String>,
    /// Client Identifiers that are refused.
    pub refused_client_ids: BTreeSet<String>,
    /// Where it takes another of the ways that the specs permit.
    pub choices: BTreeSet<Choice>,
    /// Where it departs from the right behaviour.
    pub faults: FaultSet,
}

/// What the reference Server offers and keeps at most.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Receive Maximum that it announces: messages above QoS 0 in flight from a Client.
    pub receive_maximum: u16,
    /// Topic Alias Maximum that it announces.
    pub topic_alias_maximum: u16,
    /// The largest packet in bytes that it takes; announced.
    pub maximum_packet_size: u32,
    /// Maximum QoS that it announces, if below 2.
    pub maximum_qos: QoS,
    /// Retain Available.
    pub retain_available: bool,
    /// 3.1.1 Clients can use wildcards.
    pub wildcards_in_v311: bool,
    /// Server Keep Alive in seconds, in the place of the Client's.
    pub server_keep_alive: Option<u16>,
    /// The longest topic and filter, in bytes.
    pub topic_bytes: usize,
    /// Messages that may wait for one Client; more are dropped.
    pub queued_messages: usize,
    /// Sessions.
    pub sessions: usize,
    /// Topics with a retained message.
    pub retained_messages: usize,
    /// Subscriptions of one Client.
    pub subscriptions: usize,
    /// How long a network connection may stay without CONNECT.
    pub connect_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            receive_maximum: 100,
            topic_alias_maximum: 10,
            maximum_packet_size: 2 << 20,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            wildcards_in_v311: true,
            server_keep_alive: None,
            topic_bytes: usize::from(u16::MAX),
            queued_messages: 1000,
            sessions: 10_000,
            retained_messages: 10_000,
            subscriptions: 10_000,
            connect_timeout: Duration::from_secs(10),
        }
    }
}
