//! The diff as JSON. Its schema is `schema/diff-1.schema.json`.

use schemars::Schema;

use super::Diff;
use crate::schema_file;

/// Writes the diff.
pub fn write(diff: &Diff) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(diff)? + "\n")
}

/// The schema of the diff.
pub fn schema() -> Schema {
    schema_file::named(schemars::schema_for!(Diff), "pushspec diff", "diff")
}
