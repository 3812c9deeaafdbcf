//! The codec for `tokio_util::codec` (feature `tokio-util`).

use alloc::vec::Vec;

use bytes::{Buf, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use super::{DecodeError, EncodeError, Event, EventDecoder, Limits, MessageEvent};
use crate::codec;

/// The events of one response body, for `tokio_util::codec::FramedRead` and `FramedWrite`.
///
/// The end of the body throws away the block that is open, as clients do.
///
/// ```
/// use bytes::BytesMut;
/// use pushspec_wire::sse::{Event, EventCodec};
/// use tokio_util::codec::{Decoder, Encoder};
///
/// let mut codec = EventCodec::default();
/// let mut body = BytesMut::new();
/// codec.encode(&Event::data("hello"), &mut body)?;
/// assert_eq!(&body[..], b"data: hello\n\n");
/// assert_eq!(codec.decode(&mut body)?.map(|event| event.data), Some("hello".into()));
/// # Ok::<(), pushspec_wire::sse::CodecError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct EventCodec {
    decoder: EventDecoder,
    /// Where events are written before they are appended.
    scratch: Vec<u8>,
}

/// Why a body cannot go on.
///
/// ```
/// use pushspec_wire::sse::{CodecError, EventCodec, Limits};
/// use tokio_util::codec::Decoder;
///
/// let mut codec = EventCodec::new(Limits { line: 4, ..Limits::default() });
/// let error = codec.decode(&mut bytes::BytesMut::from("data: too long\n")).unwrap_err();
/// assert!(matches!(error, CodecError::Decode(_)));
/// ```
pub type CodecError = codec::CodecError<DecodeError, EncodeError>;

impl EventCodec {
    /// A codec whose decoder has its own limits.
    pub fn new(limits: Limits) -> Self {
        Self { decoder: EventDecoder::new(limits), scratch: Vec::new() }
    }

    /// What is known beside the events: the last event ID and the reconnection time.
    pub const fn decoder(&self) -> &EventDecoder {
        &self.decoder
    }
}

impl Decoder for EventCodec {
    type Item = MessageEvent<'static>;
    type Error = CodecError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, CodecError> {
        let mut rest = &bytes[..];
        let event = self.decoder.next_event(&mut rest).map_err(CodecError::Decode)?;
        let event = event.map(MessageEvent::into_owned);
        let taken = bytes.len() - rest.len();
        bytes.advance(taken);
        Ok(event)
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, CodecError> {
        self.decode(bytes)
    }
}

impl Encoder<&Event> for EventCodec {
    type Error = CodecError;

    fn encode(&mut self, event: &Event, body: &mut BytesMut) -> Result<(), CodecError> {
        codec::append(&mut self.scratch, body, |out| event.encode(out))
    }
}
