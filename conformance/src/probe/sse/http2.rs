//! One exchange over HTTP/2 (RFC 9113): as much of a client as shows every field and frame that a
//! server sends, lenient where a library would refuse. The connection is used for one request.

use loona_hpack::Decoder;
use tokio::time::Instant;

use super::http::Wire;
use super::{Head, Request, Trouble};
use crate::trace::EntryId;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The stream of our one request.
const STREAM: u32 = 1;
/// Largest frame that a server may send, since we announce no other (section 6.5.2).
const FRAME_LIMIT: usize = 16 << 10;
/// Most bytes of a header block.
const BLOCK_LIMIT: usize = 64 << 10;
/// Most fields of a header block.
const FIELD_LIMIT: usize = 128;
/// The table that a server may use to compress fields, since we announce no other (section 6.5.2).
const TABLE_LIMIT: usize = 4096;
/// What a server may send before we acknowledge.
const WINDOW: u32 = 16 << 20;
/// What it may send without being told so.
const DEFAULT_WINDOW: u32 = 65_535;
/// Most interim responses before the final one.
const INTERIM_LIMIT: usize = 8;

mod kind {
    pub(super) const DATA: u8 = 0;
    pub(super) const HEADERS: u8 = 1;
    pub(super) const RST_STREAM: u8 = 3;
    pub(super) const SETTINGS: u8 = 4;
    pub(super) const PUSH_PROMISE: u8 = 5;
    pub(super) const PING: u8 = 6;
    pub(super) const GOAWAY: u8 = 7;
    pub(super) const WINDOW_UPDATE: u8 = 8;
    pub(super) const CONTINUATION: u8 = 9;
}

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// A frame as it came.
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
    bytes: Vec<u8>,
    entry: EntryId,
}

/// A piece of the content, as it came and without its frame, and where that stands in the trace.
pub(super) struct Data {
    pub(super) bytes: Vec<u8>,
    pub(super) content: Vec<u8>,
    pub(super) entry: EntryId,
}

/// A connection with one request on its way.
pub(super) struct Exchange {
    wire: Wire,
    received: Vec<u8>,
    fields: Decoder<'static>,
    began: bool,
    ended: bool,
    unacknowledged: u32,
}

/// What opens the connection and asks. Header fields that the user wants on every request are in
/// `secret`.
pub(super) fn opening(
    request: &Request,
    scheme: &str,
    authority: &str,
    path: &str,
    secret: &[(String, String)],
) -> Vec<u8> {
    let mut block = Vec::new();
    let pseudo = [
        (":method", request.method()),
        (":scheme", scheme),
        (":authority", authority),
        (":path", request.target_or(path)),
    ];
    for (name, value) in pseudo {
        field(name, value.as_bytes(), &mut block);
    }
    for (name, value) in request.headers() {
        field(name, value, &mut block);
    }
    for (name, value) in secret {
        field(name, value.as_bytes(), &mut block);
    }
    let mut out = PREFACE.to_vec();
    let mut settings = Vec::new();
    for (setting, value) in [(2_u16, 0_u32), (4, WINDOW)] {
        settings.extend_from_slice(&setting.to_be_bytes());
        settings.extend_from_slice(&value.to_be_bytes());
    }
    frame(kind::SETTINGS, 0, 0, &settings, &mut out);
    let more = (WINDOW - DEFAULT_WINDOW).to_be_bytes();
    frame(kind::WINDOW_UPDATE, 0, 0, &more, &mut out);
    let body = request.content();
    let end = if body.is_empty() { END_STREAM } else { 0 };
    frame(kind::HEADERS, END_HEADERS | end, STREAM, &block, &mut out);
    let mut parts = body.chunks(FRAME_LIMIT).peekable();
    while let Some(part) = parts.next() {
        let end = if parts.peek().is_none() { END_STREAM } else { 0 };
        frame(kind::DATA, end, STREAM, part, &mut out);
    }
    out
}

