//! PUBCOMP (5.0 section 3.7, 3.1.1 section 3.7).

use super::{PacketId, Properties, ReasonCode};

/// PUBCOMP.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PubComp<'a> {
    /// The Packet Identifier of the PUBLISH.
    pub packet_id: PacketId,
    /// The reason code, 0 in 3.x.
    pub reason: ReasonCode,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
}
