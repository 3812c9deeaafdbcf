//! Renderings of what a run tells: terminal, JSON, `JUnit`, and the exit code.
//!
//! They read events and the report model, and look up texts in the catalogue; of the runner and the
//! suite they know nothing.

mod exit;
pub mod json;
pub mod junit;
pub mod lint;
pub mod listing;
mod redact;
#[cfg(test)]
mod sample;
pub mod terminal;
pub mod text;

pub use exit::ExitStatus;
pub use redact::{Secrets, redact};
