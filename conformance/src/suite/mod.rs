//! The cases.

pub mod mqtt;
pub mod sse;

use crate::case::About;

/// What is known of all cases, in the order of chapters.
pub fn all() -> impl Iterator<Item = About> {
    let mqtt = mqtt::CASES.iter().copied().flatten().map(crate::case::Case::about);
    mqtt.chain(sse::CASES.iter().copied().flatten().map(crate::case::Case::about))
}
