//! Reads a connection in the background, so that the trace has the time at which bytes arrived and
//! not that at which a case looked.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use pushspec_wire::mqtt::{DecodeError, Dissection, Frame, FrameError, Framer, Packet, Version};
use tokio::io::{AsyncReadExt, ReadHalf};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Watch;
use crate::trace::{EntryId, EntryKind, Recorder};
use crate::transport::Connection;

/// The largest packet that is taken from a target, in bytes.
const LARGEST_PACKET: usize = 16 << 20;
/// The most bytes that may wait for a case to look at them. A target that sends more is not read on.
const UNREAD_BYTES: usize = 32 << 20;
/// What a packet that waits takes beside its bytes, about.
const ARRIVAL_BYTES: usize = 1 << 10;

/// Something that arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The packet, or why it is none.
    pub packet: Result<Packet<'static>, DecodeError>,
    /// Its bytes.
    pub bytes: Bytes,
    /// Its place in the trace.
    pub entry: EntryId,
    /// When its last byte arrived.
    pub at: Instant,
}

/// How a connection ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// The target closed it.
    Closed,
    /// It broke.
    Broken(String),
    /// What came cannot be cut into packets.
    NotMqtt(FrameError),
    /// The very first byte is one that no Server begins a packet with.
    Foreign(u8),
    /// More came than may wait.
    Flood,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection was closed"),
            Self::Broken(reason) => write!(f, "the connection broke ({reason})"),
            Self::NotMqtt(error) => write!(f, "what came is not MQTT ({error})"),
            Self::Foreign(byte) => {
                write!(f, "what came is not MQTT (no packet of a Server begins with {byte:#04x})")
            }
            Self::Flood => write!(f, "more than {} MiB came unasked", UNREAD_BYTES >> 20),
        }
    }
}

/// What the background reader tells. Nearly all of it are arrivals: a box would cost each of them.
#[allow(clippy::large_enum_variant)]
#[derive(Debug)]
pub(super) enum Incoming {
    Arrival(Arrival),
    End(End, Instant),
}

/// The bytes that were read and not yet looked at.
pub(super) type Unread = Arc<AtomicUsize>;

/// Reads until the connection ends, in a task that ends with it or when nobody listens any more.
pub(super) fn read(
    mut stream: ReadHalf<Connection>,
    version: Version,
    connection: u32,
    (trace, watch): (Recorder, Watch),
    unread: Unread,
) -> mpsc::UnboundedReceiver<Incoming> {
    // Bounded by `unread`.
    let (tell, incoming) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut framer = Framer::new(LARGEST_PACKET);
        let mut first = true;
        let mut chunk = vec![0; 16 << 10];
        let end = 'reading: loop {
            let count = tokio::select! {
                biased;
                () = tell.closed() => return,
                count = stream.read(&mut chunk) => match count {
                    Ok(0) => break End::Closed,
                    Ok(count) => count,
                    Err(error) => break End::Broken(error.kind().to_string()),
                },
            };
            // Other protocols greet with text, whose first bytes announce a packet that never comes.
            if std::mem::take(&mut first) && !begins_a_packet(chunk[0]) {
                trace.add(connection, EntryKind::Received, "not MQTT", &chunk[..count]);
                break End::Foreign(chunk[0]);
            }
            framer.push(&chunk[..count]);
            loop {
                let bytes = match framer.next_packet() {
                    Ok(Some(bytes)) => bytes,
                    Ok(None) => break,
                    Err(error) => {
                        trace.add(
                            connection,
                            EntryKind::Received,
                            "bytes that are no packet",
                            &chunk[..count],
                        );
                        break 'reading End::NotMqtt(error);
                    }
                };
                let weight = weight(&bytes);
                if unread.fetch_add(weight, Ordering::Relaxed) + weight > UNREAD_BYTES {
                    break 'reading End::Flood;
                }
                if tell
                    .send(Incoming::Arrival(arrival(&bytes, version, connection, &trace, &watch)))
                    .is_err()
                {
                    return;
                }
            }
        };
        if !framer.pending().is_empty() && !matches!(end, End::NotMqtt(_) | End::Foreign(_)) {
            trace.add(connection, EntryKind::Received, "part of a packet", framer.pending());
        }
        trace.add(connection, EntryKind::Closed, end.to_string(), &[]);
        // Nobody listening any more is no error.
        let _ = tell.send(Incoming::End(end, Instant::now()));
    });
    incoming
}

/// What a packet counts for while it waits.
pub(super) fn weight(bytes: &Bytes) -> usize {
    bytes.len() + ARRIVAL_BYTES
}

/// Whether a Server, even one that errs in the flags of its CONNACK, may begin a connection like this:
/// types of packets that it sends, with flags as in 5.0 table 2-2.
const fn begins_a_packet(byte: u8) -> bool {
    matches!((byte >> 4, byte & 0x0F), (2 | 3, _) | (4 | 5 | 7 | 9 | 11 | 13 | 14 | 15, 0) | (6, 2))
}

fn arrival(
    bytes: &Bytes,
    version: Version,
    connection: u32,
    trace: &Recorder,
    watch: &Watch,
) -> Arrival {
    let packet = match Frame::new(bytes) {
        Ok(frame) => Packet::decode(frame, version).map(Packet::into_owned),
        // The framer cut it; that it is whole was checked there.
        Err(error) => Err(error.into()),
    };
    let summary = match &packet {
        Ok(packet) => packet.to_string(),
        // With what could be read before the fault.
        Err(_) => Dissection::of(bytes, version).to_string(),
    };
    let entry = trace.add(connection, EntryKind::Received, summary, bytes);
    if let Err(error) = &packet {
        trace.mark(entry, error.offset..error.offset + 1, error.to_string());
    }
    watch.received(connection, &packet, bytes, entry);
    Arrival { packet, bytes: bytes.clone(), entry, at: Instant::now() }
}
