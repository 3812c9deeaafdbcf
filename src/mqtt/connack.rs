//! CONNACK (5.0 section 3.2, 3.1.1 section 3.2).

use super::{Properties, ReasonCode};

/// The Server answers CONNECT.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnAck<'a> {
    /// Session Present (always false in 3.1, whose byte is reserved).
    pub session_present: bool,
    /// Connect Reason Code (5.0) or Connect Return Code (3.x).
    pub reason: ReasonCode,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
}
