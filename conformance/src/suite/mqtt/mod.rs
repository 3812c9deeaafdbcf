//! The cases on MQTT Servers, one file per chapter of the spec.

mod connect;
mod cx;
mod delivery_matrix;
mod expiry;
mod filter_matrix;
mod flow;
mod keep_alive;
mod malformed;
#[cfg(test)]
mod matrix;
mod message;
mod property_matrix;
mod publish;
mod redelivery;
mod retain;
mod session;
mod subscribe;
mod topic;
mod variants;
mod websocket;
mod weight;
mod will;
mod wire;

pub use cx::{Cx, Extent, Illegal, Setting};

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
    delivery_matrix::CASES,
    expiry::CASES,
    filter_matrix::CASES,
    flow::CASES,
    property_matrix::CASES,
    variants::CONNECT,
    variants::PUBLISH,
    variants::ACKNOWLEDGEMENTS,
    variants::SUBSCRIBE,
    variants::OTHERS,
    weight::CASES,
    websocket::CASES,
];
