//! PUBCOMP (section 3.7 of 5.0 and 3.1.1).

use super::acknowledgement::acknowledgement;

acknowledgement! {
    /// A QoS 2 delivery is complete: part 3 of its acknowledgement.
    ///
    /// ```
    /// use pushspec_wire::mqtt::{Packet, PacketId, Properties, PubComp, ReasonCode, Version};
    ///
    /// let packet = Packet::PubComp(PubComp {
    ///     packet_id: PacketId::MIN,
    ///     reason: ReasonCode::SUCCESS,
    ///     properties: Properties::new(),
    /// });
    /// let mut bytes = Vec::new();
    /// packet.encode(Version::V5, &mut bytes)?;
    /// assert_eq!(bytes, [0x70, 2, 0, 1]);
    /// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
    /// ```
    PubComp, "PUBCOMP", "MQTT-3.7.2-1"
}
