//! A response read as a stream of events.

use std::collections::VecDeque;
use std::time::Duration;

use pushspec_wire::sse::{Discarded, Interpreter, LineDecoder, LineEnds, LineKind, MessageEvent};
use tokio::time::Instant;

use super::{Head, Notes, Response, Trouble};
use crate::trace::EntryId;

/// Most bytes of events that are collected while one is looked for.
const COLLECTED: usize = 64 << 20;
/// Most bytes of fields in one block.
const BLOCK: usize = 32 << 20;

/// An event and how it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// What a client would dispatch.
    pub event: MessageEvent<'static>,
    /// The fields of its block, names and values as they came; comments are left out.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// When its last byte came.
    pub at: Instant,
    /// The read that completed it.
    pub entry: EntryId,
}

impl Received {
    /// The block's own id, if it has one.
    pub fn id(&self) -> Option<&[u8]> {
        self.fields
            .iter()
            .rev()
            .find(|(name, value)| name == b"id" && !value.is_empty() && !value.contains(&0))
            .map(|(_, value)| value.as_slice())
    }

    /// Whether its data contains a text.
    pub fn contains(&self, text: &str) -> bool {
        self.event.data.contains(text)
    }

    /// Type and data for a reader. The id is left out, since it differs from run to run.
    pub fn shown(&self) -> String {
        let mut data: String = self.event.data.chars().take(60).collect();
        if data.len() < self.event.data.len() {
            data.push('…');
        }
        format!("an event of type {:?} with data {data:?}", self.event.event_type)
    }
}

/// How a stream ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// Whether the response is complete: the last chunk came, or so many bytes as were announced.
    pub complete: bool,
    /// What the end threw away.
    pub discarded: Option<Discarded>,
    /// The beginning of a last line without an end.
    pub partial_line: Vec<u8>,
}

impl Ending {
    /// What there is at the end of these lines.
    pub(crate) fn of(lines: &LineDecoder, interpreter: &Interpreter, complete: bool) -> Self {
        let partial_line = lines.partial_line();
        let discarded = interpreter.pending(partial_line, lines.offset());
        let partial_line = partial_line[..partial_line.len().min(80)].to_vec();
        Self { complete, discarded, partial_line }
    }

    /// How many fields are lost because no empty line closes their block. A comment is no loss.
    pub fn lost_fields(&self) -> usize {
        let partial = self.partial_line.first().is_some_and(|first| *first != b':');
        self.discarded.map_or(0, |discarded| discarded.fields + usize::from(partial))
    }
}

/// Reads events.
pub struct EventStream {
    response: Response,
    lines: LineDecoder,
    interpreter: Interpreter,
    notes: Notes,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    field_bytes: usize,
    waiting: VecDeque<Received>,
    ending: Option<Ending>,
}

impl EventStream {
    /// Reads a response as a stream of events, whatever its Content-Type.
    pub fn over(response: Response) -> Self {
        Self {
            response,
            lines: LineDecoder::default(),
            interpreter: Interpreter::default(),
            notes: Notes::default(),
            fields: Vec::new(),
            field_bytes: 0,
            waiting: VecDeque::new(),
            ending: None,
        }
    }

    /// The response's head.
    pub fn head(&self) -> &Head {
        &self.response.head
    }

    /// What was seen so far.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Whether the beginning of a line has come and its end has not.
    pub fn is_within_line(&self) -> bool {
        !self.lines.partial_line().is_empty()
    }

    /// How the lines so far ended.
    pub fn line_ends(&self) -> LineEnds {
        self.lines.line_ends()
    }

    /// The last event ID that a client would send now.
    pub fn last_event_id(&self) -> &str {
        self.interpreter.last_event_id()
    }

    /// The bytes read last stand here in the trace.
    pub fn entry(&self) -> EntryId {
        self.response.entry()
    }

    /// How the stream ended, once it has.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The value of the last data field of a block that is still open.
    pub fn last_data(&self) -> Option<&[u8]> {
        let data = self.fields.iter().rev().find(|(name, _)| name == b"data");
        data.map(|(_, value)| value.as_slice())
    }

