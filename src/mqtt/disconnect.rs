//! DISCONNECT (section 3.14 of 5.0 and 3.1.1).

use super::acknowledgement::{read_reason, write_reason};
use super::read::{Read, Reader, Watch};
use super::write::{Writer, Written};
use super::{PacketType, Properties, ReasonCode};

/// The last packet on a connection.
///
/// ```
/// use pushspec_wire::mqtt::{Disconnect, Packet, Properties, ReasonCode, Version};
///
/// let packet = Packet::Disconnect(Disconnect {
///     reason: ReasonCode::DISCONNECT_WITH_WILL_MESSAGE,
///     properties: Properties::new(),
/// });
/// let mut bytes = Vec::new();
/// packet.encode(Version::V5, &mut bytes)?;
/// assert_eq!(bytes, [0xE0, 1, 4]);
/// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Disconnect<'a> {
    /// The reason code, 0 in 3.x.
    pub reason: ReasonCode,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
}

impl<'a> Disconnect<'a> {
    pub(super) fn read<W: Watch>(reader: &mut Reader<'a, W>) -> Read<Self, W::Fault> {
        const FIELD: &str = "Disconnect Reason Code";
        let (reason, properties) =
            read_reason(reader, PacketType::Disconnect, FIELD, "MQTT-3.14.2-1")?;
        Ok(Self { reason, properties })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Written {
        write_reason(writer, PacketType::Disconnect, self.reason, &self.properties)
    }

    /// Without the borrow.
    pub fn into_owned(self) -> Disconnect<'static> {
        Disconnect { reason: self.reason, properties: self.properties.into_owned() }
    }
}
