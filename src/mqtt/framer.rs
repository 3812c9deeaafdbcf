//! The fixed header and the cutting of a byte stream into packets (5.0 section 2.1).

use bytes::{Bytes, BytesMut};
use nom::Parser;
use nom::number::streaming::be_u8;
use nom::sequence::preceded;

use super::{FrameError, variable};

/// One whole packet: first byte, Remaining Length, body.
///
/// ```
/// use pushspec_wire::mqtt::{Frame, FrameError};
///
/// let frame = Frame::new(&[0x40, 2, 0, 1])?;
/// assert_eq!((frame.first_byte(), frame.body()), (0x40, &[0, 1][..]));
/// assert_eq!(Frame::new(&[0x40, 2, 0]), Err(FrameError::NotOnePacket));
/// # Ok::<(), FrameError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    header: usize,
}

impl<'a> Frame<'a> {
    /// Takes exactly one packet's bytes.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Result<Self, FrameError> {
        match header(bytes)? {
            Some((header, remaining)) if header + remaining == bytes.len() => {
                Ok(Self { bytes, header })
            }
            _ => Err(FrameError::NotOnePacket),
        }
    }

    /// The packet that these bytes begin with, or what there is of it, and how many of its bytes are
    /// missing. Nothing while its fixed header is not whole.
    pub(super) fn beginning(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, FrameError> {
        Ok(header(bytes)?.map(|(header, remaining)| {
            let size = header + remaining;
            let there = size.min(bytes.len());
            (Self { bytes: &bytes[..there], header }, size - there)
        }))
    }

    /// Length of the fixed header.
    pub(super) const fn header_length(&self) -> usize {
        self.header
    }

    /// Takes the first packet off the front of bytes that may hold several, and gives what follows it;
    /// nothing while it is not whole. For bytes that arrive in chunks there is [`Framer`].
    ///
    /// ```
    /// use pushspec_wire::mqtt::Frame;
    ///
    /// let (ping, rest) = Frame::split(&[0xC0, 0, 0xD0])?.unwrap();
    /// assert_eq!(ping.bytes(), [0xC0, 0]);
    /// assert_eq!(Frame::split(rest)?, None);
    /// # Ok::<(), pushspec_wire::mqtt::FrameError>(())
    /// ```
    #[inline]
    pub fn split(bytes: &'a [u8]) -> Result<Option<(Self, &'a [u8])>, FrameError> {
        let Some((header, remaining)) = header(bytes)? else { return Ok(None) };
        let whole = bytes.split_at_checked(header + remaining);
        Ok(whole.map(|(bytes, rest)| (Self { bytes, header }, rest)))
    }

    /// The packet's first byte: type and flags.
    #[inline]
    pub fn first_byte(&self) -> u8 {
        self.bytes[0]
    }

    /// The flags: bits 3-0 of the first byte.
    #[inline]
    pub fn flags(&self) -> u8 {
        self.bytes[0] & 0x0F
    }

    /// What follows the Remaining Length.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[self.header..]
    }

    /// The whole packet.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the Remaining Length takes no more bytes than it needs (MQTT-1.5.5-1).
    #[inline]
    pub fn length_is_minimal(&self) -> bool {
        self.header == 2 || self.bytes[self.header - 1] != 0
    }
}

/// Length of the fixed header and the Remaining Length, once both have arrived.
#[inline]
fn header(bytes: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
    // Most packets are short.
    match bytes {
        [_, remaining @ ..0x80, ..] => Ok(Some((2, usize::from(*remaining)))),
        [_, low, high @ ..0x80, ..] => {
            Ok(Some((3, usize::from(*high) << 7 | usize::from(low & 0x7F))))
        }
        _ => long_header(bytes),
    }
}

fn long_header(bytes: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
    match preceded(be_u8, variable::parse).parse(bytes) {
        Ok((rest, remaining)) => Ok(Some((bytes.len() - rest.len(), remaining as usize))),
        Err(error) if error.is_incomplete() => Ok(None),
        Err(_) => Err(FrameError::RemainingLengthMalformed),
    }
}

/// Cuts a stream that arrives in arbitrary chunks into packets. Between calls it holds what has been
/// pushed and not yet taken; of a packet that exceeds the limit it holds no more than the header and
/// the chunk that completed that.
///
/// ```
/// use pushspec_wire::mqtt::Framer;
///
/// let mut framer = Framer::new(1024);
/// framer.push(&[0xC0]);
/// assert_eq!(framer.next_packet(), Ok(None));
/// framer.push(&[0x00, 0xD0, 0x00]);
/// assert_eq!(framer.next_packet().unwrap().unwrap()[..], [0xC0, 0x00]);
/// assert_eq!(framer.next_packet().unwrap().unwrap()[..], [0xD0, 0x00]);
/// ```
#[derive(Debug)]
pub struct Framer {
    limit: usize,
    buffer: BytesMut,
    failed: Option<FrameError>,
}

