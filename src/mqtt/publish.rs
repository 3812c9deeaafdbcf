//! PUBLISH (5.0 section 3.3, 3.1.1 section 3.3).

use super::{PacketId, Properties, QoS};
use alloc::borrow::Cow;

/// An Application Message on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publish<'a> {
    /// QoS, and where it is above 0 the Packet Identifier and DUP.
    pub delivery: Delivery,
    /// RETAIN.
    pub retain: bool,
    /// Topic Name; empty only in 5.0 with a Topic Alias.
    pub topic: Cow<'a, str>,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// The Application Message.
    pub payload: Cow<'a, [u8]>,
}

/// How a PUBLISH is delivered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Delivery {
    /// QoS 0: no Packet Identifier, DUP is 0.
    AtMostOnce,
    /// QoS 1.
    AtLeastOnce { id: PacketId, dup: bool },
    /// QoS 2.
    ExactlyOnce { id: PacketId, dup: bool },
}

impl Delivery {
    /// The QoS level.
    pub const fn qos(self) -> QoS {
        match self {
            Self::AtMostOnce => QoS::AtMostOnce,
            Self::AtLeastOnce { .. } => QoS::AtLeastOnce,
            Self::ExactlyOnce { .. } => QoS::ExactlyOnce,
        }
    }

    /// The Packet Identifier, which QoS 0 has not.
    pub const fn packet_id(self) -> Option<PacketId> {
        match self {
            Self::AtMostOnce => None,
            Self::AtLeastOnce { id, .. } | Self::ExactlyOnce { id, .. } => Some(id),
        }
    }

    /// The DUP flag.
    pub const fn dup(self) -> bool {
        match self {
            Self::AtMostOnce => false,
            Self::AtLeastOnce { dup, .. } | Self::ExactlyOnce { dup, .. } => dup,
        }
    }
}
