//! The codec for `tokio_util::codec::Framed` (feature `tokio-util`).

use alloc::vec::Vec;
use std::io;

use bytes::BytesMut;
use thiserror::Error;
use tokio_util::codec::{Decoder, Encoder};

use super::framer::cut;
use super::{DecodeError, EncodeError, Frame, FrameError, Packet, Version};

/// Packets of one connection, for `tokio_util::codec::Framed`.
///
/// The version is that of the CONNECT that goes over the connection, in whichever direction; until then
/// it is the one given here. After an error the stream cannot be resynchronised.
///
/// ```
/// use bytes::BytesMut;
/// use pushspec_wire::mqtt::{Packet, PacketCodec, PingReq, Version};
/// use tokio_util::codec::{Decoder, Encoder};
///
/// let mut codec = PacketCodec::new(Version::V5, 1 << 20);
/// let mut bytes = BytesMut::new();
/// codec.encode(&Packet::PingReq(PingReq), &mut bytes)?;
/// assert_eq!(bytes[..], [0xC0, 0]);
/// assert_eq!(codec.decode(&mut bytes)?, Some(Packet::PingReq(PingReq)));
/// assert_eq!(codec.decode(&mut bytes)?, None);
/// # Ok::<(), pushspec_wire::mqtt::CodecError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PacketCodec {
    version: Version,
    limit: usize,
    /// Where packets are written before they are appended.
    scratch: Vec<u8>,
}

/// Why a connection cannot go on.
///
/// ```
/// use pushspec_wire::mqtt::{CodecError, PacketCodec, Version};
/// use tokio_util::codec::Decoder;
///
/// let mut codec = PacketCodec::new(Version::V5, 100);
/// let error = codec.decode(&mut bytes::BytesMut::from(&[0xC1, 0][..])).unwrap_err();
/// assert!(matches!(error, CodecError::Decode(_)));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The connection itself failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The bytes cannot be cut into packets.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A packet does not conform.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A packet cannot be sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl PacketCodec {
    /// A codec that refuses packets of more than `limit` bytes in total.
    pub const fn new(version: Version, limit: usize) -> Self {
        Self { version, limit, scratch: Vec::new() }
    }

    /// The version whose rules hold now.
    pub const fn version(&self) -> Version {
        self.version
    }

    fn adopt(&mut self, packet: &Packet<'_>) {
        if let Packet::Connect(connect) = packet {
            self.version = connect.version;
        }
    }
}

impl Decoder for PacketCodec {
    type Item = Packet<'static>;
    type Error = CodecError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, CodecError> {
        let Some(bytes) = cut(bytes, self.limit)? else { return Ok(None) };
        let packet = Packet::decode(Frame::new(&bytes)?, self.version)?.into_owned();
        self.adopt(&packet);
        Ok(Some(packet))
    }
}

impl Encoder<&Packet<'_>> for PacketCodec {
    type Error = CodecError;

    fn encode(&mut self, packet: &Packet<'_>, bytes: &mut BytesMut) -> Result<(), CodecError> {
        self.adopt(packet);
        self.scratch.clear();
        packet.encode(self.version, &mut self.scratch)?;
        bytes.extend_from_slice(&self.scratch);
        Ok(())
    }
}
