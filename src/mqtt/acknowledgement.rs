//! What PUBACK, PUBREC, PUBREL and PUBCOMP have in common (5.0 sections 3.4 to 3.7): a Packet
//! Identifier, and in 5.0 a reason code and properties that may be left out.

use super::read::{Read, Reader, Watch};
use super::write::{Writer, Written};
use super::{PacketId, PacketType, Place, Properties, ReasonCode};

/// Defines one of the four.
macro_rules! acknowledgement {
    ($(#[$doc:meta])+ $name:ident, $field:literal, $requirement:literal) => {
        $(#[$doc])+
        #[derive(Clone, PartialEq, Eq, Debug)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name<'a> {
            /// The Packet Identifier of the PUBLISH.
            pub packet_id: crate::mqtt::PacketId,
            /// The reason code, 0 in 3.x.
            pub reason: crate::mqtt::ReasonCode,
            /// Empty in 3.x.
            pub properties: crate::mqtt::Properties<'a>,
        }

        impl<'a> $name<'a> {
            pub(super) fn read<W: crate::mqtt::read::Watch>(
                reader: &mut crate::mqtt::read::Reader<'a, W>,
            ) -> crate::mqtt::read::Read<Self, W::Fault> {
                let (packet_id, reason, properties) = crate::mqtt::acknowledgement::read(
                    reader,
                    crate::mqtt::PacketType::$name,
                    concat!($field, " Reason Code"),
                    $requirement,
                )?;
                Ok(Self { packet_id, reason, properties })
            }

            pub(super) fn write(
                &self,
                writer: &mut crate::mqtt::write::Writer<'_>,
            ) -> crate::mqtt::write::Written {
                crate::mqtt::acknowledgement::write(
                    writer,
                    crate::mqtt::PacketType::$name,
                    self.packet_id,
                    self.reason,
                    &self.properties,
                )
            }

            /// Without the borrow.
            pub fn into_owned(self) -> $name<'static> {
                let Self { packet_id, reason, properties } = self;
                $name { packet_id, reason, properties: properties.into_owned() }
            }
        }
    };
}
pub(super) use acknowledgement;

pub(super) fn read<'a, W: Watch>(
    reader: &mut Reader<'a, W>,
    packet: PacketType,
    field: &'static str,
    requirement: &'static str,
) -> Read<(PacketId, ReasonCode, Properties<'a>), W::Fault> {
    let packet_id = reader.packet_id()?;
    let (reason, properties) = read_reason(reader, packet, field, requirement)?;
    Ok((packet_id, reason, properties))
}

/// A reason code that may be left out when it is 0, and properties that may be left out when there
/// are none. Nothing in 3.x.
pub(super) fn read_reason<'a, W: Watch>(
    reader: &mut Reader<'a, W>,
    packet: PacketType,
    field: &'static str,
    requirement: &'static str,
) -> Read<(ReasonCode, Properties<'a>), W::Fault> {
    let mut reason = ReasonCode::SUCCESS;
    let mut properties = Properties::new();
    if reader.is_v5() && !reader.is_at_end() {
        reason = reader.reason_code(packet, field, requirement)?;
        if !reader.is_at_end() {
            properties = Properties::read(reader, Place::Packet(packet))?;
        }
    }
    Ok((reason, properties))
}

pub(super) fn write(
    writer: &mut Writer<'_>,
    packet: PacketType,
    packet_id: PacketId,
    reason: ReasonCode,
    properties: &Properties<'_>,
) -> Written {
    writer.packet_id(packet_id);
    write_reason(writer, packet, reason, properties)
}

/// The shortest form of a reason code and properties.
pub(super) fn write_reason(
    writer: &mut Writer<'_>,
    packet: PacketType,
    reason: ReasonCode,
    properties: &Properties<'_>,
) -> Written {
    if reason == ReasonCode::SUCCESS && properties.is_empty() {
        return Ok(());
    }
    if !writer.is_v5() {
        return Err(if reason == ReasonCode::SUCCESS {
            super::EncodeError::Properties(writer.version)
        } else {
            super::EncodeError::ReasonCode(writer.version)
        });
    }
    writer.reason_code(packet, reason);
    if properties.is_empty() {
        Ok(())
    } else {
        writer.properties(properties, Place::Packet(packet))
    }
}
