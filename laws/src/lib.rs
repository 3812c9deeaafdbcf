//! What holds for the codecs on any input. Property tests and fuzz targets call the same functions; they
//! differ only in where their inputs come from. A law that does not hold panics.
#![allow(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "panicking is how a law says that it does not hold"
)]

pub mod chunks;
pub mod mqtt;
pub mod sse;
