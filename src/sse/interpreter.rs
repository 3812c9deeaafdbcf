//! What lines mean: the buffers of 9.2.6, and the dispatch of events.

use super::{DecodeError, Discarded, Limits, Line, LineKind};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use nom::Parser;
use nom::character::complete::digit1;
use nom::combinator::all_consuming;

/// An event as a client dispatches it.
///
/// ```
/// use pushspec_wire::sse::EventDecoder;
///
/// let mut decoder = EventDecoder::default();
/// let event = decoder.next_event(&mut &b":\n\ndata:x\n\n"[..])?.unwrap();
/// assert_eq!((&*event.event_type, &*event.data), ("message", "x"));
/// assert_eq!((event.offset, event.end), (3, 11));
/// # Ok::<(), pushspec_wire::sse::DecodeError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageEvent<'a> {
    /// `message`, unless the block named another type.
    pub event_type: Cow<'a, str>,
    /// The values of the `data` fields, joined by line feeds.
    pub data: Cow<'a, str>,
    /// The last event ID buffer at the time of dispatch; it may come from an earlier block.
    pub last_event_id: Cow<'a, str>,
    /// Where the block's first line starts in the body.
    pub offset: u64,
    /// Where the block's empty line ends.
    pub end: u64,
}

impl MessageEvent<'_> {
    /// A copy that outlives the decoder's buffers.
    pub fn into_owned(self) -> MessageEvent<'static> {
        MessageEvent {
            event_type: Cow::Owned(self.event_type.into_owned()),
            data: Cow::Owned(self.data.into_owned()),
            last_event_id: Cow::Owned(self.last_event_id.into_owned()),
            offset: self.offset,
            end: self.end,
        }
    }
}

/// Turns lines into events. One interpreter reads one response body.
///
/// Bytes that are not UTF-8 become U+FFFD, one for each maximal subpart, as the "UTF-8 decode"
/// algorithm demands. Decoding value by value is the same as decoding the body: every separator of
/// the format is ASCII.
///
/// ```
/// use pushspec_wire::sse::{Interpreter, LineDecoder};
///
/// let (mut lines, mut interpreter) = (LineDecoder::default(), Interpreter::default());
/// let mut input = &b"data: a\n\n"[..];
/// while let Some(line) = lines.next_line(&mut input)? {
///     if let Some(event) = interpreter.process(&line)? {
///         assert_eq!(event.data, "a");
///     }
/// }
/// # Ok::<(), pushspec_wire::sse::DecodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Interpreter {
    limit: usize,
    /// The values of `data` so far, before decoding, joined by line feeds, behind what is no value.
    data: Vec<u8>,
    /// Where they start.
    data_start: usize,
    /// There is one at least.
    has_data: bool,
    event_type: String,
    id: String,
    /// `id` has changed since it was copied to `last_event_id`.
    id_changed: bool,
    last_event_id: String,
    reconnection_time: Option<Duration>,
    block: Option<Block>,
    /// The buffers hold an event that was handed out.
    dispatched: Option<(u64, u64)>,
    failed: Option<DecodeError>,
    /// Bytes of data appended and moved so far.
    #[cfg(test)]
    pub(super) steps: usize,
}

/// What a line asks for beside what it has done already.
pub(super) enum Meaning<'l> {
    /// Nothing.
    Nothing,
    /// To append this to the data buffer.
    Data(&'l [u8]),
    /// To dispatch an event, if there are data.
    End,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    offset: u64,
    fields: usize,
}

impl Default for Interpreter {
    fn default() -> Self {
        Self::new(Limits::default().event)
    }
}

