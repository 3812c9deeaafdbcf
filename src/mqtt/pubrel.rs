//! PUBREL (section 3.6 of 5.0 and 3.1.1).

use super::acknowledgement::acknowledgement;

acknowledgement! {
    /// A QoS 2 message is released: part 2 of its acknowledgement.
    ///
    /// ```
    /// use pushspec_wire::mqtt::{Packet, PacketId, Properties, PubRel, ReasonCode, Version};
    ///
    /// let packet = Packet::PubRel(PubRel {
    ///     packet_id: PacketId::MIN,
    ///     reason: ReasonCode::SUCCESS,
    ///     properties: Properties::new(),
    /// });
    /// let mut bytes = Vec::new();
    /// packet.encode(Version::V5, &mut bytes)?;
    /// assert_eq!(bytes, [0x62, 2, 0, 1]);
    /// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
    /// ```
    PubRel, "PUBREL", "MQTT-3.6.2-1"
}
