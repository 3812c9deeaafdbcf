//! MQTT over WebSocket (5.0 section 6): the WebSocket's binary messages as one stream of bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{ConnectError, Connection, EndpointUrl};

/// Bytes over a WebSocket. Each write becomes one binary message; messages received are joined, since
/// packets need not align with them (MQTT-6.0.0-2).
pub struct WebSocketBytes<S> {
    socket: WebSocketStream<S>,
    unread: Bytes,
}

impl<S> WebSocketBytes<S> {
    /// Takes a WebSocket after its handshake.
    pub const fn new(socket: WebSocketStream<S>) -> Self {
        Self { socket, unread: Bytes::new() }
    }
}

/// Performs the client's handshake, offering the subprotocol `mqtt`.
pub(super) async fn open(
    stream: Connection,
    url: &EndpointUrl,
    headers: &[(String, String)],
) -> Result<Connection, ConnectError> {
    let fail = |reason: String| ConnectError::WebSocket { endpoint: url.to_string(), reason };
    let mut request = format!("ws://{}{}", url.authority(), url.path())
        .into_client_request()
        .map_err(|error| fail(error.to_string()))?;
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", HeaderValue::from_static("mqtt, mqttv3.1"));
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(|error| fail(error.to_string()))?;
        let value = HeaderValue::try_from(value).map_err(|error| fail(error.to_string()))?;
        request.headers_mut().append(name, value);
    }
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((socket, _response)) => Ok(Box::new(WebSocketBytes::new(socket))),
        Err(Error::Http(response)) => Err(fail(format!(
            "the server answered HTTP {} (is `{}` the path that it serves MQTT on?)",
            response.status(),
            url.path()
        ))),
        Err(error) => Err(fail(error.to_string())),
    }
}

fn broken(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::ConnectionClosed | Error::AlreadyClosed => io::ErrorKind::BrokenPipe.into(),
        other => io::Error::other(other),
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WebSocketBytes<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.unread.has_remaining() {
                let count = self.unread.len().min(buffer.remaining());
                buffer.put_slice(&self.unread.split_to(count));
                return Poll::Ready(Ok(()));
            }
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => self.unread = bytes,
                Some(Ok(Message::Text(_))) => {
                    return Poll::Ready(Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "a text frame arrived where MQTT wants binary frames (MQTT-6.0.0-1)",
                    )));
                }
                Some(
                    Ok(Message::Close(_))
                    // A peer that drops the TCP connection without a closing handshake has ended it too.
                    | Err(
                        Error::ConnectionClosed
                        | Error::AlreadyClosed
                        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
                    ),
                )
                | None => return Poll::Ready(Ok(())),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return Poll::Ready(Err(broken(error))),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WebSocketBytes<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(broken)?;
        Pin::new(&mut self.socket)
            .start_send(Message::Binary(Bytes::copy_from_slice(bytes)))
            .map_err(broken)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(broken)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx).map_err(broken)
    }
}
