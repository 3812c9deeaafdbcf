//! The SSE probe: a client of HTTP/1.x and HTTP/2 that sends exactly what a case tells it, and shows the status
//! line, the headers, the framing and the arrival of every byte of the stream.
//!
//! [`Http`] makes an exchange, [`EventStream`] reads a response as events and notes what a lint of the
//! stream needs, [`Stimulus`] causes events. Every wait has a deadline and every buffer a bound;
//! whatever an endpoint does ends as a [`Trouble`].

mod body;
mod coding;
mod http;
mod http2;
mod notes;
mod promise;
mod redirect;
mod request;
mod response;
mod stimulus;
mod stream;
mod survey;
mod trouble;

pub use body::{Framing, FramingError};
pub use http::{Head, Http, Pending};
pub use notes::{Notes, Remark, Sample};
pub use promise::{Replay, UnknownId, UnknownPolicy};
pub use redirect::Redirects;
pub use request::Request;
pub use response::Response;
pub use stimulus::{Payload, PublishFormat, Published, Stimulus};
pub use stream::{Ending, EventStream, Received};
pub use survey::{Capabilities, HeadComes, Unfit, offers_http2, survey};
pub use trouble::{Judged, Trouble};

/// Whether a media type's essence is that of an event stream. Essences compare without case, and
/// parameters do not count (9.2.3).
pub fn is_event_stream(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("text/event-stream")
}

fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}
