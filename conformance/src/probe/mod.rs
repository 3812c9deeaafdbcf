//! The scripted peers: they say exactly what a case tells them, legal or not, and record everything.

pub mod mqtt;
pub mod sse;