impl Framer {
    /// A framer that refuses packets of more than `limit` bytes in total.
    pub fn new(limit: usize) -> Self {
        Self { limit, buffer: BytesMut::new(), failed: None }
    }

    /// Appends what arrived. After an error nothing more is kept.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// The next whole packet, if it has arrived. After an error the stream cannot be resynchronised:
    /// the same error comes again.
    pub fn next_packet(&mut self) -> Result<Option<Bytes>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match cut(&mut self.buffer, self.limit) {
            Ok(packet) => Ok(packet),
            Err(error) => {
                self.failed = Some(error);
                Err(error)
            }
        }
    }

    /// Bytes that have arrived and are not part of a whole packet yet.
    pub fn pending(&self) -> &[u8] {
        &self.buffer
    }
}

/// Takes the first packet off a buffer, once it is whole.
pub(super) fn cut(buffer: &mut BytesMut, limit: usize) -> Result<Option<Bytes>, FrameError> {
    let Some((header, remaining)) = header(buffer)? else { return Ok(None) };
    let size = header + remaining;
    if size > limit {
        return Err(FrameError::TooLarge { size, limit });
    }
    if buffer.len() < size {
        return Ok(None);
    }
    Ok(Some(buffer.split_to(size).freeze()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn errors_come_again() {
        let mut framer = Framer::new(100);
        framer.push(&[0x30, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(framer.next_packet(), Err(FrameError::RemainingLengthMalformed));
        framer.push(&[0xC0, 0x00]);
        assert_eq!(framer.next_packet(), Err(FrameError::RemainingLengthMalformed));
    }

    #[test]
    fn the_limit_counts_the_whole_packet() {
        let mut framer = Framer::new(4);
        framer.push(&[0x30, 2, 0, 0, 0x30, 3]);
        assert_eq!(framer.next_packet().unwrap().unwrap().len(), 4);
        assert_eq!(framer.next_packet(), Err(FrameError::TooLarge { size: 5, limit: 4 }));
    }

    #[test]
    fn a_frame_is_exactly_one_packet() {
        assert!(Frame::new(&[0xC0, 0]).is_ok());
        for bytes in [&[][..], &[0xC0], &[0xC0, 0, 0], &[0x30, 2, 0]] {
            assert_eq!(Frame::new(bytes), Err(FrameError::NotOnePacket));
        }
    }

    #[test]
    fn longer_lengths_than_needed_are_seen() {
        assert!(Frame::new(&[0xC0, 0]).unwrap().length_is_minimal());
        assert!(!Frame::new(&[0xC0, 0x80, 0]).unwrap().length_is_minimal());
    }
    /// Would not end in our lifetime if each packet moved what follows it.
    #[test]
    #[cfg_attr(miri, ignore = "takes Miri too long")]
    fn work_is_linear_in_the_bytes() {
        let mut framer = Framer::new(1 << 22);
        framer.push(&[0xC0, 0].repeat(1 << 20));
        for _ in 0..1 << 20 {
            assert!(framer.next_packet().unwrap().is_some());
        }
        framer.push(&[0x30, 0x80, 0x80, 0x80, 0x01]);
        for _ in 0..1 << 21 {
            assert_eq!(framer.next_packet(), Ok(None));
            framer.push(&[0]);
        }
        assert_eq!(framer.next_packet().unwrap().unwrap().len(), (1 << 21) + 5);
        assert!(framer.pending().is_empty());
    }

    #[test]
    fn memory_is_bounded_by_what_waits() {
        let mut framer = Framer::new(1000);
        let packet = [&[0x30, 98][..], &[0; 98]].concat();
        // Miri takes long.
        let rounds = if cfg!(miri) { 100 } else { 10_000 };
        for _ in 0..rounds {
            for chunk in packet.chunks(64) {
                framer.push(chunk);
                while framer.next_packet().unwrap().is_some() {}
            }
        }
        assert!(framer.buffer.capacity() <= 4096, "{}", framer.buffer.capacity());

        // A header that promises too much is refused before its body is kept.
        framer.push(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F]);
        assert!(framer.next_packet().is_err());
        for _ in 0..rounds {
            framer.push(&packet);
        }
        assert!(framer.buffer.capacity() <= 4096);
    }
}
