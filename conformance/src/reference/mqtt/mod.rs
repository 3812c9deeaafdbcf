//! The reference MQTT Server: correct for 3.1, 3.1.1 and 5.0, with switchable faults.
//!
//! It is a test double, not for production: everything lives in memory, and anyone may connect unless
//! users are configured. [`Broker`] is the core, without I/O and with the clock passed in; [`Server`]
//! puts it behind network connections, in memory or on sockets.
//!
//! Where the specs leave a choice, which [`Choice`] turns the other way: overlapping subscriptions get one copy with all their Subscription
//! Identifiers; QoS 2 messages are published when PUBLISH arrives; QoS 0 messages do not wait for
//! absent Clients; shared subscriptions take turns among the members that are connected; errors of
//! 5.0 are told by DISCONNECT or CONNACK before closing; Topic Aliases are not used towards Clients.

mod accept;
mod authenticate;
mod broker;
mod choice;
mod config;
mod connection;
mod deliver;
mod end;
mod fault;
mod lenient;
pub mod listen;
mod matching;
mod message;
mod publish;
mod refuse;
mod restart;
mod route;
mod server;
mod session;
mod subscribe;
mod tamper;

pub use broker::{Broker, Output};
pub use choice::Choice;
pub use config::{Config, Limits};
pub use connection::ConnectionId;
pub use fault::{Fault, FaultSet};
pub use server::Server;

#[cfg(test)]
mod tests;
