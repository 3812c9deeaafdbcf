//! PUBACK (section 3.4 of 5.0 and 3.1.1).

use super::acknowledgement::acknowledgement;

acknowledgement! {
    /// A QoS 1 PUBLISH is acknowledged.
    ///
    /// ```
    /// use pushspec_wire::mqtt::{Packet, PacketId, Properties, PubAck, ReasonCode, Version};
    ///
    /// let packet = Packet::PubAck(PubAck {
    ///     packet_id: PacketId::MIN,
    ///     reason: ReasonCode::SUCCESS,
    ///     properties: Properties::new(),
    /// });
    /// let mut bytes = Vec::new();
    /// packet.encode(Version::V5, &mut bytes)?;
    /// assert_eq!(bytes, [0x40, 2, 0, 1]);
    /// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
    /// ```
    PubAck, "PUBACK", "MQTT-3.4.2-1"
}
