//! The cases.

pub mod mqtt;
