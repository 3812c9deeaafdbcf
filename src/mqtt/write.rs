//! Writing fields (5.0 section 1.5).
//!
//! Each is judged while it is written, by as little as shows that a receiver takes it. What is in doubt
//! is judged by the decoder, which alone knows all the rules and explains what it rejects.

use alloc::vec::Vec;

use super::words::{contain_nul, contain_wildcard, is_plain, is_plain_name};
use super::{
    EncodeError, PacketId, PacketType, Place, Properties, ReasonCode, Version, topic, variable,
};

/// Writes the fields of one packet in their order.
#[derive(Debug)]
pub(super) struct Writer<'o> {
    /// Where to append them.
    out: &'o mut Vec<u8>,
    pub(super) version: Version,
    /// Something was written that a receiver might reject.
    doubtful: bool,
}

pub(super) type Written = Result<(), EncodeError>;

impl Writer<'_> {
    /// Appends a whole packet. Its body stays where it is written, unless the Remaining Length needs
    /// more bytes, or fewer, than the one expected. Tells whether a receiver might reject it.
    #[inline]
    pub(super) fn packet(
        out: &mut Vec<u8>,
        first_byte: u8,
        expected: usize,
        version: Version,
        body: impl FnOnce(&mut Writer<'_>) -> Written,
    ) -> Result<bool, EncodeError> {
        // No byte more than is needed: the buffer may have just that.
        out.reserve(1 + variable::width(expected) + expected);
        let length_at = out.len() + 1;
        if expected < 0x80 {
            out.extend_from_slice(&[first_byte, expected as u8]);
        } else {
            out.push(first_byte);
            variable::write(out, expected as u32);
        }
        let body_at = out.len();
        let mut writer = Writer { out, version, doubtful: false };
        body(&mut writer)?;
        let doubtful = writer.doubtful;
        let length = out.len() - body_at;
        if length > variable::LARGEST {
            return Err(EncodeError::PacketTooLarge(length));
        }
        if length != expected {
            let (bytes, width) = variable::shortest_form(length as u32);
            if width == body_at - length_at {
                out[length_at..body_at].copy_from_slice(&bytes[..width]);
            } else {
                out.splice(length_at..body_at, bytes.into_iter().take(width));
            }
        }
        Ok(doubtful)
    }

    /// A receiver might reject the packet if this is so.
    #[inline]
    pub(super) const fn doubt(&mut self, doubtful: bool) {
        self.doubtful |= doubtful;
    }

    pub(super) const fn is_v5(&self) -> bool {
        matches!(self.version, Version::V5)
    }

    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    #[inline]
    pub(super) fn two_bytes(&mut self, value: u16) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    #[inline]
    pub(super) fn packet_id(&mut self, id: PacketId) {
        self.two_bytes(id.get());
    }

    #[inline]
    pub(super) fn everything(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    #[inline]
    pub(super) fn binary(&mut self, field: &'static str, bytes: &[u8]) -> Written {
        let Ok(length) = u16::try_from(bytes.len()) else {
            return Err(EncodeError::FieldTooLong { field, length: bytes.len() });
        };
        self.two_bytes(length);
        self.everything(bytes);
        Ok(())
    }

    #[inline]
    pub(super) fn string(&mut self, field: &'static str, text: &str) -> Written {
        let bytes = text.as_bytes();
        self.doubt(!is_plain(bytes) && contain_nul(bytes));
        self.binary(field, bytes)
    }

    /// A Topic Name; an empty one is another matter.
    #[inline]
    pub(super) fn topic_name(&mut self, field: &'static str, name: &str) -> Written {
        let bytes = name.as_bytes();
        self.doubt(!is_plain_name(bytes) && is_no_name(bytes));
        self.binary(field, bytes)
    }

    pub(super) fn topic_filter(&mut self, filter: &str) -> Written {
        let checked = if self.is_v5() {
            topic::check_filter(filter)
        } else {
            topic::check_plain_filter(filter)
        };
        self.doubt(checked.is_err());
        self.string("Topic Filter", filter)
    }

    #[inline]
    pub(super) fn reason_code(&mut self, packet: PacketType, reason: ReasonCode) {
        self.doubt(!reason.is_listed(packet, self.version));
        self.byte(reason.0);
    }

    /// Property Length and properties; nothing in 3.x.
    #[inline]
    pub(super) fn properties(&mut self, properties: &Properties<'_>, place: Place) -> Written {
        if let Some((id, length)) = properties.too_long() {
            let length = length as usize;
            return Err(EncodeError::FieldTooLong { field: id.name(), length });
        }
        let length = properties.wire().len();
        if self.is_v5() {
            if length == 0 {
                self.byte(0);
                return Ok(());
            }
            if length > variable::LARGEST {
                return Err(EncodeError::PacketTooLarge(length));
            }
            self.doubt(!properties.surely_conform(place));
            variable::write(self.out, length as u32);
            self.everything(properties.wire());
            Ok(())
        } else if length == 0 {
            Ok(())
        } else {
            Err(EncodeError::Properties(self.version))
        }
    }
}

/// Whether a string is no Topic Name; an empty one is another matter.
#[cold]
#[inline(never)]
fn is_no_name(bytes: &[u8]) -> bool {
    contain_nul(bytes) || contain_wildcard(bytes)
}
