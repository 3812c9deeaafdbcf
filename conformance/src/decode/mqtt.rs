//! A stream of MQTT packets taken apart.

use std::ops::Range;
use std::str::FromStr;

use pushspec_wire::mqtt::{Dissection, Field, Outcome, Packet, Value, Version};
use schemars::JsonSchema;
use serde::Serialize;

use super::to_hex;
use crate::report::ExitStatus;

/// As which version packets are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadAs {
    /// As the CONNECT among them says; without one, as the version that fits best.
    Auto,
    /// As this version, until a CONNECT names another.
    Version(Version),
}

impl FromStr for ReadAs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let version = Version::ALL.into_iter().find(|version| version.to_string() == text);
        match (text, version) {
            ("auto", _) => Ok(Self::Auto),
            ("5", _) => Ok(Self::Version(Version::V5)),
            (_, Some(version)) => Ok(Self::Version(version)),
            _ => Err("expected 3.1, 3.1.1, 5.0 or auto".to_owned()),
        }
    }
}

/// What a stream holds, up to the first packet that is malformed.
#[derive(Debug)]
pub struct Packets<'a> {
    /// Each with the offset at which it begins.
    pub packets: Vec<(usize, Dissection<'a>)>,
    /// What stands behind a malformed packet.
    pub unread: Range<usize>,
    /// The version that was chosen because nothing names one.
    pub assumed: Option<Version>,
}

impl<'a> Packets<'a> {
    /// Takes a stream apart.
    pub fn read(stream: &'a [u8], read_as: ReadAs) -> Self {
        match read_as {
            ReadAs::Version(version) => Self::read_as(stream, version),
            ReadAs::Auto => {
                // Of those that explain equally much the newest.
                let mut best = Self::read_as(stream, Version::V5);
                for version in [Version::V311, Version::V31] {
                    let other = Self::read_as(stream, version);
                    if other.explained() > best.explained() {
                        best = other;
                    }
                }
                best.assumed = best
                    .packets
                    .first()
                    .filter(|(_, first)| !names_a_version(first))
                    .map(|(_, first)| first.version);
                best
            }
        }
    }

    fn read_as(stream: &'a [u8], mut version: Version) -> Self {
        let mut rest = stream;
        let mut packets = Vec::new();
        loop {
            let offset = stream.len() - rest.len();
            let Some(dissection) = Dissection::next(&mut rest, version) else { break };
            version = dissection.version;
            let stop = dissection.fault().is_some();
            packets.push((offset, dissection));
            if stop {
                break;
            }
        }
        Self { packets, unread: stream.len() - rest.len()..stream.len(), assumed: None }
    }

    /// How many packets, and of the last how many fields, can be read.
    fn explained(&self) -> (usize, bool, usize) {
        let (conforms, fields) = self
            .packets
            .last()
            .map_or((true, 0), |(_, last)| (last.fault().is_none(), last.fields.len()));
        (self.packets.len(), conforms, if conforms { 0 } else { fields })
    }

    /// How the tool ends.
    pub fn status(&self) -> ExitStatus {
        match self.packets.last().map(|(_, last)| &last.outcome) {
            None => ExitStatus::Nothing,
            Some(Outcome::Conforming(_)) => ExitStatus::Conformant,
            Some(Outcome::Malformed(_)) => ExitStatus::Failed,
            Some(Outcome::Incomplete { .. }) => ExitStatus::Incomplete,
        }
    }

    /// For machines.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&Json {
            schema: "pushspec-decode-mqtt/1",
            assumed_version: self.assumed.map(|version| version.to_string()),
            packets: self
                .packets
                .iter()
                .map(|(offset, packet)| PacketJson::new(*offset, packet))
                .collect(),
            unread: self.unread.len(),
        })
    }
}

fn names_a_version(dissection: &Dissection<'_>) -> bool {
    matches!(&dissection.outcome, Outcome::Conforming(Packet::Connect(_)))
        || dissection.fields.iter().any(|field| field.name == "Protocol Level")
}

/// What `pushspec decode --json` prints.
#[derive(Serialize, JsonSchema)]
pub(super) struct Json {
    /// `pushspec-decode-mqtt/1`.
    schema: &'static str,
    /// Where no CONNECT names a version and none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    assumed_version: Option<String>,
    packets: Vec<PacketJson>,
    /// Bytes behind a malformed packet.
    unread: usize,
}

/// One packet, or what there is of it.
#[derive(Serialize, JsonSchema)]
struct PacketJson {
    /// Where it stands in the stream, in bytes.
    offset: usize,
    /// How many bytes of it are there.
    length: usize,
    /// As which it was read: `3.1`, `3.1.1` or `5.0`.
    version: String,
    /// Its type; null where the version has none with this number.
    #[serde(rename = "type")]
    packet_type: Option<&'static str>,
    /// The line that stands in traces.
    summary: String,
    /// What was read, up to the fault of a malformed one.
    fields: Vec<FieldJson>,
    /// `conforming`, `malformed` or `incomplete`.
    outcome: &'static str,
    /// What is wrong with a malformed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorJson>,
    /// How many bytes an incomplete one lacks, where its length tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<usize>,
    /// Bytes behind the last field that could be read, in hexadecimal.
    #[serde(skip_serializing_if = "String::is_empty")]
    unread: String,
}

