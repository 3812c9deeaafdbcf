//! Faults in what is sent, put into packets that are right: those that only a look at each packet finds.

use bytes::Bytes;
use pushspec_wire::mqtt::lawless::{Fields, header_length, with_first_byte, with_true_length};
use pushspec_wire::mqtt::{PacketType, Version};

use super::connection::Client;
use super::{Fault, FaultSet};

/// The packets that go out instead of one. `client` is who gets them, once CONNECT was accepted.
pub(super) fn tampered(bytes: Bytes, client: Option<&Client>, faults: &FaultSet) -> Vec<Bytes> {
    let version = client.map(|client| client.version);
    let Some(kind) = PacketType::from_first_byte(bytes[0], Version::V5) else { return vec![bytes] };
    match kind {
        PacketType::ConnAck => connack(&bytes, version, faults),
        PacketType::Publish => publish(&bytes, version, faults),
        PacketType::PubAck | PacketType::PubComp => acknowledgement(bytes, version, faults),
        PacketType::SubAck if faults.has(Fault::SubackTwice) => vec![bytes.clone(), bytes],
        PacketType::PingResp if faults.has(Fault::SetsReservedFlags) => {
            vec![with_first_byte(&bytes, bytes[0] | 1).into()]
        }
        PacketType::PingResp if faults.has(Fault::LongRemainingLengths) => {
            vec![Fields::new().packet_with_long_length(bytes[0], 2).into()]
        }
        PacketType::Disconnect => disconnect(bytes, faults),
        _ => vec![bytes],
    }
}

fn connack(bytes: &[u8], version: Option<Version>, faults: &FaultSet) -> Vec<Bytes> {
    let refuses = bytes[3] != 0;
    let v5 = version == Some(Version::V5);
    let mut connack = bytes.to_vec();
    if faults.has(Fault::SetsConnackFlags) {
        connack[2] |= if version == Some(Version::V31) { 1 } else { 2 };
    }
    if refuses && faults.has(Fault::SessionPresentWithRefusal) {
        connack[2] |= 1;
    }
    if v5 && faults.has(Fault::AuthenticationUnasked) {
        connack = with_property(&connack, 4, &Fields::new().byte(0x15).string(b"m"));
    }
    if v5 && faults.has(Fault::ResponseInformationUnasked) && !connack.contains(&0x1A) {
        connack = with_property(&connack, 4, &Fields::new().byte(0x1A).string(b"r"));
    }
    let connack: Bytes = connack.into();
    if refuses && faults.has(Fault::SendsBehindRefusal) {
        return vec![connack, Bytes::from_static(PINGRESP)];
    }
    if v5 && faults.has(Fault::ConnackTwice) {
        return vec![connack.clone(), connack];
    }
    if v5 && faults.has(Fault::DisconnectBeforeConnack) {
        return vec![Bytes::from_static(NORMAL_DISCONNECT), connack];
    }
    vec![connack]
}

const PINGRESP: &[u8] = &[0xD0, 0];
const NORMAL_DISCONNECT: &[u8] = &[0xE0, 0];

fn publish(bytes: &[u8], version: Option<Version>, faults: &FaultSet) -> Vec<Bytes> {
    let qos = bytes[0] >> 1 & 0b11;
    let v5 = version == Some(Version::V5);
    let id = if qos == 0 { 0 } else { 2 };
    let topic = header_length(bytes);
    let properties =
        topic + 2 + usize::from(u16::from_be_bytes([bytes[topic], bytes[topic + 1]])) + id;
    let mut publish = bytes.to_vec();
    if qos == 0 && faults.has(Fault::DupAtQos0) || qos > 0 && faults.has(Fault::DupFirst) {
        publish[0] |= 0b1000;
    }
    if v5 && faults.has(Fault::TopicAliasUnasked) {
        let alias = Fields::new().byte(0x23).two_bytes(500);
        publish = with_property(&publish, properties, &alias);
    }
    if v5 && faults.has(Fault::UnknownSubscriptionIds) {
        publish = with_property(&publish, properties, &Fields::new().byte(0x0B).varint(99));
    }
    if v5 && faults.has(Fault::NoPropertyLength) {
        // What the publisher did not ask for is left out, its length too.
        publish.splice(properties..=properties, []);
        publish = with_true_length(&publish);
    }
    if qos == 0 && faults.has(Fault::IdAtQos0) {
        publish.splice(properties..properties, [0, 7]);
        publish = with_true_length(&publish);
    }
    let publish: Bytes = publish.into();
    if qos > 0 && !v5 && faults.has(Fault::RepeatsWithoutDup) {
        return vec![publish.clone(), publish];
    }
    if qos > 0 && v5 && faults.has(Fault::RepeatsAtOnce) {
        let again = with_first_byte(&publish, publish[0] | 0b1000).into();
        return vec![publish, again];
    }
    if faults.has(Fault::PublishesUnasked) {
        let stray = Fields::new().string(b"pushspec reference/stray");
        let stray = if v5 { stray.varint(0) } else { stray }.packet(0x30);
        return vec![stray.into(), publish];
    }
    if qos == 2 && faults.has(Fault::ReleasesUnasked) {
        let pubrel = Fields::new().two_bytes(0xFFFF).packet(0x62).into();
        return vec![pubrel, publish];
    }
    vec![publish]
}

fn acknowledgement(bytes: Bytes, version: Option<Version>, faults: &FaultSet) -> Vec<Bytes> {
    if version != Some(Version::V5) || !faults.has(Fault::UnlistedReasonCodes) {
        return vec![bytes];
    }
    vec![Fields::new().raw(&bytes[2..4]).byte(0xA0).packet(bytes[0]).into()]
}

fn disconnect(bytes: Bytes, faults: &FaultSet) -> Vec<Bytes> {
    let reason = bytes.get(2).copied().unwrap_or(0);
    if faults.has(Fault::DisconnectWithExpiry) {
        let expiry = Fields::new().byte(0x11).four_bytes(5);
        return vec![Fields::new().byte(reason).properties(&expiry).packet(0xE0).into()];
    }
    if faults.has(Fault::DisconnectOfClients) {
        return vec![Fields::new().byte(0x04).packet(0xE0).into()];
    }
    if faults.has(Fault::SendsBehindDisconnect) {
        return vec![bytes, Bytes::from_static(PINGRESP)];
    }
    vec![bytes]
}

/// The packet with one more property at the front of those whose length stands at `at`.
fn with_property(packet: &[u8], at: usize, property: &Fields) -> Vec<u8> {
    let property = property.clone().into_bytes();
    let mut changed = packet.to_vec();
    // What is sent here has few properties: the length stays within one byte.
    if let Some(length) = changed.get(at).copied().filter(|length| *length < 0x60) {
        changed[at] = length + property.len() as u8;
        let behind = changed.split_off(at + 1);
        changed.extend(property);
        changed.extend(behind);
    }
    with_true_length(&changed)
}
