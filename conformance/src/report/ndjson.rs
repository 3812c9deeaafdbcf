//! The event log: what a run tells, one JSON object on each line, as it happens. Its schema is
//! `schema/events-1.schema.json`.
//!
//! Every line is complete before the next begins and is handed to the system at once, so that a log
//! holds all that was known when the run, the tool or the machine was ended.

use std::io;

use schemars::Schema;

use crate::event::Event;

/// Writes one event.
pub fn write(event: &Event, mut out: impl io::Write) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// The schema of a line.
pub fn schema() -> Schema {
    let mut schema = schemars::schema_for!(Event);
    schema.insert("title".to_owned(), "pushspec event".into());
    schema.insert("$id".to_owned(), "urn:pushspec:events:1".into());
    schema
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::Value;

    use super::*;
    use crate::report::json::tests::the_tree_has;
    use crate::report::sample;

    #[test]
    fn the_schema_in_the_tree_is_current() {
        the_tree_has("events-1.schema.json", &schema());
    }

    #[test]
    fn every_event_is_a_line_that_follows_the_schema() {
        let schema = serde_json::to_value(schema()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for event in sample::events() {
            let mut line = Vec::new();
            write(&event, &mut line).unwrap();
            assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
            let value: Value = serde_json::from_slice(&line).unwrap();
            let problems: Vec<String> =
                validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert_eq!(problems, Vec::<String>::new());
            assert_eq!(serde_json::from_slice::<Event>(&line).unwrap(), event);
        }
        assert!(!validator.is_valid(&serde_json::json!({"event": "case-finished"})));
    }
}
