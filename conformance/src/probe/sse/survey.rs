//! First contact: whether there is an event stream, and what it offers.

use std::collections::BTreeMap;

use super::{EventStream, Http, Payload, Published, Request, Stimulus, Trouble, is_event_stream};
use crate::case::Need;

/// What a server of event streams offers, as far as it could be found out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Capabilities {
    /// The stream's Content-Type.
    pub content_type: Option<String>,
    /// What the server calls itself.
    pub server: Option<String>,
    /// Whether there is a way to cause events, and it works.
    pub stimulus: bool,
    /// Whether events carry ids; unknown while none came.
    pub ids: Option<bool>,
    /// Whether neither the response's head nor an event that was caused came: only what judges that
    /// can be exercised then.
    pub held_back: bool,
    /// Whether the stream is served over HTTP/2, too.
    pub http2: bool,
}

impl Capabilities {
    /// Why a need is not met, if that is so. What is unknown may be met.
    pub fn lacks(&self, need: Need) -> Option<String> {
        match need {
            Need::Stimulus if !self.stimulus => Some(
                "there is no way to cause an event (name one with --publish-url or --trigger)"
                    .to_owned(),
            ),
            Need::EventIds if self.ids == Some(false) => {
                Some("the stream's events carry no ids".to_owned())
            }
            Need::Http2 if !self.http2 => Some("HTTP/2 is not offered".to_owned()),
            _ => None,
        }
    }

    /// For the report.
    pub fn described(&self) -> BTreeMap<String, String> {
        let ids = match self.ids {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown: no event came",
        };
        let mut described = BTreeMap::from([
            ("event ids".to_owned(), ids.to_owned()),
            ("stimulus".to_owned(), if self.stimulus { "yes" } else { "no" }.to_owned()),
        ]);
        if self.held_back {
            described.insert("response".to_owned(), "held back".to_owned());
        }
        let optional = [("content type", &self.content_type), ("server", &self.server)];
        for (name, value) in optional {
            if let Some(value) = value {
                described.insert(name.to_owned(), value.clone());
            }
        }
        described
    }
}

/// Why an endpoint cannot be tested as a server of event streams, with what would help.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// No response at all.
    #[error("{0}{hint}", hint = hint(.0))]
    Trouble(#[from] Trouble),
    /// It is somewhere else.
    #[error("it answers {status} and points to {location:?} (test that URL instead)")]
    Elsewhere {
        /// The status line.
        status: String,
        /// Where it points.
        location: String,
    },
    /// It is refused.
    #[error("it answers {0} (is this the URL of an event stream? give credentials with --header)")]
    Refused(String),
    /// There is something, but no stream of events.
    #[error("it serves {0} (is this the URL of an event stream?)")]
    NoEventStream(String),
}

fn hint(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Silent { .. } => {
            " (is this the port of an HTTP server? raise --timeout for a slow one)"
        }
        Trouble::Ended { .. } | Trouble::Broken { .. } | Trouble::NotHttp { .. } => {
            " (is this the port of an HTTP server?)"
        }
        _ => "",
    }
}

/// Opens the stream once and, if there is a stimulus, causes an event whose data is `token`.
pub async fn survey(
    http: &Http,
    stimulus: Option<&Stimulus>,
    token: &str,
) -> Result<Capabilities, Unfit> {
    let pending = http.begin(&Request::event_source()).await?;
    // A server that sends its headers with the first event needs one to be surveyed.
    let response = match pending.try_head(http.timeout).await? {
        Ok(response) => response,
        Err(pending) => {
            let mut caused = false;
            if let Some(stimulus) = stimulus {
                let payload = Payload::data(token);
                caused = stimulus.publish(&payload, &http.trace, http.timeout).await?
                    == Published::Accepted;
            }
            match pending.head(http.timeout).await {
                Err(trouble) if trouble.is_silence() && caused => {
                    return Ok(Capabilities {
                        stimulus: true,
                        held_back: true,
                        ..Capabilities::default()
                    });
                }
                response => response?,
            }
        }
    };
    let head = &response.head;
    match head.status {
        300..=399 => {
            return Err(Unfit::Elsewhere {
                status: head.status_text(),
                location: head.header("location").unwrap_or_default(),
            });
        }
        400.. => return Err(Unfit::Refused(head.status_text())),
        _ => {}
    }
    let content_type = head.header("content-type");
    // Streams with a wrong label exist, pages are something else.
    if let Some(content_type) = &content_type {
        let page = ["text/html", "application/json", "image/", "application/pdf"]
            .iter()
            .any(|other| content_type.starts_with(other));
        if page && !is_event_stream(content_type) {
            return Err(Unfit::NoEventStream(content_type.clone()));
        }
    }
    let mut capabilities =
        Capabilities { content_type, server: head.header("server"), ..Capabilities::default() };
    let mut stream = EventStream::over(response);
    if let Some(stimulus) = stimulus {
        let published = stimulus.publish(&Payload::data(token), &http.trace, http.timeout).await;
        capabilities.stimulus = published == Ok(Published::Accepted);
    }
    if stream.next_event(http.timeout).await.is_ok() {
        capabilities.ids = Some(stream.notes().ids > 0);
    }
    Ok(capabilities)
}
