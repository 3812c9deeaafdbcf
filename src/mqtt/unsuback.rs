//! UNSUBACK (5.0 section 3.11, 3.1.1 section 3.11).

use super::{PacketId, Properties, ReasonCode};
use alloc::vec::Vec;

/// The Server answers UNSUBSCRIBE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnsubAck<'a> {
    /// The Packet Identifier of the UNSUBSCRIBE.
    pub packet_id: PacketId,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// One per Topic Filter, in their order; none in 3.x.
    pub reasons: Vec<ReasonCode>,
}
