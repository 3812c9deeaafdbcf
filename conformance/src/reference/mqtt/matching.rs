//! Topic Names against Topic Filters (section 4.7 of 5.0 and 3.1.1).

use pushspec_wire::mqtt::topic;

use super::{Broker, Fault};

impl Broker {
    /// Whether a topic matches a filter (section 4.7 of 5.0 and 3.1.1).
    pub(super) fn matches(&self, filter: &str, topic: &str) -> bool {
        let (mut filter, mut topic) = (filter.to_owned(), topic.to_owned());
        if self.has(Fault::IgnoresCase) {
            (filter, topic) = (filter.to_lowercase(), topic.to_lowercase());
        }
        if self.has(Fault::StripsByteOrderMark) {
            (filter, topic) = (filter.replace('\u{feff}', ""), topic.replace('\u{feff}', ""));
        }
        if self.has(Fault::TrimsSpaces) {
            (filter, topic) = (filter.trim().to_owned(), topic.trim().to_owned());
        }
        if self.has(Fault::NormalisesSlashes) {
            let normal = |text: &str| {
                let levels: Vec<&str> = text.split('/').filter(|level| !level.is_empty()).collect();
                levels.join("/")
            };
            (filter, topic) = (normal(&filter), normal(&topic));
        }
        if filter.contains(['+', '#']) && self.has(Fault::WildcardsMatchNothing) {
            return false;
        }
        if filter.starts_with(['+', '#']) && self.has(Fault::WildcardsMatchDollar) {
            topic = topic.replacen('$', "_", 1);
        }
        if self.has(Fault::PlusNeedsCharacters) && filter.contains('+') && has_empty_level(&topic) {
            return false;
        }
        if self.has(Fault::HashMissesParent) && filter.strip_suffix("/#") == Some(topic.as_str()) {
            return false;
        }
        if self.has(Fault::PlusMatchesManyLevels)
            && let Some((before, after)) = filter.split_once('+')
            && topic.len() >= before.len() + after.len()
            && topic.starts_with(before)
            && topic.ends_with(after)
        {
            return true;
        }
        topic::matches(&filter, &topic)
    }
}

fn has_empty_level(topic: &str) -> bool {
    topic.split('/').any(str::is_empty)
}
