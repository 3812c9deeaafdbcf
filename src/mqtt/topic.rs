//! Topic Names and Topic Filters (5.0 section 4.7, 3.1.1 section 4.7), shared subscriptions
//! (5.0 section 4.8.2).

/// Whether a Topic Name matches a (non-shared) Topic Filter. Both must be valid.
pub fn matches(filter: &str, topic: &str) -> bool {
    let _ = (filter, topic);
    todo!()
}
