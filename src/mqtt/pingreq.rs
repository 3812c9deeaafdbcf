//! PINGREQ (5.0 section 3.12, 3.1.1 section 3.12).

/// A Client shows that it is alive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PingReq;
