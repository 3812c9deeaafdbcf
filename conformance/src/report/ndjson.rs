//! The event log: what a run tells, one JSON object on each line, as it happens. Its schema is
//! `schema/events-1.schema.json`.
//!
//! Every line is complete before the next begins and is handed to the system at once, so that a log
//! holds all that was known when the run, the tool or the machine was ended.

use std::io;

use schemars::Schema;

use crate::event::Event;
use crate::schema_file;

/// Writes one event.
pub fn write(event: &Event, mut out: impl io::Write) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// The schema of a line.
pub fn schema() -> Schema {
    schema_file::named(schemars::schema_for!(Event), "pushspec event", "events")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::Value;

    use super::*;
    use crate::report::sample;
    use crate::schema_file::tests::{problems, the_tree_has};

    #[test]
    fn the_schema_in_the_tree_is_current() {
        the_tree_has("events-1.schema.json", &schema());
    }

    #[test]
    fn every_event_is_a_line_that_follows_the_schema() {
        let schema = schema();
        for event in sample::events() {
            let mut line = Vec::new();
            write(&event, &mut line).unwrap();
            assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
            let value: Value = serde_json::from_slice(&line).unwrap();
            assert_eq!(problems(&schema, &value), Vec::<String>::new());
            assert_eq!(serde_json::from_slice::<Event>(&line).unwrap(), event);
        }
        assert!(!problems(&schema, &serde_json::json!({"event": "case-finished"})).is_empty());
    }
}