impl Interpreter {
    /// An interpreter that refuses events with more than `limit` bytes of data.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            data: Vec::new(),
            data_start: 0,
            has_data: false,
            event_type: String::new(),
            id: String::new(),
            id_changed: false,
            last_event_id: String::new(),
            reconnection_time: None,
            block: None,
            dispatched: None,
            failed: None,
            #[cfg(test)]
            steps: 0,
        }
    }

    /// Starts from the last event ID of the connection before.
    ///
    /// By the letter of 9.2.6 the last event ID buffer of a new stream is empty, so its first event
    /// without `id` clears the ID; browsers and the web platform tests let it persist. This is what
    /// they do.
    pub fn resuming(mut self, last_event_id: &str) -> Self {
        self.id = last_event_id.into();
        self.last_event_id = last_event_id.into();
        self
    }

    /// Processes one line; an empty line may dispatch an event.
    pub fn process(&mut self, line: &Line<'_>) -> Result<Option<MessageEvent<'_>>, DecodeError> {
        Ok(if self.absorb(line)? { self.dispatched() } else { None })
    }

    /// Why nothing is processed any more.
    pub(super) const fn failure(&self) -> Option<DecodeError> {
        self.failed
    }

    /// Processes one line and tells whether it dispatched an event.
    pub(super) fn absorb(&mut self, line: &Line<'_>) -> Result<bool, DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.read(line) {
            Meaning::Nothing => Ok(false),
            Meaning::Data(value) => self.append(value).map(|()| false),
            Meaning::End => Ok(self.dispatch(line, self.has_data)),
        }
    }

    /// Processes one line, except for what it does to the data buffer.
    #[inline]
    pub(super) fn read<'l>(&mut self, line: &Line<'l>) -> Meaning<'l> {
        if self.dispatched.is_some() {
            self.forget_dispatched();
        }
        if line.bytes.is_empty() {
            return Meaning::End;
        }
        let block = self.block.get_or_insert(Block { offset: line.offset, fields: 0 });
        // Most lines of most streams.
        match line.bytes {
            [b'd', b'a', b't', b'a', b':', b' ', value @ ..]
            | [b'd', b'a', b't', b'a', b':', value @ ..] => {
                block.fields += 1;
                Meaning::Data(value)
            }
            [b':', ..] => Meaning::Nothing,
            _ => self.read_field(line),
        }
    }

    /// Clears the buffers of an event that was handed out.
    fn forget_dispatched(&mut self) {
        self.dispatched = None;
        self.clear_data();
        self.event_type.clear();
    }

    /// Processes a field of an open block.
    #[inline(never)]
    fn read_field<'l>(&mut self, line: &Line<'l>) -> Meaning<'l> {
        let LineKind::Field(field) = line.kind() else { return Meaning::Nothing };
        if let Some(block) = &mut self.block {
            block.fields += 1;
        }
        match field.name {
            b"data" => return Meaning::Data(field.value),
            b"event" => replace(&mut self.event_type, field.value),
            b"id" if !field.value.contains(&0) => {
                replace(&mut self.id, field.value);
                self.id_changed = true;
            }
            b"retry" => {
                if let Some(time) = reconnection_time(field.value) {
                    self.reconnection_time = Some(time);
                }
            }
            _ => {}
        }
        Meaning::Nothing
    }

    /// The event that the last line dispatched.
    pub(super) fn dispatched(&self) -> Option<MessageEvent<'_>> {
        self.dispatched_with(&self.data[self.data_start..])
    }

    /// The event that the last line dispatched, whose data stand elsewhere.
    #[inline]
    pub(super) fn dispatched_with<'a>(&'a self, data: &'a [u8]) -> Option<MessageEvent<'a>> {
        let (offset, end) = self.dispatched?;
        Some(MessageEvent {
            event_type: Cow::Borrowed(match self.event_type.as_str() {
                "" => "message",
                named => named,
            }),
            data: lossy(data),
            last_event_id: Cow::Borrowed(&self.last_event_id),
            offset,
            end,
        })
    }

    /// The last event ID string: what a client sends as `Last-Event-ID` when it reconnects, unless
    /// it is empty.
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// What the last valid `retry` field set.
    pub fn reconnection_time(&self) -> Option<Duration> {
        self.reconnection_time
    }

    /// What the end of the stream at this point throws away. `partial_line` is the line without an
    /// end, `offset` where it starts.
    pub fn pending(&self, partial_line: &[u8], offset: u64) -> Option<Discarded> {
        if self.block.is_none() && partial_line.is_empty() {
            return None;
        }
        Some(Discarded {
            offset: self.block.map_or(offset, |block| block.offset),
            fields: self.block.map_or(0, |block| block.fields),
            data: if self.has_data && self.dispatched.is_none() {
                self.data.len() - self.data_start + 1
            } else {
                0
            },
            partial_line: partial_line.len(),
        })
    }

    /// Whether the data buffer holds a value.
    #[inline]
    pub(super) const fn has_data(&self) -> bool {
        self.has_data
    }

    fn clear_data(&mut self) {
        self.data.clear();
        self.data_start = 0;
        self.has_data = false;
    }

    /// Whether that many bytes are not too much data for one event.
    #[inline]
    pub(super) fn check_data(&mut self, length: usize) -> Result<(), DecodeError> {
        if length <= self.limit {
            return Ok(());
        }
        let offset = self.block.map_or(0, |block| block.offset);
        let error = DecodeError::EventTooLarge { offset, limit: self.limit };
        self.data = Vec::new();
        self.data_start = 0;
        self.failed = Some(error);
        Err(error)
    }

    /// Appends a value to the data buffer.
    pub(super) fn append(&mut self, value: &[u8]) -> Result<(), DecodeError> {
        let joint = usize::from(self.has_data);
        let length = self.data.len() + joint + value.len();
        self.check_data(length - self.data_start)?;
        if length > self.data.capacity() {
            let most = self.data_start + self.limit;
            let capacity = length.max(most.min(2 * self.data.capacity()));
            self.data.reserve_exact(capacity - self.data.len());
            #[cfg(test)]
            {
                self.steps += self.data.len();
            }
        }
        #[cfg(test)]
        {
            self.steps += value.len() + joint;
        }
        if self.has_data {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        self.has_data = true;
        Ok(())
    }

    /// Takes a line's buffer for the data buffer, which has no value yet: the end of the line is the
    /// first. So a long line is not copied.
    pub(super) fn adopt(&mut self, line: &mut Vec<u8>, value: usize) -> Result<(), DecodeError> {
        self.check_data(value)?;
        core::mem::swap(&mut self.data, line);
        self.data_start = self.data.len() - value;
        self.has_data = true;
        Ok(())
    }

    /// Ends a block, and tells whether it is an event: whether it has data.
    #[inline]
    pub(super) fn dispatch(&mut self, line: &Line<'_>, has_data: bool) -> bool {
        if self.id_changed {
            // What was the last event ID is no longer needed.
            core::mem::swap(&mut self.last_event_id, &mut self.id);
            self.id_changed = false;
        }
        let block = self.block.take();
        if !has_data {
            self.event_type.clear();
            return false;
        }
        let offset = block.map_or(line.offset, |block| block.offset);
        self.dispatched = Some((offset, line.end()));
        true
    }
}

