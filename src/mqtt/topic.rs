//! Topic Names and Topic Filters (section 4.7 of 5.0 and 3.1.1), shared subscriptions (5.0 section
//! 4.8.2).
//!
//! ```
//! use pushspec_wire::mqtt::topic;
//!
//! let (group, filter) = topic::shared("$share/group/sport/+").unwrap();
//! assert_eq!((group, topic::matches(filter, "sport/tennis")), ("group", true));
//! ```

use super::words::contain_wildcard;

/// What is wrong with a Topic Name or Topic Filter.
///
/// ```
/// use pushspec_wire::mqtt::topic::{TopicError, check_filter};
///
/// assert_eq!(check_filter("a+"), Err(TopicError::Plus));
/// assert_eq!(check_filter("#/a"), Err(TopicError::Hash));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum TopicError {
    /// It has no character.
    #[error("is empty, where at least one character has to be")]
    Empty,
    /// A Topic Name with `+` or `#`.
    #[error("contains a wildcard, which no Topic Name may")]
    Wildcard,
    /// `#` that is not the whole last level.
    #[error("contains `#` elsewhere than as the whole last level, its only place")]
    Hash,
    /// `+` that is not a whole level.
    #[error("contains `+` beside other characters, where it has to be a whole level")]
    Plus,
    /// `$share/` without a `ShareName`.
    #[error("has an empty ShareName, where at least one character has to be")]
    EmptyShareName,
    /// A `ShareName` with a wildcard, or nothing behind it.
    #[error(
        "has a ShareName with a wildcard or no filter behind it, where `$share/name/filter` is the form"
    )]
    ShareName,
}

const SHARE: &str = "$share/";

/// Checks a Topic Name. That it is UTF-8 without U+0000 is a matter of strings.
///
/// ```
/// use pushspec_wire::mqtt::topic::{TopicError, check_name};
///
/// assert_eq!(check_name("a//b"), Ok(()));
/// assert_eq!(check_name("a/+"), Err(TopicError::Wildcard));
/// ```
#[inline]
pub fn check_name(name: &str) -> Result<(), TopicError> {
    check_name_bytes(name.as_bytes())
}

#[inline]
pub(super) fn check_name_bytes(name: &[u8]) -> Result<(), TopicError> {
    if name.is_empty() {
        Err(TopicError::Empty)
    } else if contain_wildcard(name) {
        Err(TopicError::Wildcard)
    } else {
        Ok(())
    }
}

/// Checks a Topic Filter of 5.0, shared ones included.
///
/// ```
/// use pushspec_wire::mqtt::topic::{TopicError, check_filter};
///
/// assert_eq!(check_filter("$share/group/a/+"), Ok(()));
/// assert_eq!(check_filter("$share//a"), Err(TopicError::EmptyShareName));
/// ```
pub fn check_filter(filter: &str) -> Result<(), TopicError> {
    match filter.strip_prefix(SHARE) {
        None => check_plain_filter(filter),
        Some(rest) => {
            let (share_name, filter) = rest.split_once('/').unwrap_or((rest, ""));
            if share_name.is_empty() {
                return Err(TopicError::EmptyShareName);
            }
            if share_name.contains(['+', '#']) || filter.is_empty() {
                return Err(TopicError::ShareName);
            }
            check_plain_filter(filter)
        }
    }
}

/// Checks a Topic Filter that is not shared, as all are in 3.x.
///
/// ```
/// use pushspec_wire::mqtt::topic::check_plain_filter;
///
/// assert_eq!(check_plain_filter("$share//a"), Ok(()), "three levels as others are");
/// ```
pub fn check_plain_filter(filter: &str) -> Result<(), TopicError> {
    let bytes = filter.as_bytes();
    let starts_level = |at: usize| at == 0 || bytes[at - 1] == b'/';
    let ends_level = |at: usize| at + 1 == bytes.len() || bytes[at + 1] == b'/';
    let conforms = !filter.is_empty()
        && bytes.iter().enumerate().all(|(at, byte)| match byte {
            b'#' => starts_level(at) && at + 1 == bytes.len(),
            b'+' => starts_level(at) && ends_level(at),
            _ => true,
        });
    if conforms { Ok(()) } else { explain_plain_filter(filter) }
}

