//! The MQTT client that cases script.

mod authentication;
mod capabilities;
mod client;
mod connect;
mod declared;
mod incoming;
mod message;
mod residue;
mod unmet;
mod watch;
mod websocket;

pub use authentication::Challenged;
pub use capabilities::{Capabilities, Wants};
pub use client::{Client, Received};
pub use connect::{Accepted, Opening};
pub use declared::Declared;
pub use incoming::{Arrival, End};
pub use message::Message;
pub use residue::{Left, Residue};
pub use unmet::{Judged, Unmet};
pub use watch::Watch;
pub use websocket::{Shaken, WebSocket};
