//! The MQTT client that cases script.

mod capabilities;
mod client;
mod connect;
mod incoming;
mod message;
mod residue;
mod unmet;
mod watch;
mod websocket;

pub use capabilities::Capabilities;
pub use client::{Client, Received};
pub use connect::{Accepted, Opening};
pub use incoming::{Arrival, End};
pub use message::Message;
pub use residue::Residue;
pub use unmet::{Judged, Unmet};
pub use watch::Watch;
pub use websocket::{Shaken, WebSocket};
