//! The trace of a case: everything that went over its connections, with the bytes that decide marked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// At most this many bytes of one entry are kept.
pub const KEPT_BYTES: usize = 1024;
/// At most this many entries of one case are kept; what follows is only counted.
pub const KEPT_ENTRIES: usize = 1000;

/// Of an excerpt: so many entries from the beginning of the connection …
const EXCERPT_BEGINNING: usize = 3;
/// … and so many before the one it is about.
const EXCERPT_BEFORE: usize = 12;

/// One line of a trace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TraceEntry {
    /// Milliseconds since the case began.
    pub at_ms: f64,
    /// Number of the connection within the case, from 1; 0 where the entry concerns none.
    pub connection: u32,
    /// What happened.
    pub kind: EntryKind,
    /// One line for a reader: the decoded packet, the status line, the note.
    pub summary: String,
    /// The first bytes in hex, at most 1024 of them; empty where there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bytes: String,
    /// How many bytes there were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub length: u64,
    /// Bytes that decide the verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
fn is_zero(length: &u64) -> bool {
    *length == 0
}

/// What a line of a trace tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// A connection was opened.
    Opened,
    /// We sent.
    Sent,
    /// The target sent.
    Received,
    /// The target closed the connection, or it broke.
    Closed,
    /// We closed the connection.
    Left,
    /// We waited, and what for.
    Waited,
    /// A remark of the case.
    Note,
}

/// Bytes of an entry that decide the verdict.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
    /// What they show.
    pub note: String,
}

/// Points at an entry of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntryId(usize);

impl EntryId {
    /// The entry this many places further on.
    pub const fn moved_by(self, places: usize) -> Self {
        Self(self.0.saturating_add(places))
    }
}

/// Records the trace of one case. Clones write to the same trace.
#[derive(Clone, Debug)]
pub struct Recorder {
    shared: Arc<Mutex<Shared>>,
    began: Instant,
}

#[derive(Debug, Default)]
struct Shared {
    entries: Vec<TraceEntry>,
    omitted: usize,
    connections: u32,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Recorder {
    /// An empty trace whose time starts now.
    pub fn new() -> Self {
        Self { shared: Arc::default(), began: Instant::now() }
    }

    /// The number of a new connection.
    pub fn connection(&self) -> u32 {
        let mut shared = self.lock();
        shared.connections += 1;
        shared.connections
    }

    /// Adds an entry with the bytes it is about (none, for notes).
    pub fn add(
        &self,
        connection: u32,
        kind: EntryKind,
        summary: impl Into<String>,
        bytes: &[u8],
    ) -> EntryId {
        let at_ms = (self.began.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        let mut shared = self.lock();
        if shared.entries.len() >= KEPT_ENTRIES {
            shared.omitted += 1;
            return EntryId(usize::MAX);
        }
        shared.entries.push(TraceEntry {
            at_ms,
            connection,
            kind,
            summary: summary.into(),
            bytes: hex(&bytes[..bytes.len().min(KEPT_BYTES)]),
            length: bytes.len() as u64,
            marks: Vec::new(),
        });
        EntryId(shared.entries.len() - 1)
    }

    /// An empty trace with the same beginning of time, for what may turn out not to be worth telling.
    pub fn aside(&self) -> Self {
        Self { shared: Arc::default(), began: self.began }
    }

    /// Adds what another trace holds. Tells by how much its connections and its entries are numbered on.
    pub fn adopt(&self, other: &Self) -> (u32, usize) {
        let theirs = other.lock();
        let mut shared = self.lock();
        let before = (shared.connections, shared.entries.len());
        shared.connections += theirs.connections;
        shared.omitted += theirs.omitted;
        for entry in &theirs.entries {
            if shared.entries.len() >= KEPT_ENTRIES {
                shared.omitted += 1;
                continue;
            }
            let mut entry = entry.clone();
            if entry.connection > 0 {
                entry.connection += before.0;
            }
            shared.entries.push(entry);
        }
        before
    }

    /// Adds a remark that concerns no connection.
    pub fn note(&self, text: impl Into<String>) -> EntryId {
        self.add(0, EntryKind::Note, text, &[])
    }

    /// Marks bytes of an entry as deciding.
    pub fn mark(&self, entry: EntryId, bytes: std::ops::Range<usize>, note: impl Into<String>) {
        let mut shared = self.lock();
        if let Some(entry) = shared.entries.get_mut(entry.0) {
            entry.marks.push(Mark { start: bytes.start, end: bytes.end, note: note.into() });
        }
    }

    /// The entry added last.
    pub fn last(&self) -> Option<EntryId> {
        self.lock().entries.len().checked_sub(1).map(EntryId)
    }

    /// All entries so far.
    pub fn entries(&self) -> Vec<TraceEntry> {
        let shared = self.lock();
        let mut entries = shared.entries.clone();
        if shared.omitted > 0 {
            entries.push(TraceEntry {
                at_ms: entries.last().map_or(0.0, |entry| entry.at_ms),
                connection: 0,
                kind: EntryKind::Note,
                summary: format!("{} more entries were not kept", shared.omitted),
                bytes: String::new(),
                length: 0,
                marks: Vec::new(),
            });
        }
        entries
    }

    /// What led to an entry, which is marked with `note`: the beginning of its connection and the
    /// last entries before it.
    pub fn excerpt(&self, entry: EntryId, note: &str) -> Vec<TraceEntry> {
        let shared = self.lock();
        let Some(last) = shared.entries.get(entry.0) else { return Vec::new() };
        let before = &shared.entries[..entry.0];
        let near = before.len().saturating_sub(EXCERPT_BEFORE);
        let began = before[..near].iter().filter(|other| other.connection == last.connection);
        let mut excerpt: Vec<TraceEntry> = began.take(EXCERPT_BEGINNING).cloned().collect();
        excerpt.extend_from_slice(&before[near..]);
        let mut last = last.clone();
        if last.marks.is_empty() && last.length > 0 {
            last.marks.push(Mark { start: 0, end: last.length as usize, note: note.to_owned() });
        }
        excerpt.push(last);
        excerpt
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
