//! AUTH (5.0 section 3.15).

use super::{Properties, ReasonCode};

/// A step of enhanced authentication.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Auth<'a> {
    /// The reason code.
    pub reason: ReasonCode,
    /// Authentication Method and the like.
    pub properties: Properties<'a>,
}
