//! Writing fields (5.0 section 1.5).

use alloc::vec::Vec;

use super::{EncodeError, PacketId, Properties, Version};

/// The largest value of a Variable Byte Integer.
pub(super) const LARGEST_VARIABLE_BYTE_INTEGER: usize = 268_435_455;

/// Writes the fields of one packet in their order.
#[derive(Debug)]
pub(super) struct Writer<'o> {
    /// Where to append them.
    out: &'o mut Vec<u8>,
    pub(super) version: Version,
}

pub(super) type Written = Result<(), EncodeError>;

impl Writer<'_> {
    /// Appends a whole packet. Its body stays where it is written, unless the Remaining Length needs
    /// more bytes, or fewer, than the one expected.
    pub(super) fn packet(
        out: &mut Vec<u8>,
        first_byte: u8,
        expected: usize,
        version: Version,
        body: impl FnOnce(&mut Writer<'_>) -> Written,
    ) -> Written {
        out.reserve(1 + 4 + expected);
        out.push(first_byte);
        let length_at = out.len();
        variable_byte_integer(out, expected as u32);
        let body_at = out.len();
        body(&mut Writer { out, version })?;
        let length = out.len() - body_at;
        if length > LARGEST_VARIABLE_BYTE_INTEGER {
            return Err(EncodeError::PacketTooLarge(length));
        }
        if length != expected {
            let (bytes, width) = shortest_form(length as u32);
            out.splice(length_at..body_at, bytes.into_iter().take(width));
        }
        Ok(())
    }

    pub(super) const fn is_v5(&self) -> bool {
        matches!(self.version, Version::V5)
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    pub(super) fn two_bytes(&mut self, value: u16) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    pub(super) fn packet_id(&mut self, id: PacketId) {
        self.two_bytes(id.get());
    }

    pub(super) fn everything(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
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
            variable_byte_integer(self.out, length as u32);
            self.everything(properties.wire());
            Ok(())
        } else if properties.is_empty() {
            Ok(())
        } else {
            Err(EncodeError::Properties(self.version))
        }
    }
}

/// Appends a Variable Byte Integer in its shortest form.
pub(super) fn variable_byte_integer(bytes: &mut Vec<u8>, value: u32) {
    let (form, width) = shortest_form(value);
    bytes.extend_from_slice(&form[..width]);
}

/// How many bytes a length takes as a Variable Byte Integer.
pub(super) const fn width(length: usize) -> usize {
    shortest_form(length as u32).1
}

/// A Variable Byte Integer in its shortest form (5.0 section 1.5.5), and how many of the bytes it has:
/// five where the value is larger than there may be.
const fn shortest_form(mut value: u32) -> ([u8; 5], usize) {
    let mut form = [0; 5];
    let mut width = 0;
    loop {
        form[width] = (value & 0x7F) as u8;
        value >>= 7;
        width += 1;
        if value == 0 {
            return (form, width);
        }
        form[width - 1] |= 0x80;
    }
}
