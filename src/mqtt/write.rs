//! Writing fields (5.0 section 1.5).

use alloc::vec::Vec;

use super::{EncodeError, PacketId, Properties, Version};

/// The largest value of a Variable Byte Integer.
pub(super) const LARGEST_VARIABLE_BYTE_INTEGER: usize = 268_435_455;

/// Writes the fields of one packet in their order.
#[derive(Debug)]
pub(super) struct Writer {
    /// What follows the fixed header.
    pub(super) body: Vec<u8>,
    pub(super) version: Version,
}

pub(super) type Written = Result<(), EncodeError>;

impl Writer {
    pub(super) const fn new(version: Version) -> Self {
        Self { body: Vec::new(), version }
    }

    pub(super) const fn is_v5(&self) -> bool {
        matches!(self.version, Version::V5)
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.body.push(byte);
    }

    pub(super) fn two_bytes(&mut self, value: u16) {
        self.body.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn packet_id(&mut self, id: PacketId) {
        self.two_bytes(id.get());
    }

    pub(super) fn everything(&mut self, bytes: &[u8]) {
        self.body.extend_from_slice(bytes);
    }

    pub(super) fn binary(&mut self, field: &'static str, bytes: &[u8]) -> Written {
        let length = u16::try_from(bytes.len())
            .map_err(|_| EncodeError::FieldTooLong { field, length: bytes.len() })?;
        self.two_bytes(length);
        self.everything(bytes);
        Ok(())
    }

    pub(super) fn string(&mut self, field: &'static str, text: &str) -> Written {
        self.binary(field, text.as_bytes())
    }

    /// Property Length and properties; nothing in 3.x.
    pub(super) fn properties(&mut self, properties: &Properties<'_>) -> Written {
        if let Some((id, length)) = properties.too_long() {
            return Err(EncodeError::FieldTooLong { field: id.name(), length });
        }
        if self.is_v5() {
            let length = properties.wire().len();
            if length > LARGEST_VARIABLE_BYTE_INTEGER {
                return Err(EncodeError::PacketTooLarge(length));
            }
            variable_byte_integer(&mut self.body, length as u32);
            self.everything(properties.wire());
            Ok(())
        } else if properties.is_empty() {
            Ok(())
        } else {
            Err(EncodeError::Properties(self.version))
        }
    }
}

/// Appends a Variable Byte Integer in its shortest form (5.0 section 1.5.5).
pub(super) fn variable_byte_integer(bytes: &mut Vec<u8>, mut value: u32) {
    loop {
        let low = (value & 0x7F) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}
