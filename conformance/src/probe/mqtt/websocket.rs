//! MQTT over WebSocket as a case scripts it: the handshake and single frames (5.0 section 6).

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use pushspec_wire::mqtt::{Frame, Framer, Packet, Version};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::{ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::protocol::Message as Ws;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as WsFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{Opening, Unmet};
use crate::trace::{EntryId, EntryKind, Recorder};
use crate::transport::{Connection, Upgrade, UpgradeError};

/// The largest packet that is taken.
const LARGEST_PACKET: usize = 1 << 20;

/// How many packets are passed over at most when another one is awaited.
const PASSED_OVER: usize = 100;

/// A WebSocket to a Server.
pub struct WebSocket {
    socket: WebSocketStream<Connection>,
    number: u32,
    trace: Recorder,
    timeout: Duration,
    framer: Framer,
    version: Version,
    /// The kinds of the frames that brought data.
    pub kinds: Vec<&'static str>,
}

/// What came of a handshake.
pub enum Shaken {
    /// The WebSocket is open with this subprotocol, if the server named one.
    Open(Box<WebSocket>, Option<String>),
    /// The server accepted and named a subprotocol that was not offered, or none.
    WrongSubprotocol(String),
}

/// What is wrong with the subprotocol, if that is why the handshake failed.
fn wrong_subprotocol(error: &UpgradeError) -> Option<&'static str> {
    let UpgradeError::WebSocket(error) = error else { return None };
    match &**error {
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
            SubProtocolError::NoSubProtocol,
        )) => Some("no subprotocol is selected"),
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) => {
            Some("a subprotocol is selected that was not offered")
        }
        _ => None,
    }
}

impl WebSocket {
    /// Opens a WebSocket and offers these subprotocols.
    pub async fn open(opening: &Opening, offered: &'static str) -> Result<Shaken, Unmet> {
        let trace = opening.trace.clone();
        let number = trace.connection();
        let unmet = |found: String| Unmet { awaited: "a WebSocket".to_owned(), found };
        let deadline = Instant::now() + opening.timeout;
        let upgrade = opening.connector.upgrade(offered);
        let answer = timeout_at(deadline, upgrade)
            .await
            .map_err(|_| unmet("the handshake was not answered in time".to_owned()))?;
        let note = |text: String| trace.add(number, EntryKind::Opened, text, &[]);
        match answer {
            Ok(Upgrade { socket, subprotocol }) => {
                let selected = subprotocol.as_deref().unwrap_or("none");
                note(format!("WebSocket, offering {offered}: {selected} is selected"));
                let socket = Self {
                    socket,
                    number,
                    timeout: opening.timeout,
                    framer: Framer::new(LARGEST_PACKET),
                    version: opening.packet.version,
                    kinds: Vec::new(),
                    trace,
                };
                Ok(Shaken::Open(Box::new(socket), subprotocol))
            }
            Err(error) => match wrong_subprotocol(&error) {
                Some(found) => {
                    note(format!("WebSocket, offering {offered}: {found}"));
                    Ok(Shaken::WrongSubprotocol(found.to_owned()))
                }
                None => Err(unmet(error.to_string())),
            },
        }
    }

    /// Sends bytes in one binary frame.
    pub async fn send(&mut self, bytes: &[u8], meant: &str) {
        self.trace.add(self.number, EntryKind::Sent, format!("{meant}, in a binary frame"), bytes);
        self.send_frame(Ws::Binary(Bytes::copy_from_slice(bytes))).await;
    }

    /// Sends bytes as one binary message in two frames.
    pub async fn send_fragmented(&mut self, bytes: &[u8], meant: &str) {
        self.trace.add(
            self.number,
            EntryKind::Sent,
            format!("{meant}, as one message in two frames"),
            bytes,
        );
        let (first, second) = bytes.split_at(bytes.len() / 2);
        let first = WsFrame::message(first.to_vec(), OpCode::Data(Data::Binary), false);
        let second = WsFrame::message(second.to_vec(), OpCode::Data(Data::Continue), true);
        self.send_frame(Ws::Frame(first)).await;
        self.send_frame(Ws::Frame(second)).await;
    }

