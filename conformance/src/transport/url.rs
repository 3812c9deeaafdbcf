//! Endpoint URLs.

use std::fmt;
use std::str::FromStr;

/// The address of an endpoint. Displayed without credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndpointUrl {
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
    user_name: Option<String>,
    password: Option<String>,
}

/// The scheme of an endpoint's URL: protocol and transport.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scheme {
    /// MQTT over TCP.
    Mqtt,
    /// MQTT over TLS.
    Mqtts,
    /// MQTT over WebSocket.
    Ws,
    /// MQTT over WebSocket over TLS.
    Wss,
    /// MQTT over a Unix domain socket.
    Unix,
    /// SSE over HTTP.
    Http,
    /// SSE over HTTPS.
    Https,
}

impl Scheme {
    const ALL: [(&'static str, Self, u16); 9] = [
        ("mqtt", Self::Mqtt, 1883),
        ("tcp", Self::Mqtt, 1883),
        ("mqtts", Self::Mqtts, 8883),
        ("ssl", Self::Mqtts, 8883),
        ("ws", Self::Ws, 80),
        ("wss", Self::Wss, 443),
        ("unix", Self::Unix, 0),
        ("http", Self::Http, 80),
        ("https", Self::Https, 443),
    ];

    /// Whether it runs over TLS.
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Mqtts | Self::Wss | Self::Https)
    }

    /// Whether it runs over WebSocket.
    pub const fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// Whether it is for Server-Sent Events rather than MQTT.
    pub const fn is_sse(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Mqtts => "mqtts",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Unix => "unix",
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The text is not an endpoint's URL.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// There is no scheme.
    #[error(
        "`{0}` is not a URL: expected one of mqtt:// mqtts:// ws:// wss:// unix:/path http:// https:// (did you mean `mqtt://{0}`?)"
    )]
    NoScheme(String),
    /// The scheme is none of ours.
    #[error("scheme `{0}` is not supported: expected mqtt, mqtts, ws, wss, unix, http or https")]
    UnknownScheme(String),
    /// The rest does not parse.
    #[error("`{text}` is not a URL: {reason}")]
    Invalid {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl EndpointUrl {
    /// Protocol and transport.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host name or address, without brackets; empty for `unix`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 0 for `unix`.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, or the path of the socket.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The user name before the `@`, percent-decoded.
    pub fn user_name(&self) -> Option<&str> {
        self.user_name.as_deref()
    }

    /// The password before the `@`, percent-decoded.
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// `host:port` as an HTTP `Host` field wants it: the scheme's own port is left out.
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let default = Scheme::ALL
            .iter()
            .any(|(_, scheme, port)| *scheme == self.scheme && *port == self.port);
        if default { host } else { format!("{host}:{}", self.port) }
    }

    /// Scheme, host and port, as browsers write them (RFC 6454, section 6.2).
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme.name(), self.authority())
    }

    /// Whether the two have one origin.
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host && self.port == other.port
    }

    /// The same endpoint with another path and query.
    pub fn with_path(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    /// The same endpoint on another port.
    pub fn with_port(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }
}

impl FromStr for EndpointUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (name, rest) =
            text.split_once(':').ok_or_else(|| UrlError::NoScheme(text.to_owned()))?;
        let Some((_, scheme, default_port)) =
            Scheme::ALL.into_iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))
        else {
            // `localhost:1883` has a colon, but no scheme.
            return Err(if rest.starts_with("//") {
                UrlError::UnknownScheme(name.to_owned())
            } else {
                UrlError::NoScheme(text.to_owned())
            });
        };
        if scheme == Scheme::Unix {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() {
                return Err(UrlError::Invalid {
                    text: text.to_owned(),
                    reason: "expected unix:/path/of/the/socket".to_owned(),
                });
            }
            return Ok(Self {
                scheme,
                host: String::new(),
                port: 0,
                path: path.to_owned(),
                user_name: None,
                password: None,
            });
        }
        let invalid = |reason: String| UrlError::Invalid { text: redacted(text), reason };
        if !rest.starts_with("//") {
            return Err(invalid(format!("expected {name}://host:port")));
        }
        // The url crate applies the rules of web URLs to `http` only; ours have the same shape.
        let parsed =
            url::Url::parse(&format!("http:{rest}")).map_err(|e| invalid(e.to_string()))?;
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let explicit_port = parsed.port().or_else(|| {
            // The url crate drops `:80`, the default of http.
            let authority = rest.trim_start_matches('/').split(['/', '?', '#']).next()?;
            authority.ends_with(":80").then_some(80)
        });
        let path = match parsed.query() {
            Some(query) => format!("{}?{query}", parsed.path()),
            None => parsed.path().to_owned(),
        };
        let path = if scheme.is_websocket()
            && path == "/"
            && !rest.trim_start_matches('/').contains('/')
        {
            // The path that brokers serve MQTT on unless told otherwise.
            "/mqtt".to_owned()
        } else {
            path
        };
        let user_name = (!parsed.username().is_empty()).then(|| percent_decoded(parsed.username()));
        Ok(Self {
            scheme,
            host,
            port: explicit_port.unwrap_or(default_port),
            path,
            user_name,
            password: parsed.password().map(percent_decoded),
        })
    }
}

fn percent_decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

fn redacted(text: &str) -> String {
    match (text.find("//"), text.rfind('@')) {
        (Some(start), Some(end)) if start + 2 < end => {
            format!("{}…{}", &text[..start + 2], &text[end..])
        }
        _ => text.to_owned(),
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme == Scheme::Unix {
            return write!(f, "unix:{}", self.path);
        }
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{}://{host}:{}", self.scheme.name(), self.port)?;
        if self.path == "/" { Ok(()) } else { f.write_str(&self.path) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> EndpointUrl {
        text.parse().unwrap()
    }

    #[test]
    fn ports_default_by_scheme() {
        assert_eq!(parse("mqtt://broker").port(), 1883);
        assert_eq!(parse("mqtts://broker").port(), 8883);
        assert_eq!(parse("https://host/events").port(), 443);
        assert_eq!(parse("mqtt://broker:80").port(), 80);
        assert_eq!(parse("mqtt://[::1]:1884").host(), "::1");
    }

    #[test]
    fn credentials_are_read_but_never_shown() {
        let url = parse("mqtt://us%40er:p%3Aw+x@broker:1883");
        assert_eq!(url.user_name(), Some("us@er"));
        assert_eq!(url.password(), Some("p:w+x"));
        assert_eq!(url.to_string(), "mqtt://broker:1883");
    }

    #[test]
    fn websocket_paths_default_to_mqtt() {
        assert_eq!(parse("ws://broker:9001").path(), "/mqtt");
        assert_eq!(parse("ws://broker:9001/").path(), "/");
        assert_eq!(parse("ws://broker:9001/x?y=1").path(), "/x?y=1");
    }

    #[test]
    fn unix_sockets() {
        assert_eq!(parse("unix:/run/broker.sock").path(), "/run/broker.sock");
        assert_eq!(parse("unix:///run/broker.sock").path(), "/run/broker.sock");
    }

    #[test]
    fn errors_name_what_was_expected() {
        let message = |text: &str| text.parse::<EndpointUrl>().unwrap_err().to_string();
        assert!(message("localhost:1883").contains("did you mean `mqtt://localhost:1883`?"));
        assert!(message("amqp://localhost").contains("scheme `amqp` is not supported"));
        assert!(message("mqtt://user:secret@host:99999").contains("invalid port"));
        assert!(!message("mqtt://user:secret@host:99999").contains("secret"));
    }
}
