//! TOML files that people write: what is wrong is told with its line, and what may have been meant.

use serde::de::DeserializeOwned;

use crate::similar::suggestion;

pub use serde_spanned::Spanned;

/// What is wrong with a file, in one line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct TomlError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// Reads a file.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, TomlError> {
    toml_edit::de::from_str(text).map_err(|error| {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        let said = error.message().lines().collect::<Vec<_>>().join("; ");
        TomlError { line, message: with_suggestion(&said) }
    })
}

/// The number of the line with this byte, from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count() + 1
}

/// serde names an unknown key or value and then the known ones, each in backticks.
fn with_suggestion(said: &str) -> String {
    let mut quoted = said.split('`').skip(1).step_by(2);
    match quoted.next() {
        Some(typed) if said.starts_with("unknown ") => {
            format!("{said}{}", suggestion(typed, quoted))
        }
        _ => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Small {
        #[serde(rename = "baseline")]
        _baseline: Option<String>,
    }

    fn problem(text: &str) -> String {
        parse::<Small>(text).unwrap_err().to_string()
    }

    #[test]
    fn the_line_and_what_was_meant_are_told() {
        assert_eq!(
            problem("# a file\n\nbasline = \"x\"\n"),
            "line 3: unknown field `basline`, expected `baseline` (did you mean `baseline`?)"
        );
        assert!(problem("baseline = 3").starts_with("line 1: invalid type"));
        assert!(problem("\nbaseline = ").starts_with("line 2: "), "{}", problem("\nbaseline = "));
        assert_eq!(problem("[baseline").lines().count(), 1);
    }
}
