//! The cases.

pub mod mqtt;
pub mod sse;

use std::collections::BTreeMap;

use crate::case::{About, Need};

/// What is known of all cases, in the order of chapters.
pub fn all() -> impl Iterator<Item = About> {
    let mqtt = mqtt::CASES.iter().copied().flatten().map(crate::case::Case::about);
    mqtt.chain(sse::CASES.iter().copied().flatten().map(crate::case::Case::about))
}

/// The features that cases need and a target may be declared to lack, by their names.
pub fn features() -> BTreeMap<String, Need> {
    let needs = all().flat_map(|about| about.needs);
    needs.filter(|need| need.is_feature()).map(|need| (need.name(), *need)).collect()
}
