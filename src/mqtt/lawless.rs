//! Writes packets that no conforming peer may send.
//!
//! ```
//! use pushspec_wire::mqtt::lawless::Fields;
//!
//! // SUBSCRIBE with Packet Identifier 1, no properties, and QoS 3 for the filter "a".
//! let packet = Fields::new().two_bytes(1).varint(0).string(b"a").byte(3).packet(0x82);
//! assert_eq!(packet, [0x82, 7, 0, 1, 0, 0, 1, b'a', 3]);
//!
//! // PINGREQ whose Remaining Length promises five bytes that do not follow.
//! assert_eq!(Fields::new().packet_of_length(0xC0, 5), [0xC0, 5]);
//! ```

use alloc::vec::Vec;

use super::variable;

/// Fields of a packet, legal or not.
///
/// ```
/// use pushspec_wire::mqtt::lawless::Fields;
///
/// // A PUBACK with a property length of 0 in two bytes, where one is enough.
/// let packet = Fields::new().two_bytes(1).byte(0).long_varint(0, 2).packet(0x40);
/// assert_eq!(packet, [0x40, 5, 0, 1, 0, 0x80, 0]);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fields {
    bytes: Vec<u8>,
}

impl Fields {
    /// None yet.
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// A byte.
    pub fn byte(mut self, byte: u8) -> Self {
        self.bytes.push(byte);
        self
    }

