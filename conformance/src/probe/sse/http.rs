//! One exchange: a connection, a request, a response's head, and its body as it comes.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use super::body::{Framing, Unframer, framing};
use super::coding::Coding;
use super::{Request, Trouble};
use crate::trace::{EntryId, EntryKind, Recorder};
use crate::transport::{Connection, Connector};

const HEAD_LIMIT: usize = 64 << 10;
const HEADER_LIMIT: usize = 128;
/// Most interim responses before the final one.
const INTERIM_LIMIT: usize = 8;
const READ_SIZE: usize = 16 << 10;

/// Makes exchanges with one endpoint and records them.
#[derive(Clone, Debug)]
pub struct Http {
    /// Opens connections.
    pub connector: Connector,
    /// Where everything is recorded.
    pub trace: Recorder,
    /// How long a connection, and then the head of a response, may take.
    pub timeout: Duration,
}

/// The status line and the header fields of a response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The minor version of HTTP/1.x.
    pub minor_version: u8,
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The header fields in their order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Where it stands in the trace.
    pub entry: EntryId,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Head {
    /// The value of a header field, several joined by commas.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self.all(name).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    /// The values of all header fields with this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| String::from_utf8_lossy(value).trim().to_owned())
    }

    /// Whether a header field that is a list names this token, without regard to case.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.all(name)
            .any(|value| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(token)))
    }

    /// The status as a status line has it.
    pub fn status_text(&self) -> String {
        format!("{} {}", self.status, self.reason).trim_end().to_owned()
    }

    /// Where a header field stands in the head's bytes; the status line if it does not.
    pub fn position(&self, name: &str) -> std::ops::Range<usize> {
        let mut start = 0;
        let mut status_line = 0..0;
        for line in self.bytes.split_inclusive(|byte| *byte == b'\n') {
            let range = start..start + line.trim_ascii_end().len();
            let named =
                line.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()));
            if start == 0 {
                status_line = range;
            } else if named && line.get(name.len()) == Some(&b':') {
                return range;
            }
            start += line.len();
        }
        status_line
    }
}

impl Http {
    /// Sends a request on a new connection and waits for the head of its response.
    pub async fn send(&self, request: &Request) -> Result<Response, Trouble> {
        self.send_within(request, self.timeout).await
    }

    /// The same with a deadline of its own for the head.
    pub async fn send_within(
        &self,
        request: &Request,
        patience: Duration,
    ) -> Result<Response, Trouble> {
        self.begin(request).await?.head(patience).await
    }

    /// Sends a request on a new connection and waits for nothing.
    pub async fn begin(&self, request: &Request) -> Result<Pending, Trouble> {
        let url = self.connector.url();
        let request = request.opened_by(self.connector.opening());
        let mut connection = self
            .connector
            .connect(self.timeout)
            .await
            .map_err(|error| Trouble::Unreachable(error.to_string()))?;
        let number = self.trace.connection();
        self.trace.add(number, EntryKind::Opened, url.to_string(), &[]);
        let mut bytes = request.encode(&url.authority(), url.path());
        // The user's own header fields may be secret: they are sent, but not recorded.
        let recorded = [&bytes[..], &request.rest()].concat();
        self.trace.add(number, EntryKind::Sent, request.summary(url.path()), &recorded);
        for (name, value) in self.connector.headers() {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(&request.rest());
        let writing = async {
            connection.write_all(&bytes).await?;
            connection.flush().await
        };
        let Ok(written) = timeout_at(Instant::now() + self.timeout, writing).await else {
            return Err(Trouble::silent("the sending of the request", self.timeout));
        };
        if let Err(error) = written {
            // A server may answer and close before it has read all: the answer is worth reading.
            self.trace.add(number, EntryKind::Note, format!("not all was sent: {error}"), &[]);
        }
        Ok(Pending {
            wire: Wire { connection, number, trace: self.trace.clone(), open: true },
            to_head: request.is_head(),
            received: Vec::new(),
        })
    }
}

/// A connection and its place in the trace.
struct Wire {
    connection: Connection,
    number: u32,
    trace: Recorder,
    open: bool,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.open {
            self.trace.add(self.number, EntryKind::Left, "left", &[]);
        }
    }
}

