//! From a publication to the bytes of one event (9.2.5).

use bytes::Bytes;
use pushspec_wire::sse::{EncodeError, Event};
use serde::Deserialize;

use super::{Config, Fault};

/// What a publisher wants sent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The payload.
    pub data: String,
    /// The event type.
    #[serde(default)]
    pub event: Option<String>,
    /// The id; without it the server numbers the event.
    #[serde(default)]
    pub id: Option<String>,
    /// A new reconnection time in milliseconds.
    #[serde(default)]
    pub retry: Option<u64>,
}

/// Why a publication is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// It cannot be written as an event.
    #[error(transparent)]
    Unwritable(#[from] EncodeError),
    /// The payload is too large.
    #[error("the payload has {size} bytes, more than {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// [`Config::payload_bytes`].
        limit: usize,
    },
}

/// The bytes of an event with this id.
pub(super) fn frame(
    publication: &Publication,
    id: &str,
    config: &Config,
) -> Result<Bytes, EncodeError> {
    let mut out = Vec::new();
    match config.fault {
        Some(fault) if changes_the_bytes(fault) => {
            check_unless(fault, publication)?;
            write_with(fault, publication, id, &mut out);
            // What the fault leaves in a payload is not a line end of the server's own.
            return Ok(out.into());
        }
        _ => {
            let event = Event {
                event: publication.event.clone(),
                data: Some(publication.data.clone()),
                id: config.ids.then(|| id.to_owned()),
                retry: publication.retry,
            };
            event.encode(&mut out)?;
        }
    }
    Ok(config.line_end.apply(out))
}

fn changes_the_bytes(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Latin1Payload
            | Fault::ByteOrderMarkPerEvent
            | Fault::CapitalisedId
            | Fault::PayloadWithoutPrefix
            | Fault::TrimsTrailingSpaces
            | Fault::CutsAtNul
            | Fault::NulInId
            | Fault::IdWithTrailingSpace
            | Fault::ConstantId
            | Fault::LineFeedNotSplit
            | Fault::CarriageReturnNotSplit
            | Fault::NoSpaceAfterColon
            | Fault::TrimsTrailingLineFeed
            | Fault::SplitsAtLineSeparator
            | Fault::TruncatesPayload
            | Fault::IdNotChecked
            | Fault::EventNotChecked
    )
}

/// The checks that the fault leaves standing.
fn check_unless(fault: Fault, publication: &Publication) -> Result<(), EncodeError> {
    Event {
        event: publication.event.clone().filter(|_| fault != Fault::EventNotChecked),
        id: publication.id.clone().filter(|_| fault != Fault::IdNotChecked),
        ..Event::default()
    }
    .encode(&mut Vec::new())
}

/// What a server without an encoder of its own would do.
fn write_with(fault: Fault, publication: &Publication, id: &str, out: &mut Vec<u8>) {
    let space: &[u8] = if fault == Fault::NoSpaceAfterColon { b"" } else { b" " };
    let mut field = |name: &str, value: &[u8]| {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        out.extend_from_slice(space);
        out.extend_from_slice(value);
        out.push(b'\n');
    };

    if fault == Fault::ByteOrderMarkPerEvent {
        field("\u{feff}comment", b"");
    }
    if let Some(event) = &publication.event {
        field("event", event.as_bytes());
    }
    match fault {
        Fault::CapitalisedId => field("Id", id.as_bytes()),
        Fault::NulInId => field("id", format!("{id}\0").as_bytes()),
        Fault::IdWithTrailingSpace => field("id", format!("{id} ").as_bytes()),
        Fault::ConstantId => field("id", b"0"),
        _ => field("id", id.as_bytes()),
    }
    if let Some(retry) = publication.retry {
        field("retry", retry.to_string().as_bytes());
    }

    let mut data = publication.data.as_str();
    if fault == Fault::TrimsTrailingLineFeed {
        data = data.trim_end_matches(['\r', '\n']);
    }
    if fault == Fault::TruncatesPayload {
        let end = (0..=data.len().min(64 << 10)).rev().find(|at| data.is_char_boundary(*at));
        data = &data[..end.unwrap_or(0)];
    }
    if fault == Fault::CutsAtNul {
        data = data.split('\0').next().unwrap_or_default();
    }
    let unified = match fault {
        Fault::LineFeedNotSplit => data.replace("\r\n", "\r"),
        Fault::CarriageReturnNotSplit => data.to_owned(),
        _ => data.replace("\r\n", "\n"),
    };
    let ends: &[char] = match fault {
        Fault::LineFeedNotSplit => &['\r'],
        Fault::CarriageReturnNotSplit => &['\n'],
        Fault::SplitsAtLineSeparator => {
            &['\r', '\n', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']
        }
        _ => &['\r', '\n'],
    };
    for line in unified.split(ends) {
        match fault {
            Fault::Latin1Payload => field("data", &latin1(line)),
            Fault::PayloadWithoutPrefix => field(line, b""),
            Fault::TrimsTrailingSpaces => field("data", line.trim_end().as_bytes()),
            _ => field("data", line.as_bytes()),
        }
    }
    out.push(b'\n');
}

fn latin1(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(character) {
            Ok(byte) => out.push(byte),
            Err(_) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(fault: Option<Fault>, data: &str) -> String {
        let publication = Publication { data: data.to_owned(), ..Publication::default() };
        let config = Config { fault, ..Config::default() };
        String::from_utf8_lossy(&frame(&publication, "1", &config).unwrap()).into_owned()
    }

    #[test]
    fn payloads_are_split_into_lines() {
        assert_eq!(text(None, "a\rb\n"), "id: 1\ndata: a\ndata: b\ndata:\n\n");
    }

    #[test]
    fn faults_that_split_wrongly() {
        assert_eq!(
            text(Some(Fault::LineFeedNotSplit), "a\nb\rc"),
            "id: 1\ndata: a\nb\ndata: c\n\n"
        );
        assert_eq!(
            text(Some(Fault::CarriageReturnNotSplit), "a\nb\rc"),
            "id: 1\ndata: a\ndata: b\rc\n\n"
        );
        assert_eq!(
            text(Some(Fault::SplitsAtLineSeparator), "a\u{2028}b"),
            "id: 1\ndata: a\ndata: b\n\n"
        );
    }

    #[test]
    fn other_faults_keep_the_checks() {
        let publication = Publication { id: Some("a\nb".to_owned()), ..Publication::default() };
        let refused = |fault| frame(&publication, "a\nb", &Config { fault, ..Config::default() });
        assert!(refused(None).is_err());
        assert!(refused(Some(Fault::NoSpaceAfterColon)).is_err());
        assert!(refused(Some(Fault::IdNotChecked)).is_ok());
    }
}
