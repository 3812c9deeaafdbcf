//! What each request is answered with. Decisions only, no I/O.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode, Uri, Version};

use super::coding::Coding;
use super::{Config, Fault, Hub, Origins};

/// Where the stream is.
const EVENTS: &str = "/events";
/// The same as if there were a proxy in front of it.
const PROXIED: &str = "/proxied/events";
/// A stream that ends.
const ANSWER: &str = "/answer";
/// Followed by a status: redirects to the stream.
const MOVED: &str = "/moved/";
/// Redirects to itself.
const ROUND: &str = "/moved/round";
/// Where events are published.
const PUBLISH: &str = "/publish";
/// Where streams are ended.
const CLOSE: &str = "/close";

const LAST_EVENT_ID: &str = "last-event-id";

/// What a request is answered with.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// The stream.
    Stream {
        status: StatusCode,
        headers: HeaderMap,
        last_event_id: Option<String>,
        coding: Option<Coding>,
        /// Each event is held until the next one.
        holds: bool,
        /// HEAD: the headers alone.
        head: bool,
    },
    /// The body is a publication.
    Publish,
    /// All streams end.
    Close,
    /// Nothing but a status, headers and one line of text.
    Plain { status: StatusCode, headers: HeaderMap, text: &'static str },
    /// Nothing, ever.
    Silence,
    /// The connection ends.
    HangUp,
}

/// Decides.
pub(super) fn answer(
    method: &Method,
    uri: &Uri,
    version: Version,
    asked: &HeaderMap,
    hub: &Hub,
) -> Answer {
    match uri.path() {
        path if path.starts_with(MOVED) => moved(method, uri, asked, hub.config()),
        ANSWER if matches!(*method, Method::GET | Method::POST) => whole_answer(hub.config()),
        ANSWER => not_allowed("GET, POST", hub.config()),
        EVENTS | PROXIED => events(method, uri, version, asked, hub),
        PUBLISH if method == Method::POST => Answer::Publish,
        CLOSE if !hub.config().closable => plain(StatusCode::NOT_FOUND, "no such resource"),
        CLOSE if method == Method::POST => Answer::Close,
        PUBLISH | CLOSE => not_allowed("POST", hub.config()),
        _ => plain(StatusCode::NOT_FOUND, "no such resource"),
    }
}

