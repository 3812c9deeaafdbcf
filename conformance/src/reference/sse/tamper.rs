//! Faults of HTTP itself, made beneath the HTTP library, which would not commit them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Fault;

/// What stands for a control character, which the HTTP library would refuse.
pub(super) const CONTROL: &str = "~control~";

/// A connection whose request head or response head is changed on the way. Expects a head to come
/// in one piece, as it does from the clients of a test.
pub(super) struct Tampered<S> {
    stream: S,
    fault: Fault,
    read_began: bool,
    unread: Bytes,
    unwritten: Bytes,
}

impl<S> Tampered<S> {
    /// Whether the fault is made here.
    pub(super) fn concerns(fault: Fault) -> bool {
        matches!(
            fault,
            Fault::HeadWithBody
                | Fault::ChunkedForHttp10
                | Fault::ContentLengthAndChunked
                | Fault::ControlIdIs500
                | Fault::Http2ConnectionField
        )
    }

    pub(super) fn new(stream: S, fault: Fault) -> Self {
        Self { stream, fault, read_began: false, unread: Bytes::new(), unwritten: Bytes::new() }
    }

    /// What the HTTP library is made to believe that the client asked.
    fn request(&self, bytes: &[u8]) -> Vec<u8> {
        match self.fault {
            Fault::HeadWithBody => replaced(bytes, b"HEAD ", b"GET "),
            Fault::ChunkedForHttp10 => {
                replaced(bytes, b" HTTP/1.0\r\n", b" HTTP/1.1\r\nhost: x\r\n")
            }
            Fault::ControlIdIs500 => {
                let bytes = replaced(bytes, b"\x7f", b"");
                replaced(&bytes, b"\x01", CONTROL.as_bytes())
            }
            _ => bytes.to_vec(),
        }
    }

    /// What the client is made to see.
    fn response(&self, bytes: &[u8]) -> Vec<u8> {
        match self.fault {
            Fault::ContentLengthAndChunked => replaced(
                bytes,
                b"transfer-encoding: chunked\r\n",
                b"transfer-encoding: chunked\r\ncontent-length: 100\r\n",
            ),
            Fault::Http2ConnectionField => with_connection_field(bytes),
            _ => bytes.to_vec(),
        }
    }
}

/// With `Connection` in every block of header fields that a frame of HTTP/2 holds (RFC 9113, 4.1 and
/// RFC 7541, 6.2.2). What is no frame stays as it is.
fn with_connection_field(mut bytes: &[u8]) -> Vec<u8> {
    const HEADERS: u8 = 1;
    const FIELD: &[u8] = b"\x00\x0aconnection\x0akeep-alive";
    let mut out = Vec::with_capacity(bytes.len() + FIELD.len());
    while let Some((&[a, b, c, kind, ..], _)) = bytes.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let Some((frame, rest)) = bytes.split_at_checked(9 + length) else { break };
        if kind == HEADERS {
            let longer = ((length + FIELD.len()) as u32).to_be_bytes();
            out.extend_from_slice(&longer[1..]);
            out.extend_from_slice(&frame[3..]);
            out.extend_from_slice(FIELD);
        } else {
            out.extend_from_slice(frame);
        }
        bytes = rest;
    }
    out.extend_from_slice(bytes);
    out
}

/// With the first occurrence of `old` replaced.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    match bytes.windows(old.len()).position(|window| window == old) {
        Some(at) => [&bytes[..at], new, &bytes[at + old.len()..]].concat(),
        None => bytes.to_vec(),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tampered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.read_began {
            let mut bytes = [0; 4096];
            let mut head = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut head))?;
            // The preface of HTTP/2 is binary, and not concerned.
            self.unread = match head.filled() {
                preface if preface.starts_with(b"PRI ") => preface.to_vec().into(),
                head => self.request(head).into(),
            };
            self.read_began = true;
        }
        if self.unread.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let count = self.unread.len().min(buffer.remaining());
        buffer.put_slice(&self.unread.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Tampered<S> {
    fn poll_unwritten(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unwritten.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unwritten))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unwritten.advance(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tampered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_unwritten(cx))?;
        self.unwritten = self.response(bytes).into();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unwritten(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unwritten(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
