//! The diff as JSON. Its schema is `schema/diff-1.schema.json`.

use schemars::Schema;

use super::Diff;

/// Writes the diff.
pub fn write(diff: &Diff) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(diff)? + "\n")
}

/// The schema of the diff.
pub fn schema() -> Schema {
    let mut schema = schemars::schema_for!(Diff);
    schema.insert("title".to_owned(), "pushspec diff".into());
    schema.insert("$id".to_owned(), "urn:pushspec:diff:1".into());
    schema
}
