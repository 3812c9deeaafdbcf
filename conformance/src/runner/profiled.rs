//! What a profile makes of the cases.

use super::schedule::Work;
use crate::profile::{Made, Profile};

/// Takes out what does not apply to such endpoints, and counts the rest as the profile wants it.
pub(super) fn apply(profile: &Profile, work: &mut Work) {
    for job in &mut work.jobs {
        match profile.made_of(&job.about) {
            Some(Made::DoesNotApply(why)) => job.not_applicable = Some(why),
            Some(Made::Counts(level, why)) => job.counts_as = Some((level, why)),
            None => {}
        }
    }
    for described in work.endpoint.capabilities.values_mut() {
        described.insert("profile".to_owned(), profile.name.clone());
    }
}
