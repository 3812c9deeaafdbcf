//! Reason codes (5.0 section 2.4) and the return codes of 3.x.

/// A reason code of 5.0, or a return code of CONNACK or SUBACK in 3.x, as it stands on the wire.
/// Unknown values survive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ReasonCode(pub u8);

impl ReasonCode {
    /// Success (also Normal disconnection, Granted QoS 0).
    pub const SUCCESS: Self = Self(0x00);
}
