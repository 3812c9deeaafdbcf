//! The fixed header and the cutting of a byte stream into packets (5.0 section 2.1).

use super::FrameError;
use bytes::Bytes;

/// One whole packet: first byte, Remaining Length, body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    header: usize,
}

impl<'a> Frame<'a> {
    /// Takes exactly one packet's bytes.
    pub fn new(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let _ = bytes;
        todo!()
    }

    /// The packet's first byte: type and flags.
    pub fn first_byte(&self) -> u8 {
        self.bytes[0]
    }

    /// What follows the Remaining Length.
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[self.header..]
    }

    /// The whole packet.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Cuts a stream that arrives in arbitrary chunks into packets. Holds at most one packet of `limit`
/// bytes and the chunk pushed last.
#[derive(Debug)]
pub struct Framer {
    limit: usize,
}

impl Framer {
    /// A framer that refuses packets of more than `limit` bytes in total.
    pub fn new(limit: usize) -> Self {
        Self { limit }
    }

    /// Appends what arrived.
    pub fn push(&mut self, chunk: &[u8]) {
        let _ = (chunk, self.limit);
        todo!()
    }

    /// The next whole packet, if it has arrived. After an error the stream cannot be resynchronised:
    /// the same error comes again.
    pub fn next_packet(&mut self) -> Result<Option<Bytes>, FrameError> {
        todo!()
    }

    /// Bytes that have arrived and are not part of a whole packet yet.
    pub fn pending(&self) -> &[u8] {
        todo!()
    }
}
