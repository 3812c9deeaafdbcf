//! What a packet says, whatever the form: the peers keep properties in fields of their own, write them
//! in an order of their own, and leave out what has the value that its absence means.

use pushspec_wire::mqtt::{Packet, Properties, Property};

/// The packet with its properties sorted, without those that say nothing.
pub fn normal(mut packet: Packet<'static>) -> Packet<'static> {
    if let Packet::Connect(connect) = &mut packet
        && let Some(will) = &mut connect.will
    {
        will.properties = sorted(&will.properties);
    }
    if let Some(properties) = properties(&mut packet) {
        *properties = sorted(properties);
    }
    packet
}

fn properties<'a>(packet: &'a mut Packet<'static>) -> Option<&'a mut Properties<'static>> {
    Some(match packet {
        Packet::Connect(packet) => &mut packet.properties,
        Packet::ConnAck(packet) => &mut packet.properties,
        Packet::Publish(packet) => &mut packet.properties,
        Packet::PubAck(packet) => &mut packet.properties,
        Packet::PubRec(packet) => &mut packet.properties,
        Packet::PubRel(packet) => &mut packet.properties,
        Packet::PubComp(packet) => &mut packet.properties,
        Packet::Subscribe(packet) => &mut packet.properties,
        Packet::SubAck(packet) => &mut packet.properties,
        Packet::Unsubscribe(packet) => &mut packet.properties,
        Packet::UnsubAck(packet) => &mut packet.properties,
        Packet::Disconnect(packet) => &mut packet.properties,
        Packet::Auth(packet) => &mut packet.properties,
        Packet::PingReq(_) | Packet::PingResp(_) => return None,
    })
}

fn sorted(properties: &Properties<'static>) -> Properties<'static> {
    let mut all: Vec<_> = properties.iter().filter(|property| !is_default(property)).collect();
    // Stable: those that repeat keep their order.
    all.sort_by_key(Property::id);
    all.into_iter().fold(Properties::new(), Properties::with)
}

/// Whether the property says what its absence says too (sections 3.1.2.11, 3.1.3.2, 3.2.2.3, 3.3.2.3).
/// DISCONNECT is no exception: a Session Expiry Interval of 0 there changes that of CONNECT, but the
/// peers tell the two apart nowhere either.
fn is_default(property: &Property<'_>) -> bool {
    matches!(
        property,
        Property::SessionExpiryInterval(0)
            | Property::ReceiveMaximum(65_535)
            | Property::TopicAliasMaximum(0)
            | Property::RequestResponseInformation(0)
            | Property::RequestProblemInformation(1)
            | Property::RetainAvailable(1)
            | Property::WildcardSubscriptionAvailable(1)
            | Property::SubscriptionIdentifierAvailable(1)
            | Property::SharedSubscriptionAvailable(1)
            | Property::PayloadFormatIndicator(0)
            | Property::WillDelayInterval(0)
    )
}
