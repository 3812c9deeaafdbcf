//! PINGREQ (5.0 section 3.12, 3.1.1 section 3.12).

/// A Client shows that it is alive.
///
/// ```
/// use pushspec_wire::mqtt::{Packet, PingReq, Version};
///
/// let packet = Packet::PingReq(PingReq);
/// let mut bytes = Vec::new();
/// packet.encode(Version::V5, &mut bytes)?;
/// assert_eq!(bytes, [0xC0, 0]);
/// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PingReq;
