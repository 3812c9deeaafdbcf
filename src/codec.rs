//! What the codecs beneath `tokio_util::codec::Framed` have in common (feature `tokio-util`):
//! [`mqtt::PacketCodec`](crate::mqtt::PacketCodec) and [`sse::EventCodec`](crate::sse::EventCodec).

use std::io;

use alloc::vec::Vec;
use bytes::BytesMut;
use thiserror::Error;

/// Why a stream cannot go on.
///
/// ```
/// use pushspec_wire::codec::CodecError;
/// use pushspec_wire::mqtt::{PacketCodec, Version};
/// use tokio_util::codec::Decoder;
///
/// let mut codec = PacketCodec::new(Version::V5, 100);
/// let error = codec.decode(&mut bytes::BytesMut::from(&[0xC1, 0][..])).unwrap_err();
/// assert!(matches!(error, CodecError::Decode(_)));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CodecError<D, E> {
    /// The connection itself failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What arrived does not conform, or exceeds a limit.
    #[error("{0}")]
    Decode(#[source] D),
    /// What was to be sent cannot be written.
    #[error("{0}")]
    Encode(#[source] E),
}

/// Writes into a buffer that is used again and again, and appends that.
pub(crate) fn append<D, E>(
    scratch: &mut Vec<u8>,
    bytes: &mut BytesMut,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), CodecError<D, E>> {
    scratch.clear();
    write(scratch).map_err(CodecError::Encode)?;
    bytes.extend_from_slice(scratch);
    Ok(())
}
