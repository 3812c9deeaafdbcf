//! DISCONNECT (5.0 section 3.14, 3.1.1 section 3.14).

use super::{Properties, ReasonCode};

/// The last packet on a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Disconnect<'a> {
    /// The reason code, 0 in 3.x.
    pub reason: ReasonCode,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
}
