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

/// What a lint remarks on a line: each of these is judged by one case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Remark {
    /// Bytes that are not UTF-8.
    IllFormed,
    /// A byte order mark at the beginning of a later line.
    LateByteOrderMark,
    /// A name that looks like a known one but is not.
    NearMiss,
    /// A `retry` that is not made of digits.
    BadRetry,
    /// A `retry` of no time at all.
    ZeroRetry,
    /// A `retry` that overflows the timers of clients.
    HugeRetry,
    /// An `id` with U+0000.
    NulId,
    /// An `id` that cannot travel in a header field.
    UnsafeId,
    /// An event type in a block without data.
    LostBlock,
}

impl Remark {
    /// The case that judges it.
    pub const fn case(self) -> &'static str {
        match self {
            Self::IllFormed => "sse/stream/utf-8",
            Self::LateByteOrderMark => "sse/stream/byte-order-mark",
            Self::NearMiss => "sse/stream/field-names",
            Self::BadRetry => "sse/stream/retry-is-digits",
            Self::ZeroRetry => "sse/stream/retry-is-not-zero",
            Self::HugeRetry => "sse/stream/retry-is-bearable",
            Self::NulId => "sse/stream/ids-without-nul",
            Self::UnsafeId => "sse/stream/ids-travel",
            Self::LostBlock => "sse/stream/named-blocks-have-data",
        }
    }

    /// What should be there instead.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::IllFormed => "well-formed UTF-8",
            Self::LateByteOrderMark => "no line that begins with U+FEFF",
            Self::NearMiss => "data, event, id and retry as they are",
            Self::BadRetry => "digits",
            Self::ZeroRetry => "a time above zero",
            Self::HugeRetry => "less than 2147483648",
            Self::NulId => "no U+0000",
            Self::UnsafeId => "no blanks around an id and no controls in it",
            Self::LostBlock => "data in every named block",
        }
    }

    /// What was found, on such a line.
    pub fn found(self, sample: &Sample) -> String {
        match self {
            Self::IllFormed => "a line that is not",
            Self::LateByteOrderMark => "such a line",
            Self::NearMiss => {
                let name = sample.text.split(':').next().unwrap_or_default();
                return format!("a field named {name:?}");
            }
            Self::BadRetry => "a retry that clients ignore",
            Self::ZeroRetry => "retry: 0",
            Self::HugeRetry => "a time that overflows timers of clients",
            Self::NulId => "an id that clients ignore",
            Self::UnsafeId => "an id that does not travel",
            Self::LostBlock => "a block that is lost",
        }
        .to_owned()
    }
}

/// A place in the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sample {
    /// The line, shortened and escaped.
    pub text: String,
    /// Where the line begins in the stream.
    pub offset: u64,
    /// The number of the line, from 1.
    pub line: u64,
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
    /// Fields named `data`.
    pub data_fields: u64,
    /// Whether the stream began with a byte order mark.
    pub byte_order_mark: bool,
    /// The first line of each kind on which there is something to remark.
    remarks: BTreeMap<Remark, Sample>,
    /// Names without a meaning that do not look like known ones.
    pub unknown: BTreeSet<String>,
    /// The last valid `retry`.
    pub retry: Option<Duration>,
    /// How many `id` fields with a value there were.
    pub ids: u64,
    event_type: Option<Sample>,
    data: bool,
}

impl Notes {
    /// The first line on which there is this to remark.
    pub fn remarked(&self, remark: Remark) -> Option<&Sample> {
        self.remarks.get(&remark)
    }

    /// Takes the remarks out: those to come are then again noted as first ones.
    pub fn take_remarks(&mut self) -> BTreeMap<Remark, Sample> {
        std::mem::take(&mut self.remarks)
    }

    /// Notes what there is to say of a line. `raw` is what the read that completed it brought.
    pub fn line(&mut self, line: &Line<'_>, entry: EntryId, raw: &[u8]) {
        self.lines += 1;
        self.byte_order_mark |= line.bom;
        let number = self.lines;
        let sample = || Sample {
            text: shown(line.bytes),
            offset: line.offset,
            line: number,
            entry,
            range: position(raw, line.bytes),
        };
        if line.ill_formed().is_some() {
            self.remark(Remark::IllFormed, sample);
        }
        match line.kind() {
            LineKind::Empty => {
                if let (Some(event_type), false) = (self.event_type.take(), self.data) {
                    self.remark(Remark::LostBlock, || event_type);
                }
                self.data = false;
            }
            LineKind::Comment(_) => self.comments += 1,
            LineKind::Field(field) => self.field(field, sample),
        }
    }

    fn remark(&mut self, remark: Remark, sample: impl FnOnce() -> Sample) {
        self.remarks.entry(remark).or_insert_with(sample);
    }

    fn field(&mut self, field: Field<'_>, sample: impl FnOnce() -> Sample) {
        match field.name {
            b"data" => {
                self.data = true;
                self.data_fields += 1;
            }
            b"event" => self.event_type = Some(sample()),
            b"id" => {
                if field.value.contains(&0) {
                    self.remark(Remark::NulId, sample);
                } else if !travels(field.value) {
                    self.remark(Remark::UnsafeId, sample);
                }
                self.ids += u64::from(!field.value.is_empty());
            }
            b"retry" => match retry(field.value) {
                Some(time) => {
                    self.retry = Some(time);
                    if time.is_zero() {
                        self.remark(Remark::ZeroRetry, sample);
                    } else if time.as_millis() >= 1 << 31 {
                        self.remark(Remark::HugeRetry, sample);
                    }
                }
                None => self.remark(Remark::BadRetry, sample),
            },
            name => {
                if name.starts_with("\u{feff}".as_bytes()) {
                    self.remark(Remark::LateByteOrderMark, sample);
                } else if is_near_miss(name) {
                    self.remark(Remark::NearMiss, sample);
                } else if self.unknown.len() < KEPT {
                    self.unknown.insert(shown(name));
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
