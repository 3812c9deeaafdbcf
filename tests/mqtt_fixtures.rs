//! The language-neutral vectors of `fixtures/mqtt`: each packet is decoded, compared and encoded
//! again, each malformed one is rejected at its place and for its reason.
#![allow(clippy::unwrap_used, clippy::panic, clippy::struct_field_names, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pushspec_wire::mqtt::{
    Connect, DecodeError, Frame, FrameError, Framer, Packet, PacketType, Properties, Property,
    Publish, ReasonCode, Subscription, Version, Will, topic,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    hex: String,
    #[serde(rename = "note")]
    _note: Option<String>,
    #[serde(rename = "requirements")]
    _requirements: Option<Value>,
    #[serde(rename = "peers")]
    _peers: Option<Value>,
    /// By versions, separated by spaces.
    expect: BTreeMap<String, Expected>,
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Expected {
    Packet { packet: Value, encoded: Option<String> },
    Error { error: Value },
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mqtt")
}

fn read<T: for<'a> Deserialize<'a>>(name: &str) -> T {
    let text = std::fs::read_to_string(directory().join(name)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn version(name: &str) -> Version {
    Version::ALL.into_iter().find(|version| version.to_string() == name).unwrap()
}

const PACKETS: [&str; 9] = [
    "connect.json",
    "connack.json",
    "publish.json",
    "acknowledgements.json",
    "subscribe.json",
    "suback.json",
    "others.json",
    "properties.json",
    "strings.json",
];

#[test]
fn packets() {
    let mut wrong = Vec::new();
    for file in PACKETS {
        for vector in read::<File>(file).vectors {
            for (versions, expected) in &vector.expect {
                for name in versions.split(' ') {
                    if let Err(difference) = check(&vector.hex, version(name), expected) {
                        wrong.push(format!("{file} {} in {name}: {difference}", vector.name));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(hex_bytes: &str, version: Version, expected: &Expected) -> Result<(), String> {
    let wire = bytes(hex_bytes);
    let frame = Frame::new(&wire).map_err(|error| error.to_string())?;
    let decoded = Packet::decode(frame, version);
    if names_a_version(&wire) {
        for other in Version::ALL {
            let told = Packet::decode(frame, other);
            if told != decoded {
                return Err(format!("told that it is {other}, it decodes as {told:?}"));
            }
        }
    }
    match (decoded, expected) {
        (Ok(packet), Expected::Packet { packet: wanted, encoded }) => {
            same(&describe(&packet, version), wanted)?;
            let mut out = Vec::new();
            packet.encode(version, &mut out).map_err(|error| error.to_string())?;
            same(&hex(&out), encoded.as_deref().unwrap_or(hex_bytes))
        }
        (Err(error), Expected::Error { error: wanted }) => same(&describe_error(&error), wanted),
        (Ok(packet), Expected::Error { error }) => Err(format!("{packet} instead of {error}")),
        (Err(error), Expected::Packet { packet, .. }) => {
            Err(format!("{error} instead of {packet}"))
        }
    }
}

/// Whether this is a CONNECT with the name and level of a version: no other version counts then.
fn names_a_version(wire: &[u8]) -> bool {
    let header = wire.iter().skip(1).take_while(|byte| **byte & 0x80 != 0).count() + 2;
    let is_connect = wire[0] >> 4 == PacketType::Connect as u8;
    is_connect
        && Version::ALL.iter().any(|version| {
            let name = version.protocol_name().as_bytes();
            let rest = wire.get(header + 2..).unwrap_or_default();
            rest.starts_with(name) && rest.get(name.len()) == Some(&version.level())
        })
}

fn same<T: PartialEq<U> + std::fmt::Display, U: std::fmt::Display + ?Sized>(
    found: &T,
    wanted: &U,
) -> Result<(), String> {
    if found == wanted { Ok(()) } else { Err(format!("{found} instead of {wanted}")) }
}

fn describe_error(error: &DecodeError) -> Value {
    json!({
        "offset": error.offset,
        "field": error.field,
        "requirement": error.requirement,
        "reason": code(error.reason),
    })
}

fn code(reason: ReasonCode) -> String {
    format!("{:#04x}", reason.0)
}

/// A packet in the words of the README.
fn describe(packet: &Packet<'_>, version: Version) -> Value {
    let v5 = version == Version::V5;
    let mut value = match packet {
        Packet::Connect(connect) => return describe_connect(connect),
        Packet::ConnAck(connack) => {
            let reason = code(connack.reason);
            let mut value = json!({"session_present": connack.session_present, "reason": reason});
            with_properties(&mut value, &connack.properties, version);
            value
        }
        Packet::Publish(publish) => describe_publish(publish, version),
        Packet::PubAck(ack) => acknowledged(ack.packet_id.get(), ack.reason, &ack.properties, v5),
        Packet::PubRec(ack) => acknowledged(ack.packet_id.get(), ack.reason, &ack.properties, v5),
        Packet::PubRel(ack) => acknowledged(ack.packet_id.get(), ack.reason, &ack.properties, v5),
        Packet::PubComp(ack) => acknowledged(ack.packet_id.get(), ack.reason, &ack.properties, v5),
        Packet::Subscribe(subscribe) => {
            let subscriptions: Vec<_> =
                subscribe.subscriptions.iter().map(|one| describe_subscription(one, v5)).collect();
            let mut value =
                json!({"packet_id": subscribe.packet_id.get(), "subscriptions": subscriptions});
            with_properties(&mut value, &subscribe.properties, version);
            value
        }
        Packet::Unsubscribe(unsubscribe) => {
            let id = unsubscribe.packet_id.get();
            let mut value = json!({"packet_id": id, "filters": unsubscribe.filters});
            with_properties(&mut value, &unsubscribe.properties, version);
            value
        }
        Packet::SubAck(suback) => {
            let reasons: Vec<_> = suback.reasons.iter().copied().map(code).collect();
            let mut value = json!({"packet_id": suback.packet_id.get(), "reasons": reasons});
            with_properties(&mut value, &suback.properties, version);
            value
        }
        Packet::UnsubAck(unsuback) => {
            let mut value = json!({"packet_id": unsuback.packet_id.get()});
            if v5 {
                value["reasons"] = unsuback.reasons.iter().copied().map(code).collect();
            }
            with_properties(&mut value, &unsuback.properties, version);
            value
        }
        Packet::PingReq(_) | Packet::PingResp(_) => json!({}),
        Packet::Disconnect(disconnect) => reasoned(disconnect.reason, &disconnect.properties, v5),
        Packet::Auth(auth) => reasoned(auth.reason, &auth.properties, v5),
    };
    value["type"] = packet.packet_type().name().into();
    value
}

fn describe_connect(connect: &Connect<'_>) -> Value {
    let mut value = json!({
        "type": "CONNECT",
        "version": connect.version.to_string(),
        "clean_start": connect.clean_start,
        "keep_alive": connect.keep_alive,
        "client_id": connect.client_id,
        "will": connect.will.as_ref().map(|will| describe_will(will, connect.version)),
        "user_name": connect.user_name,
        "password": connect.password.as_deref().map(hex),
    });
    with_properties(&mut value, &connect.properties, connect.version);
    value
}

fn describe_will(will: &Will<'_>, version: Version) -> Value {
    let mut value = json!({
        "qos": will.qos.bits(),
        "retain": will.retain,
        "topic": will.topic,
        "payload": hex(&will.payload),
    });
    with_properties(&mut value, &will.properties, version);
    value
}

fn describe_publish(publish: &Publish<'_>, version: Version) -> Value {
    let mut value = json!({
        "dup": publish.delivery.dup(),
        "qos": publish.delivery.qos().bits(),
        "retain": publish.retain,
        "topic": publish.topic,
        "packet_id": publish.delivery.packet_id(),
        "payload": hex(&publish.payload),
    });
    with_properties(&mut value, &publish.properties, version);
    value
}

fn describe_subscription(subscription: &Subscription<'_>, v5: bool) -> Value {
    let options = subscription.options;
    let mut value = json!({"filter": subscription.filter, "qos": options.qos.bits()});
    if v5 {
        value["no_local"] = options.no_local.into();
        value["retain_as_published"] = options.retain_as_published.into();
        value["retain_handling"] = (options.retain_handling as u8).into();
    }
    value
}

fn acknowledged(id: u16, reason: ReasonCode, properties: &Properties<'_>, v5: bool) -> Value {
    let mut value = reasoned(reason, properties, v5);
    value["packet_id"] = id.into();
    value
}

fn reasoned(reason: ReasonCode, properties: &Properties<'_>, v5: bool) -> Value {
    if !v5 {
        return json!({});
    }
    let mut value = json!({"reason": code(reason)});
    with_properties(&mut value, properties, Version::V5);
    value
}

fn with_properties(value: &mut Value, properties: &Properties<'_>, version: Version) {
    if version == Version::V5 {
        value["properties"] = properties.iter().map(describe_property).collect();
    }
}

fn describe_property(property: Property<'_>) -> Value {
    let value: Value = match property {
        Property::UserProperty(name, value) => json!([name, value]),
        Property::CorrelationData(data) | Property::AuthenticationData(data) => hex(data).into(),
        Property::ContentType(text)
        | Property::ResponseTopic(text)
        | Property::AssignedClientIdentifier(text)
        | Property::AuthenticationMethod(text)
        | Property::ResponseInformation(text)
        | Property::ServerReference(text)
        | Property::ReasonString(text) => text.into(),
        Property::PayloadFormatIndicator(value)
        | Property::RequestProblemInformation(value)
        | Property::RequestResponseInformation(value)
        | Property::MaximumQoS(value)
        | Property::RetainAvailable(value)
        | Property::WildcardSubscriptionAvailable(value)
        | Property::SubscriptionIdentifierAvailable(value)
        | Property::SharedSubscriptionAvailable(value) => value.into(),
        Property::ServerKeepAlive(value)
        | Property::ReceiveMaximum(value)
        | Property::TopicAliasMaximum(value)
        | Property::TopicAlias(value) => value.into(),
        Property::MessageExpiryInterval(value)
        | Property::SubscriptionIdentifier(value)
        | Property::SessionExpiryInterval(value)
        | Property::WillDelayInterval(value)
        | Property::MaximumPacketSize(value) => value.into(),
    };
    json!([property.id().name(), value])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Streams {
    #[serde(rename = "about")]
    _about: String,
    streams: Vec<Stream>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    name: String,
    hex: String,
    limit: Option<usize>,
    packets: Vec<String>,
    error: Option<String>,
    pending: Option<String>,
    #[serde(rename = "note")]
    _note: Option<String>,
}

#[test]
fn streams() {
    for stream in read::<Streams>("framing.json").streams {
        let wire = bytes(&stream.hex);
        for size in 1..=wire.len().max(1) {
            let mut framer = Framer::new(stream.limit.unwrap_or(usize::MAX));
            let mut packets = Vec::new();
            let mut error = None;
            for chunk in wire.chunks(size) {
                framer.push(chunk);
                loop {
                    match framer.next_packet() {
                        Ok(Some(packet)) => packets.push(hex(&packet)),
                        Ok(None) => break,
                        Err(found) => {
                            error = Some(found);
                            break;
                        }
                    }
                }
            }
            let error = error.map(|error| match error {
                FrameError::RemainingLengthMalformed => "remaining-length".to_owned(),
                FrameError::TooLarge { .. } => "too-large".to_owned(),
                other => other.to_string(),
            });
            let name = &stream.name;
            assert_eq!(packets, stream.packets, "{name} in chunks of {size}");
            assert_eq!(error, stream.error, "{name} in chunks of {size}");
            if let Some(pending) = &stream.pending {
                assert_eq!(&hex(framer.pending()), pending, "{name} in chunks of {size}");
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topics {
    #[serde(rename = "about")]
    _about: String,
    names: Vec<Name>,
    filters: Vec<Filter>,
    matching: Vec<Matching>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
    valid: bool,
}

#[derive(Deserialize)]
struct Filter {
    filter: String,
    #[serde(rename = "valid_in_3.x")]
    plain: bool,
    #[serde(rename = "valid_in_5.0")]
    shared: bool,
}

#[derive(Deserialize)]
struct Matching {
    filter: String,
    topic: String,
    matches: bool,
}

#[test]
fn topics() {
    let topics: Topics = read("topics.json");
    for Name { name, valid } in topics.names {
        assert_eq!(topic::check_name(&name).is_ok(), valid, "{name}");
    }
    for Filter { filter, plain, shared } in topics.filters {
        assert_eq!(topic::check_plain_filter(&filter).is_ok(), plain, "{filter} in 3.x");
        assert_eq!(topic::check_filter(&filter).is_ok(), shared, "{filter} in 5.0");
    }
    for Matching { filter, topic, matches } in topics.matching {
        assert!(topic::check_name(&topic).is_ok() && topic::check_filter(&filter).is_ok());
        assert_eq!(topic::matches(&filter, &topic), matches, "{filter} and {topic}");
    }
}

#[test]
fn every_file_is_read_and_every_name_is_unique() {
    let known: BTreeSet<_> =
        PACKETS.into_iter().chain(["framing.json", "topics.json", "README.md"]).collect();
    for entry in std::fs::read_dir(directory()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(name.as_str()), "{name} is not read");
    }
    for file in PACKETS {
        let mut seen = BTreeSet::new();
        for vector in read::<File>(file).vectors {
            assert!(seen.insert(vector.name.clone()), "{file}: {} stands twice", vector.name);
            assert!(!vector.expect.is_empty(), "{file}: {} expects nothing", vector.name);
        }
    }
}

/// Every packet type has legal vectors and malformed ones.
#[test]
fn every_packet_type_is_covered() {
    let mut legal = BTreeSet::new();
    let mut malformed = BTreeSet::new();
    for file in PACKETS {
        for vector in read::<File>(file).vectors {
            for expected in vector.expect.values() {
                let packet_type = PacketType::from_first_byte(bytes(&vector.hex)[0], Version::V5);
                match expected {
                    Expected::Packet { .. } => legal.insert(packet_type),
                    Expected::Error { .. } => malformed.insert(packet_type),
                };
            }
        }
    }
    for packet_type in PacketType::ALL {
        assert!(legal.contains(&Some(packet_type)), "{packet_type:?}");
        assert!(malformed.contains(&Some(packet_type)), "{packet_type:?}");
    }
}
