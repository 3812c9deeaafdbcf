//! Network connections and what belongs to them alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pushspec_wire::mqtt::{Connect, Framer, PacketId, Version};

use crate::scram;

/// Names a network connection of the reference Server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnectionId(pub(super) u64);

/// A network connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub framer: Framer,
    /// After CONNECT.
    pub client: Option<Client>,
    /// Between CONNECT and CONNACK, where a method of authentication wants more.
    pub authenticating: Option<Authenticating>,
    /// When it is closed for silence: without CONNECT, or after one and a half times Keep Alive.
    pub silent_until: Option<Duration>,
    /// Nothing is read any more; only a fault leaves a connection open like this.
    pub deaf: bool,
}

/// A CONNECT that waits for the end of its authentication.
#[derive(Debug)]
pub(super) struct Authenticating {
    pub connect: Connect<'static>,
    pub challenged: Challenged,
}

/// A user, and what the user was asked.
#[derive(Clone, Debug)]
pub(super) struct Challenged {
    pub user: String,
    pub challenge: scram::Challenge,
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
    /// It authenticated by the method, so it may do so again.
    pub by_method: bool,
    /// The challenge of an authentication that is under way again.
    pub challenge: Option<Challenged>,
}

impl Client {
    /// How long it may be silent.
    pub(super) fn patience(&self) -> Option<Duration> {
        (self.keep_alive > 0).then(|| Duration::from_millis(u64::from(self.keep_alive) * 1500))
    }
}
