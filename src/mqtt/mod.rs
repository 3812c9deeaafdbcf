//! MQTT control packets, versions 3.1, 3.1.1 and 5.0.
//!
//! Bytes of a connection go through a [`Framer`], each [`Frame`] through [`Packet::decode`].
//!
//! ```
//! use pushspec_wire::mqtt::{Connect, Frame, Packet, Version};
//!
//! let mut bytes = Vec::new();
//! Packet::Connect(Connect::new(Version::V5, "me")).encode(Version::V5, &mut bytes)?;
//! let packet = Packet::decode(Frame::new(&bytes)?, Version::V5)?;
//! assert!(matches!(packet, Packet::Connect(connect) if connect.client_id == "me"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod acknowledgement;
mod auth;
#[cfg(feature = "tokio-util")]
mod codec;
mod connack;
mod connect;
mod disconnect;
mod display;
mod dissect;
mod error;
mod framer;
pub mod lawless;
mod meaning;
mod noted;
mod packet;
mod pingreq;
mod pingresp;
mod properties;
mod property;
mod puback;
mod pubcomp;
mod publish;
mod pubrec;
mod pubrel;
mod qos;
mod read;
mod reason_code;
mod suback;
mod subscribe;
pub mod topic;
mod unsuback;
mod unsubscribe;
mod variable;
mod version;
mod words;
mod write;

pub use auth::Auth;
#[cfg(feature = "tokio-util")]
pub use codec::{CodecError, PacketCodec};
pub use connack::ConnAck;
pub use connect::{Connect, Will};
pub use disconnect::Disconnect;
pub use dissect::{Dissection, Field, Outcome, Value};
pub use error::{DecodeError, EncodeError, ErrorKind, FrameError};
pub use framer::{Frame, Framer};
pub use packet::{Packet, PacketType};
pub use pingreq::PingReq;
pub use pingresp::PingResp;
pub use properties::Properties;
pub use property::{Place, Property, PropertyId};
pub use puback::PubAck;
pub use pubcomp::PubComp;
pub use publish::{Delivery, Publish};
pub use pubrec::PubRec;
pub use pubrel::PubRel;
pub use qos::QoS;
pub use reason_code::{ReasonCode, Sender};
pub use suback::SubAck;
pub use subscribe::{RetainHandling, Subscribe, Subscription, SubscriptionOptions};
pub use unsuback::UnsubAck;
pub use unsubscribe::Unsubscribe;
pub use version::Version;

/// A Packet Identifier. Zero is not one (5.0 section 2.2.1, 3.1.1 section 2.3.1).
///
/// ```
/// use pushspec_wire::mqtt::PacketId;
///
/// assert_eq!(PacketId::new(0), None);
/// assert_eq!(PacketId::new(7).map(PacketId::get), Some(7));
/// ```
pub type PacketId = core::num::NonZeroU16;
