//! PUBREC (section 3.5 of 5.0 and 3.1.1).

use super::acknowledgement::acknowledgement;

acknowledgement! {
    /// A QoS 2 PUBLISH is received: part 1 of its acknowledgement.
    ///
    /// ```
    /// use pushspec_wire::mqtt::{Packet, PacketId, Properties, PubRec, ReasonCode, Version};
    ///
    /// let packet = Packet::PubRec(PubRec {
    ///     packet_id: PacketId::MIN,
    ///     reason: ReasonCode::SUCCESS,
    ///     properties: Properties::new(),
    /// });
    /// let mut bytes = Vec::new();
    /// packet.encode(Version::V5, &mut bytes)?;
    /// assert_eq!(bytes, [0x50, 2, 0, 1]);
    /// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
    /// ```
    PubRec, "PUBREC", "MQTT-3.5.2-1"
}
