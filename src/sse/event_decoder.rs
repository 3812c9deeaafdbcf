//! Body in, events out: [`LineDecoder`] and [`Interpreter`] in one.

use super::interpreter::Meaning;
use super::line_decoder::Cut;
use super::{DecodeError, Discarded, Interpreter, Limits, LineDecoder, LineEnds, MessageEvent};
use core::time::Duration;

/// Turns a body that arrives in any chunks into events. Memory is bounded by [`Limits`], work is
/// linear in the bytes.
///
/// ```
/// use pushspec_wire::sse::EventDecoder;
///
/// let mut decoder = EventDecoder::default();
/// let mut first = &b"id: 7\nretry: 50\ndata: he"[..];
/// assert_eq!(decoder.next_event(&mut first)?, None);
/// let mut second = &b"llo\n\n"[..];
/// assert_eq!(decoder.next_event(&mut second)?.unwrap().data, "hello");
/// assert_eq!(decoder.last_event_id(), "7");
/// assert_eq!(decoder.reconnection_time().unwrap().as_millis(), 50);
/// # Ok::<(), pushspec_wire::sse::DecodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct EventDecoder {
    lines: LineDecoder,
    interpreter: Interpreter,
}

impl EventDecoder {
    /// A decoder with its own limits.
    pub fn new(limits: Limits) -> Self {
        Self { lines: LineDecoder::new(limits.line), interpreter: Interpreter::new(limits.event) }
    }

    /// Starts from the last event ID of the connection before; see [`Interpreter::resuming`].
    pub fn resuming(self, last_event_id: &str) -> Self {
        Self { interpreter: self.interpreter.resuming(last_event_id), ..self }
    }