fn events(method: &Method, uri: &Uri, version: Version, asked: &HeaderMap, hub: &Hub) -> Answer {
    let config = hub.config();
    if method == Method::OPTIONS && config.has(Fault::OptionsHangs) {
        return Answer::Silence;
    }
    if method == Method::OPTIONS {
        return preflight(asked, config);
    }
    let head = method == Method::HEAD;
    let http2 = version == Version::HTTP_2;
    if head && (config.has(Fault::HeadHangs) || http2 && config.has(Fault::Http2HeadHangs)) {
        return Answer::Silence;
    }
    if method != Method::GET && !head && !config.has(Fault::AnyMethodStreams) {
        return not_allowed("GET, HEAD, OPTIONS", config);
    }
    if uri.path() == PROXIED && config.has(Fault::ProxyHoldsAll) {
        return Answer::Silence;
    }
    let mut last_event_id = last_event_id(uri, asked, config);
    if config.has(Fault::QueryIdIncludesKnown) && uri.query().is_some() {
        let before = |id: String| hub.before(&id).unwrap_or_else(|| "unknown".to_owned());
        last_event_id = last_event_id.map(before);
    }
    if http2 && config.has(Fault::Http2IgnoresLastEventId) {
        last_event_id = None;
    }
    if let Some(refusal) = refusal(last_event_id.as_deref(), asked, hub) {
        return refusal;
    }

    let way = Way { head, proxied: uri.path() == PROXIED, http2 };
    let always = config.has(Fault::GzipAlways).then_some(Coding::Gzip);
    let coding = Coding::accepted(asked).or(always);
    let mut headers = stream_headers(config, way);
    allow_origin(asked, config, &mut headers);
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    let status = match config.fault {
        Some(Fault::Status201) => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    let holds = match config.fault {
        Some(Fault::ProxyHolds) => way.proxied,
        Some(Fault::ProxyCompressorHolds) => way.proxied && coding.is_some(),
        Some(Fault::ProxyHttp2Holds) => way.proxied && http2,
        Some(Fault::Http2Holds) => http2,
        Some(Fault::Http10Holds) => version == Version::HTTP_10,
        _ => false,
    };
    Answer::Stream { status, headers, last_event_id, coding, holds, head }
}

/// A stream as a model's answer is: short, and marked at its end. The text is followed by a line end.
fn whole_answer(config: &Config) -> Answer {
    let text = match config.fault {
        Some(Fault::DoneNotClosed) => "data: one\n\ndata: two\n\ndata: [DONE]",
        Some(Fault::DoneIsNotLast) => "data: one\n\ndata: [DONE]\n\ndata: two\n",
        _ => "data: one\n\ndata: two\n\ndata: [DONE]\n",
    };
    let way = Way { head: false, proxied: false, http2: false };
    Answer::Plain { status: StatusCode::OK, headers: stream_headers(config, way), text }
}

/// A redirect with the status that the path names.
fn moved(method: &Method, uri: &Uri, asked: &HeaderMap, config: &Config) -> Answer {
    if method == Method::OPTIONS {
        return preflight(asked, config);
    }
    if method != Method::GET && method != Method::HEAD {
        return not_allowed("GET, HEAD, OPTIONS", config);
    }
    let to = if uri.path() == ROUND { ROUND } else { EVENTS };
    let status = uri.path().trim_start_matches(MOVED).parse().unwrap_or(StatusCode::FOUND);
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(location) = HeaderValue::try_from(format!("{to}{query}")) else {
        return plain(StatusCode::BAD_REQUEST, "a query that fits in no header field");
    };
    let mut headers = HeaderMap::from_iter([(header::LOCATION, location)]);
    if !config.has(Fault::RedirectNotForPages) {
        allow_origin(asked, config, &mut headers);
    }
    Answer::Plain { status, headers, text: "" }
}

/// Requests for the stream that a fault refuses. Without a fault there are none.
fn refusal(last_event_id: Option<&str>, asked: &HeaderMap, hub: &Hub) -> Option<Answer> {
    let error = Some(plain(StatusCode::INTERNAL_SERVER_ERROR, "internal error"));
    match (hub.config().fault?, last_event_id) {
        (Fault::UnknownIdIs500, Some(id)) if !id.is_empty() && !hub.knows(id) => error,
        (Fault::NonAsciiIdIs500, Some(id)) if !id.is_ascii() => error,
        (Fault::EmptyIdIs500, Some("")) => error,
        (Fault::SpacedIdIs500, Some(id)) if id.contains(' ') => error,
        (Fault::ControlIdIs500, Some(id)) if id.contains(super::tamper::CONTROL) => error,
        (Fault::LongIdHangsUp, Some(id)) if id.len() > 4096 => Some(Answer::HangUp),
        (Fault::RefusesAfterEnd, _) if hub.ended() => error,
        (Fault::SubscriptionsLeak, _) if hub.subscribed() >= 32 => {
            Some(plain(StatusCode::SERVICE_UNAVAILABLE, "no more subscribers"))
        }
        (Fault::OneStreamOnly, _) if hub.subscribers() > 0 => Some(Answer::Silence),
        (Fault::OtherAcceptIs500, _) if accepts_json_only(asked) => error,
        (Fault::AcceptRequired, _) if !accepts_by_name(asked) => {
            Some(plain(StatusCode::NOT_ACCEPTABLE, "only text/event-stream is served"))
        }
        (Fault::EntityTag, _) if asked.contains_key(header::IF_NONE_MATCH) => {
            Some(plain(StatusCode::NOT_MODIFIED, ""))
        }
        _ => None,
    }
}

/// How the stream is asked for, as far as faults go by it.
#[derive(Clone, Copy)]
struct Way {
    head: bool,
    proxied: bool,
    http2: bool,
}

fn stream_headers(config: &Config, way: Way) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let content_type = match config.fault {
        Some(Fault::ContentTypePlain) => Some("text/plain"),
        Some(Fault::Http2Relabels) if way.http2 => Some("text/plain"),
        Some(Fault::ProxyRelabels) if way.proxied => Some("text/plain"),
        Some(Fault::ContentTypeMissing) => None,
        Some(Fault::CharsetLatin1) => Some("text/event-stream; charset=iso-8859-1"),
        Some(Fault::HeadOtherHeaders) if way.head => Some("text/html"),
        _ => Some("text/event-stream"),
    };
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    let cache_control = match config.fault {
        Some(Fault::Cacheable) => "public, max-age=3600",
        _ => "no-store, no-transform",
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    if !config.has(Fault::CodingWithoutVary) {
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if config.has(Fault::EntityTag) {
        headers.insert(header::ETAG, HeaderValue::from_static("\"1\""));
    }
    headers
}

fn preflight(asked: &HeaderMap, config: &Config) -> Answer {
    if config.has(Fault::PreflightRefused) {
        return not_allowed("GET, HEAD", config);
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    allow_origin(asked, config, &mut headers);
    if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        let allowed = match config.fault {
            Some(Fault::PreflightWithoutLastEventId) => "Cache-Control",
            _ => "Cache-Control, Last-Event-ID",
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    Answer::Plain { status: StatusCode::NO_CONTENT, headers, text: "" }
}

fn allow_origin(asked: &HeaderMap, config: &Config, headers: &mut HeaderMap) {
    let origin = asked.get(header::ORIGIN);
    let credentials = HeaderValue::from_static(match config.fault {
        Some(Fault::CredentialsCapitalised) => "True",
        _ => "true",
    });
    let (allowed, vary, with_credentials) = match config.fault {
        Some(Fault::AllowOriginList) => {
            (Some(HeaderValue::from_static("https://a.example, https://b.example")), false, false)
        }
        Some(Fault::WildcardWithCredentials) => (Some(HeaderValue::from_static("*")), false, true),
        Some(Fault::ReflectsOriginWithCredentials | Fault::CredentialsCapitalised) => {
            (origin.cloned(), true, true)
        }
        Some(Fault::VaryOnlyWithOrigin) => (origin.cloned(), origin.is_some(), false),
        Some(Fault::ReflectsOriginWithoutVary) => (origin.cloned(), false, false),
        _ => match &config.origins {
            Origins::Any => (Some(HeaderValue::from_static("*")), false, false),
            Origins::Listed(listed) => {
                let allowed = origin.filter(|origin| listed.iter().any(|one| *one == **origin));
                (allowed.cloned(), true, false)
            }
        },
    };
    if vary {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(allowed) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if with_credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, credentials);
        }
    }
}

/// The header, else the query. The header's bytes are UTF-8 (9.2.3), whatever else they may be.
fn last_event_id(uri: &Uri, asked: &HeaderMap, config: &Config) -> Option<String> {
    if let Some(value) = asked.get(LAST_EVENT_ID) {
        if config.has(Fault::IdReadAsLatin1) {
            return Some(value.as_bytes().iter().copied().map(char::from).collect());
        }
        return Some(String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    url::form_urlencoded::parse(uri.query()?.as_bytes())
        .find(|(name, _)| name == "lastEventId")
        .map(|(_, value)| value.into_owned())
}

fn accepts_by_name(asked: &HeaderMap) -> bool {
    asked
        .get_all(header::ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|text| text.contains("text/event-stream")))
}

/// JSON by name, and not everything.
fn accepts_json_only(asked: &HeaderMap) -> bool {
    asked.get(header::ACCEPT).is_some_and(|value| value == "application/json")
}

fn not_allowed(allow: &'static str, config: &Config) -> Answer {
    let mut headers = HeaderMap::new();
    if !config.has(Fault::MethodNotAllowedWithoutAllow) {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    Answer::Plain {
        status: StatusCode::METHOD_NOT_ALLOWED,
        headers,
        text: "this method is not served here",
    }
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    Answer::Plain { status, headers: HeaderMap::new(), text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ask(method: &str, uri: &str, headers: &[(&'static str, &str)], config: Config) -> Answer {
        let asked = headers
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                (HeaderName::from_static(name), value)
            })
            .collect();
        let (method, uri) = (method.parse().unwrap(), uri.parse().unwrap());
        answer(&method, &uri, Version::HTTP_11, &asked, &Hub::new(config))
    }

    fn stream(answer: Answer) -> (HeaderMap, Option<String>, Option<Coding>) {
        match answer {
            Answer::Stream { status: StatusCode::OK, headers, last_event_id, coding, .. } => {
                (headers, last_event_id, coding)
            }
            other => panic!("{other:?} is not the stream"),
        }
    }

    #[test]
    fn the_stream_has_the_headers_that_keep_it_flowing() {
        let (headers, id, coding) = stream(ask("GET", "/events", &[], Config::default()));
        assert_eq!(headers["content-type"], "text/event-stream");
        assert_eq!(headers["cache-control"], "no-store, no-transform");
        assert_eq!(headers["x-accel-buffering"], "no");
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert!(!headers.contains_key("access-control-allow-credentials"));
        assert_eq!((id, coding), (None, None));
    }

    #[test]
    fn the_last_event_id_comes_by_header_or_query() {
        let id = |uri, headers: &[_]| stream(ask("GET", uri, headers, Config::default())).1;
        assert_eq!(id("/events", &[("last-event-id", "7")]).unwrap(), "7");
        assert_eq!(id("/events?lastEventId=a%20b", &[]).unwrap(), "a b");
        assert_eq!(id("/events?lastEventId=8", &[("last-event-id", "ü")]).unwrap(), "ü");
    }

    #[test]
    fn codings_are_used_where_they_are_asked_for_by_name() {
        let coding = |value| {
            stream(ask("GET", "/events", &[("accept-encoding", value)], Config::default())).2
        };
        assert_eq!(coding("br, GZIP;q=0.5"), Some(Coding::Gzip));
        assert_eq!(coding("gzip;q=0, br"), Some(Coding::Brotli));
        assert_eq!(coding("zstd"), Some(Coding::Zstandard));
        assert_eq!(coding("identity"), None);
        assert_eq!(coding("*"), None);
    }

    #[test]
    fn listed_origins_are_answered_by_name() {
        let config =
            Config { origins: Origins::Listed(vec!["https://a".to_owned()]), ..Config::default() };
        let (headers, ..) =
            stream(ask("GET", "/events", &[("origin", "https://a")], config.clone()));
        assert_eq!(headers["access-control-allow-origin"], "https://a");
        let (headers, ..) = stream(ask("GET", "/events", &[("origin", "https://b")], config));
        assert!(!headers.contains_key("access-control-allow-origin"));
        assert!(headers.get_all("vary").iter().any(|value| value == "Origin"));
    }

    #[test]
    fn other_methods_and_paths() {
        let status = |method, uri| match ask(method, uri, &[], Config::default()) {
            Answer::Plain { status, headers, .. } => {
                (status.as_u16(), headers.get("allow").cloned())
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(status("DELETE", "/events").0, 405);
        assert_eq!(status("DELETE", "/events").1.unwrap(), "GET, HEAD, OPTIONS");
        assert_eq!(status("GET", "/publish").1.unwrap(), "POST");
        assert_eq!(status("OPTIONS", "/events").0, 204);
        assert_eq!(status("GET", "/").0, 404);
        assert_eq!(
            ask("POST", "/close", &[], Config { closable: false, ..Config::default() }),
            plain(StatusCode::NOT_FOUND, "no such resource")
        );
    }
}
