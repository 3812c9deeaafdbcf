//! Requests, written verbatim.

use bytes::Bytes;

/// A request. Nothing in it is checked, so that it may be illegal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    method: String,
    target: Option<String>,
    version: &'static str,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Bytes>,
}

impl Request {
    /// What an `EventSource` sends: GET, `Accept: text/event-stream`, `Cache-Control: no-cache`.
    pub fn event_source() -> Self {
        Self::new("GET").header("Accept", "text/event-stream").header("Cache-Control", "no-cache")
    }

    /// A request without header fields of its own, for the resource of the connector's URL.
    pub fn new(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: None,
            version: "HTTP/1.1",
            headers: Vec::new(),
            body: None,
        }
    }

    /// The same over HTTP/1.0.
    pub fn http10(mut self) -> Self {
        self.version = "HTTP/1.0";
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

    pub(super) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// One line for the trace, without header values, which may be secret.
    pub(super) fn summary(&self, path: &str) -> String {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let target = self.target.as_deref().unwrap_or(path);
        let with =
            if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) };
        format!("{} {target} {}{with}", self.method, self.version)
    }

    /// The head and the body. Header fields that the user wants on every request come last, so that
    /// a trace can leave them out.
    pub(super) fn encode(&self, authority: &str, path: &str) -> Vec<u8> {
        let target = self.target.as_deref().unwrap_or(path);
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
    use super::*;

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