/// A field as a literal without indexing (RFC 7541, section 6.2.2): no state to keep.
fn field(name: &str, value: &[u8], out: &mut Vec<u8>) {
    out.push(0);
    for text in [name.to_ascii_lowercase().as_bytes(), value] {
        // An integer with a prefix of 7 bits.
        let mut length = text.len();
        if length < 127 {
            out.push(length as u8);
        } else {
            out.push(127);
            length -= 127;
            while length >= 128 {
                out.push((length % 128) as u8 | 128);
                length /= 128;
            }
            out.push(length as u8);
        }
        out.extend_from_slice(text);
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

impl Exchange {
    /// The opening has been sent.
    pub(super) fn new(wire: Wire) -> Self {
        let mut fields = Decoder::new();
        fields.set_max_allowed_table_size(TABLE_LIMIT);
        Self { wire, received: Vec::new(), fields, began: false, ended: false, unacknowledged: 0 }
    }

    /// Whether the response is complete.
    pub(super) fn is_done(&self) -> bool {
        self.ended
    }

    /// Waits for the head of the final response.
    pub(super) async fn head(&mut self, deadline: Instant) -> Result<Head, Trouble> {
        let awaited = "the head of a response";
        for _ in 0..=INTERIM_LIMIT {
            let first = loop {
                let frame = self.next(deadline, awaited).await?;
                if frame.kind == kind::HEADERS && frame.stream == STREAM {
                    break frame;
                }
            };
            self.ended = first.flags & END_STREAM != 0;
            let (entry, bytes) = (first.entry, first.bytes.clone());
            let headers = self.block(first, deadline, awaited).await?;
            self.wire.note(shown(&headers));
            let status = headers
                .iter()
                .find(|(name, _)| name == ":status")
                .and_then(|(_, value)| std::str::from_utf8(value).ok()?.parse().ok())
                .ok_or_else(|| Trouble::Http2("the response has no :status".to_owned()))?;
            if status / 100 != 1 {
                let headers = headers.into_iter().filter(|(name, _)| !name.starts_with(':'));
                return Ok(Head {
                    version: "HTTP/2",
                    status,
                    reason: String::new(),
                    headers: headers.collect(),
                    entry,
                    bytes,
                });
            }
        }
        Err(Trouble::Http2("interim responses without end".to_owned()))
    }

    /// The next piece of the content; nothing at its end.
    pub(super) async fn data(
        &mut self,
        deadline: Instant,
        awaited: &str,
    ) -> Result<Option<Data>, Trouble> {
        while !self.ended {
            let frame = self.next(deadline, awaited).await?;
            if frame.stream != STREAM {
                continue;
            }
            match frame.kind {
                kind::DATA => {
                    self.ended = frame.flags & END_STREAM != 0;
                    self.acknowledge(frame.payload.len() as u32, deadline).await?;
                    let content = unpadded(frame.flags, &frame.payload)?.to_vec();
                    if !content.is_empty() {
                        let entry = frame.entry;
                        return Ok(Some(Data { bytes: frame.bytes, content, entry }));
                    }
                }
                kind::HEADERS => {
                    self.ended = frame.flags & END_STREAM != 0;
                    self.block(frame, deadline, awaited).await?;
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// The fields of a header block that begins with this frame.
    async fn block(
        &mut self,
        first: Frame,
        deadline: Instant,
        awaited: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, Trouble> {
        let mut block = unpadded(first.flags, &first.payload)?.to_vec();
        if first.flags & PRIORITY != 0 {
            block.drain(..block.len().min(5));
        }
        let mut flags = first.flags;
        while flags & END_HEADERS == 0 {
            let next = self.next(deadline, awaited).await?;
            if next.kind != kind::CONTINUATION || next.stream != first.stream {
                return Err(Trouble::Http2("a header block without its end".to_owned()));
            }
            block.extend_from_slice(&next.payload);
            flags = next.flags;
            if block.len() > BLOCK_LIMIT {
                return Err(Trouble::HeadTooLarge { limit: BLOCK_LIMIT, headers: FIELD_LIMIT });
            }
        }
        self.decoded(&block)
    }

    /// The fields of a whole block. Few bytes can stand for many fields, so what they become is bounded.
    fn decoded(&mut self, block: &[u8]) -> Result<Vec<(String, Vec<u8>)>, Trouble> {
        let mut fields = Vec::new();
        let mut size = 0;
        self.fields
            .decode_with_cb(block, |name, value| {
                size += name.len() + value.len();
                if size <= BLOCK_LIMIT && fields.len() <= FIELD_LIMIT {
                    fields.push((String::from_utf8_lossy(&name).into_owned(), value.into_owned()));
                }
            })
            .map_err(|error| Trouble::Http2(format!("its header block is wrong: {error:?}")))?;
        if size > BLOCK_LIMIT || fields.len() > FIELD_LIMIT {
            return Err(Trouble::HeadTooLarge { limit: BLOCK_LIMIT, headers: FIELD_LIMIT });
        }
        Ok(fields)
    }

    /// The next frame that does not concern the connection alone.
    async fn next(&mut self, deadline: Instant, awaited: &str) -> Result<Frame, Trouble> {
        loop {
            let frame = self.read(deadline, awaited).await?;
            match frame.kind {
                kind::SETTINGS if frame.flags & ACK == 0 => {
                    self.send(kind::SETTINGS, ACK, 0, &[], deadline).await?;
                }
                kind::PING if frame.flags & ACK == 0 => {
                    self.send(kind::PING, ACK, 0, &frame.payload, deadline).await?;
                }
                kind::RST_STREAM if frame.stream == STREAM => {
                    let reason = format!("RST_STREAM, {}", error_code(&frame.payload, 0));
                    return Err(Trouble::Broken { awaited: awaited.to_owned(), reason });
                }
                kind::GOAWAY => {
                    let code = error_code(&frame.payload, 4);
                    if code != "code 0" {
                        let reason = format!("GOAWAY, {code}");
                        return Err(Trouble::Broken { awaited: awaited.to_owned(), reason });
                    }
                }
                kind::PUSH_PROMISE => {
                    return Err(Trouble::Http2("a promise of a push, which we forbid".to_owned()));
                }
                _ => return Ok(frame),
            }
        }
    }

    async fn read(&mut self, deadline: Instant, awaited: &str) -> Result<Frame, Trouble> {
        loop {
            if let Some(frame) = self.parse()? {
                return Ok(frame);
            }
            let bytes = self.wire.read(deadline, awaited).await?;
            if bytes.is_empty() {
                return Err(if self.began {
                    Trouble::ended(awaited)
                } else {
                    Trouble::ended("an answer in HTTP/2")
                });
            }
            self.received.extend_from_slice(&bytes);
        }
    }

    fn parse(&mut self) -> Result<Option<Frame>, Trouble> {
        let Some((&[a, b, c, kind, flags, s0, s1, s2, s3], _)) =
            self.received.split_first_chunk::<9>()
        else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        // The server's preface is a SETTINGS frame (section 3.4).
        if !self.began && (kind != kind::SETTINGS || length > FRAME_LIMIT) {
            let begins = &self.received[..self.received.len().min(60)];
            return Err(Trouble::NotHttp { begins: String::from_utf8_lossy(begins).into_owned() });
        }
        self.began = true;
        if length > FRAME_LIMIT {
            return Err(Trouble::Http2(format!("a frame of {length} bytes")));
        }
        if self.received.len() < 9 + length {
            return Ok(None);
        }
        let rest = self.received.split_off(9 + length);
        let bytes = std::mem::replace(&mut self.received, rest);
        let stream = u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff;
        let summary = format!("{} of {length} bytes", name(kind));
        let entry = self.wire.received(summary, &bytes);
        Ok(Some(Frame { kind, flags, stream, payload: bytes[9..].to_vec(), bytes, entry }))
    }

    /// Lets the server send as much again.
    async fn acknowledge(&mut self, bytes: u32, deadline: Instant) -> Result<(), Trouble> {
        self.unacknowledged += bytes;
        if self.unacknowledged < WINDOW / 4 {
            return Ok(());
        }
        let more = std::mem::take(&mut self.unacknowledged).to_be_bytes();
        for stream in [0, STREAM] {
            self.send(kind::WINDOW_UPDATE, 0, stream, &more, deadline).await?;
        }
        Ok(())
    }

    async fn send(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
        deadline: Instant,
    ) -> Result<(), Trouble> {
        let mut bytes = Vec::new();
        frame(kind, flags, stream, payload, &mut bytes);
        self.wire.sent(name(kind), &bytes);
        self.wire.write(&bytes, deadline).await
    }
}

/// The fields for a reader, who cannot read their coding.
fn shown(fields: &[(String, Vec<u8>)]) -> String {
    let shown = |(name, value): &(String, Vec<u8>)| {
        let value: String = String::from_utf8_lossy(value).chars().take(100).collect();
        format!("{name}: {}", value.escape_debug())
    };
    fields.iter().map(shown).collect::<Vec<_>>().join(" · ")
}

/// Without the padding that its flags tell of.
fn unpadded(flags: u8, payload: &[u8]) -> Result<&[u8], Trouble> {
    if flags & PADDED == 0 {
        return Ok(payload);
    }
    payload
        .split_first()
        .and_then(|(padding, rest)| rest.get(..rest.len().checked_sub((*padding).into())?))
        .ok_or_else(|| Trouble::Http2("more padding than there are bytes".to_owned()))
}

fn error_code(payload: &[u8], at: usize) -> String {
    let code = payload
        .get(at..at + 4)
        .map_or(0, |bytes| bytes.iter().fold(0_u32, |code, byte| code << 8 | u32::from(*byte)));
    format!("code {code}")
}

fn name(kind: u8) -> String {
    let name = match kind {
        kind::DATA => "DATA",
        kind::HEADERS => "HEADERS",
        2 => "PRIORITY",
        kind::RST_STREAM => "RST_STREAM",
        kind::SETTINGS => "SETTINGS",
        kind::PUSH_PROMISE => "PUSH_PROMISE",
        kind::PING => "PING",
        kind::GOAWAY => "GOAWAY",
        kind::WINDOW_UPDATE => "WINDOW_UPDATE",
        kind::CONTINUATION => "CONTINUATION",
        other => return format!("frame {other:#04x}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests;
