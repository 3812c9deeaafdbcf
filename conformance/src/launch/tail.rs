//! The end of what a process writes, however much that is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// At most this many bytes are kept.
const KEPT_BYTES: usize = 8 * 1024;
/// At most this many lines are shown.
const KEPT_LINES: usize = 40;

/// Keeps the end. Clones share it.
#[derive(Clone, Default, Debug)]
pub(super) struct Tail {
    bytes: Arc<Mutex<VecDeque<u8>>>,
}

impl Tail {
    /// Reads until the end of the output, however fast it comes.
    pub(super) async fn follow(self, mut output: impl AsyncRead + Unpin) {
        let mut chunk = vec![0; KEPT_BYTES];
        while let Ok(read @ 1..) = output.read(&mut chunk).await {
            self.add(&chunk[..read]);
        }
    }

    fn add(&self, new: &[u8]) {
        let mut bytes = self.lock();
        bytes.extend(&new[new.len().saturating_sub(KEPT_BYTES)..]);
        let surplus = bytes.len().saturating_sub(KEPT_BYTES);
        bytes.drain(..surplus);
    }

    /// The last lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let bytes: Vec<u8> = self.lock().iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(KEPT_LINES)..]
            .iter()
            .map(|&line| line.to_owned())
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_end_is_kept() {
        let tail = Tail::default();
        let mut text = "x".repeat(3 * KEPT_BYTES).into_bytes();
        text.extend(b"\nlast \xff line\n");
        tail.clone().follow(text.as_slice()).await;
        let lines = tail.lines();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1], "last \u{fffd} line");
        assert!(lines[0].len() < KEPT_BYTES);
    }

    #[tokio::test]
    async fn lines_are_counted_from_the_end() {
        let tail = Tail::default();
        let text = (0..100).map(|line| line.to_string()).collect::<Vec<_>>().join("\n");
        tail.clone().follow(text.as_bytes()).await;
        assert_eq!(tail.lines().len(), KEPT_LINES);
        assert_eq!(tail.lines().first().map(String::as_str), Some("60"));
    }
}
