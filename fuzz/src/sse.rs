//! Event streams.

pub mod differences;
pub mod input;
pub mod peers;
pub mod reading;
