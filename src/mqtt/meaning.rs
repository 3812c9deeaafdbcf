//! What the values of fields mean, for people.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::dissect::Value;
use super::{PacketType, PropertyId, ReasonCode, Version};

/// The meaning of a field's value; empty where the value speaks for itself.
pub(super) fn meaning(
    field: &str,
    value: Value<'_>,
    packet_type: Option<PacketType>,
    version: Version,
) -> String {
    let Value::Number(number) = value else { return String::new() };
    let byte = number as u8;
    match field {
        "Control Packet type" => first_byte(byte, packet_type),
        "Connect Flags" => connect_flags(byte, version),
        "Connect Acknowledge Flags" => format!("Session Present {}", byte & 1),
        "Protocol Level" => level(byte),
        "Subscription Options" => subscription_options(byte, version),
        "Property Identifier" => PropertyId::from_wire(number).map_or("", PropertyId::name).into(),
        "Keep Alive"
        | "Server Keep Alive"
        | "Session Expiry Interval"
        | "Message Expiry Interval"
        | "Will Delay Interval" => "seconds".into(),
        _ if field.ends_with("Reason Code") => {
            let name = packet_type.and_then(|packet| ReasonCode(byte).name(packet));
            name.unwrap_or_default().into()
        }
        _ => String::new(),
    }
}

fn first_byte(byte: u8, packet_type: Option<PacketType>) -> String {
    match packet_type {
        Some(PacketType::Publish) => {
            format!("PUBLISH, DUP {}, QoS {}, RETAIN {}", byte >> 3 & 1, byte >> 1 & 3, byte & 1)
        }
        Some(packet_type) => format!("{}, flags {:04b}", packet_type.name(), byte & 0x0F),
        None => format!("type {}, flags {:04b}", byte >> 4, byte & 0x0F),
    }
}

fn level(byte: u8) -> String {
    let version = Version::ALL.into_iter().find(|version| version.level() == byte);
    version.map_or_else(String::new, |version| format!("MQTT {version}"))
}

fn connect_flags(byte: u8, version: Version) -> String {
    let clean = if version == Version::V5 { "Clean Start" } else { "Clean Session" };
    let mut set = named_bits(
        byte,
        &[
            (7, "User Name"),
            (6, "Password"),
            (5, "Will Retain"),
            (2, "Will"),
            (1, clean),
            (0, "reserved"),
        ],
    );
    if byte & 0b0001_1100 != 0 {
        set.push(format!("Will QoS {}", byte >> 3 & 3));
    }
    set.join(", ")
}

fn subscription_options(byte: u8, version: Version) -> String {
    let mut set = alloc::vec![format!("QoS {}", byte & 3)];
    if version == Version::V5 {
        set.extend(named_bits(byte, &[(2, "No Local"), (3, "Retain As Published")]));
        set.push(format!("Retain Handling {}", byte >> 4 & 3));
    }
    set.join(", ")
}

fn named_bits(byte: u8, names: &[(u8, &str)]) -> Vec<String> {
    let set = names.iter().filter(|(bit, _)| byte >> bit & 1 != 0);
    set.map(|(_, name)| (*name).to_string()).collect()
}
