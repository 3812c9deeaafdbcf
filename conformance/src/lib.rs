//! pushspec says, with evidence, where an MQTT or SSE endpoint departs from its specification.

pub mod baseline;
pub mod case;
pub mod config;
pub mod counted;
pub mod coverage;
pub mod decode;
pub mod diff;
pub mod event;
pub mod evidence;
pub mod launch;
pub mod lint;
pub mod matrix;
pub mod merge;
pub mod monitor;
pub mod probe;
pub mod profile;
pub mod reference;
pub mod report;
pub mod requirement;
pub mod runner;
pub mod similar;
pub mod snapshot;
pub mod suite;
pub mod toml_file;
pub mod trace;
pub mod transport;
