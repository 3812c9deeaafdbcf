//! The JSON schemas under `schema/`: generated from the types, checked in for those who read what is written.

use schemars::Schema;

/// The schema with what a reader knows it by.
pub(crate) fn named(mut schema: Schema, title: &str, id: &str) -> Schema {
    schema.insert("title".to_owned(), title.into());
    schema.insert("$id".to_owned(), format!("urn:pushspec:{id}:1").into());
    schema
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use schemars::Schema;
    use serde_json::Value;

    /// The file in the tree is this schema. Run with `PUSHSPEC_WRITE_SCHEMA=1` to write it anew.
    pub(crate) fn the_tree_has(name: &str, schema: &Schema) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
        let current = serde_json::to_string_pretty(schema).unwrap() + "\n";
        if std::env::var_os("PUSHSPEC_WRITE_SCHEMA").is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), current);
    }

    /// In what a document departs from the schema.
    pub(crate) fn problems(schema: &Schema, document: &Value) -> Vec<String> {
        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        validator.iter_errors(document).map(|error| error.to_string()).collect()
    }

    /// What was written follows the schema.
    pub(crate) fn follows(schema: &Schema, written: &str) {
        let document = serde_json::from_str(written).unwrap();
        assert_eq!(problems(schema, &document), Vec::<String>::new(), "{document}");
    }
}
