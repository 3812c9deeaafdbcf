//! What a capture is: a stream, a response, or an HTTP archive; and the response that it becomes.

use std::fmt::Write as _;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::io::AsyncWriteExt as _;

use crate::probe::sse::is_event_stream;
use crate::transport::{Connector, EndpointUrl};

/// Most header fields of a captured response.
const HEADER_LIMIT: usize = 128;

/// One stream of a capture, as a response that can be played back.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Where it stands in what was given.
    pub(super) source: String,
    /// What there is to know about how it was read.
    pub(super) notes: Vec<String>,
    /// The response.
    pub(super) response: Bytes,
    /// Whether its head was captured, too.
    pub(super) has_head: bool,
    /// Whether the body's framing was captured, too.
    pub(super) framed: bool,
    /// Where the head stands in the file, and by how many bytes its status line became longer.
    pub(super) head_at: Option<(u64, u64)>,
    /// Where the stream stands in the file, if it does byte for byte.
    pub(super) stream_at: Option<u64>,
    /// Why there is a head and no stream, if that is so.
    pub(super) missing: Option<String>,
}

/// What was given is no capture of event streams.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// It begins as a response and goes on as something else.
    #[error("it begins with HTTP/ but its head cannot be read: {0}")]
    Head(String),
    /// It is an archive that cannot be read.
    #[error("it looks like an HTTP archive (HAR) but cannot be read as one: {0}")]
    Archive(String),
    /// It is an archive of other things.
    #[error("none of the {0} entries of the archive is an event stream (text/event-stream)")]
    NoStream(usize),
}

/// Finds out what was captured.
pub fn captures(input: &[u8]) -> Result<Vec<Capture>, CaptureError> {
    // Some tools put a byte order mark before an archive. Before a stream it is part of it.
    let start = input.strip_prefix("\u{feff}".as_bytes()).unwrap_or(input).trim_ascii_start();
    if input.is_empty() {
        Err(CaptureError::Empty)
    } else if input.starts_with(b"HTTP/") {
        response(input).map(|capture| vec![capture])
    } else if looks_like_archive(start) {
        archive(start)
    } else {
        Ok(vec![body(input)])
    }
}

impl Capture {
    /// A connector behind which the response is played back to whoever connects.
    pub(super) fn played_back(&self, url: EndpointUrl) -> Connector {
        let response = self.response.clone();
        Connector::memory(url, move || {
            let (client, mut server) = tokio::io::duplex(64 << 10);
            let response = response.clone();
            tokio::spawn(async move {
                // Who has read enough may leave.
                let _ = server.write_all(&response).await;
            });
            client
        })
    }
}

// ===== A stream by itself =====

fn body(input: &[u8]) -> Capture {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    Capture {
        source: "body".to_owned(),
        notes: Vec::new(),
        response: [&head[..], input].concat().into(),
        has_head: false,
        framed: false,
        head_at: None,
        stream_at: Some(0),
        missing: None,
    }
}

// ===== A response =====

fn response(input: &[u8]) -> Result<Capture, CaptureError> {
    let mut skipped = 0;
    let (mut bytes, grown, length) = loop {
        let (bytes, grown) = as_http1(&input[skipped..]);
        let (status, length) = head(&bytes)?;
        // What a tool that follows redirects, or goes through a proxy, prints before the last head.
        let another = bytes[length..].trim_ascii_start().starts_with(b"HTTP/");
        if !another || status == 200 && !is_tunnel(&bytes[..length]) {
            break (bytes, grown, length);
        }
        let blanks = bytes[length..].len() - bytes[length..].trim_ascii_start().len();
        skipped += length - grown + blanks;
    };
    let mut notes = Vec::new();
    if skipped > 0 {
        notes.push(format!("{skipped} bytes of earlier responses are passed over"));
    }
    // Tools often write a body decoded below a head that describes it as it was on the wire.
    let mut framed = true;
    let chunked = field(&bytes[..length], "transfer-encoding").is_some();
    if chunked && !begins_with_chunk(&bytes[length..]) {
        mask(&mut bytes[..length], "transfer-encoding");
        notes.push("the body is not chunked: taken as already decoded".to_owned());
        framed = false;
    }
    let coded = field(&bytes[..length], "content-encoding").is_some();
    let content = &bytes[length..];
    let content = if chunked && framed { behind_line(content) } else { content };
    if coded && is_text(&content[..content.len().min(256)]) {
        mask(&mut bytes[..length], "content-encoding");
        mask(&mut bytes[..length], "content-length");
        notes.push("the body is not compressed: taken as already decoded".to_owned());
        framed = false;
    }
    let verbatim = !framed || !chunked && !coded;
    Ok(Capture {
        source: "response".to_owned(),
        notes,
        response: bytes.into(),
        has_head: true,
        framed,
        head_at: Some((skipped as u64, grown as u64)),
        stream_at: verbatim.then_some((skipped + length - grown) as u64),
        missing: None,
    })
}

/// HTTP/2 and HTTP/3 have no status line; tools write one, which is read as that of HTTP/1.1. Tells
/// by how many bytes it became longer.
fn as_http1(input: &[u8]) -> (Vec<u8>, usize) {
    for newer in [&b"HTTP/2 "[..], b"HTTP/3 "] {
        if let Some(rest) = input.strip_prefix(newer) {
            return ([&b"HTTP/1.1 "[..], rest].concat(), 2);
        }
    }
    for newer in [&b"HTTP/2.0 "[..], b"HTTP/3.0 "] {
        if let Some(rest) = input.strip_prefix(newer) {
            return ([&b"HTTP/1.1 "[..], rest].concat(), 0);
        }
    }
    (input.to_vec(), 0)
}

