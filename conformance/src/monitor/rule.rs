//! What a rule is.

use pushspec_wire::mqtt::{DecodeError, Packet, Publish, Version};

use super::Broken;
use super::history::{Asked, Link, Session};
use crate::requirement::{RequirementRef, v5, v31, v311};

/// A packet of the Server, and what happened before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived<'a> {
    pub link: &'a Link,
    pub session: &'a Session,
    pub packet: &'a Result<Packet<'a>, DecodeError>,
    pub bytes: &'a [u8],
}

impl<'a> Arrived<'a> {
    /// The packet, if it is one.
    pub(super) fn packet(&self) -> Option<&'a Packet<'a>> {
        self.packet.as_ref().ok()
    }

    /// The PUBLISH, if it is one.
    pub(super) fn publish(&self) -> Option<&'a Publish<'a>> {
        match self.packet {
            Ok(Packet::Publish(publish)) => Some(publish),
            _ => None,
        }
    }

    /// What our CONNECT asked for.
    pub(super) fn asked(&self) -> Option<&'a Asked> {
        self.link.asked.as_ref()
    }

    /// The packet's name, or what it seems to be.
    pub(super) fn name(&self) -> &'static str {
        match self.packet {
            Ok(packet) => packet.packet_type().name(),
            Err(_) => pushspec_wire::mqtt::PacketType::from_first_byte(
                self.bytes.first().copied().unwrap_or(0),
                self.link.version,
            )
            .map_or("a packet", |kind| kind.name()),
        }
    }
}

/// A requirement by version of the protocol; there need not be one in each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cited {
    v31: &'static str,
    v311: &'static str,
    v5: &'static str,
}

impl Cited {
    /// In all versions.
    pub(super) const fn all(v31: &'static str, v311: &'static str, v5: &'static str) -> Self {
        Self { v31, v311, v5 }
    }

    /// Not in 3.1.
    pub(super) const fn since_v311(v311: &'static str, v5: &'static str) -> Self {
        Self::all("", v311, v5)
    }

    /// Only in 5.0.
    pub(super) const fn v5(id: &'static str) -> Self {
        Self::all("", "", id)
    }

    /// Only in 3.1.
    pub(super) const fn v31(id: &'static str) -> Self {
        Self::all(id, "", "")
    }

    /// What it is in one version.
    pub(super) fn in_version(&self, version: Version) -> Option<RequirementRef> {
        let requirement = match version {
            Version::V31 => v31(self.v31),
            Version::V311 => v311(self.v311),
            Version::V5 => v5(self.v5),
        };
        Some(requirement).filter(|requirement| !requirement.id.is_empty())
    }

    /// What it is in all versions.
    pub(super) fn everywhere(&self) -> impl Iterator<Item = RequirementRef> + use<> {
        let cited = *self;
        [Version::V31, Version::V311, Version::V5]
            .into_iter()
            .filter_map(move |version| cited.in_version(version))
    }
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    /// What it judges.
    pub judges: &'static [Cited],
    /// It relies on what our side has sent: silent after something illegal.
    pub relies_on_us: bool,
    /// Judges one packet.
    pub check: fn(&Arrived<'_>, &mut Findings),
}

/// What the rules found about one packet.
#[derive(Debug)]
pub(super) struct Findings {
    pub version: Version,
    pub packet: String,
    pub broken: Vec<Broken>,
}

impl Findings {
    /// The requirement is broken, where the version has it.
    pub(super) fn add(&mut self, cited: Cited, found: impl Into<String>) {
        if let Some(requirement) = cited.in_version(self.version) {
            self.push(requirement, found);
        }
    }

    /// The requirement is broken.
    pub(super) fn push(&mut self, requirement: RequirementRef, found: impl Into<String>) {
        self.broken.push(Broken { requirement, packet: self.packet.clone(), found: found.into() });
    }

    /// The requirement is broken unless `holds`.
    pub(super) fn check(&mut self, holds: bool, cited: Cited, found: impl Into<String>) {
        if !holds {
            self.add(cited, found);
        }
    }
}
