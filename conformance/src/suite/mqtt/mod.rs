//! The cases on MQTT Servers, one file per chapter of the spec.

mod access;
mod auth_unasked;
mod authentication;
mod authorisation;
mod client_id;
mod closing;
mod connect;
mod connect_flags;
mod cx;
mod delivery;
mod delivery_matrix;
mod expiry;
mod filter_matrix;
mod flow;
mod keep_alive;
mod lifecycle;
mod limits;
mod malformed;
#[cfg(test)]
mod matrix;
mod message;
mod permitted;
mod property_matrix;
mod publish;
mod redelivery;
mod refusing;
mod resuming;
mod retain;
mod server_limits;
mod session;
mod session_state;
mod shared;
mod subscribe;
mod subscription_ids;
mod topic;
mod undescribed;
mod unfinished;
mod unsubscribe;
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
    connect_flags::CASES,
    client_id::CASES,
    session::CASES,
    session_state::CASES,
    keep_alive::CASES,
    publish::CASES,
    delivery::CASES,
    message::CASES,
    redelivery::CASES,
    unfinished::CASES,
    retain::CASES,
    will::CASES,
    subscribe::CASES,
    unsubscribe::CASES,
    subscription_ids::CASES,
    shared::CASES,
    topic::CASES,
    closing::CASES,
    auth_unasked::CASES,
    malformed::CASES,
    undescribed::CASES,
    server_limits::CASES,
    permitted::CASES,
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
    access::CASES,
    authorisation::CASES,
    authentication::CASES,
    limits::CASES,
    lifecycle::CASES,
];
