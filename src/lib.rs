//! Strict, explaining, zero-copy codecs for MQTT 3.1, 3.1.1 and 5.0 control packets and for
//! Server-Sent Events (WHATWG HTML 9.2).
//!
//! No I/O, no clock, no async. Every rejection names the byte offset, the field, the requirement and
//! the reason code that a receiver would answer with. What a conforming peer must never send is
//! written with [`mqtt::lawless`], so that the typed packets cannot express nonsense by accident.
//!
//! ```
//! use pushspec_wire::mqtt::{Framer, Frame, Packet, Version};
//! use pushspec_wire::sse::EventDecoder;
//!
//! let mut framer = Framer::new(1 << 20);
//! framer.push(b"\x30\x06\0\x01thi!");
//! let bytes = framer.next_packet()?.unwrap();
//! let packet = Packet::decode(Frame::new(&bytes)?, Version::V311)?;
//! assert!(matches!(packet, Packet::Publish(publish) if &*publish.payload == b"hi!"));
//!
//! let mut decoder = EventDecoder::default();
//! let event = decoder.next_event(&mut &b"data: hi!\n\n"[..])?.unwrap();
//! assert_eq!(event.data, "hi!");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Features: `std` (default; without it the crate needs `alloc` only), `serde`, and `tokio-util` for the
//! codecs beneath `tokio_util::codec::Framed`.
#![cfg_attr(not(test), no_std)]

extern crate alloc;
#[cfg(feature = "tokio-util")]
extern crate std;

#[cfg(feature = "tokio-util")]
pub mod codec;
pub mod mqtt;
pub mod sse;