/// What is wrong with a Topic Filter, level by level.
#[cold]
fn explain_plain_filter(filter: &str) -> Result<(), TopicError> {
    if filter.is_empty() {
        return Err(TopicError::Empty);
    }
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        if level.contains('#') && (level != "#" || levels.peek().is_some()) {
            return Err(TopicError::Hash);
        }
        if level.contains('+') && level != "+" {
            return Err(TopicError::Plus);
        }
    }
    Ok(())
}

/// Whether a Topic Filter of 5.0 is that of a shared subscription.
///
/// ```
/// use pushspec_wire::mqtt::topic::is_shared;
///
/// assert!(is_shared("$share/group/a"));
/// assert!(!is_shared("$shared/a"));
/// ```
pub fn is_shared(filter: &str) -> bool {
    filter.starts_with(SHARE)
}

/// `ShareName` and Topic Filter of a shared subscription.
///
/// ```
/// use pushspec_wire::mqtt::topic::shared;
///
/// assert_eq!(shared("$share/group/a/b"), Some(("group", "a/b")));
/// assert_eq!(shared("a/b"), None);
/// ```
pub fn shared(filter: &str) -> Option<(&str, &str)> {
    filter.strip_prefix(SHARE)?.split_once('/')
}

/// Whether a Topic Name matches a Topic Filter that is not shared. Both must be valid.
///
/// ```
/// use pushspec_wire::mqtt::topic::matches;
///
/// assert!(matches("sport/#", "sport"));
/// assert!(matches("+/+", "/finance"));
/// assert!(!matches("+", "/finance"));
/// assert!(!matches("#", "$SYS/uptime"));
/// ```
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            ("#", _) => return true,
            ("+", Some(_)) => {}
            (wanted, Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn filters() {
        for filter in ["#", "+", "a/#", "/+", "+/a/#", "/", "a//b", "$share/g/#", "$share/g/a/+"] {
            assert_eq!(check_filter(filter), Ok(()), "{filter}");
        }
        for (filter, error) in [
            ("", TopicError::Empty),
            ("a#", TopicError::Hash),
            ("a/#/b", TopicError::Hash),
            ("##", TopicError::Hash),
            ("a+", TopicError::Plus),
            ("a/b+/c", TopicError::Plus),
            ("$share//a", TopicError::EmptyShareName),
            ("$share/g", TopicError::ShareName),
            ("$share/g/", TopicError::ShareName),
            ("$share/+/a", TopicError::ShareName),
        ] {
            assert_eq!(check_filter(filter), Err(error), "{filter}");
        }
        assert_eq!(check_plain_filter("$share/g"), Ok(()));
    }

    /// All filters of up to six of these characters (under Miri, which takes long, of four): what is
    /// judged by bytes is explained by levels.
    #[test]
    fn judging_and_explaining_agree() {
        for number in 0..4_u32.pow(if cfg!(miri) { 4 } else { 6 }) {
            let mut filter = String::new();
            let mut left = number;
            while left > 0 {
                filter.push(['+', '#', '/', 'é'][left as usize % 4]);
                left /= 4;
            }
            assert_eq!(check_plain_filter(&filter), explain_plain_filter(&filter), "{filter}");
            let levels = filter.split('/');
            let hash = levels.clone().rev().skip(1).any(|level| level.contains('#'));
            let wrong = hash
                || levels.clone().any(|level| level.len() > 1 && level.contains(['+', '#']))
                || filter.is_empty();
            assert_eq!(check_plain_filter(&filter).is_err(), wrong, "{filter}");
        }
    }

    #[test]
    fn matching() {
        for (filter, topic) in [
            ("a/+/c", "a//c"),
            ("a/#", "a"),
            ("a/#", "a/"),
            ("#", "/"),
            ("$SYS/#", "$SYS/x"),
            ("+/#", "a"),
        ] {
            assert!(matches(filter, topic), "{filter} {topic}");
        }
        for (filter, topic) in [
            ("a/+", "a"),
            ("a/+", "a/b/c"),
            ("+", "$SYS"),
            ("+/x", "$SYS/x"),
            ("A", "a"),
            ("a/b", "a//b"),
            ("a", "a/"),
        ] {
            assert!(!matches(filter, topic), "{filter} {topic}");
        }
    }
}
