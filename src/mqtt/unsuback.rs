//! UNSUBACK (section 3.11 of 5.0 and 3.1.1).

use alloc::vec::Vec;

use super::read::{Read, Reader, Watch};
use super::suback::read_reasons;
use super::write::{Writer, Written};
use super::{PacketId, PacketType, Place, Properties, ReasonCode};

/// The Server answers UNSUBSCRIBE.
///
/// ```
/// use pushspec_wire::mqtt::{Frame, Packet, ReasonCode, Version};
///
/// let bytes = [0xB0, 4, 0, 1, 0, 0x11];
/// let Packet::UnsubAck(unsuback) = Packet::decode(Frame::new(&bytes)?, Version::V5)? else { panic!() };
/// assert_eq!(unsuback.reasons, [ReasonCode::NO_SUBSCRIPTION_EXISTED]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnsubAck<'a> {
    /// The Packet Identifier of the UNSUBSCRIBE.
    pub packet_id: PacketId,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// One per Topic Filter, in their order; none in 3.x.
    pub reasons: Vec<ReasonCode>,
}

impl<'a> UnsubAck<'a> {
    pub(super) fn read<W: Watch>(reader: &mut Reader<'a, W>) -> Read<Self, W::Fault> {
        let packet_id = reader.packet_id()?;
        let properties = Properties::read(reader, Place::Packet(PacketType::UnsubAck))?;
        // In 3.x the packet ends here; that nothing follows is checked for all packets.
        let reasons = if reader.is_v5() {
            read_reasons(reader, PacketType::UnsubAck, "MQTT-3.11.3-2", "MQTT-3.11.3-1")?
        } else {
            Vec::new()
        };
        Ok(Self { packet_id, properties, reasons })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Written {
        writer.packet_id(self.packet_id);
        writer.properties(&self.properties, Place::Packet(PacketType::UnsubAck))?;
        // 3.x has none.
        writer.doubt(self.reasons.is_empty() == writer.is_v5());
        self.reasons.iter().for_each(|reason| writer.reason_code(PacketType::UnsubAck, *reason));
        Ok(())
    }

    /// Without the borrow.
    pub fn into_owned(self) -> UnsubAck<'static> {
        let Self { packet_id, properties, reasons } = self;
        UnsubAck { packet_id, properties: properties.into_owned(), reasons }
    }
}
