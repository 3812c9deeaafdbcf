//! UNSUBSCRIBE (section 3.10 of 5.0 and 3.1.1).

use alloc::{borrow::Cow, vec::Vec};

use super::read::{Read, Reader, Watch, protocol_error};
use super::subscribe::read_filter;
use super::write::{Writer, Written};
use super::{ErrorKind, PacketId, PacketType, Place, Properties};

/// A Client gives up subscriptions.
///
/// ```
/// use pushspec_wire::mqtt::{Packet, PacketId, Properties, Unsubscribe, Version};
///
/// let packet = Packet::Unsubscribe(Unsubscribe {
///     packet_id: PacketId::MIN,
///     properties: Properties::new(),
///     filters: vec!["#".into()],
/// });
/// let mut bytes = Vec::new();
/// packet.encode(Version::V311, &mut bytes)?;
/// assert_eq!(bytes, b"\xA2\x05\0\x01\0\x01#");
/// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Unsubscribe<'a> {
    /// Packet Identifier.
    pub packet_id: PacketId,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
    /// At least one Topic Filter.
    pub filters: Vec<Cow<'a, str>>,
}

impl<'a> Unsubscribe<'a> {
    pub(super) fn read<W: Watch>(reader: &mut Reader<'a, W>) -> Read<Self, W::Fault> {
        let packet_id = reader.packet_id()?;
        let properties = Properties::read(reader, Place::Packet(PacketType::Unsubscribe))?;
        let mut filters = Vec::new();
        while !reader.is_at_end() {
            filters.push(read_filter(reader)?);
        }
        if filters.is_empty() {
            let requirement = reader.cite("MQTT-3.10.3-2", "MQTT-3.10.3-2");
            let kind = ErrorKind::NoTopicFilter;
            return Err(protocol_error(reader.offset(), "Topic Filter", kind, requirement).into());
        }
        Ok(Self { packet_id, properties, filters })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Written {
        writer.packet_id(self.packet_id);
        writer.properties(&self.properties, Place::Packet(PacketType::Unsubscribe))?;
        writer.doubt(self.filters.is_empty());
        self.filters.iter().try_for_each(|filter| writer.topic_filter(filter))
    }

    /// Without the borrow.
    pub fn into_owned(self) -> Unsubscribe<'static> {
        Unsubscribe {
            packet_id: self.packet_id,
            properties: self.properties.into_owned(),
            filters: self.filters.into_iter().map(|filter| filter.into_owned().into()).collect(),
        }
    }
}
