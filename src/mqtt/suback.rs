//! SUBACK (section 3.9 of 5.0 and 3.1.1).

use alloc::vec::Vec;

use super::read::{Read, Reader, Watch};
use super::write::{Writer, Written};
use super::{ErrorKind, PacketId, PacketType, Place, Properties, ReasonCode};

/// The Server answers SUBSCRIBE.
///
/// ```
/// use pushspec_wire::mqtt::{Frame, Packet, ReasonCode, Version};
///
/// let bytes = [0x90, 4, 0, 1, 0x02, 0x80];
/// let Packet::SubAck(suback) = Packet::decode(Frame::new(&bytes)?, Version::V311)? else { panic!() };
/// assert_eq!(suback.reasons, [ReasonCode::GRANTED_QOS_2, ReasonCode::UNSPECIFIED_ERROR]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SubAck<'a> {
    /// The Packet Identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// One per Topic Filter, in their order.
    pub reasons: Vec<ReasonCode>,
}

impl<'a> SubAck<'a> {
    pub(super) fn read<W: Watch>(reader: &mut Reader<'a, W>) -> Read<Self, W::Fault> {
        let packet_id = reader.packet_id()?;
        let properties = Properties::read(reader, Place::Packet(PacketType::SubAck))?;
        let unlisted = reader.cite_each("MQTT-3.9.3-2", "MQTT-3.9.3-2", "X31-09");
        let missing = reader.cite_each("MQTT-3.8.4-6", "MQTT-3.8.4-5", "X31-31");
        let reasons = read_reasons(reader, PacketType::SubAck, unlisted, missing)?;
        Ok(Self { packet_id, properties, reasons })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Written {
        writer.packet_id(self.packet_id);
        writer.properties(&self.properties, Place::Packet(PacketType::SubAck))?;
        writer.doubt(self.reasons.is_empty());
        self.reasons.iter().for_each(|reason| writer.reason_code(PacketType::SubAck, *reason));
        Ok(())
    }

    /// Without the borrow.
    pub fn into_owned(self) -> SubAck<'static> {
        let Self { packet_id, properties, reasons } = self;
        SubAck { packet_id, properties: properties.into_owned(), reasons }
    }
}

/// The codes that are the payload of SUBACK and UNSUBACK, with the requirements that an unlisted one
/// and a lack of any break: a request has at least one Topic Filter.
pub(super) fn read_reasons<W: Watch>(
    reader: &mut Reader<'_, W>,
    packet: PacketType,
    unlisted: &'static str,
    missing: &'static str,
) -> Read<Vec<ReasonCode>, W::Fault> {
    if reader.is_at_end() {
        return Err(reader.error("Reason Code", ErrorKind::NoReasonCode, missing).into());
    }
    let mut reasons = Vec::with_capacity(reader.left());
    while !reader.is_at_end() {
        reasons.push(reader.reason_code(packet, "Reason Code", unlisted)?);
    }
    Ok(reasons)
}