    /// A Two Byte Integer.
    pub fn two_bytes(mut self, value: u16) -> Self {
        self.bytes.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// A Four Byte Integer.
    pub fn four_bytes(mut self, value: u32) -> Self {
        self.bytes.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// A Variable Byte Integer in its shortest form.
    pub fn varint(mut self, value: u32) -> Self {
        variable::write(&mut self.bytes, value);
        self
    }

    /// A Variable Byte Integer in this many bytes, whether it needs them or not.
    pub fn long_varint(mut self, value: u32, length: usize) -> Self {
        self.bytes.extend(long_varint(value, length));
        self
    }

    /// Bytes with their length in front, as strings and binary data have it. Only the low 16 bits of
    /// the length are written.
    pub fn string(self, bytes: &[u8]) -> Self {
        self.two_bytes(bytes.len() as u16).raw(bytes)
    }

    /// Bytes as they are.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Fields with their length in front, as properties have it.
    pub fn properties(self, properties: &Self) -> Self {
        self.varint(properties.bytes.len() as u32).raw(&properties.bytes)
    }

    /// The fields alone.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The fields behind a fixed header with their Remaining Length.
    pub fn packet(self, first_byte: u8) -> Vec<u8> {
        let length = self.bytes.len() as u32;
        self.packet_of_length(first_byte, length)
    }

    /// The fields behind a fixed header with another Remaining Length than theirs.
    pub fn packet_of_length(self, first_byte: u8, remaining_length: u32) -> Vec<u8> {
        let mut packet = alloc::vec![first_byte];
        variable::write(&mut packet, remaining_length);
        packet.extend(self.bytes);
        packet
    }

    /// The fields behind a fixed header whose Remaining Length has this many bytes; five are one more
    /// than there may be.
    pub fn packet_with_long_length(self, first_byte: u8, length: usize) -> Vec<u8> {
        let mut packet = alloc::vec![first_byte];
        packet.extend(long_varint(self.bytes.len() as u32, length));
        packet.extend(self.bytes);
        packet
    }
}

fn long_varint(value: u32, length: usize) -> impl Iterator<Item = u8> {
    (0..length).map(move |index| {
        let low = (value.checked_shr(7 * index as u32).unwrap_or(0) & 0x7F) as u8;
        if index + 1 < length { low | 0x80 } else { low }
    })
}

/// The packet with the Remaining Length that the bytes behind its fixed header have now.
///
/// ```
/// use pushspec_wire::mqtt::lawless::with_true_length;
///
/// assert_eq!(with_true_length(&[0x40, 9, 0, 1]), [0x40, 2, 0, 1]);
/// ```
pub fn with_true_length(packet: &[u8]) -> Vec<u8> {
    let (header, body) = packet.split_at(header_length(packet));
    Fields::new().raw(body).packet(header.first().copied().unwrap_or(0))
}

/// The packet behind another first byte, such as one with other flags.
///
/// ```
/// use pushspec_wire::mqtt::lawless::with_first_byte;
///
/// assert_eq!(with_first_byte(&[0xC0, 0], 0xC1), [0xC1, 0]);
/// ```
pub fn with_first_byte(packet: &[u8], first_byte: u8) -> Vec<u8> {
    let mut packet = packet.to_vec();
    if let Some(first) = packet.first_mut() {
        *first = first_byte;
    }
    packet
}

/// The packet's fields behind another Remaining Length than theirs.
///
/// ```
/// use pushspec_wire::mqtt::lawless::with_remaining_length;
///
/// assert_eq!(with_remaining_length(&[0x40, 2, 0, 1], 300), [0x40, 0xAC, 2, 0, 1]);
/// ```
pub fn with_remaining_length(packet: &[u8], remaining_length: u32) -> Vec<u8> {
    let (header, body) = packet.split_at(header_length(packet));
    let first_byte = header.first().copied().unwrap_or(0);
    Fields::new().raw(body).packet_of_length(first_byte, remaining_length)
}

/// The packet without its last `count` bytes, with a Remaining Length that hides it: the last fields
/// are cut, and the stream stays in step.
///
/// ```
/// use pushspec_wire::mqtt::lawless::without_last;
///
/// // PUBACK with half a Packet Identifier.
/// assert_eq!(without_last(&[0x40, 2, 0, 1], 1), [0x40, 1, 0]);
/// ```
pub fn without_last(packet: &[u8], count: usize) -> Vec<u8> {
    let kept = packet.len().saturating_sub(count).max(header_length(packet));
    with_true_length(&packet[..kept])
}

/// The packet with bytes behind its last field, counted by its Remaining Length.
///
/// ```
/// use pushspec_wire::mqtt::lawless::with_trailing;
///
/// assert_eq!(with_trailing(&[0xC0, 0], &[1, 2]), [0xC0, 2, 1, 2]);
/// ```
pub fn with_trailing(packet: &[u8], bytes: &[u8]) -> Vec<u8> {
    with_true_length(&[packet, bytes].concat())
}

/// Length of a packet's fixed header.
///
/// ```
/// use pushspec_wire::mqtt::lawless::header_length;
///
/// assert_eq!(header_length(&[0x30, 0x80, 0x01]), 3);
/// ```
pub fn header_length(packet: &[u8]) -> usize {
    let length = 2 + packet.iter().skip(1).take_while(|byte| **byte & 0x80 != 0).count();
    length.min(packet.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_forms() {
        assert_eq!(Fields::new().long_varint(5, 3).into_bytes(), [0x85, 0x80, 0]);
        assert_eq!(
            Fields::new().packet_with_long_length(0xC0, 5),
            [0xC0, 0x80, 0x80, 0x80, 0x80, 0]
        );
    }

    #[test]
    fn true_length() {
        assert_eq!(with_true_length(&[0x30, 9, 1, 2, 3]), [0x30, 3, 1, 2, 3]);
        assert_eq!(header_length(&[0x30, 0x80, 0x01]), 3);
        assert_eq!(header_length(&[0x30, 0x80]), 2);
    }

    #[test]
    fn altered_packets() {
        let packet = [0x30, 4, 0, 1, b'a', b'!'];
        assert_eq!(with_first_byte(&packet, 0x36), [0x36, 4, 0, 1, b'a', b'!']);
        assert_eq!(with_remaining_length(&packet, 200), [0x30, 200, 1, 0, 1, b'a', b'!']);
        assert_eq!(without_last(&packet, 2), [0x30, 2, 0, 1]);
        assert_eq!(without_last(&packet, 100), [0x30, 0]);
        assert_eq!(with_trailing(&packet, b"?"), [0x30, 5, 0, 1, b'a', b'!', b'?']);
        for nothing in [&[][..], &[0x30], &[0xFF; 9]] {
            with_true_length(nothing);
            without_last(nothing, 1);
            with_remaining_length(nothing, 1);
            with_first_byte(nothing, 1);
        }
    }
}
