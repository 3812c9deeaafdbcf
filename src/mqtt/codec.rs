//! The codec for `tokio_util::codec::Framed` (feature `tokio-util`).

use alloc::vec::Vec;

use bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};

use super::framer::cut;
use super::{DecodeError, EncodeError, Frame, Packet, Version};
use crate::codec;

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
/// use pushspec_wire::mqtt::{CodecError, ErrorKind, PacketCodec, Version};
/// use tokio_util::codec::Decoder;
///
/// let mut codec = PacketCodec::new(Version::V5, 100);
/// let error = codec.decode(&mut bytes::BytesMut::from(&[0x30, 100][..])).unwrap_err();
/// let CodecError::Decode(error) = error else { panic!("{error}") };
/// assert_eq!(error.kind, ErrorKind::TooLarge { size: 102, limit: 100 });
/// ```
pub type CodecError = codec::CodecError<DecodeError, EncodeError>;

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
        let refused = |error| CodecError::Decode(error);
        let cut = cut(bytes, self.limit).map_err(|error| refused(error.into()))?;
        let Some(bytes) = cut else { return Ok(None) };
        let frame = Frame::new(&bytes).map_err(|error| refused(error.into()))?;
        let packet = Packet::decode(frame, self.version).map_err(refused)?.into_owned();
        self.adopt(&packet);
        Ok(Some(packet))
    }
}

impl Encoder<&Packet<'_>> for PacketCodec {
    type Error = CodecError;

    fn encode(&mut self, packet: &Packet<'_>, bytes: &mut BytesMut) -> Result<(), CodecError> {
        self.adopt(packet);
        codec::append(&mut self.scratch, bytes, |out| packet.encode(self.version, out))
    }
}
