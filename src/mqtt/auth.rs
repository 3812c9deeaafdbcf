//! AUTH (5.0 section 3.15).

use super::acknowledgement::{read_reason, write_reason};
use super::read::{Read, Reader};
use super::write::{Writer, Written};
use super::{PacketType, Properties, ReasonCode};

/// A step of enhanced authentication.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Auth<'a> {
    /// The reason code, 0 in 3.x.
    pub reason: ReasonCode,
    /// Empty in 3.x.
    pub properties: Properties<'a>,
}

impl<'a> Auth<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Read<Self> {
        const FIELD: &str = "Authenticate Reason Code";
        let (reason, properties) = read_reason(reader, PacketType::Auth, FIELD, "MQTT-3.15.2-1")?;
        Ok(Self { reason, properties })
    }

    pub(super) fn write(&self, writer: &mut Writer) -> Written {
        write_reason(writer, self.reason, &self.properties)
    }

    /// Without the borrow.
    pub fn into_owned(self) -> Auth<'static> {
        Auth { reason: self.reason, properties: self.properties.into_owned() }
    }
}