    /// Takes bytes off the front of `input` until an event is complete; or takes all of `input` and
    /// returns nothing. After an error the same error comes again.
    ///
    /// The data of an event that lies whole in `input` and has them in one line are borrowed from it.
    pub fn next_event<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<MessageEvent<'a>>, DecodeError> {
        if let Some(error) = self.interpreter.failure() {
            return Err(error);
        }
        // The first value of the block, as long as it need not be kept: most events have no other.
        let mut first: Option<&'i [u8]> = None;
        loop {
            let mut rest = *input;
            let Some(cut) = self.lines.cut(&mut rest)? else {
                if let Some(value) = first {
                    self.interpreter.append(value)?;
                }
                *input = rest;
                return Ok(None);
            };
            if let Some(line) = cut.in_chunk() {
                match self.interpreter.read(&line) {
                    Meaning::Nothing => {}
                    Meaning::Data(value) if first.is_none() && !self.interpreter.has_data() => {
                        self.interpreter.check_data(value.len())?;
                        // Most events have one line, and their empty line stands behind it.
                        if let Some(end) = self.lines.cut_empty(&mut rest) {
                            self.interpreter.dispatch(&end, true);
                            *input = rest;
                            return Ok(self.interpreter.dispatched_with(value));
                        }
                        first = Some(value);
                    }
                    Meaning::Data(value) => {
                        if let Some(first) = first.take() {
                            self.interpreter.append(first)?;
                        }
                        self.interpreter.append(value)?;
                    }
                    Meaning::End => {
                        let has_data = first.is_some() || self.interpreter.has_data();
                        if self.interpreter.dispatch(&line, has_data) {
                            *input = rest;
                            return Ok(match first {
                                Some(data) => self.interpreter.dispatched_with(data),
                                None => self.interpreter.dispatched(),
                            });
                        }
                    }
                }
            } else if self.absorb_kept(&cut)? {
                *input = rest;
                return Ok(self.interpreter.dispatched());
            }
            *input = rest;
        }
    }

    /// Processes a line that was cut by a chunk border, the first of a call, and tells whether it
    /// dispatched an event.
    fn absorb_kept(&mut self, cut: &Cut<'_>) -> Result<bool, DecodeError> {
        let line = self.lines.kept_line(cut);
        match self.interpreter.read(&line) {
            Meaning::Nothing => Ok(false),
            Meaning::Data(value) if !self.interpreter.has_data() => {
                let length = value.len();
                self.interpreter.adopt(self.lines.kept_buffer(), length).map(|()| false)
            }
            Meaning::Data(value) => self.interpreter.append(value).map(|()| false),
            Meaning::End => Ok(self.interpreter.dispatch(&line, self.interpreter.has_data())),
        }
    }

    /// The last event ID string: what a client sends as `Last-Event-ID` when it reconnects, unless
    /// it is empty.
    pub fn last_event_id(&self) -> &str {
        self.interpreter.last_event_id()
    }

    /// What the last valid `retry` field set.
    pub fn reconnection_time(&self) -> Option<Duration> {
        self.interpreter.reconnection_time()
    }

    /// How the lines so far ended.
    pub fn line_ends(&self) -> LineEnds {
        self.lines.line_ends()
    }

    /// The end of the body: whatever block is open is thrown away, its ID too. Says what was lost.
    pub fn finish(self) -> Option<Discarded> {
        self.interpreter.pending(self.lines.partial_line(), self.lines.offset())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    /// Every event as (type, data, last event ID).
    fn events(body: &str) -> Vec<(String, String, String)> {
        let mut decoder = EventDecoder::default();
        let mut input = body.as_bytes();
        let mut events = Vec::new();
        while let Some(event) = decoder.next_event(&mut input).unwrap() {
            events.push((
                event.event_type.to_string(),
                event.data.to_string(),
                event.last_event_id.to_string(),
            ));
        }
        events
    }

    fn data(body: &str) -> Vec<String> {
        events(body).into_iter().map(|(_, data, _)| data).collect()
    }

    fn types(body: &str) -> Vec<String> {
        events(body).into_iter().map(|(name, _, _)| name).collect()
    }

    fn ids(body: &str) -> Vec<String> {
        events(body).into_iter().map(|(_, _, id)| id).collect()
    }

    #[test]
    fn e1_f6_f8_event_type() {
        assert_eq!(types("event:a\nevent:b\ndata:1\n\ndata:2\n\n"), ["b", "message"]);
        assert_eq!(types("event:a\nevent:\ndata:1\n\n"), ["message"]);
    }

    #[test]
    fn e2_f5_data_lines_join() {
        assert_eq!(data("data:a\ndata: b\ndata\n\n"), ["a\nb\n"]);
    }

    #[test]
    fn f4_a_bare_data_field_is_an_event() {
        assert_eq!(data("data\n\ndata:\n\ndata\ndata\n\n"), ["", "", "\n"]);
    }

    #[test]
    fn f3_a_block_without_data_is_dropped_and_does_not_leak() {
        assert_eq!(types("event: x\n\ndata:1\n\n"), ["message"]);
        assert_eq!(data("\n\n\n: c\n\nretry: 1\n\n"), Vec::<String>::new());
    }

    #[test]
    fn e3_f2_ids_persist_and_reset() {
        assert_eq!(ids("id:1\ndata\n\ndata\n\nid\ndata\n\n"), ["1", "1", ""]);
    }

    #[test]
    fn e4_an_id_with_nul_is_ignored() {
        assert_eq!(ids("id:1\nid:2\0\ndata\n\n"), ["1"]);
    }

    #[test]
    fn f1_an_id_counts_without_data() {
        let mut decoder = EventDecoder::default();
        assert_eq!(decoder.next_event(&mut &b"id: 9\n"[..]), Ok(None));
        assert_eq!(decoder.last_event_id(), "");
        assert_eq!(decoder.next_event(&mut &b"\n"[..]), Ok(None));
        assert_eq!(decoder.last_event_id(), "9");
    }

    #[test]
    fn d8_e7_other_names_do_nothing() {
        assert_eq!(data("Data:1\ndata :2\n data:3\ndata:4\nDATA:5\n\n"), ["4"]);
    }

    #[test]
    fn e5_retry_takes_effect_at_its_line() {
        let mut decoder = EventDecoder::default();
        assert_eq!(decoder.next_event(&mut &b"retry: 3000\n"[..]), Ok(None));
        assert_eq!(decoder.reconnection_time(), Some(Duration::from_secs(3)));
        assert_eq!(decoder.next_event(&mut &b"retry: x\n"[..]), Ok(None));
        assert_eq!(decoder.reconnection_time(), Some(Duration::from_secs(3)));
    }

    #[test]
    fn b2_b7_ill_formed_bytes_become_replacement_characters() {
        let body = b"data:\xed\xa0\x80|\xc0\xaf|\xf0\x9f\x98|\xff\n\n";
        let mut decoder = EventDecoder::default();
        let event = decoder.next_event(&mut &body[..]).unwrap().unwrap();
        assert_eq!(event.data, "\u{fffd}\u{fffd}\u{fffd}|\u{fffd}\u{fffd}|\u{fffd}|\u{fffd}");
    }

    #[test]
    fn c4_c5_a_cr_blank_line_dispatches_at_once() {
        let mut decoder = EventDecoder::default();
        let event = decoder.next_event(&mut &b"data:x\r\n\r"[..]).unwrap();
        assert_eq!(event.unwrap().data, "x");
        assert_eq!(decoder.finish(), None);
    }

    #[test]
    fn g1_the_end_discards_the_open_block() {
        let mut decoder = EventDecoder::default();
        let body = b"id:1\ndata:a\n\nid:2\ndata:bc\ndata:d";
        assert!(decoder.next_event(&mut &body[..]).unwrap().is_some());
        let mut rest = &body[13..];
        assert_eq!(decoder.next_event(&mut rest), Ok(None));
        assert_eq!(decoder.last_event_id(), "1");
        assert_eq!(
            decoder.finish(),
            Some(Discarded { offset: 13, fields: 2, data: 3, partial_line: 6 })
        );
    }

    #[test]
    fn g1_a_closed_stream_discards_nothing() {
        let mut decoder = EventDecoder::default();
        let mut input = &b": c\n\ndata:a\n\n"[..];
        assert!(decoder.next_event(&mut input).unwrap().is_some());
        assert_eq!(decoder.finish(), None);
        assert_eq!(EventDecoder::default().finish(), None);
    }

    #[test]
    fn offsets_span_the_block() {
        let mut decoder = EventDecoder::default();
        let mut input = &b"\n: c\ndata:a\r\n\r\ndata:b\n\n"[..];
        let first = decoder.next_event(&mut input).unwrap().unwrap();
        assert_eq!((first.offset, first.end), (1, 15));
        let second = decoder.next_event(&mut input).unwrap().unwrap();
        assert_eq!((second.offset, second.end), (15, 23));
    }

    #[test]
    fn p5_the_data_of_an_event_is_limited() {
        let mut decoder = EventDecoder::new(Limits { line: 100, event: 3 });
        let mut input = &b"data:abc\n\ndata:a\ndata:b\n\ndata:ab\ndata:\ndata\n\n"[..];
        assert_eq!(decoder.next_event(&mut input).unwrap().unwrap().data, "abc");
        assert_eq!(decoder.next_event(&mut input).unwrap().unwrap().data, "a\nb");
        let error = DecodeError::EventTooLarge { offset: 25, limit: 3 };
        assert_eq!(decoder.next_event(&mut input), Err(error));
        assert_eq!(decoder.next_event(&mut &b"\n"[..]), Err(error));
    }

    #[test]
    fn an_error_comes_again_before_the_next_line_is_whole() {
        let mut decoder = EventDecoder::new(Limits { line: 100, event: 1 });
        let error = Err(DecodeError::EventTooLarge { offset: 0, limit: 1 });
        assert_eq!(decoder.next_event(&mut &b"data:ab\r"[..]), error);
        // The LF belongs to the line before.
        assert_eq!(decoder.next_event(&mut &b"\n"[..]), error);
        assert_eq!(decoder.next_event(&mut &b""[..]), error);
    }

    #[test]
    fn r1_resuming_keeps_the_id_of_the_connection_before() {
        let mut decoder = EventDecoder::default().resuming("5");
        let event = decoder.next_event(&mut &b"data\n\n"[..]).unwrap().unwrap();
        assert_eq!(event.last_event_id, "5");
    }
}
