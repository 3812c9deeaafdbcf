//! One connection to a Server, as a case scripts it.

mod exchange;

use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use pushspec_wire::mqtt::{ConnAck, Disconnect, Packet, PacketId, Version};
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::incoming::{Incoming, Unread, read, weight};
use super::{Arrival, End, Residue, Unmet, Watch};
use crate::trace::{EntryId, EntryKind, Recorder};
use crate::transport::{Connection, Connector};

/// A connection to a Server. It sends what it is told, legal or not, and acknowledges only what the
/// case acknowledges. Dropping it closes the network connection without DISCONNECT.
pub struct Client {
    number: u32,
    version: Version,
    trace: Recorder,
    residue: Residue,
    watch: Watch,
    timeout: Duration,
    writer: Option<WriteHalf<Connection>>,
    incoming: mpsc::UnboundedReceiver<Incoming>,
    unread: Unread,
    /// Arrived and passed over by waits for something else.
    waiting: VecDeque<Arrival>,
    end: Option<(End, Instant)>,
    last_id: u16,
}

/// Something that arrived, with its place in the trace.
#[derive(Clone, Debug)]
pub struct Received<T> {
    /// What arrived.
    pub packet: T,
    /// Its place in the trace.
    pub entry: EntryId,
    /// Its bytes.
    pub bytes: Bytes,
    /// When it arrived.
    pub at: Instant,
}

