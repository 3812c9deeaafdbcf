//! The core of the reference broker in virtual time, by concern.

#![allow(clippy::unwrap_used)]

mod choices;
mod connect;
mod delivery;
mod expiry;
mod flow;
mod keep_alive;
mod limits;
mod malformed;
mod properties;
mod redelivery;
mod retained;
mod session;
mod shared;
mod subscribe;
mod topic;
mod v31;
mod will;
mod world;
