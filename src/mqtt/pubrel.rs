//! PUBREL (5.0 section 3.6, 3.1.1 section 3.6).

use super::{PacketId, Properties, ReasonCode};

/// PUBREL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PubRel<'a> {
    /// The Packet Identifier of the PUBLISH.
    pub packet_id: PacketId,
    /// The reason code, 0 in 3.x.
    pub reason: ReasonCode,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
}
