//! The reference SSE server: a correct server of event streams (WHATWG HTML 9.2) with a bounded
//! replay history, and switchable faults.
//!
//! A test double, not for production: history lives in memory, anyone may publish, ids start anew with
//! each start. [`Hub`] is the core, without I/O and with the clock passed in; [`Server`] puts it behind
//! HTTP/1.x and HTTP/2, in memory or on a socket.
//!
//! | request | answer |
//! |---|---|
//! | `GET /events` | the stream: `retry`, what the last event ID calls for, then live events; a comment every 15 s |
//! | `GET /proxied/events` | the same, as a stand-in for a proxy in front of it |
//! | `GET /moved/302` (or another status) | a redirect to the stream; `/moved/round`: to itself |
//! | `GET /answer`, `POST /answer` | a short stream that ends with `data: [DONE]`, as those of language models do |
//! | `HEAD /events` | the same headers |
//! | `OPTIONS /events` | CORS preflight |
//! | `POST /publish` | 202 and `{"id": …}`; the body is JSON (`data`, `event`, `id`, `retry`) or plain text |
//! | `POST /close` | 204 and the end of all streams, where [`Config::closable`] allows it |
//!
//! The last event ID comes in the header or, for clients that cannot set it, as `?lastEventId=`; the
//! header wins. After a known id all later events are replayed; after an unknown one (too old, or of
//! an earlier start) the whole history is, since a duplicate does less harm than a gap; without one
//! nothing is.

mod coding;
mod fault;
mod frame;
mod http;
mod hub;
mod shell;
mod tamper;

use std::time::Duration;

use bytes::Bytes;

pub use fault::Fault;
pub use frame::{Publication, Refused};
pub use hub::{Hub, Step, SubscriberId};
pub use shell::Server;

/// How the reference server behaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The reconnection time that it tells clients first of all.
    pub retry: Duration,
    /// A comment is sent when nothing else was for this long.
    pub heartbeat: Duration,
    /// How many events are kept for replay.
    pub history_events: usize,
    /// How many bytes of events are kept for replay.
    pub history_bytes: usize,
    /// A subscriber with more than this many bytes waiting is dropped.
    pub queue_bytes: usize,
    /// Largest payload that is accepted for publication.
    pub payload_bytes: usize,
    /// Origins whose pages may read the stream. Credentials are never allowed.
    pub origins: Origins,
    /// Whether `POST /close` ends all streams. For tests of the end of a stream only.
    pub closable: bool,
    /// Whether events carry ids. Without them nothing can be replayed.
    pub ids: bool,
    /// How lines end.
    pub line_end: LineEnd,
    /// The fault to show where the right behaviour stands.
    pub fault: Option<Fault>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            retry: Duration::from_secs(3),
            heartbeat: Duration::from_secs(15),
            history_events: 200,
            history_bytes: 16 << 20,
            queue_bytes: 32 << 20,
            payload_bytes: 2 << 20,
            origins: Origins::Any,
            closable: true,
            ids: true,
            line_end: LineEnd::Lf,
            fault: None,
        }
    }
}

impl Config {
    /// The default with a fault.
    pub fn with_fault(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

/// Origins whose pages may read the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origins {
    /// Every origin, without credentials.
    Any,
    /// These, such as `https://app.example`.
    Listed(Vec<String>),
}

/// How the server ends its lines: clients have to understand them all (9.2.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineEnd {
    /// U+000A
    Lf,
    /// U+000D U+000A
    CrLf,
    /// U+000D
    Cr,
    /// Each in turn.
    Mixed,
}

impl LineEnd {
    /// Text whose lines end in LF, with these line ends instead.
    fn apply(self, text: Vec<u8>) -> Bytes {
        let in_turn: &[&[u8]] = match self {
            Self::Lf => return text.into(),
            Self::CrLf => &[b"\r\n"],
            Self::Cr => &[b"\r"],
            // Never CR and then LF: that would be one line end.
            Self::Mixed => &[b"\r\n", b"\n", b"\r"],
        };
        let mut out = Vec::with_capacity(text.len() * 2);
        let mut ends = in_turn.iter().cycle();
        for byte in text {
            match byte {
                b'\n' => out.extend(ends.next().copied().unwrap_or_default()),
                other => out.push(other),
            }
        }
        out.into()
    }
}
