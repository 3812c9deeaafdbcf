//! What is wrong with bytes, and where.

use super::ReasonCode;

/// Why bytes are not a conforming packet.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DecodeError {
    /// Offset of the offending byte from the first byte of the packet.
    pub offset: usize,
    /// The field in the spec's own words, such as "Topic Name".
    pub field: &'static str,
    /// What is wrong with it.
    pub kind: ErrorKind,
    /// The requirement that it breaks, such as `MQTT-3.3.1-4`, or a section number where none is numbered.
    pub requirement: &'static str,
    /// The reason code with which a receiver (5.0) answers.
    pub reason: ReasonCode,
}

/// What is wrong with a field.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The packet ends before the field does.
    Truncated,
}

/// Why a typed packet cannot be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct EncodeError;

/// Why a stream of bytes cannot be cut into packets.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FrameError {
    /// The Remaining Length has a fifth byte (5.0 section 1.5.5).
    RemainingLengthMalformed,
    /// The packet is larger than the configured limit.
    TooLarge {
        /// Size of the whole packet in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
}
