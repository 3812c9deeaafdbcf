//! Where the decoders of event streams differ, and why each difference is accepted. What is not listed
//! here is a finding, of ours or of the peer.

use super::peers::Peer;
use super::reading::dispatched;

/// What is accepted of a peer: it may differ on such a stream.
#[derive(Debug)]
pub struct Difference {
    /// Who.
    pub peer: Peer,
    /// On which streams.
    pub on: fn(&[u8]) -> bool,
    /// Why that is no fault of ours.
    pub why: &'static str,
    /// A stream on which it does differ.
    pub example: &'static [u8],
}

/// All that is accepted.
pub const ALL: &[Difference] = &[
    Difference {
        peer: Peer::Sseer,
        on: |stream| std::str::from_utf8(stream).is_err(),
        why: "SSE-B2: ill-formed UTF-8 is decoded to U+FFFD; the peer ends with an error",
        example: b"data:a\x80b\n\n",
    },
    Difference {
        peer: Peer::Sseer,
        on: |stream| {
            stream.split(|byte| matches!(byte, b'\r' | b'\n')).any(|line| line == b"event")
        },
        why: "SSE-D7: a field without colon has the empty value, so this resets the event type; the peer ignores it",
        example: b"event:a\nevent\ndata\n\n",
    },
];

impl Difference {
    /// Whether the peer still differs on the example: what does not is no longer excused.
    pub fn holds(&self) -> bool {
        (self.on)(self.example) && difference(&[self.example], self.peer).is_some()
    }
}

/// Checks the examples of the list.
///
/// # Panics
///
/// Where a difference is none any more: its row has to go.
pub fn still_there() {
    for difference in ALL {
        assert!(difference.holds(), "no difference any more: {}", difference.why);
    }
}

/// Compares what is dispatched of one stream, in these chunks.
pub fn unexplained(chunks: &[&[u8]], peer: Peer) -> Option<String> {
    let stream = chunks.concat();
    if ALL.iter().any(|difference| difference.peer == peer && (difference.on)(&stream)) {
        return None;
    }
    difference(chunks, peer)
}

fn difference(chunks: &[&[u8]], peer: Peer) -> Option<String> {
    let here = dispatched(chunks);
    match peer.events(chunks) {
        Ok(there) if there == here => None,
        there => Some(format!("here {here:?}\nthere {there:?}")),
    }
}
