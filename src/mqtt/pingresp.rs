//! PINGRESP (5.0 section 3.13, 3.1.1 section 3.13).

/// The Server answers PINGREQ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PingResp;
