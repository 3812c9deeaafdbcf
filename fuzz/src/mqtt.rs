//! Packets.

pub mod differences;
pub mod input;
pub mod normal;
pub mod peers;
pub mod plan;
