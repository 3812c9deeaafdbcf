//! UNSUBSCRIBE (5.0 section 3.10, 3.1.1 section 3.10).

use super::{PacketId, Properties};
use alloc::{borrow::Cow, vec::Vec};

/// A Client gives up subscriptions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsubscribe<'a> {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// At least one Topic Filter.
    pub filters: Vec<Cow<'a, str>>,
}
