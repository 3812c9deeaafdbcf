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
}