    /// Waits for the next event.
    pub async fn next_event(&mut self, patience: Duration) -> Result<Received, Trouble> {
        self.next_before(Instant::now() + patience, "an event").await
    }

    /// Collects events up to and including the first one that `wanted` says yes to. If that does not
    /// come in time, what did come can be read again.
    pub async fn until(
        &mut self,
        patience: Duration,
        awaited: &str,
        mut wanted: impl FnMut(&Received) -> bool,
    ) -> Result<Vec<Received>, Trouble> {
        let deadline = Instant::now() + patience;
        let mut collected = Vec::new();
        let mut bytes = 0;
        loop {
            let event = match self.next_before(deadline, awaited).await {
                Ok(event) => event,
                Err(trouble) => {
                    collected.append(&mut self.waiting.drain(..).collect());
                    self.waiting = collected.into();
                    return Err(trouble);
                }
            };
            bytes += event.event.data.len() + event.fields.len() + 64;
            let found = wanted(&event);
            collected.push(event);
            if found {
                return Ok(collected);
            }
            if bytes > COLLECTED {
                return Err(Trouble::TooMuch(COLLECTED));
            }
        }
    }

    /// Waits for bytes of whatever kind and returns the events that they completed, if any.
    pub async fn next_read(&mut self, patience: Duration) -> Result<Vec<Received>, Trouble> {
        if self.read(Instant::now() + patience, "anything").await? {
            Ok(self.waiting.drain(..).collect())
        } else {
            Err(Trouble::ended("anything more"))
        }
    }

    /// Reads to the end of the stream, which has to come in time.
    pub async fn to_end(&mut self, patience: Duration) -> Result<Ending, Trouble> {
        let deadline = Instant::now() + patience;
        while self.ending.is_none() {
            let read = self.read(deadline, "the end of the stream").await;
            self.waiting.clear();
            if self.ending.is_none() {
                read?;
            }
        }
        self.ending.clone().ok_or_else(|| Trouble::ended("the end of the stream"))
    }

    async fn next_before(&mut self, deadline: Instant, awaited: &str) -> Result<Received, Trouble> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(event);
            }
            if !self.read(deadline, awaited).await? {
                return Err(Trouble::ended(awaited));
            }
        }
    }

    /// Reads once; says whether the stream goes on.
    async fn read(&mut self, deadline: Instant, awaited: &str) -> Result<bool, Trouble> {
        if self.ending.is_some() {
            return Ok(false);
        }
        match self.response.read(deadline, awaited).await {
            Ok(Some(content)) => {
                self.process(&content)?;
                Ok(true)
            }
            Ok(None) => {
                self.end(self.response.is_complete());
                Ok(false)
            }
            Err(trouble) => {
                if matches!(trouble, Trouble::Ended { .. } | Trouble::Broken { .. }) {
                    self.end(false);
                }
                Err(trouble)
            }
        }
    }

    fn end(&mut self, complete: bool) {
        self.ending = Some(Ending::of(&self.lines, &self.interpreter, complete));
    }

    fn process(&mut self, content: &[u8]) -> Result<(), Trouble> {
        let entry = self.response.entry();
        let mut input = content;
        while let Some(line) = self.lines.next_line(&mut input)? {
            self.notes.line(&line, entry, self.response.raw());
            if let LineKind::Field(field) = line.kind() {
                self.field_bytes += field.name.len() + field.value.len() + 64;
                if self.field_bytes > BLOCK {
                    return Err(Trouble::TooMuch(BLOCK));
                }
                self.fields.push((field.name.to_vec(), field.value.to_vec()));
            }
            let event = self.interpreter.process(&line)?.map(MessageEvent::into_owned);
            if line.bytes.is_empty() {
                self.field_bytes = 0;
                let fields = std::mem::take(&mut self.fields);
                if let Some(event) = event {
                    self.waiting.push_back(Received { event, fields, at: Instant::now(), entry });
                }
            }
        }
        Ok(())
    }
}