/// One field of a packet.
#[derive(Serialize, JsonSchema)]
struct FieldJson {
    /// Its name in the spec's words.
    name: &'static str,
    /// Where it stands in the packet, in bytes.
    offset: usize,
    /// How many bytes it has, with its length if it has one.
    length: usize,
    /// Its bytes in hexadecimal.
    hex: String,
    /// A number, a text, or binary data in hexadecimal.
    value: serde_json::Value,
    /// What the value means, where it does not speak for itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    meaning: String,
    /// Whether it is part of a list of properties.
    in_properties: bool,
}

/// What is wrong with a packet.
#[derive(Serialize, JsonSchema)]
struct ErrorJson {
    /// Where in the packet.
    offset: usize,
    /// In which field.
    field: &'static str,
    /// One sentence: what was found and what the spec wants.
    message: String,
    /// The requirement that is broken.
    requirement: &'static str,
    /// The reason code with which a receiver of 5.0 answers.
    reason: u8,
}

impl PacketJson {
    fn new(offset: usize, packet: &Dissection<'_>) -> Self {
        let (outcome, missing) = match &packet.outcome {
            Outcome::Conforming(_) => ("conforming", None),
            Outcome::Malformed(_) => ("malformed", None),
            Outcome::Incomplete { missing } => ("incomplete", *missing),
        };
        Self {
            offset,
            length: packet.bytes.len(),
            version: packet.version.to_string(),
            packet_type: packet.packet_type.map(pushspec_wire::mqtt::PacketType::name),
            summary: packet.to_string(),
            fields: packet.fields.iter().map(|field| FieldJson::new(field, packet.bytes)).collect(),
            outcome,
            error: packet.fault().map(|error| ErrorJson {
                offset: error.offset,
                field: error.field,
                message: error.to_string(),
                requirement: error.requirement,
                reason: error.reason.0,
            }),
            missing,
            unread: to_hex(&packet.bytes[packet.unread()]),
        }
    }
}

impl FieldJson {
    fn new(field: &Field<'_>, packet: &[u8]) -> Self {
        Self {
            name: field.name,
            offset: field.bytes.start,
            length: field.bytes.len(),
            hex: to_hex(&packet[field.bytes.clone()]),
            value: match field.value {
                Value::Number(number) => number.into(),
                Value::Text(text) => text.into(),
                Value::Binary(bytes) => to_hex(bytes).into(),
            },
            meaning: field.meaning.clone(),
            in_properties: field.in_properties,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(stream: &[u8], read_as: ReadAs) -> Vec<Version> {
        let packets = Packets::read(stream, read_as).packets;
        packets.into_iter().map(|(_, packet)| packet.version).collect()
    }

    const CONNECT_311: [u8; 15] = [0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 1, b'c'];

    #[test]
    fn a_connect_names_the_version_of_what_follows() {
        let stream = [&CONNECT_311[..], &[0x20, 2, 0, 0]].concat();
        for read_as in [ReadAs::Auto, ReadAs::Version(Version::V5)] {
            assert_eq!(versions(&stream, read_as), [Version::V311; 2]);
            assert_eq!(Packets::read(&stream, read_as).status(), ExitStatus::Conformant);
        }
        assert_eq!(Packets::read(&stream, ReadAs::Auto).assumed, None);
    }

    #[test]
    fn without_a_connect_the_version_that_fits_is_assumed() {
        for (packet, version) in [
            (&[0x20, 2, 0, 0][..], Version::V311),
            (&[0x20, 3, 0, 0, 0], Version::V5),
            (&[0xC0, 0], Version::V5),
            // DUP in SUBSCRIBE exists in 3.1 only.
            (&[0x8A, 6, 0, 1, 0, 1, b'a', 0], Version::V31),
        ] {
            let packets = Packets::read(packet, ReadAs::Auto);
            assert_eq!(packets.assumed, Some(version), "{packet:02x?}");
            assert_eq!(packets.status(), ExitStatus::Conformant);
        }
    }

    #[test]
    fn nothing_is_read_behind_a_malformed_packet() {
        let packets = Packets::read(&[0xC0, 0, 0xC1, 0, 0xC0, 0], ReadAs::Version(Version::V5));
        assert_eq!((packets.packets.len(), packets.unread.clone()), (2, 4..6));
        assert_eq!(packets.status(), ExitStatus::Failed);
        assert_eq!(Packets::read(&[0xC0], ReadAs::Auto).status(), ExitStatus::Incomplete);
        assert_eq!(Packets::read(&[], ReadAs::Auto).status(), ExitStatus::Nothing);
    }

    #[test]
    fn versions_by_name() {
        assert_eq!("3.1".parse(), Ok(ReadAs::Version(Version::V31)));
        assert_eq!("auto".parse(), Ok(ReadAs::Auto));
        assert!("4".parse::<ReadAs>().is_err());
    }
}
