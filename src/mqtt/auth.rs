//! AUTH (5.0 section 3.15).

use super::acknowledgement::{read_reason, write_reason};
use super::read::{Read, Reader, Watch, protocol_error};
use super::write::{Writer, Written};
use super::{ErrorKind, PacketType, Properties, PropertyId, ReasonCode};

/// A step of enhanced authentication.
///
/// ```
/// use pushspec_wire::mqtt::{Auth, Packet, Properties, Property, ReasonCode, Version};
///
/// let packet = Packet::Auth(Auth {
///     reason: ReasonCode::CONTINUE_AUTHENTICATION,
///     properties: Properties::new().with(Property::AuthenticationMethod("PLAIN")),
/// });
/// let mut bytes = Vec::new();
/// packet.encode(Version::V5, &mut bytes)?;
/// assert_eq!(bytes, b"\xF0\x0A\x18\x08\x15\0\x05PLAIN");
/// # Ok::<(), pushspec_wire::mqtt::EncodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Auth<'a> {
    /// The reason code.
    pub reason: ReasonCode,
    /// Authentication Method and the like.
    pub properties: Properties<'a>,
}

impl<'a> Auth<'a> {
    pub(super) fn read<W: Watch>(reader: &mut Reader<'a, W>) -> Read<Self, W::Fault> {
        const FIELD: &str = "Authenticate Reason Code";
        let (reason, properties) = read_reason(reader, PacketType::Auth, FIELD, "MQTT-3.15.2-1")?;
        // The form without reason code and properties is explicitly allowed, although a method may
        // not be left out; what means the same in more bytes is not told apart from it.
        let short = reason == ReasonCode::SUCCESS && properties.is_empty();
        if !short && !properties.have(PropertyId::AuthenticationMethod) {
            let kind = ErrorKind::AuthenticationMethodMissing;
            let offset = reader.offset();
            return Err(protocol_error(offset, "Authentication Method", kind, "X5-N29").into());
        }
        Ok(Self { reason, properties })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Written {
        let short = self.reason == ReasonCode::SUCCESS && self.properties.is_empty();
        writer.doubt(!short && !self.properties.have(PropertyId::AuthenticationMethod));
        write_reason(writer, PacketType::Auth, self.reason, &self.properties)
    }

    /// Without the borrow.
    pub fn into_owned(self) -> Auth<'static> {
        Auth { reason: self.reason, properties: self.properties.into_owned() }
    }
}