/// Status and length of a head.
fn head(bytes: &[u8]) -> Result<(u16, usize), CaptureError> {
    let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => Ok((response.code.unwrap_or_default(), length)),
        Ok(httparse::Status::Partial) => {
            Err(CaptureError::Head("it has no end (an empty line)".to_owned()))
        }
        Err(error) => Err(CaptureError::Head(error.to_string())),
    }
}

fn is_tunnel(head: &[u8]) -> bool {
    head.to_ascii_lowercase().windows(22).any(|window| window == b"connection established")
}

/// Where in a head the line of a header field is.
fn field(head: &[u8], name: &str) -> Option<usize> {
    let mut at = 0;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let named = line.get(..name.len()).is_some_and(|found| {
            found.eq_ignore_ascii_case(name.as_bytes()) && line.get(name.len()) == Some(&b':')
        });
        if named {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// Gives a header field another name of the same length, so that it does not count.
fn mask(head: &mut [u8], name: &str) {
    while let Some(at) = field(head, name) {
        head[at] = b'-';
    }
}

fn begins_with_chunk(body: &[u8]) -> bool {
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    !size.is_empty() && size.len() <= 16 && size.iter().all(u8::is_ascii_hexdigit)
}

fn behind_line(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    &bytes[end..]
}

/// Whether bytes are text, but for a character that is cut at their end.
fn is_text(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(text) => !text.contains(|c: char| c.is_control() && !c.is_whitespace()),
        Err(error) => error.error_len().is_none() && is_text(&bytes[..error.valid_up_to()]),
    }
}

// ===== An archive =====

/// Whether this is an archive, or was one before it was cut.
fn looks_like_archive(input: &[u8]) -> bool {
    let begins = input.strip_prefix(b"{").is_some_and(|inner| {
        let name = inner.trim_ascii_start().strip_prefix(b"\"log\"");
        name.is_some_and(|behind| behind.trim_ascii_start().starts_with(b":"))
    });
    begins || input.starts_with(b"{") && serde_json::from_slice::<Loose>(input).is_ok()
}

/// Enough of a HAR to tell it from other JSON.
#[derive(Deserialize)]
struct Loose {
    #[serde(rename = "log")]
    _log: IgnoredAny,
}

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: HarRequest,
    response: HarResponse,
    /// What Chrome keeps of an `EventSource` instead of the body.
    #[serde(rename = "_eventSourceMessages")]
    messages: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct HarRequest {
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarResponse {
    status: u16,
    #[serde(default)]
    status_text: String,
    headers: Vec<HarHeader>,
    content: HarContent,
}

#[derive(Deserialize)]
struct HarHeader {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarContent {
    #[serde(default)]
    mime_type: String,
    text: Option<String>,
    encoding: Option<String>,
}

fn archive(input: &[u8]) -> Result<Vec<Capture>, CaptureError> {
    let wrong = |error: String| CaptureError::Archive(error);
    let archive: Archive =
        serde_json::from_slice(input).map_err(|error| wrong(error.to_string()))?;
    let entries = archive.log.entries;
    let count = entries.len();
    let mut captures = Vec::new();
    for (number, entry) in entries.into_iter().enumerate() {
        let labelled = entry.response.headers.iter().any(|header| {
            header.name.eq_ignore_ascii_case("content-type") && is_event_stream(&header.value)
        });
        if labelled || is_event_stream(&entry.response.content.mime_type) {
            captures.push(har_entry(number + 1, entry).map_err(wrong)?);
        }
    }
    if captures.is_empty() { Err(CaptureError::NoStream(count)) } else { Ok(captures) }
}

fn har_entry(number: usize, entry: Entry) -> Result<Capture, String> {
    let HarResponse { status, status_text, headers, content } = entry.response;
    let mut missing = None;
    let body = match (content.text, content.encoding.as_deref()) {
        (None, _) => {
            let instead = match entry.messages.map_or(0, |messages| messages.len()) {
                0 => String::new(),
                count => format!(", and {count} events that were made of it do not show its lines"),
            };
            missing = Some(format!(
                "the archive does not hold the body (browsers leave out that of an EventSource){instead}: capture it with `curl -i`"
            ));
            Vec::new()
        }
        (Some(text), None | Some("")) => text.into_bytes(),
        (Some(text), Some(coding)) if coding.eq_ignore_ascii_case("base64") => {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD
                .decode(text)
                .map_err(|error| format!("entry {number}: {error}"))?
        }
        (Some(_), Some(coding)) => {
            return Err(format!("entry {number}: the encoding {coding:?} is not known"));
        }
    };
    // An archive holds bodies decoded, and headers as they were on the wire.
    let decoded = ["transfer-encoding", "content-encoding", "content-length"];
    let mut head = format!("HTTP/1.1 {status} {}\r\n", one_line(&status_text));
    for HarHeader { name, value } in headers {
        // Those of HTTP/2 that are none.
        if !name.starts_with(':') && !decoded.iter().any(|one| name.eq_ignore_ascii_case(one)) {
            let _ = write!(head, "{}: {}\r\n", one_line(&name), one_line(&value));
        }
    }
    head.push_str("\r\n");
    Ok(Capture {
        source: format!("entry {number}, {}", without_secrets(&entry.request.url)),
        notes: Vec::new(),
        response: [head.as_bytes(), &body].concat().into(),
        has_head: true,
        framed: false,
        head_at: None,
        stream_at: None,
        missing,
    })
}

fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// A URL without credentials and query.
fn without_secrets(url: &str) -> String {
    let Ok(mut url) = url::Url::parse(url) else { return "an unreadable URL".to_owned() };
    // That a URL cannot have them is as good.
    let _ = (url.set_username(""), url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}