    /// Sends bytes in one text frame.
    pub async fn send_text(&mut self, bytes: &[u8], meant: &str) -> EntryId {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let entry = self.trace.add(
            self.number,
            EntryKind::Sent,
            format!("{meant}, in a text frame"),
            bytes,
        );
        self.send_frame(Ws::Text(text.into())).await;
        entry
    }

    async fn send_frame(&mut self, frame: Ws) {
        let deadline = Instant::now() + self.timeout;
        // That the connection is gone is seen at the next wait.
        let _ = timeout_at(deadline, self.socket.send(frame)).await;
    }

    /// Awaits the next packet; none, once the connection has ended.
    pub async fn packet(&mut self) -> Result<Option<Packet<'static>>, Unmet> {
        let unmet = |found: &str| Unmet { awaited: "a packet".to_owned(), found: found.to_owned() };
        let deadline = Instant::now() + self.timeout;
        loop {
            if let Some(bytes) =
                self.framer.next_packet().map_err(|_| unmet("what came is not MQTT"))?
            {
                let frame = Frame::new(&bytes).map_err(|_| unmet("what came is not MQTT"))?;
                let packet = Packet::decode(frame, self.version)
                    .map_err(|_| unmet("a malformed packet came"))?
                    .into_owned();
                self.trace.add(self.number, EntryKind::Received, packet.to_string(), &bytes);
                return Ok(Some(packet));
            }
            let next = timeout_at(deadline, self.socket.next());
            match next.await.map_err(|_| unmet("nothing came in time"))? {
                Some(Ok(Ws::Binary(bytes))) => {
                    self.kinds.push("binary");
                    self.framer.push(&bytes);
                }
                Some(Ok(Ws::Text(text))) => {
                    self.kinds.push("text");
                    self.framer.push(text.as_bytes());
                }
                Some(Ok(Ws::Ping(_) | Ws::Pong(_) | Ws::Frame(_))) => {}
                Some(Ok(Ws::Close(_)) | Err(_)) | None => {
                    let text = "the WebSocket was closed";
                    self.trace.add(self.number, EntryKind::Closed, text, &[]);
                    return Ok(None);
                }
            }
        }
    }

    /// Awaits this packet, whatever comes before it.
    pub async fn await_where<T>(
        &mut self,
        awaited: &str,
        wanted: impl Fn(Packet<'static>) -> Option<T>,
    ) -> Result<T, Unmet> {
        let unmet = |found: String| Unmet { awaited: awaited.to_owned(), found };
        for _ in 0..PASSED_OVER {
            match self.packet().await {
                Ok(Some(packet)) => {
                    if let Some(found) = wanted(packet) {
                        return Ok(found);
                    }
                }
                Ok(None) => return Err(unmet("the connection was closed".to_owned())),
                Err(error) => return Err(unmet(error.found)),
            }
        }
        Err(unmet(format!("{PASSED_OVER} other packets came")))
    }

    /// CONNECT in one frame, and its CONNACK.
    pub async fn connect(&mut self, opening: &Opening) -> Result<(), Unmet> {
        self.send(&opening.bytes(), "CONNECT").await;
        self.accepted().await
    }

    /// Awaits a CONNACK that accepts.
    pub async fn accepted(&mut self) -> Result<(), Unmet> {
        self.await_where("CONNACK with success", |packet| match packet {
            Packet::ConnAck(connack) if connack.reason.0 == 0 => Some(()),
            _ => None,
        })
        .await
    }

    /// PINGREQ and its answer.
    pub async fn ping(&mut self) -> Result<(), Unmet> {
        self.send(&[0xC0, 0], "PINGREQ").await;
        self.pingresp().await
    }

    /// Awaits PINGRESP.
    pub async fn pingresp(&mut self) -> Result<(), Unmet> {
        self.await_where("PINGRESP", |packet| matches!(packet, Packet::PingResp(_)).then_some(()))
            .await
    }
}