impl Wire {
    /// What arrives next; nothing where the connection ends.
    async fn read(&mut self, deadline: Instant, awaited: &str) -> Result<Vec<u8>, Trouble> {
        let began = Instant::now();
        if began > deadline {
            // An endpoint that always has something to say would never run into the timeout below.
            return Err(Trouble::silent(awaited, Duration::ZERO));
        }
        let mut bytes = vec![0; READ_SIZE];
        match timeout_at(deadline, self.connection.read(&mut bytes)).await {
            Err(_) => Err(Trouble::silent(awaited, deadline - began)),
            Ok(Ok(count)) => {
                if count == 0 {
                    self.closed("closed");
                }
                bytes.truncate(count);
                Ok(bytes)
            }
            Ok(Err(error)) => {
                self.closed(&error.to_string());
                Err(Trouble::Broken { awaited: awaited.to_owned(), reason: error.to_string() })
            }
        }
    }

    fn closed(&mut self, how: &str) {
        self.open = false;
        self.trace.add(self.number, EntryKind::Closed, how, &[]);
    }
}

/// A request whose response has not begun.
pub struct Pending {
    wire: Wire,
    to_head: bool,
    received: Vec<u8>,
}

impl Pending {
    /// Waits for the head of the response.
    pub async fn head(self, patience: Duration) -> Result<Response, Trouble> {
        self.try_head(patience).await?.map_err(|_| Trouble::silent("a response", patience))
    }

    /// Waits for the head of the response; gives the request back if it does not come in time.
    pub async fn try_head(mut self, patience: Duration) -> Result<Result<Response, Self>, Trouble> {
        let awaited = "the head of a response";
        let deadline = Instant::now() + patience;
        let mut interim = 0;
        loop {
            if let Some((length, head)) = self.parse()? {
                if head.status / 100 == 1 && head.status != 101 && interim < INTERIM_LIMIT {
                    interim += 1;
                    self.received.drain(..length);
                    continue;
                }
                let rest = self.received.split_off(length);
                return self.response(head, rest).map(Ok);
            }
            if self.received.len() > HEAD_LIMIT {
                return Err(Trouble::HeadTooLarge { limit: HEAD_LIMIT, headers: HEADER_LIMIT });
            }
            match self.wire.read(deadline, awaited).await {
                Ok(bytes) if bytes.is_empty() => {
                    return Err(if self.received.is_empty() {
                        Trouble::ended("an answer")
                    } else {
                        Trouble::ended(awaited)
                    });
                }
                Ok(bytes) => self.received.extend_from_slice(&bytes),
                Err(trouble) if trouble.is_silence() => return Ok(Err(self)),
                Err(trouble) => return Err(trouble),
            }
        }
    }

    fn parse(&self) -> Result<Option<(usize, Head)>, Trouble> {
        let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(&self.received) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => {
                return Err(Trouble::HeadTooLarge { limit: HEAD_LIMIT, headers: HEADER_LIMIT });
            }
            Err(_) => {
                let begins = &self.received[..self.received.len().min(60)];
                self.wire.trace.add(
                    self.wire.number,
                    EntryKind::Received,
                    "not HTTP",
                    &self.received,
                );
                return Err(Trouble::NotHttp {
                    begins: String::from_utf8_lossy(begins).into_owned(),
                });
            }
        };
        let bytes = self.received[..length].to_vec();
        let status = response.code.unwrap_or_default();
        let reason = response.reason.unwrap_or_default();
        let summary = format!("{status} {reason}");
        let entry =
            self.wire.trace.add(self.wire.number, EntryKind::Received, summary.trim_end(), &bytes);
        let head = Head {
            minor_version: response.version.unwrap_or_default(),
            status,
            reason: reason.to_owned(),
            headers: response
                .headers
                .iter()
                .map(|header| (header.name.to_owned(), header.value.to_vec()))
                .collect(),
            entry,
            bytes,
        };
        Ok(Some((length, head)))
    }

    fn response(self, head: Head, rest: Vec<u8>) -> Result<Response, Trouble> {
        let framing = framing(&head, self.to_head).map_err(Trouble::Framing)?;
        Ok(Response {
            coding: Coding::named(head.header("content-encoding").as_deref()),
            unframer: Unframer::new(framing),
            framing,
            entry: head.entry,
            head,
            wire: self.wire,
            unread: rest,
            misframed: None,
            raw: Vec::new(),
        })
    }
}