impl<T> Deref for Received<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.packet
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Client {
    /// Opens the network connection.
    pub(super) async fn open(
        connector: &Connector,
        version: Version,
        trace: Recorder,
        timeout: Duration,
        residue: Residue,
        watch: Watch,
    ) -> Result<Self, Unmet> {
        let number = trace.connection();
        let stream = connector.connect(timeout).await.map_err(|error| {
            trace.add(number, EntryKind::Closed, error.to_string(), &[]);
            Unmet { awaited: "a network connection".to_owned(), found: error.to_string() }
        })?;
        trace.add(
            number,
            EntryKind::Opened,
            format!("network connection, for MQTT {version}"),
            &[],
        );
        watch.opened(number, version);
        let (reader, writer) = tokio::io::split(stream);
        let unread = Unread::default();
        let incoming =
            read(reader, version, number, (trace.clone(), watch.clone()), Arc::clone(&unread));
        Ok(Self {
            number,
            version,
            trace,
            residue,
            watch,
            timeout,
            writer: Some(writer),
            incoming,
            unread,
            waiting: VecDeque::new(),
            end: None,
            last_id: 0,
        })
    }

    /// The number of the connection in the trace.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// A Packet Identifier that this connection has not used yet.
    pub const fn fresh_id(&mut self) -> PacketId {
        self.last_id = if self.last_id == u16::MAX { 1 } else { self.last_id + 1 };
        match PacketId::new(self.last_id) {
            Some(id) => id,
            None => PacketId::MIN,
        }
    }

    // ===== Sending =====

    /// Sends a packet. That the connection is gone is no error here: what the case awaits next tells.
    pub async fn send(&mut self, packet: Packet<'_>) {
        if let Packet::Publish(publish) = &packet {
            self.residue.note_publish(publish);
        }
        let mut bytes = Vec::new();
        let summary = match packet.encode(self.version, &mut bytes) {
            Ok(()) => packet.to_string(),
            Err(error) => {
                // A case of ours that builds a packet its version has not.
                self.trace.add(self.number, EntryKind::Note, format!("not sent: {error}"), &[]);
                return;
            }
        };
        self.write(&bytes, summary).await;
    }

    /// Sends bytes as they are, and says in the trace what they are meant to be. Returns their place
    /// in the trace, for marks.
    pub async fn send_raw(&mut self, bytes: &[u8], meant: impl Into<String>) -> EntryId {
        self.write(bytes, meant.into()).await
    }

    async fn write(&mut self, bytes: &[u8], summary: String) -> EntryId {
        let entry = self.trace.add(self.number, EntryKind::Sent, summary, bytes);
        self.watch.sending(self.number, bytes);
        let deadline = Instant::now() + self.timeout;
        if let Some(writer) = &mut self.writer {
            let write = async {
                writer.write_all(bytes).await?;
                writer.flush().await
            };
            let failed = match timeout_at(deadline, write).await {
                Ok(Ok(())) => return entry,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the target does not read".to_owned(),
            };
            self.trace.add(
                self.number,
                EntryKind::Note,
                format!("not all was sent: {failed}"),
                &[],
            );
        }
        entry
    }

    // ===== Awaiting =====

    /// The next arrival that `wanted` takes, within the reply deadline. Others wait for later.
    pub async fn await_where<T>(
        &mut self,
        awaited: &str,
        wanted: impl FnMut(&Arrival) -> Option<T>,
    ) -> Result<Received<T>, Unmet> {
        let deadline = Instant::now() + self.timeout;
        self.await_until(awaited, deadline, wanted).await
    }

    /// The next arrival that `wanted` takes, before `deadline`.
    pub async fn await_until<T>(
        &mut self,
        awaited: &str,
        deadline: Instant,
        mut wanted: impl FnMut(&Arrival) -> Option<T>,
    ) -> Result<Received<T>, Unmet> {
        let mut passed_over = self.waiting.len();
        for index in 0..passed_over {
            if let Some(packet) = wanted(&self.waiting[index]) {
                return Ok(self.take(index, packet));
            }
        }
        let unmet = |found: String| Unmet { awaited: awaited.to_owned(), found };
        loop {
            if let Some((end, _)) = &self.end {
                return Err(unmet(self.instead(end, passed_over)));
            }
            match timeout_at(deadline, self.incoming.recv()).await {
                Ok(Some(Incoming::Arrival(arrival))) => {
                    self.waiting.push_back(arrival);
                    if let Some(packet) = wanted(&self.waiting[passed_over]) {
                        return Ok(self.take(passed_over, packet));
                    }
                    passed_over += 1;
                }
                Ok(Some(Incoming::End(end, at))) => self.end = Some((end, at)),
                Ok(None) => self.end = Some((End::Closed, Instant::now())),
                Err(_) => {
                    self.trace.add(
                        self.number,
                        EntryKind::Waited,
                        format!("waited for {awaited}"),
                        &[],
                    );
                    let found = match self.last_passed_over(passed_over) {
                        Some(last) => format!("{last} came instead, and nothing else in time"),
                        None => "nothing came in time".to_owned(),
                    };
                    return Err(unmet(found));
                }
            }
        }
    }

    fn take<T>(&mut self, index: usize, packet: T) -> Received<T> {
        let Some(arrival) = self.waiting.remove(index) else {
            unreachable!("the index was found in the queue just before");
        };
        self.unread.fetch_sub(weight(&arrival.bytes), Ordering::Relaxed);
        Received { packet, entry: arrival.entry, bytes: arrival.bytes, at: arrival.at }
    }

    fn instead(&self, end: &End, passed_over: usize) -> String {
        match self.last_passed_over(passed_over) {
            Some(last) => format!("{last} came and {end}"),
            None => end.to_string(),
        }
    }

    fn last_passed_over(&self, passed_over: usize) -> Option<String> {
        let last = self.waiting.get(passed_over.checked_sub(1)?)?;
        Some(match &last.packet {
            Ok(packet) => packet.to_string(),
            Err(error) => format!("a malformed packet ({error})"),
        })
    }

    /// Everything that arrived and that no wait has taken, oldest first. Does not wait.
    pub fn arrived(&mut self) -> Vec<Arrival> {
        while let Ok(incoming) = self.incoming.try_recv() {
            match incoming {
                Incoming::Arrival(arrival) => self.waiting.push_back(arrival),
                Incoming::End(end, at) => self.end = Some((end, at)),
            }
        }
        let taken: usize = self.waiting.iter().map(|arrival| weight(&arrival.bytes)).sum();
        self.unread.fetch_sub(taken, Ordering::Relaxed);
        self.waiting.drain(..).collect()
    }

    /// Awaits the first packet, whatever it is.
    pub async fn first_packet(
        &mut self,
        awaited: &str,
    ) -> Result<Received<Packet<'static>>, Unmet> {
        self.await_where(awaited, |arrival| arrival.packet.clone().ok()).await
    }

    /// Awaits CONNACK.
    pub async fn connack(&mut self) -> Result<ConnAck<'static>, Unmet> {
        let received = self
            .await_where("CONNACK", |arrival| match &arrival.packet {
                Ok(Packet::ConnAck(connack)) => Some(connack.clone()),
                _ => None,
            })
            .await?;
        Ok(received.packet)
    }

    /// Awaits the end of the connection within the reply deadline. What arrived before is kept.
    pub async fn ended(&mut self) -> Result<(End, Instant), Unmet> {
        let deadline = Instant::now() + self.timeout;
        self.ended_before(deadline).await
    }

    /// Awaits the end of the connection before `deadline`. What arrived before is kept.
    pub async fn ended_before(&mut self, deadline: Instant) -> Result<(End, Instant), Unmet> {
        let awaited = "the end of the connection";
        let still_open = self.await_until::<()>(awaited, deadline, |_| None).await;
        match (&self.end, still_open) {
            (Some(end), _) => Ok(end.clone()),
            (None, Err(unmet)) => Err(Unmet {
                found: format!("{} and the connection stayed open", unmet.found),
                ..unmet
            }),
            (None, Ok(_)) => unreachable!("the wait takes nothing"),
        }
    }

    /// Awaits the end of the connection, or a packet that `goes_on` takes for a sign that there is none;
    /// that packet is told.
    pub async fn ended_or(
        &mut self,
        goes_on: impl Fn(&Packet<'static>) -> bool,
    ) -> Result<Option<Packet<'static>>, Unmet> {
        let awaited = "the end of the connection";
        let sign = self.await_where(awaited, |arrival| {
            arrival.packet.as_ref().ok().filter(|packet| goes_on(packet)).cloned()
        });
        match sign.await {
            Ok(packet) => Ok(Some(packet.packet)),
            Err(_) if self.end.is_some() => Ok(None),
            Err(unmet) => Err(unmet),
        }
    }

    /// A CONNACK that arrived and was not awaited, if one did.
    pub fn connack_received(&self) -> Option<&ConnAck<'static>> {
        self.waiting.iter().find_map(|arrival| match &arrival.packet {
            Ok(Packet::ConnAck(connack)) => Some(connack),
            _ => None,
        })
    }

    /// The DISCONNECT that arrived, if one did.
    pub fn disconnect_received(&self) -> Option<&Disconnect<'static>> {
        self.waiting.iter().find_map(|arrival| match &arrival.packet {
            Ok(Packet::Disconnect(disconnect)) => Some(disconnect),
            _ => None,
        })
    }

    /// Closes the network connection without DISCONNECT.
    pub fn drop_connection(mut self) {
        self.trace.add(self.number, EntryKind::Left, "network connection closed by us", &[]);
        self.writer = None;
    }
}
