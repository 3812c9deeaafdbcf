//! First contact: whether there is an event stream, and what it offers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    EventStream, Http, Payload, Pending, Published, Redirects, Request, Response, Stimulus,
    Trouble, is_event_stream,
};
use crate::case::Need;

/// A server that does not know HTTP/2 may not answer at all.
const HTTP2_PATIENCE: Duration = Duration::from_secs(2);

/// When the head of a response comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HeadComes {
    /// Before there is any event.
    #[default]
    AtOnce,
    /// With the first event.
    WithEvent,
    /// Not even with an event that was caused: only what judges that can be exercised then.
    Late,
}

/// What a server of event streams offers, as far as it could be found out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Capabilities {
    /// The stream's Content-Type.
    pub content_type: Option<String>,
    /// What the server calls itself.
    pub server: Option<String>,
    /// Whether there is a way to cause events, and it works.
    pub stimulus: bool,
    /// Why the way to cause events that the user named does not work.
    pub stimulus_trouble: Option<String>,
    /// Whether events carry ids; unknown while none came.
    pub ids: Option<bool>,
    /// When the response's head comes.
    pub head: HeadComes,
    /// Whether the stream is served over HTTP/2, too.
    pub http2: bool,
    /// The statuses of the redirects on the way to the stream.
    pub redirects: Vec<u16>,
}

impl Capabilities {
    /// Why a need is not met, if that is so. What is unknown may be met.
    pub fn lacks(&self, need: Need) -> Option<String> {
        match need {
            Need::Stimulus if !self.stimulus && self.stimulus_trouble.is_none() => Some(
                "there is no way to cause an event (name one with --publish-url or --trigger)"
                    .to_owned(),
            ),
            Need::EventIds if self.ids == Some(false) => {
                Some("the stream's events carry no ids".to_owned())
            }
            Need::Redirect if self.redirects.is_empty() => {
                Some("the URL is that of the stream itself".to_owned())
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
        let stimulus = match &self.stimulus_trouble {
            Some(trouble) => format!("does not work: {trouble}"),
            None => if self.stimulus { "yes" } else { "no" }.to_owned(),
        };
        let mut described = BTreeMap::from([
            ("event ids".to_owned(), ids.to_owned()),
            ("stimulus".to_owned(), stimulus),
        ]);
        match self.head {
            HeadComes::AtOnce => {}
            HeadComes::WithEvent => {
                let when = "only with the first event";
                described.insert("header fields".to_owned(), when.to_owned());
            }
            HeadComes::Late => {
                described.insert("response".to_owned(), "held back".to_owned());
            }
        }
        if !self.redirects.is_empty() {
            let statuses: Vec<_> = self.redirects.iter().map(u16::to_string).collect();
            described.insert("redirects".to_owned(), statuses.join(", "));
        }
        if self.http2 {
            described.insert("HTTP/2".to_owned(), "yes".to_owned());
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
    /// Clients are told to stay away.
    #[error("it answers 204, which tells clients not to come back: there is no stream now")]
    NoContent,
    /// It is somewhere else, but not where clients follow.
    #[error("it answers {status} and points to {location:?}, which clients do not follow")]
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
            " (is this the port of an HTTP server? raise --timeout for a slow one; where the header fields wait for the first event, cause one with --publish-url or --trigger)"
        }
        Trouble::Ended { .. } | Trouble::Broken { .. } | Trouble::NotHttp { .. } => {
            " (is this the port of an HTTP server?)"
        }
        _ => "",
    }
}

/// Opens the stream and, if there is a stimulus, causes an event whose data is `token`; then asks for
/// the stream over HTTP/2.
pub async fn survey(
    http: &Http,
    stimulus: Option<&Stimulus>,
    token: &str,
) -> Result<Capabilities, Unfit> {
    let capabilities = stream(http, stimulus, token).await?;
    let http2 = offers_http2(http).await;
    Ok(Capabilities { http2, ..capabilities })
}

/// Whether there is HTTP/2: over TLS the server has to choose it, else it has to answer in it. What is
/// wrong with it then is for cases to judge.
pub async fn offers_http2(http: &Http) -> bool {
    let patience = http.timeout.min(HTTP2_PATIENCE);
    let mut redirects = Redirects::new(http.clone(), &Request::event_source().http2());
    loop {
        let answered = match redirects.begin().await {
            Ok(pending) => pending.head(patience).await,
            Err(trouble) => Err(trouble),
        };
        match answered {
            // The stream itself may be where there is no HTTP/2.
            Ok(response) => match redirects.follow(&response.head) {
                Ok(true) => {}
                _ => return true,
            },
            Err(Trouble::Http2(_)) => return true,
            Err(Trouble::NotChosen | Trouble::Unreachable(_)) => return false,
            Err(_) => return redirects.url().scheme().is_tls(),
        }
    }
}

async fn stream(
    http: &Http,
    stimulus: Option<&Stimulus>,
    token: &str,
) -> Result<Capabilities, Unfit> {
    let mut redirects = Redirects::new(http.clone(), &Request::event_source());
    let mut comes = HeadComes::AtOnce;
    let response = loop {
        let pending = redirects.begin().await?;
        let Some((response, nudged)) = answer(http, pending, stimulus, token).await? else {
            let head = HeadComes::Late;
            return Ok(Capabilities { stimulus: true, head, ..Capabilities::default() });
        };
        if nudged {
            comes = HeadComes::WithEvent;
        }
        if !redirects.follow(&response.head)? {
            break response;
        }
    };
    let head = &response.head;
    match head.status {
        204 => return Err(Unfit::NoContent),
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
    let mut capabilities = Capabilities {
        content_type,
        server: head.header("server"),
        head: comes,
        redirects: redirects.passed().iter().map(|head| head.status).collect(),
        ..Capabilities::default()
    };
    let mut stream = EventStream::over(response);
    if let Some(stimulus) = stimulus {
        match stimulus.publish(&Payload::data(token), &http.trace, http.timeout).await {
            Ok(Published::Accepted) => capabilities.stimulus = true,
            Ok(Published::Refused(how)) => {
                capabilities.stimulus_trouble = Some(format!("a publication is answered {how}"));
            }
            Err(trouble) => capabilities.stimulus_trouble = Some(trouble.to_string()),
        }
    }
    if stream.next_event(http.timeout).await.is_ok() {
        capabilities.ids = Some(stream.notes().ids > 0);
    }
    Ok(capabilities)
}

/// The head of the response, and whether an event had to bring it along, without which a server that
/// sends its header fields with the first event cannot be surveyed; nothing where even that does not
/// bring it.
async fn answer(
    http: &Http,
    pending: Pending,
    stimulus: Option<&Stimulus>,
    token: &str,
) -> Result<Option<(Response, bool)>, Trouble> {
    let pending = match pending.try_head(http.timeout).await? {
        Ok(response) => return Ok(Some((response, false))),
        Err(pending) => pending,
    };
    let mut caused = false;
    if let Some(stimulus) = stimulus {
        let payload = Payload::data(token);
        caused =
            stimulus.publish(&payload, &http.trace, http.timeout).await? == Published::Accepted;
    }
    match pending.head(http.timeout).await {
        Err(trouble) if trouble.is_silence() && caused => Ok(None),
        response => Ok(Some((response?, caused))),
    }
}
