//! Bytes taken apart for people and machines: MQTT packets field by field, event streams line by line.
//!
//! What the bytes mean is the codecs' to say; this puts it in order, and renders it.

mod mqtt;
mod mqtt_text;
mod rows;
mod sse;
mod sse_text;

pub use mqtt::{Packets, ReadAs};
pub use sse::EventStream;

use std::fmt::Write as _;

/// Bytes in hexadecimal, as people write them: pairs of digits, with or without blanks, commas, colons
/// or `0x` between them.
pub fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let separators = |character: char| character.is_whitespace() || matches!(character, ',' | ':');
    for word in text.split(separators).filter(|word| !word.is_empty()) {
        let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
        if let Some(wrong) = digits.chars().find(|character| !character.is_ascii_hexdigit()) {
            return Err(format!(
                "`{wrong}` is no hexadecimal digit: expected bytes such as `c0 00`"
            ));
        }
        if digits.len() % 2 != 0 {
            return Err(format!(
                "`{word}` has an odd number of digits: expected two for each byte"
            ));
        }
        for pair in digits.as_bytes().chunks(2) {
            let value = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0) as u8;
            bytes.push(value(pair[0]) << 4 | value(pair[1]));
        }
    }
    Ok(bytes)
}

/// Pairs of digits with blanks between them.
fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().enumerate().fold(String::new(), |mut text, (at, byte)| {
        let gap = if at > 0 { " " } else { "" };
        // Writing to a string does not fail.
        let _ = write!(text, "{gap}{byte:02x}");
        text
    })
}

/// So many of them.
fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::schema_file::named;
    use crate::schema_file::tests::{follows, the_tree_has};

    #[test]
    fn hexadecimal_as_people_write_it() {
        for text in ["c000", "C0 00", " c0:00\n", "0xc0, 0x00"] {
            assert_eq!(from_hex(text), Ok(vec![0xC0, 0]), "{text}");
        }
        assert_eq!(from_hex(""), Ok(vec![]));
        assert!(from_hex("c").unwrap_err().contains("odd number"));
        assert!(from_hex("cg").unwrap_err().contains("`g`"));
        assert_eq!(to_hex(&[0, 255]), "00 ff");
    }

    /// The schema of the type, which is that in the tree.
    fn current<T: schemars::JsonSchema>(name: &str) -> schemars::Schema {
        // As it is written: what may be left out is not required.
        let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<T>();
        let schema = named(schema, &format!("pushspec decode: {name}"), &format!("decode-{name}"));
        the_tree_has(&format!("decode-{name}-1.schema.json"), &schema);
        schema
    }

    /// A field of every vector of a protocol.
    fn vectors(protocol: &str, field: &str) -> Vec<String> {
        let folder = format!("{}/../fixtures/{protocol}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let mut found = Vec::new();
        for path in files {
            let file: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            // The file on topics has pairs instead.
            let vectors = file["vectors"].as_array().into_iter().flatten();
            found.extend(vectors.filter_map(|vector| Some(vector[field].as_str()?.to_owned())));
        }
        found
    }

    #[test]
    fn every_vector_of_mqtt_is_shown_as_the_schema_says() {
        let schema = current::<mqtt::Json>("mqtt");
        let vectors = vectors("mqtt", "hex");
        assert!(vectors.len() > 300);
        for hex in vectors {
            let bytes = from_hex(&hex).unwrap();
            follows(&schema, &Packets::read(&bytes, ReadAs::Auto).json().unwrap());
        }
    }

    #[test]
    fn every_vector_of_sse_is_shown_as_the_schema_says() {
        let schema = current::<EventStream<'_>>("sse");
        let vectors = vectors("sse", "input");
        assert!(vectors.len() > 100);
        for body in vectors {
            follows(&schema, &EventStream::read(body.as_bytes()).unwrap().json().unwrap());
        }
    }
}
