//! The bytes of legal packets, for cases that make them illegal, and where their fields stand. What
//! makes them illegal is [`pushspec_wire::mqtt::lawless`], or a changed byte.

use pushspec_wire::mqtt::lawless::{header_length, with_true_length};
use pushspec_wire::mqtt::{
    Delivery, Packet, PacketId, Properties, QoS, Subscribe, Subscription, SubscriptionOptions,
    Version,
};

use super::{Cx, Illegal};
use crate::probe::mqtt::Message;

/// The bytes of a legal packet. None, if it is not legal.
pub(super) fn encoded(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = packet.encode(version, &mut bytes);
    bytes
}

/// The bytes of a PUBLISH at QoS 0.
pub(super) fn publish(cx: &Cx, message: &Message) -> Vec<u8> {
    publish_at(cx, message, QoS::AtMostOnce)
}

/// The bytes of a PUBLISH at this QoS, with Packet Identifier 1 if that has one.
pub(super) fn publish_at(cx: &Cx, message: &Message, qos: QoS) -> Vec<u8> {
    let id = PacketId::MIN;
    let delivery = match qos {
        QoS::AtMostOnce => Delivery::AtMostOnce,
        QoS::AtLeastOnce => Delivery::AtLeastOnce { id, dup: false },
        QoS::ExactlyOnce => Delivery::ExactlyOnce { id, dup: false },
    };
    encoded(&Packet::Publish(message.publish(delivery)), cx.version())
}

/// Where the Connect Flags of a CONNECT stand.
pub(super) fn connect_flags_at(connect: &[u8]) -> usize {
    let name = header_length(connect);
    let name_length = usize::from(u16::from_be_bytes([connect[name], connect[name + 1]]));
    name + 2 + name_length + 1
}

/// A CONNECT with more Connect Flags than it had (section 3.1.2.3).
pub(super) fn flagged(
    mut connect: Vec<u8>,
    flags: u8,
    meant: &'static str,
    why: &'static str,
) -> Illegal {
    let at = connect_flags_at(&connect);
    connect[at] |= flags;
    Illegal { bytes: connect, meant, decides: at..at + 1, why }
}

/// Where `part` stands in `bytes`; 0 if nowhere.
pub(super) fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap_or(0)
}

/// The packet with another string in the place of one that it has.
pub(super) fn with_filter(packet: &[u8], old: &str, new: &str) -> Vec<u8> {
    let at = position(packet, old.as_bytes());
    let length = (new.len() as u16).to_be_bytes();
    let behind = &packet[at + old.len()..];
    with_true_length(&[&packet[..at - 2], &length, new.as_bytes(), behind].concat())
}

/// The bytes of a SUBSCRIBE to one filter at QoS 0.
pub(super) fn subscribe(cx: &Cx, filter: &str, packet_id: PacketId) -> Vec<u8> {
    let options = SubscriptionOptions::new(QoS::AtMostOnce);
    let subscribe = Subscribe {
        packet_id,
        properties: Properties::new(),
        subscriptions: vec![Subscription { filter: filter.to_owned().into(), options }],
    };
    encoded(&Packet::Subscribe(subscribe), cx.version())
}
