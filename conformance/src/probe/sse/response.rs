//! A response: its head, and its body as it comes.

use std::time::Duration;

use tokio::time::Instant;

use super::body::{Unframer, framing};
use super::coding::Coding;
use super::http::Wire;
use super::http2::Exchange;
use super::{Framing, Head, Trouble};
use crate::trace::EntryId;

/// A response whose head has come.
pub struct Response {
    /// Its status line and header fields.
    pub head: Head,
    /// How its end is found.
    pub framing: Framing,
    body: Body,
    coding: Result<Coding, Trouble>,
    /// What is wrong behind the content that was read last.
    misframed: Option<Trouble>,
    /// What was read last, as it came, and where that stands in the trace.
    raw: Vec<u8>,
    entry: EntryId,
}

/// Where the content comes from.
enum Body {
    Http1 {
        wire: Wire,
        unframer: Unframer,
        /// What came with the head.
        unread: Vec<u8>,
    },
    Http2(Box<Exchange>),
}

impl Response {
    /// Over HTTP/1.x; `unread` came with the head.
    pub(super) fn http1(
        wire: Wire,
        head: Head,
        unread: Vec<u8>,
        to_head: bool,
    ) -> Result<Self, Trouble> {
        let framing = framing(&head, to_head).map_err(Trouble::Framing)?;
        let body = Body::Http1 { wire, unframer: Unframer::new(framing), unread };
        Ok(Self::new(head, framing, body))
    }

    /// Over HTTP/2.
    pub(super) fn http2(exchange: Box<Exchange>, head: Head) -> Self {
        Self::new(head, Framing::Frames, Body::Http2(exchange))
    }

    fn new(head: Head, framing: Framing, body: Body) -> Self {
        Self {
            coding: Coding::named(head.header("content-encoding").as_deref()),
            framing,
            entry: head.entry,
            head,
            body,
            misframed: None,
            raw: Vec::new(),
        }
    }

    /// The next part of the content, framing and content coding undone; nothing at its end.
    pub async fn read(
        &mut self,
        deadline: Instant,
        awaited: &str,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        loop {
            if let Some(trouble) = &self.misframed {
                return Err(trouble.clone());
            }
            let content = match &mut self.body {
                Body::Http2(exchange) => match exchange.data(deadline, awaited).await? {
                    Some(data) => {
                        (self.entry, self.raw) = (data.entry, data.bytes);
                        data.content
                    }
                    None => return Ok(None),
                },
                Body::Http1 { wire, unframer, unread } => {
                    if unframer.is_done() {
                        return Ok(None);
                    }
                    let raw = if unread.is_empty() {
                        wire.read(deadline, awaited).await?
                    } else {
                        std::mem::take(unread)
                    };
                    if raw.is_empty() {
                        let complete = unframer.may_close();
                        return if complete { Ok(None) } else { Err(Trouble::ended(awaited)) };
                    }
                    let mut content = Vec::new();
                    let unframed = unframer.push(&raw, &mut content).map(<[u8]>::len);
                    let summary = summary(&raw, &content, &self.coding);
                    self.entry = wire.received(summary, &raw);
                    self.raw = raw;
                    self.misframed = unframed.err().map(Trouble::Framing);
                    content
                }
            };
            let content = match &mut self.coding {
                Ok(coding) => coding.undo(content)?,
                Err(trouble) => return Err(trouble.clone()),
            };
            if !content.is_empty() {
                return Ok(Some(content));
            }
        }
    }

    /// The whole content, which has to be short and to end in time.
    pub async fn content(&mut self, patience: Duration) -> Result<Vec<u8>, Trouble> {
        const LIMIT: usize = 1 << 20;
        let deadline = Instant::now() + patience;
        let mut content = Vec::new();
        while let Some(part) = self.read(deadline, "the end of the body").await? {
            content.extend_from_slice(&part);
            if content.len() > LIMIT {
                return Err(Trouble::TooMuch(LIMIT));
            }
        }
        Ok(content)
    }

    /// Bytes that follow where the response is over: there should be none.
    pub async fn surplus(&mut self, patience: Duration) -> Result<Vec<u8>, Trouble> {
        let Body::Http1 { wire, unread, .. } = &mut self.body else { return Ok(Vec::new()) };
        let bytes = if unread.is_empty() {
            match wire.read(Instant::now() + patience, "anything more").await {
                Err(trouble) if trouble.is_silence() => return Ok(Vec::new()),
                other => other?,
            }
        } else {
            std::mem::take(unread)
        };
        if !bytes.is_empty() {
            let summary = format!("{} bytes behind the response", bytes.len());
            self.entry = wire.received(summary, &bytes);
        }
        Ok(bytes)
    }

    /// Where the bytes read last stand in the trace.
    pub fn entry(&self) -> EntryId {
        self.entry
    }

    /// The bytes read last, as they came.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Whether the body's own end has come, rather than only that of the connection.
    pub fn is_complete(&self) -> bool {
        match &self.body {
            Body::Http1 { unframer, .. } => unframer.may_close(),
            Body::Http2(exchange) => exchange.is_done(),
        }
    }
}

/// One line for the trace.
fn summary(raw: &[u8], content: &[u8], coding: &Result<Coding, Trouble>) -> String {
    const SHOWN: usize = 60;
    if !matches!(coding, Ok(Coding::Identity)) {
        return format!("{} bytes of the body, coded", raw.len());
    }
    let text = String::from_utf8_lossy(&content[..content.len().min(4 * SHOWN)]);
    let mut shown: String = text.chars().take(SHOWN).collect::<String>().escape_debug().collect();
    if text.chars().count() > SHOWN || content.len() > 4 * SHOWN {
        shown.push('…');
    }
    format!("{} bytes of the body: {shown}", raw.len())
}
