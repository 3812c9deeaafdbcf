//! Strict, explaining, zero-copy codecs for MQTT 3.1, 3.1.1 and 5.0 control packets and for
//! Server-Sent Events (WHATWG HTML 9.2).
//!
//! No I/O, no clock, no async. Every rejection names the byte offset, the field, the requirement and
//! the reason code that a receiver would answer with. What a conforming peer must never send is
//! written with [`mqtt::lawless`], so that the typed packets cannot express nonsense by accident.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod mqtt;
pub mod sse;
