//! Finding out what an endpoint is.

use std::time::Duration;

use pushspec_wire::mqtt::{ConnAck, Version};

use crate::probe::mqtt::{Accepted, Unmet};
use crate::probe::sse::Unfit;
use crate::trace::{EntryKind, Recorder};

/// Why an endpoint cannot be tested, in one line that names what would help.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Undetected {
    /// No network connection.
    #[error("{0}")]
    Unreachable(String),
    /// It answers, but not in MQTT.
    #[error("{0}")]
    OtherProtocol(String),
    /// It accepts connections and answers nothing.
    #[error(
        "it accepts connections but answers no CONNECT within {} s (is this the MQTT port? raise --timeout for a slow target)",
        .0.as_secs_f32()
    )]
    Silent(Duration),
    /// It refuses every CONNECT.
    #[error("it refuses every CONNECT: {0}")]
    Refused(String),
    /// It cannot be tested as a server of event streams.
    #[error(transparent)]
    NoStream(#[from] Unfit),
}

/// Reads what came of a first CONNECT in one version.
pub(super) fn accepted(
    version: Version,
    answered: Result<Accepted, Unmet>,
    trace: &Recorder,
    timeout: Duration,
) -> Result<Accepted, Undetected> {
    let unmet = match answered {
        Ok(accepted) if accepted.connack.reason.0 == 0 => return Ok(accepted),
        Ok(accepted) => return Err(Undetected::Refused(refusal(version, &accepted.connack))),
        Err(unmet) => unmet,
    };
    let entries = trace.entries();
    if !entries.iter().any(|entry| entry.kind == EntryKind::Opened) {
        return Err(Undetected::Unreachable(unmet.found));
    }
    let received = entries.iter().find(|entry| entry.kind == EntryKind::Received);
    let closed = entries.iter().any(|entry| entry.kind == EntryKind::Closed);
    Err(match received {
        Some(entry) => Undetected::OtherProtocol(other_protocol(&entry.bytes)),
        None if closed => Undetected::Refused(format!("MQTT {version}: closed without an answer")),
        None => Undetected::Silent(timeout),
    })
}

/// What an endpoint speaks whose answer is not MQTT, as far as its first bytes, in hex, tell.
fn other_protocol(bytes: &str) -> String {
    let begins = |with: &str| bytes.starts_with(with);
    if begins("485454502f") {
        "this port speaks HTTP: expected http://, https://, ws:// or wss:// with its path"
            .to_owned()
    } else if begins("1503") || begins("1603") {
        "this port speaks TLS: expected mqtts://, wss:// or https://".to_owned()
    } else {
        let shown = &bytes[..bytes.len().min(32)];
        format!("what it answers to CONNECT is not MQTT: it begins with the bytes {shown}")
    }
}

fn refusal(version: Version, connack: &ConnAck<'_>) -> String {
    let code = connack.reason.0;
    let name = connack.reason.connack_name(version);
    let hint = match (version, code) {
        (Version::V5, 0x86 | 0x87 | 0x8C) | (_, 4 | 5) => {
            " (say who you are with --username and --password-env)"
        }
        _ => "",
    };
    format!("MQTT {version}: CONNACK {code:#04x} {name}{hint}")
}
