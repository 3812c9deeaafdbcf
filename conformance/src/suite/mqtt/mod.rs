//! The cases on MQTT Servers, one file per chapter of the spec.

mod connect;
mod cx;
mod keep_alive;
mod malformed;
#[cfg(test)]
mod matrix;
mod message;
mod publish;
mod redelivery;
mod retain;
mod session;
mod subscribe;
mod topic;
mod will;
mod wire;

pub use cx::{Cx, Illegal, Setting};

use crate::case::Case;

/// All cases, by chapter.
pub const CASES: &[&[Case<Cx>]] = &[
    connect::CASES,
    session::CASES,
    keep_alive::CASES,
    publish::CASES,
    message::CASES,
    redelivery::CASES,
    retain::CASES,
    will::CASES,
    subscribe::CASES,
    topic::CASES,
    malformed::CASES,
];
