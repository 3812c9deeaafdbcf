//! The tool as its users meet it: the binary, its output, its reports and its exit status.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::format_collect)]

mod artefacts;
mod bad_input;
mod bad_stream;
mod ci;
mod ctrl_c;
mod decode;
mod launch;
mod lint;
mod peers;
mod place;
mod profiles;
mod reports;
mod runs;
mod texts;
mod tool;
mod transports;
