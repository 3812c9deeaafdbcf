//! One exchange: a connection, a request, and the head of a response.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use super::http2::{self, Exchange};
use super::{Request, Response, Trouble};
use crate::trace::{EntryId, EntryKind, Recorder};
use crate::transport::{ConnectError, Connection, Connector};

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
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    pub version: &'static str,
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The header fields in their order, without pseudo-header fields.
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
        self.begin(request).await?.head(self.timeout).await
    }

    /// Sends a request on a new connection and waits for nothing.
    pub async fn begin(&self, request: &Request) -> Result<Pending, Trouble> {
        let url = self.connector.url();
        let request = &request.opened_by(self.connector.opening());
        let unreachable = |error: ConnectError| Trouble::Unreachable(error.to_string());
        let connection = if request.is_http2() {
            let connection = self.connector.connect_http2(self.timeout).await;
            connection.map_err(unreachable)?.ok_or(Trouble::NotChosen)?
        } else {
            self.connector.connect(self.timeout).await.map_err(unreachable)?
        };
        let number = self.trace.connection();
        self.trace.add(number, EntryKind::Opened, url.to_string(), &[]);
        let mut wire = Wire { connection, number, trace: self.trace.clone(), open: true };

        // The user's own header fields may be secret: they are sent, but not recorded.
        let (shown, bytes) = if request.is_http2() {
            let scheme = if url.scheme().is_tls() { "https" } else { "http" };
            let opening =
                |own: &[_]| http2::opening(request, scheme, &url.authority(), url.path(), own);
            (opening(&[]), opening(self.connector.headers()))
        } else {
            let mut bytes = request.encode(&url.authority(), url.path());
            let shown = [&bytes[..], &request.rest()].concat();
            for (name, value) in self.connector.headers() {
                bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
            }
            bytes.extend_from_slice(&request.rest());
            (shown, bytes)
        };
        self.trace.add(number, EntryKind::Sent, request.summary(url.path()), &shown);
        match wire.write(&bytes, Instant::now() + self.timeout).await {
            // A server may answer and close before it has read all: the answer is worth reading.
            Err(Trouble::Broken { reason, .. }) => {
                self.trace.add(number, EntryKind::Note, format!("not all was sent: {reason}"), &[]);
            }
            written => written?,
        }
        Ok(Pending {
            way: if request.is_http2() {
                Way::Http2(Box::new(Exchange::new(wire)))
            } else {
                Way::Http1 { wire, received: Vec::new() }
            },
            to_head: request.is_head(),
        })
    }
}

/// A connection and its place in the trace.
pub(super) struct Wire {
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
    pub(super) async fn read(
        &mut self,
        deadline: Instant,
        awaited: &str,
    ) -> Result<Vec<u8>, Trouble> {
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

    pub(super) async fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), Trouble> {
        let awaited = "the sending of the request";
        let began = Instant::now();
        let writing = async {
            self.connection.write_all(bytes).await?;
            self.connection.flush().await
        };
        match timeout_at(deadline, writing).await {
            Err(_) => Err(Trouble::silent(awaited, deadline - began)),
            Ok(Err(error)) => {
                Err(Trouble::Broken { awaited: awaited.to_owned(), reason: error.to_string() })
            }
            Ok(Ok(())) => Ok(()),
        }
    }

    /// Records what was received.
    pub(super) fn received(&self, summary: impl Into<String>, bytes: &[u8]) -> EntryId {
        self.trace.add(self.number, EntryKind::Received, summary, bytes)
    }

    /// Records what is no traffic.
    pub(super) fn note(&self, text: impl Into<String>) {
        self.trace.add(self.number, EntryKind::Note, text, &[]);
    }

    /// Records what was sent.
    pub(super) fn sent(&self, summary: impl Into<String>, bytes: &[u8]) {
        self.trace.add(self.number, EntryKind::Sent, summary, bytes);
    }

    fn closed(&mut self, how: &str) {
        self.open = false;
        self.trace.add(self.number, EntryKind::Closed, how, &[]);
    }
}

/// A request whose response has not begun.
pub struct Pending {
    way: Way,
    to_head: bool,
}

enum Way {
    Http1 { wire: Wire, received: Vec<u8> },
    Http2(Box<Exchange>),
}

impl Pending {
    /// Waits for the head of the response.
    pub async fn head(self, patience: Duration) -> Result<Response, Trouble> {
        self.try_head(patience).await?.map_err(|_| Trouble::silent("a response", patience))
    }

    /// Waits for the head of the response; gives the request back if it does not come in time.
    pub async fn try_head(self, patience: Duration) -> Result<Result<Response, Self>, Trouble> {
        let deadline = Instant::now() + patience;
        let to_head = self.to_head;
        match self.way {
            Way::Http1 { mut wire, mut received } => {
                match head(&mut wire, &mut received, deadline).await {
                    Ok(head) => Response::http1(wire, head, received, to_head).map(Ok),
                    Err(trouble) if trouble.is_silence() => {
                        Ok(Err(Self { way: Way::Http1 { wire, received }, to_head }))
                    }
                    Err(trouble) => Err(trouble),
                }
            }
            Way::Http2(mut exchange) => match exchange.head(deadline).await {
                Ok(head) => Ok(Ok(Response::http2(exchange, head))),
                Err(trouble) if trouble.is_silence() => {
                    Ok(Err(Self { way: Way::Http2(exchange), to_head }))
                }
                Err(trouble) => Err(trouble),
            },
        }
    }
}

/// Reads the head of the final response; what follows it stays in `received`.
async fn head(wire: &mut Wire, received: &mut Vec<u8>, deadline: Instant) -> Result<Head, Trouble> {
    let awaited = "the head of a response";
    let mut interim = 0;
    loop {
        if let Some((length, head)) = parse(wire, received)? {
            received.drain(..length);
            if head.status / 100 == 1 && head.status != 101 && interim < INTERIM_LIMIT {
                interim += 1;
                continue;
            }
            return Ok(head);
        }
        if received.len() > HEAD_LIMIT {
            return Err(Trouble::HeadTooLarge { limit: HEAD_LIMIT, headers: HEADER_LIMIT });
        }
        let bytes = wire.read(deadline, awaited).await?;
        if bytes.is_empty() {
            return Err(Trouble::ended(if received.is_empty() { "an answer" } else { awaited }));
        }
        received.extend_from_slice(&bytes);
    }
}

/// The head that `received` begins with and its length, if it is complete.
fn parse(wire: &Wire, received: &[u8]) -> Result<Option<(usize, Head)>, Trouble> {
    let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(received) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Trouble::HeadTooLarge { limit: HEAD_LIMIT, headers: HEADER_LIMIT });
        }
        Err(_) => {
            let begins = &received[..received.len().min(60)];
            wire.received("not HTTP", received);
            return Err(Trouble::NotHttp { begins: String::from_utf8_lossy(begins).into_owned() });
        }
    };
    let bytes = received[..length].to_vec();
    let status = response.code.unwrap_or_default();
    let reason = response.reason.unwrap_or_default();
    let entry = wire.received(format!("{status} {reason}").trim_end(), &bytes);
    let headers = response.headers.iter();
    Ok(Some((
        length,
        Head {
            version: if response.version == Some(0) { "HTTP/1.0" } else { "HTTP/1.1" },
            status,
            reason: reason.to_owned(),
            headers: headers.map(|field| (field.name.to_owned(), field.value.to_vec())).collect(),
            entry,
            bytes,
        },
    )))
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
