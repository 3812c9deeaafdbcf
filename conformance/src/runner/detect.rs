//! Finding out what an endpoint is.

use std::time::Duration;

use pushspec_wire::mqtt::{ConnAck, Version};

use crate::probe::mqtt::{Accepted, Unmet};
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
    /// Nothing is selected for it.
    #[error("no version of MQTT was asked for")]
    NothingAsked,
}

/// What came of a first CONNECT in one version.
#[derive(Debug)]
pub(super) enum Answer {
    /// The Server speaks this version.
    Accepted(Box<Accepted>),
    /// It speaks MQTT, and refuses this CONNECT.
    Refused(String),
    /// The endpoint cannot be tested.
    Undetected(Undetected),
}

/// Reads what came of a first CONNECT.
pub(super) fn answer(
    version: Version,
    answered: Result<Accepted, Unmet>,
    trace: &Recorder,
    timeout: Duration,
) -> Answer {
    let unmet = match answered {
        Ok(accepted) if accepted.connack.reason.0 == 0 => {
            return Answer::Accepted(Box::new(accepted));
        }
        Ok(accepted) => return Answer::Refused(refusal(version, &accepted.connack)),
        Err(unmet) => unmet,
    };
    let entries = trace.entries();
    if !entries.iter().any(|entry| entry.kind == EntryKind::Opened) {
        return Answer::Undetected(Undetected::Unreachable(unmet.found));
    }
    let received = entries.iter().find(|entry| entry.kind == EntryKind::Received);
    match received {
        Some(entry) if entry.bytes.starts_with("485454502f") => {
            Answer::Undetected(Undetected::OtherProtocol(
                "this port speaks HTTP: expected http://, https://, ws:// or wss:// with its path"
                    .to_owned(),
            ))
        }
        Some(entry) if entry.bytes.starts_with("1503") || entry.bytes.starts_with("1603") => {
            Answer::Undetected(Undetected::OtherProtocol(
                "this port speaks TLS: expected mqtts://, wss:// or https://".to_owned(),
            ))
        }
        Some(entry) => Answer::Undetected(Undetected::OtherProtocol(format!(
            "what it answers to CONNECT is not MQTT: {} (it began with {})",
            entry.summary,
            &entry.bytes[..entry.bytes.len().min(32)]
        ))),
        None if entries.iter().any(|entry| entry.kind == EntryKind::Closed) => {
            Answer::Refused(format!("MQTT {version}: closed without an answer"))
        }
        None => Answer::Undetected(Undetected::Silent(timeout)),
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
