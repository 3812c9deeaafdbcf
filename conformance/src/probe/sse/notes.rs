//! What a lint of a stream needs to know, noted while it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use pushspec_wire::sse::{Field, Line, LineKind};

use crate::trace::EntryId;

/// The names that mean something (9.2.6).
const KNOWN: [&str; 4] = ["data", "event", "id", "retry"];
/// Most names that are kept.
const KEPT: usize = 32;

/// A place in the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sample {
    /// The line, shortened and escaped.
    pub text: String,
    /// The read that completed it.
    pub entry: EntryId,
    /// Where in that read it stands, as far as it could be found there.
    pub range: Range<usize>,
}

/// What was seen in a stream.
#[derive(Clone, Default, Debug)]
pub struct Notes {
    /// Lines of any kind.
    pub lines: u64,
    /// Comments.
    pub comments: u64,
    /// Whether the stream began with a byte order mark.
    pub byte_order_mark: bool,
    /// A line with bytes that are not UTF-8.
    pub ill_formed: Option<Sample>,
    /// A later line that begins with a byte order mark.
    pub late_byte_order_mark: Option<Sample>,
    /// Names that look like known ones but are not.
    pub near_misses: BTreeMap<String, Sample>,
    /// Other names without a meaning.
    pub unknown: BTreeSet<String>,
    /// A `retry` that is not made of digits.
    pub bad_retry: Option<Sample>,
    /// The last valid `retry`.
    pub retry: Option<Duration>,
    /// An `id` with U+0000.
    pub nul_id: Option<Sample>,
    /// An `id` that cannot travel in a header field.
    pub unsafe_id: Option<Sample>,
    /// How many `id` fields with a value there were.
    pub ids: u64,
    /// A block with an event type and without data.
    pub lost_block: Option<Sample>,
    event_type: Option<Sample>,
    data: bool,
}

impl Notes {
    pub(super) fn line(&mut self, line: &Line<'_>, entry: EntryId, raw: &[u8]) {
        self.lines += 1;
        self.byte_order_mark |= line.bom;
        let sample = || Sample { text: shown(line.bytes), entry, range: position(raw, line.bytes) };
        if line.ill_formed().is_some() {
            self.ill_formed.get_or_insert_with(sample);
        }
        match line.kind() {
            LineKind::Empty => {
                let event_type = self.event_type.take();
                if !std::mem::take(&mut self.data) && self.lost_block.is_none() {
                    self.lost_block = event_type;
                }
            }
            LineKind::Comment(_) => self.comments += 1,
            LineKind::Field(field) => self.field(field, sample),
        }
    }

    fn field(&mut self, field: Field<'_>, sample: impl Fn() -> Sample) {
        match field.name {
            b"data" => self.data = true,
            b"event" => self.event_type = Some(sample()),
            b"id" => {
                if field.value.contains(&0) {
                    self.nul_id.get_or_insert_with(&sample);
                } else if !travels(field.value) {
                    self.unsafe_id.get_or_insert_with(&sample);
                }
                self.ids += u64::from(!field.value.is_empty());
            }
            b"retry" => match retry(field.value) {
                Some(time) => self.retry = Some(time),
                None => {
                    self.bad_retry.get_or_insert_with(&sample);
                }
            },
            name => {
                let text = shown(name);
                if name.starts_with("\u{feff}".as_bytes()) {
                    self.late_byte_order_mark.get_or_insert_with(&sample);
                } else if is_near_miss(name) {
                    if self.near_misses.len() < KEPT {
                        self.near_misses.entry(text).or_insert_with(&sample);
                    }
                } else if self.unknown.len() < KEPT {
                    self.unknown.insert(text);
                }
            }
        }
    }
}

/// Where a line stands in a read. It need not: a coding or a chunk border may hide it.
fn position(raw: &[u8], line: &[u8]) -> Range<usize> {
    raw.windows(line.len().max(1))
        .position(|window| window == line)
        .map_or(0..0, |at| at..at + line.len())
}

/// Whether a value comes back unchanged as that of a header field (RFC 9110, section 5.5).
fn travels(id: &[u8]) -> bool {
    id.trim_ascii() == id && !id.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
}

fn retry(value: &[u8]) -> Option<Duration> {
    let digits = std::str::from_utf8(value).ok()?;
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| Duration::from_millis(digits.parse().unwrap_or(u64::MAX)))
}

/// Known but for case, blanks and control characters.
fn is_near_miss(name: &[u8]) -> bool {
    let letters: String = String::from_utf8_lossy(name)
        .chars()
        .filter(|character| !character.is_whitespace() && !character.is_control())
        .flat_map(char::to_lowercase)
        .collect();
    KNOWN.contains(&letters.as_str())
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).escape_debug().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses() {
        for name in ["Data", " data", "data ", "ID", "\0id", "RETRY"] {
            assert!(is_near_miss(name.as_bytes()), "{name:?}");
        }
        for name in ["foo", "event-id", "datas"] {
            assert!(!is_near_miss(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn ids_that_travel() {
        for id in ["1", "a b", "ü", "a\tb", ""] {
            assert!(travels(id.as_bytes()), "{id:?}");
        }
        for id in [" 1", "1 ", "\t1", "a\u{1}b", "a\u{7f}"] {
            assert!(!travels(id.as_bytes()), "{id:?}");
        }
    }
}
