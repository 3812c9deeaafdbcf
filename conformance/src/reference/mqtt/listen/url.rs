//! Addresses to listen on.

use std::fmt;
use std::str::FromStr;

use crate::transport::{EndpointUrl, Scheme, UrlError};

/// An address to listen on, written as the URL that clients will connect to. Port 0 leaves the choice
/// to the operating system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListenUrl(EndpointUrl);

/// The text is not an address to listen on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenUrlError {
    /// It is not a URL either.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// It holds a user name, which a listener has no use for.
    #[error("`{0}` is an address to listen on: expected no user name and no password in it")]
    Credentials(EndpointUrl),
}

impl ListenUrl {
    /// Protocol and transport.
    pub const fn scheme(&self) -> Scheme {
        self.0.scheme()
    }

    /// The same as an endpoint to connect to.
    pub const fn endpoint(&self) -> &EndpointUrl {
        &self.0
    }

    /// The path that a WebSocket is served on, without the query.
    pub(super) fn path(&self) -> &str {
        self.0.path().split('?').next().unwrap_or_default()
    }

    pub(super) fn with_port(&self, port: u16) -> Self {
        Self(self.0.with_port(port))
    }
}

impl FromStr for ListenUrl {
    type Err = ListenUrlError;

    fn from_str(text: &str) -> Result<Self, ListenUrlError> {
        let url: EndpointUrl = text.parse()?;
        if url.user_name().is_some() || url.password().is_some() {
            return Err(ListenUrlError::Credentials(url));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for ListenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_scheme_can_be_listened_on() {
        for (text, scheme) in [
            ("mqtt://127.0.0.1:0", Scheme::Mqtt),
            ("mqtts://127.0.0.1:8883", Scheme::Mqtts),
            ("ws://127.0.0.1:9001/mqtt", Scheme::Ws),
            ("wss://[::1]:9002/broker", Scheme::Wss),
            ("unix:/run/broker.sock", Scheme::Unix),
            ("http://127.0.0.1:8080", Scheme::Http),
            ("https://127.0.0.1:8443", Scheme::Https),
        ] {
            let url: ListenUrl = text.parse().unwrap();
            assert_eq!((url.scheme(), url.to_string().as_str()), (scheme, text));
        }
    }

    #[test]
    fn a_query_is_no_part_of_the_path() {
        assert_eq!("ws://127.0.0.1:1/a?b=c".parse::<ListenUrl>().unwrap().path(), "/a");
    }

    #[test]
    fn errors_say_what_was_expected_and_keep_the_password() {
        let message = |text: &str| text.parse::<ListenUrl>().unwrap_err().to_string();
        assert!(message("localhost:1883").contains("did you mean `mqtt://localhost:1883`?"));
        let credentials = message("mqtt://user:secret@127.0.0.1:1");
        assert!(credentials.contains("no user name"), "{credentials}");
        assert!(!credentials.contains("secret"), "{credentials}");
    }
}
