//! Network connections and what belongs to them alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pushspec_wire::mqtt::{Framer, PacketId, Version};

/// Names a network connection of the reference Server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnectionId(pub(super) u64);

/// A network connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub framer: Framer,
    /// After CONNECT.
    pub client: Option<Client>,
    /// When it is closed for silence: without CONNECT, or after one and a half times Keep Alive.
    pub silent_until: Option<Duration>,
    /// Nothing is read any more; only a fault leaves a connection open like this.
    pub deaf: bool,
}

/// What a connection has after CONNECT.
#[derive(Debug)]
pub(super) struct Client {
    pub id: String,
    pub version: Version,
    /// Keep Alive that holds.
    pub keep_alive: u16,
    /// The Client's Receive Maximum.
    pub receive_maximum: u16,
    /// The Client's Maximum Packet Size.
    pub maximum_packet_size: usize,
    /// Whether Reason Strings may stand in acknowledgements (5.0 section 3.1.2.11.7).
    pub explains: bool,
    /// The Session Expiry Interval of CONNECT was 0 or absent.
    pub began_without_expiry: bool,
    /// Topic Aliases that the Client has set.
    pub aliases: BTreeMap<u16, String>,
    /// Packet Identifiers that count against the Receive Maximum.
    pub window: BTreeSet<PacketId>,
    /// QoS 2 messages of this connection not yet released, for the Server's Receive Maximum.
    pub unreleased: BTreeSet<PacketId>,
    /// How many PINGREQ came.
    pub pings: u32,
}

impl Client {
    /// How long it may be silent.
    pub(super) fn patience(&self) -> Option<Duration> {
        (self.keep_alive > 0).then(|| Duration::from_millis(u64::from(self.keep_alive) * 1500))
    }
}
