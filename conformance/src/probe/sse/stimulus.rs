//! Causing events: an HTTP request or a command of the user's.

use std::convert::Infallible;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStderr, Command};
use tokio::time::timeout;

use super::{Http, Request, Trouble};
use crate::trace::{EntryKind, Recorder};
use crate::transport::Connector;

/// For so long what a command has said may still be on its way when it has ended.
const LAGS_BY: Duration = Duration::from_millis(100);

/// How to make the target send an event.
#[derive(Clone, Debug)]
pub enum Stimulus {
    /// `--publish-url`: POST to it.
    Publish {
        /// Opens connections to it.
        connector: Connector,
        /// What the body is.
        format: PublishFormat,
    },
    /// `--trigger`: run a command in a shell. It gets the payload on its standard input, and in
    /// `PUSHSPEC_DATA` where the environment can carry it; event type and id are in
    /// `PUSHSPEC_EVENT` and `PUSHSPEC_ID` where a case sets them.
    Trigger(String),
}

/// What the body of a publication is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PublishFormat {
    /// The payload itself, as `text/plain`.
    #[default]
    Text,
    /// `{"data": …, "event": …, "id": …}`; the latter two only where a case sets them.
    Json,
}

/// What should be sent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Payload {
    /// The payload of the event.
    pub data: String,
    /// Its type.
    pub event: Option<String>,
    /// Its id.
    pub id: Option<String>,
}

impl Payload {
    /// A payload and nothing else.
    pub fn data(data: impl Into<String>) -> Self {
        Self { data: data.into(), ..Self::default() }
    }
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Published {
    /// The event is under way.
    Accepted,
    /// The publication was refused, in these words.
    Refused(String),
}

impl Stimulus {
    /// Whether event types and ids can be set.
    pub const fn sets_fields(&self) -> bool {
        !matches!(self, Self::Publish { format: PublishFormat::Text, .. })
    }

    /// Causes an event.
    pub async fn publish(
        &self,
        payload: &Payload,
        trace: &Recorder,
        patience: Duration,
    ) -> Result<Published, Trouble> {
        match self {
            Self::Publish { connector, format } => {
                let http =
                    Http { connector: connector.clone(), trace: trace.clone(), timeout: patience };
                post(&http, payload, *format).await
            }
            Self::Trigger(command) => run(command, payload, trace, patience).await,
        }
    }
}

async fn post(http: &Http, payload: &Payload, format: PublishFormat) -> Result<Published, Trouble> {
    let request = Request::new("POST").header("Connection", "close");
    let request = match format {
        PublishFormat::Text => {
            request.header("Content-Type", "text/plain; charset=utf-8").body(payload.data.clone())
        }
        PublishFormat::Json => {
            let mut object = serde_json::Map::new();
            let fields = [
                ("data", Some(&payload.data)),
                ("event", payload.event.as_ref()),
                ("id", payload.id.as_ref()),
            ];
            for (name, value) in fields {
                if let Some(value) = value {
                    object.insert(name.to_owned(), value.as_str().into());
                }
            }
            let body = serde_json::Value::Object(object).to_string();
            request.header("Content-Type", "application/json").body(body)
        }
    };
    let mut response = http.send(&request).await?;
    if response.head.status / 100 == 2 {
        // Read to its end, so that the server need not see a reset.
        let _ = response.content(http.timeout).await;
        Ok(Published::Accepted)
    } else {
        Ok(Published::Refused(response.head.status_text()))
    }
}

async fn run(
    command: &str,
    payload: &Payload,
    trace: &Recorder,
    patience: Duration,
) -> Result<Published, Trouble> {
    let failed = |reason: String| Trouble::Trigger(reason);
    trace.add(0, EntryKind::Note, format!("trigger: {command}"), payload.data.as_bytes());
    let mut shell = Command::new("sh");
    shell
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let variables = [
        ("PUSHSPEC_DATA", Some(&payload.data)),
        ("PUSHSPEC_EVENT", payload.event.as_ref()),
        ("PUSHSPEC_ID", payload.id.as_ref()),
    ];
    for (name, value) in variables {
        match value {
            Some(value) if value.len() < 64 << 10 && !value.contains('\0') => {
                shell.env(name, value);
            }
            _ => {
                shell.env_remove(name);
            }
        }
    }
    let mut child = shell.spawn().map_err(|error| failed(error.to_string()))?;
    if let Some(mut input) = child.stdin.take() {
        // A command that does not read its input is free not to.
        let _ = timeout(patience, input.write_all(payload.data.as_bytes())).await;
    }
    let mut complaint = Complaint { errors: child.stderr.take(), kept: Vec::new() };
    let ended = tokio::select! {
        ended = timeout(patience, child.wait()) => ended,
        never = complaint.listen() => match never {},
    };
    match ended {
        Err(_) => Err(failed(format!("it did not end within {} s", patience.as_secs_f32()))),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Ok(Ok(status)) if status.success() => Ok(Published::Accepted),
        Ok(Ok(status)) => {
            let _ = timeout(LAGS_BY, complaint.listen()).await;
            Err(failed(format!("{status}{}", complaint.last_words())))
        }
    }
}

/// What a command writes to its standard error.
struct Complaint {
    errors: Option<ChildStderr>,
    kept: Vec<u8>,
}

impl Complaint {
    /// Reads on for ever, and keeps the last of it.
    async fn listen(&mut self) -> Infallible {
        const KEPT: usize = 1 << 10;
        if let Some(errors) = &mut self.errors {
            while matches!(errors.read_buf(&mut self.kept).await, Ok(1..)) {
                let surplus = self.kept.len().saturating_sub(KEPT);
                self.kept.drain(..surplus);
            }
        }
        std::future::pending().await
    }

    fn last_words(&self) -> String {
        let text = String::from_utf8_lossy(&self.kept);
        match text.trim().lines().next_back() {
            Some(line) => format!("; its last words: {line}"),
            None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_trigger_gets_the_payload_and_its_failure_is_told() {
        let trace = Recorder::new();
        let run = |command: &str| {
            let stimulus = Stimulus::Trigger(command.to_owned());
            let trace = trace.clone();
            async move {
                let payload =
                    Payload { data: "x y".to_owned(), event: None, id: Some("7".to_owned()) };
                stimulus.publish(&payload, &trace, Duration::from_secs(10)).await
            }
        };
        let check = r#"test "$(cat)" = "x y" && test "$PUSHSPEC_DATA$PUSHSPEC_ID" = "x y7""#;
        assert_eq!(run(check).await.unwrap(), Published::Accepted);
        let complaint = run("echo no bus >&2; sleep 0.1; exit 3").await.unwrap_err().to_string();
        assert!(complaint.contains("3; its last words: no bus"), "{complaint}");
    }
}
