//! CONNACK (section 3.2 of 5.0 and 3.1.1).

use super::read::{Read, Reader, Watch};
use super::write::{Writer, Written};
use super::{ErrorKind, PacketType, Place, Properties, ReasonCode, Version};

/// The Server answers CONNECT.
///
/// ```
/// use pushspec_wire::mqtt::{Frame, Packet, ReasonCode, Version};
///
/// let bytes = [0x20, 6, 1, 0, 3, 0x21, 0, 10];
/// let Packet::ConnAck(connack) = Packet::decode(Frame::new(&bytes)?, Version::V5)? else { panic!() };
/// assert!(connack.session_present);
/// assert_eq!(connack.reason, ReasonCode::SUCCESS);
/// assert_eq!(connack.properties.receive_maximum(), Some(10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConnAck<'a> {
    /// Session Present (always false in 3.1, whose byte is reserved).
    pub session_present: bool,
    /// Connect Reason Code (5.0) or Connect Return Code (3.x).
    pub reason: ReasonCode,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
}

impl<'a> ConnAck<'a> {
    pub(super) fn read<W: Watch>(reader: &mut Reader<'a, W>) -> Read<Self, W::Fault> {
        const FLAGS: &str = "Connect Acknowledge Flags";
        let before = reader.clone();
        let flags = reader.byte(FLAGS)?;
        let v31 = reader.version == Version::V31;
        if flags & !1 != 0 && !v31 {
            let requirement = reader.cite("MQTT-3.2.2-1", "X311-R01");
            return Err(before.error(FLAGS, ErrorKind::ReservedBits(flags), requirement).into());
        }
        let requirement = reader.cite_each("MQTT-3.2.2-8", "MQTT-3.2.2-6", "X31-03");
        let reason = reader.reason_code(PacketType::ConnAck, "Connect Reason Code", requirement)?;
        let properties = Properties::read(reader, Place::Packet(PacketType::ConnAck))?;
        Ok(Self { session_present: flags == 1 && !v31, reason, properties })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Written {
        let told = self.session_present && writer.version != Version::V31;
        writer.byte(u8::from(told));
        writer.reason_code(PacketType::ConnAck, self.reason);
        writer.properties(&self.properties, Place::Packet(PacketType::ConnAck))
    }

    /// Without the borrow.
    pub fn into_owned(self) -> ConnAck<'static> {
        let Self { session_present, reason, properties } = self;
        ConnAck { session_present, reason, properties: properties.into_owned() }
    }
}
