//! Renderings of what a run tells, one file per format, and the exit code.
//!
//! They read events and the report model, and look up texts in the catalogue; of the runner and the
//! suite they know nothing.

pub mod coverage;
pub mod ctrf;
mod exit;
mod format;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod lint;
pub mod listing;
pub mod markdown;
pub mod ndjson;
pub mod pcapng;
pub mod read;
mod redact;
mod rows;
#[cfg(test)]
pub(crate) mod sample;
pub mod sarif;
pub mod tap;
pub mod terminal;
pub mod text;

pub use exit::ExitStatus;
pub(crate) use exit::breaks_an_obligation;
pub use format::Format;
pub use redact::{Secrets, redact};
