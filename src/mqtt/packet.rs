//! Control packets in general (5.0 section 2.1).

use super::{
    Auth, ConnAck, Connect, DecodeError, Disconnect, EncodeError, Frame, PingReq, PingResp, PubAck,
    PubComp, PubRec, PubRel, Publish, SubAck, Subscribe, UnsubAck, Unsubscribe, Version,
};
use alloc::vec::Vec;

/// A control packet that conforms to its version of the protocol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Packet<'a> {
    /// CONNECT
    Connect(Connect<'a>),
    /// CONNACK
    ConnAck(ConnAck<'a>),
    /// PUBLISH
    Publish(Publish<'a>),
    /// PUBACK
    PubAck(PubAck<'a>),
    /// PUBREC
    PubRec(PubRec<'a>),
    /// PUBREL
    PubRel(PubRel<'a>),
    /// PUBCOMP
    PubComp(PubComp<'a>),
    /// SUBSCRIBE
    Subscribe(Subscribe<'a>),
    /// SUBACK
    SubAck(SubAck<'a>),
    /// UNSUBSCRIBE
    Unsubscribe(Unsubscribe<'a>),
    /// UNSUBACK
    UnsubAck(UnsubAck<'a>),
    /// PINGREQ
    PingReq(PingReq),
    /// PINGRESP
    PingResp(PingResp),
    /// DISCONNECT
    Disconnect(Disconnect<'a>),
    /// AUTH
    Auth(Auth<'a>),
}

/// The type of a control packet: bits 7-4 of its first byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum PacketType {
    Connect = 1,
    ConnAck = 2,
    Publish = 3,
    PubAck = 4,
    PubRec = 5,
    PubRel = 6,
    PubComp = 7,
    Subscribe = 8,
    SubAck = 9,
    Unsubscribe = 10,
    UnsubAck = 11,
    PingReq = 12,
    PingResp = 13,
    Disconnect = 14,
    Auth = 15,
}

impl<'a> Packet<'a> {
    /// Decodes one frame strictly, as a packet of this version. (CONNECT names its own version.)
    pub fn decode(frame: Frame<'a>, version: Version) -> Result<Self, DecodeError> {
        let _ = (frame, version);
        todo!()
    }

    /// Appends the packet's bytes in this version's form.
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let _ = (version, out);
        todo!()
    }

    /// The packet's type.
    pub fn packet_type(&self) -> PacketType {
        todo!()
    }

    /// The packet without its borrow of the frame.
    pub fn into_owned(self) -> Packet<'static> {
        todo!()
    }
}
