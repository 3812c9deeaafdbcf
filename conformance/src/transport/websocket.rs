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
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{ConnectError, Connection, EndpointUrl};

/// Bytes over a WebSocket. Each write becomes one binary message; messages received are joined, since
/// packets need not align with them (MQTT-6.0.0-2).
pub struct WebSocketBytes<S> {
    socket: WebSocketStream<S>,
    unread: Bytes,
    text: TextFrames,
}

/// What is done with text frames, which MQTT does not have (MQTT-6.0.0-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TextFrames {
    /// They end the connection.
    #[default]
    Refused,
    /// They are taken like binary ones, which is wrong.
    Taken,
    /// They are sent in the place of binary ones where that is possible, which is wrong.
    Sent,
}

/// An open WebSocket and the subprotocol that the server selected.
pub struct Upgrade {
    /// The WebSocket.
    pub socket: WebSocketStream<Connection>,
    /// Its subprotocol.
    pub subprotocol: Option<String>,
}

/// Why a WebSocket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// There is no connection for it.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A header of the user's cannot be sent.
    #[error("{0}")]
    Header(String),
    /// The handshake failed.
    #[error(transparent)]
    WebSocket(Box<Error>),
}

impl<S> WebSocketBytes<S> {
    /// Takes a WebSocket after its handshake.
    pub const fn new(socket: WebSocketStream<S>) -> Self {
        Self { socket, unread: Bytes::new(), text: TextFrames::Refused }
    }

    /// As [`Self::new`], with text frames treated like this.
    pub const fn with_text_frames(socket: WebSocketStream<S>, text: TextFrames) -> Self {
        Self { socket, unread: Bytes::new(), text }
    }
}

/// Performs the client's handshake, offering the subprotocol `mqtt` alone: there are servers that
/// repeat a list instead of selecting from it, and a case of its own judges them.
pub(super) async fn open(
    stream: Connection,
    url: &EndpointUrl,
    headers: &[(String, String)],
) -> Result<Connection, ConnectError> {
    let reason = match upgrade(stream, url, headers, "mqtt").await {
        Ok(upgrade) => return Ok(Box::new(WebSocketBytes::new(upgrade.socket))),
        Err(UpgradeError::Connect(error)) => return Err(error),
        Err(UpgradeError::Header(reason)) => reason,
        Err(UpgradeError::WebSocket(error)) => match *error {
            Error::Http(response) => format!(
                "the server answered HTTP {} (is `{}` the path that it serves MQTT on?)",
                response.status(),
                url.path()
            ),
            error => error.to_string(),
        },
    };
    Err(ConnectError::WebSocket { endpoint: url.to_string(), reason })
}

/// Performs the client's handshake, offering these subprotocols; none, if there is no text.
pub(super) async fn upgrade(
    stream: Connection,
    url: &EndpointUrl,
    headers: &[(String, String)],
    offered: &'static str,
) -> Result<Upgrade, UpgradeError> {
    let failed = |error: Error| UpgradeError::WebSocket(Box::new(error));
    let mut request =
        format!("ws://{}{}", url.authority(), url.path()).into_client_request().map_err(failed)?;
    if !offered.is_empty() {
        let offered = HeaderValue::from_static(offered);
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, offered);
    }
    for (name, value) in headers {
        let name =
            HeaderName::try_from(name).map_err(|error| UpgradeError::Header(error.to_string()))?;
        let value = HeaderValue::try_from(value)
            .map_err(|error| UpgradeError::Header(error.to_string()))?;
        request.headers_mut().append(name, value);
    }
    let (socket, response) =
        tokio_tungstenite::client_async(request, stream).await.map_err(failed)?;
    let subprotocol = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
    let subprotocol = subprotocol.and_then(|name| name.to_str().ok()).map(str::to_owned);
    Ok(Upgrade { socket, subprotocol })
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
                Some(Ok(Message::Text(text))) if self.text == TextFrames::Taken => {
                    self.unread = text.into();
                }
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
        let message = match std::str::from_utf8(bytes) {
            Ok(text) if self.text == TextFrames::Sent => Message::Text(text.into()),
            _ => Message::Binary(Bytes::copy_from_slice(bytes)),
        };
        Pin::new(&mut self.socket).start_send(message).map_err(broken)?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(broken)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx).map_err(broken)
    }
}
