//! CONNECT (5.0 section 3.1, 3.1.1 section 3.1).

use super::{Properties, QoS, Version};
use alloc::borrow::Cow;

/// A Client asks for a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connect<'a> {
    /// From Protocol Name and Protocol Level.
    pub version: Version,
    /// Clean Start (5.0), Clean Session (3.x).
    pub clean_start: bool,
    /// Keep Alive in seconds, 0 for none.
    pub keep_alive: u16,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// Client Identifier.
    pub client_id: Cow<'a, str>,
    /// The Will Message.
    pub will: Option<Will<'a>>,
    /// User Name.
    pub user_name: Option<Cow<'a, str>>,
    /// Password.
    pub password: Option<Cow<'a, [u8]>>,
}

/// The Will Message of a CONNECT.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Will<'a> {
    /// Will QoS.
    pub qos: QoS,
    /// Will Retain.
    pub retain: bool,
    /// Will Properties, empty in 3.x.
    pub properties: Properties<'a>,
    /// Will Topic.
    pub topic: Cow<'a, str>,
    /// Will Payload.
    pub payload: Cow<'a, [u8]>,
}
