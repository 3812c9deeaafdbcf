//! What the user may have meant.

pub(super) use pushspec::similar::suggestion;
