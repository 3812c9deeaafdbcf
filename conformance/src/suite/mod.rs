//! The cases.

pub mod mqtt;
pub mod sse;
