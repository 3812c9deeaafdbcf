//! The cases.

pub mod sse;
