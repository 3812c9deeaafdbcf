//! Requests, written verbatim.

use bytes::Bytes;

use crate::transport::{EndpointUrl, Opening};

const HTTP2: &str = "HTTP/2";

/// A request. Nothing in it is checked, so that it may be illegal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    method: String,
    target: Option<String>,
    version: &'static str,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Bytes>,
    /// Whether it asks for the stream as clients do, in whichever way those do it.
    opens_stream: bool,
}

/// The header fields of an `EventSource`.
const EVENT_SOURCE: [(&str, &str); 2] =
    [("Accept", "text/event-stream"), ("Cache-Control", "no-cache")];

impl Request {
    /// What an `EventSource` sends: GET, `Accept: text/event-stream`, `Cache-Control: no-cache`;
    /// or what the user says that the endpoint's clients send.
    pub fn event_source() -> Self {
        let plain = Self { opens_stream: true, ..Self::new("GET") };
        EVENT_SOURCE.iter().fold(plain, |request, (name, value)| request.header(name, value))
    }

    /// What goes out, where the user says how streams are asked for. What a case itself sets stays.
    pub(super) fn opened_by(&self, opening: &Opening) -> Self {
        let mut request = self.clone();
        if !self.opens_stream {
            return request;
        }
        if let Some(method) = &opening.method {
            request.method.clone_from(method);
        }
        for (name, value) in &opening.headers {
            let same = |(known, _): &&mut (String, Vec<u8>)| known.eq_ignore_ascii_case(name);
            match request.headers.iter_mut().find(same) {
                Some((known, old)) => {
                    let usual = EVENT_SOURCE.iter().any(|(usual, value)| {
                        known.eq_ignore_ascii_case(usual) && old.as_slice() == value.as_bytes()
                    });
                    if usual {
                        *old = value.as_bytes().to_vec();
                    }
                }
                None => request.headers.push((name.clone(), value.as_bytes().to_vec())),
            }
        }
        if let (None, Some(body)) = (&request.body, &opening.body) {
            request.body = Some(body.clone().into());
        }
        request
    }

    /// A request without header fields of its own, for the resource of the connector's URL.
    pub fn new(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: None,
            version: "HTTP/1.1",
            headers: Vec::new(),
            body: None,
            opens_stream: false,
        }
    }

    /// The same over HTTP/1.0.
    pub fn http10(mut self) -> Self {
        self.version = "HTTP/1.0";
        self
    }

    /// The same over HTTP/2: where TLS negotiates it, or with prior knowledge (RFC 9113, section 3).
    pub fn http2(mut self) -> Self {
        self.version = HTTP2;
        self
    }

    /// For another path and query.
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Adds a header field; any bytes will do as value.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Adds a body and its length.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(super) fn is_http2(&self) -> bool {
        self.version == HTTP2
    }

    pub(super) fn method(&self) -> &str {
        &self.method
    }

    pub(super) fn target_or<'a>(&'a self, path: &'a str) -> &'a str {
        self.target.as_deref().unwrap_or(path)
    }

    /// The body, if any.
    pub(super) fn content(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Whether it goes where it is redirected to: requests for a stream do, and those that only look.
    pub(super) fn follows_redirects(&self) -> bool {
        self.opens_stream || matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// The request after a redirect: to the new URL as a whole, as GET where Fetch makes it one. Where it
    /// crosses from one origin to another and did not come from the first, its own origin is hidden.
    pub(super) fn redirected(&self, status: u16, crossing: Option<&EndpointUrl>) -> Self {
        let mut request = Self { target: None, opens_stream: false, ..self.clone() };
        let post = self.method == "POST" && matches!(status, 301 | 302);
        let other = status == 303 && !matches!(self.method.as_str(), "GET" | "HEAD");
        if post || other {
            "GET".clone_into(&mut request.method);
            request.body = None;
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        }
        if let Some(from) = crossing {
            for (name, value) in &mut request.headers {
                if name.eq_ignore_ascii_case("origin") && *value != from.origin().as_bytes() {
                    *value = b"null".to_vec();
                }
            }
        }
        request
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// One line for the trace, without header values, which may be secret.
    pub(super) fn summary(&self, path: &str) -> String {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let target = self.target_or(path);
        let with =
            if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
        format!("{} {target} {}{with}", self.method, self.version)
    }

    /// The head and the body. Header fields that the user wants on every request come last, so that
    /// a trace can leave them out.
    pub(super) fn encode(&self, authority: &str, path: &str) -> Vec<u8> {
        let target = self.target_or(path);
        let mut out = format!("{} {target} {}\r\n", self.method, self.version).into_bytes();
        let mut field = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        };
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            field("Host", authority.as_bytes());
        }
        for (name, value) in &self.headers {
            field(name, value);
        }
        if let Some(body) = &self.body {
            field("Content-Length", body.len().to_string().as_bytes());
        }
        out
    }

    /// The empty line and the body.
    pub(super) fn rest(&self) -> Vec<u8> {
        [b"\r\n", self.body.as_deref().unwrap_or_default()].concat()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn streams_are_asked_for_as_the_user_says() {
        let opening = Opening {
            method: Some("POST".to_owned()),
            headers: vec![
                ("accept".to_owned(), "a/b".to_owned()),
                ("Last-Event-ID".to_owned(), "0".to_owned()),
                ("Version".to_owned(), "1".to_owned()),
            ],
            body: Some("{}".to_owned()),
        };
        let sent = Request::event_source().header("Last-Event-ID", "7").opened_by(&opening);
        assert_eq!(
            String::from_utf8_lossy(&sent.encode("h", "/")),
            "POST / HTTP/1.1\r\nHost: h\r\nAccept: a/b\r\nCache-Control: no-cache\r\n\
             Last-Event-ID: 7\r\nVersion: 1\r\nContent-Length: 2\r\n"
        );
        let own = Request::new("OPTIONS").header("Accept", "text/event-stream");
        assert_eq!(own.opened_by(&opening), own);
    }

    #[test]
    fn redirects_change_what_fetch_changes() {
        let url: EndpointUrl = "http://h:1/".parse().unwrap();
        let post =
            Request::new("POST").header("Content-Type", "a/b").header("Origin", "x").body("{}");
        let sent = |status, crossing| {
            let sent = post.redirected(status, crossing).encode("h", "/");
            String::from_utf8(sent).unwrap()
        };
        assert_eq!(sent(302, None), "GET / HTTP/1.1\r\nHost: h\r\nOrigin: x\r\n");
        assert_eq!(sent(303, None), sent(302, None));
        assert!(sent(307, None).starts_with("POST / HTTP/1.1"));
        assert!(sent(308, None).contains("Content-Length: 2"));
        assert!(sent(307, Some(&url)).contains("Origin: null\r\n"));
        let own = Request::new("GET").header("Origin", "http://h:1").redirected(307, Some(&url));
        assert!(String::from_utf8_lossy(&own.encode("h", "/")).contains("Origin: http://h:1\r\n"));
    }

    #[test]
    fn values_go_out_as_they_are() {
        let request = Request::new("PUT").http10().target("/x?y").header("A", b"\xff ").body("hi");
        assert_eq!(
            request.encode("host:1", "/events"),
            b"PUT /x?y HTTP/1.0\r\nHost: host:1\r\nA: \xff \r\nContent-Length: 2\r\n"
        );
        assert_eq!(request.rest(), b"\r\nhi");
        assert_eq!(request.summary("/events"), "PUT /x?y HTTP/1.0 with A");
    }
}
