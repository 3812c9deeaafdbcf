//! The reference MQTT Server. It is a test double, not for production.

pub mod listen;
