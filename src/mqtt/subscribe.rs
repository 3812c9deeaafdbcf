//! SUBSCRIBE (5.0 section 3.8, 3.1.1 section 3.8).

use super::{PacketId, Properties, QoS};
use alloc::{borrow::Cow, vec::Vec};

/// A Client asks for subscriptions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscribe<'a> {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// At least one.
    pub subscriptions: Vec<Subscription<'a>>,
}

/// One Topic Filter and what is asked for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription<'a> {
    /// Topic Filter.
    pub filter: Cow<'a, str>,
    /// Subscription Options.
    pub options: SubscriptionOptions,
}

/// Subscription Options (5.0 section 3.8.3.1); in 3.x only the QoS.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SubscriptionOptions {
    /// Maximum QoS (5.0), Requested QoS (3.x).
    pub qos: QoS,
    /// No Local.
    pub no_local: bool,
    /// Retain As Published.
    pub retain_as_published: bool,
    /// Retain Handling.
    pub retain_handling: RetainHandling,
}

impl SubscriptionOptions {
    /// This QoS, everything else 0.
    pub const fn new(qos: QoS) -> Self {
        Self {
            qos,
            no_local: false,
            retain_as_published: false,
            retain_handling: RetainHandling::Send,
        }
    }
}

/// Whether retained messages are sent when the subscription is made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RetainHandling {
    /// 0: send them.
    Send = 0,
    /// 1: send them only if the subscription is new.
    SendIfNew = 1,
    /// 2: do not send them.
    DoNotSend = 2,
}
