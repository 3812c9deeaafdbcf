//! PINGRESP (5.0 section 3.13, 3.1.1 section 3.13).

/// The Server answers PINGREQ.
///
/// ```
/// use pushspec_wire::mqtt::{Packet, PingResp, Version};
///
/// let packet = Packet::PingResp(PingResp);
/// let mut bytes = Vec::new();
/// packet.encode(Version::V5, &mut bytes)?;
/// assert_eq!(bytes, [0xD0, 0]);
/// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PingResp;
