//! SUBACK (5.0 section 3.9, 3.1.1 section 3.9).

use super::{PacketId, Properties, ReasonCode};
use alloc::vec::Vec;

/// The Server answers SUBSCRIBE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubAck<'a> {
    /// The Packet Identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// One per Topic Filter, in their order.
    pub reasons: Vec<ReasonCode>,
}