/// A response whose head has come.
pub struct Response {
    /// Its status line and header fields.
    pub head: Head,
    /// How its end is found.
    pub framing: Framing,
    wire: Wire,
    unframer: Unframer,
    coding: Result<Coding, Trouble>,
    /// What came with the head.
    unread: Vec<u8>,
    /// What is wrong behind the content that was read last.
    misframed: Option<Trouble>,
    /// What was read last, as it came, and where that stands in the trace.
    raw: Vec<u8>,
    entry: EntryId,
}

impl Response {
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
            if self.unframer.is_done() {
                return Ok(None);
            }
            let raw = if self.unread.is_empty() {
                self.wire.read(deadline, awaited).await?
            } else {
                std::mem::take(&mut self.unread)
            };
            if raw.is_empty() {
                return if self.unframer.may_close() {
                    Ok(None)
                } else {
                    Err(Trouble::ended(awaited))
                };
            }
            let mut content = Vec::new();
            let unframed = self.unframer.push(&raw, &mut content).map(<[u8]>::len);
            let summary = summary(&raw, &content, &self.coding);
            self.entry = self.wire.trace.add(self.wire.number, EntryKind::Received, summary, &raw);
            self.raw = raw;
            self.misframed = unframed.err().map(Trouble::Framing);
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
        if !self.unread.is_empty() {
            let unread = std::mem::take(&mut self.unread);
            let summary = format!("{} bytes behind the response", unread.len());
            self.entry =
                self.wire.trace.add(self.wire.number, EntryKind::Received, summary, &unread);
            return Ok(unread);
        }
        let bytes = match self.wire.read(Instant::now() + patience, "anything more").await {
            Err(trouble) if trouble.is_silence() => return Ok(Vec::new()),
            other => other?,
        };
        if !bytes.is_empty() {
            let summary = format!("{} bytes behind the response", bytes.len());
            self.entry =
                self.wire.trace.add(self.wire.number, EntryKind::Received, summary, &bytes);
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
        self.unframer.may_close()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn answered(answer: &'static [u8]) -> Result<Response, Trouble> {
        let connector = Connector::memory("http://test/".parse().unwrap(), move || {
            let (client, mut server) = tokio::io::duplex(1 << 20);
            tokio::spawn(async move {
                let _ = server.write_all(answer).await;
                std::future::pending::<()>().await;
            });
            client
        });
        let http = Http { connector, trace: Recorder::new(), timeout: Duration::from_secs(5) };
        http.send(&Request::event_source()).await
    }

    #[tokio::test(start_paused = true)]
    async fn interim_responses_are_skipped() {
        let answer = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nA: x\r\na: y\r\n\r\n";
        let response = answered(answer).await.unwrap();
        assert_eq!(response.head.status, 200);
        assert_eq!(response.head.header("A").unwrap(), "x, y");
        let position = response.head.position("a");
        assert_eq!(&response.head.bytes[position], b"A: x");
    }

    #[tokio::test(start_paused = true)]
    async fn hostile_answers_end_in_time() {
        let trouble = |answer| async move { answered(answer).await.err().unwrap() };
        assert!(trouble(b"").await.is_silence());
        assert!(trouble(b"HTTP/1.1 200 OK\r\n").await.is_silence());
        assert!(matches!(trouble(b"\x20\x02\x00\x00").await, Trouble::NotHttp { .. }));
        let endless: &'static [u8] =
            [&b"HTTP/1.1 200 OK\r\nA: "[..], &vec![b'x'; 100_000]].concat().leak();
        assert!(matches!(trouble(endless).await, Trouble::HeadTooLarge { .. }));
        let many: &'static [u8] =
            [&b"HTTP/1.1 200 OK\r\n"[..], &b"A: x\r\n".repeat(1000)].concat().leak();
        assert!(matches!(trouble(many).await, Trouble::HeadTooLarge { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_shorter_than_its_length_is_noticed() {
        let mut response =
            answered(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd").await.unwrap();
        assert_eq!(response.content(Duration::from_secs(1)).await.unwrap(), b"abc");
        let mut response =
            answered(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").await.unwrap();
        assert!(response.content(Duration::from_secs(1)).await.unwrap_err().is_silence());
    }
}