fn replace(buffer: &mut String, value: &[u8]) {
    buffer.clear();
    buffer.push_str(&lossy(value));
}

/// As `String::from_utf8_lossy`, which goes byte by byte also where nothing is ill-formed.
#[inline]
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// ASCII digits and nothing else, as milliseconds. A number beyond 64 bits is a very long time, never
/// a short one.
fn reconnection_time(value: &[u8]) -> Option<Duration> {
    let (_, digits) =
        all_consuming(digit1::<_, nom::error::Error<_>>).parse_complete(value).ok()?;
    let millis = digits
        .iter()
        .fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    Some(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e5_digits_are_base_ten_milliseconds() {
        assert_eq!(reconnection_time(b"0"), Some(Duration::ZERO));
        assert_eq!(reconnection_time(b"03000"), Some(Duration::from_secs(3)));
    }

    #[test]
    fn e6_anything_else_is_ignored() {
        for value in ["", "-5", "+5", " 5", "5 ", "5e3", "0x10", "1.5", "1000x", "\u{663}", "5\0"] {
            assert_eq!(reconnection_time(value.as_bytes()), None, "{value:?}");
        }
    }

    #[test]
    fn e8_huge_numbers_saturate() {
        let huge = [b'9'; 400];
        assert_eq!(reconnection_time(&huge), Some(Duration::from_millis(u64::MAX)));
        assert_eq!(
            reconnection_time(b"18446744073709551616"),
            Some(Duration::from_millis(u64::MAX))
        );
    }
}
