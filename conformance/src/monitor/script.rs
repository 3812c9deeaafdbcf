//! Scripted traffic, for the tests of rules.
#![allow(clippy::unwrap_used)]

use pushspec_wire::mqtt::lawless::Fields;
use pushspec_wire::mqtt::{Connect, Frame, Packet, Properties, Property, Version};

use super::{Broken, Monitor};

pub(super) const ALL_VERSIONS: [Version; 3] = [Version::V31, Version::V311, Version::V5];

/// One Client, its connections one after the other.
pub(super) struct Script {
    monitor: Monitor,
    version: Version,
    connection: u32,
}

impl Script {
    /// A network connection.
    pub(super) fn opened(version: Version) -> Self {
        let monitor = Monitor::default();
        monitor.opened(1, version);
        Self { monitor, version, connection: 1 }
    }

    /// A connection that the Server accepted, with a clean start.
    pub(super) fn connected(version: Version) -> Self {
        let mut script = Self::opened(version);
        script.connects("c", true);
        assert_fair(&script.receives_connack(false));
        script
    }

    /// Likewise, whose Session outlives it.
    pub(super) fn kept(version: Version) -> Self {
        let mut script = Self::opened(version);
        script.connects("c", false);
        assert_fair(&script.receives_connack(false));
        script
    }

    /// Another connection of the Client; whether it resumes the Session the Server says.
    pub(super) fn reconnects(&mut self, session_present: bool) {
        self.connection += 1;
        self.monitor.opened(self.connection, self.version);
        self.connects("c", false);
        assert_fair(&self.receives_connack(session_present));
    }

    pub(super) fn connects(&mut self, client_id: &str, clean_start: bool) {
        self.connects_with(client_id, clean_start, None);
    }

    pub(super) fn connects_with(
        &mut self,
        client_id: &str,
        clean_start: bool,
        property: Option<Property<'_>>,
    ) {
        let connect = Connect {
            version: self.version,
            clean_start,
            keep_alive: 0,
            properties: property.map_or_else(Properties::new, |p| Properties::new().with(p)),
            client_id: client_id.into(),
            will: None,
            user_name: None,
            password: None,
        };
        let mut bytes = Vec::new();
        Packet::Connect(connect).encode(self.version, &mut bytes).unwrap();
        self.sends(&bytes);
    }

    pub(super) fn sends(&mut self, bytes: &[u8]) {
        self.monitor.sending(self.connection, bytes);
    }

    pub(super) fn subscribes(&mut self, id: u16, filter: &str) {
        let fields = self.request(id).string(filter.as_bytes()).byte(2);
        self.sends(&fields.packet(0x82));
    }

    pub(super) fn unsubscribes(&mut self, id: u16, filter: &str) {
        let fields = self.request(id).string(filter.as_bytes());
        self.sends(&fields.packet(0xA2));
    }

    pub(super) fn publishes_qos_1(&mut self, id: u16) {
        self.sends(&self.publish(1, id, false, "t", ""));
    }

    pub(super) fn publishes_qos_2(&mut self, id: u16) {
        self.sends(&self.publish(2, id, false, "t", ""));
    }

    fn request(&self, id: u16) -> Fields {
        let fields = Fields::new().two_bytes(id);
        if self.version == Version::V5 { fields.varint(0) } else { fields }
    }

    fn publish(&self, qos: u8, id: u16, dup: bool, topic: &str, payload: &str) -> Vec<u8> {
        let mut fields = Fields::new().string(topic.as_bytes());
        if qos > 0 {
            fields = fields.two_bytes(id);
        }
        if self.version == Version::V5 {
            fields = fields.varint(0);
        }
        fields.raw(payload.as_bytes()).packet(0x30 | u8::from(dup) << 3 | qos << 1)
    }

    pub(super) fn receives_connack(&mut self, session_present: bool) -> Vec<Broken> {
        let fields = Fields::new().byte(u8::from(session_present)).byte(0);
        let v5 = self.version == Version::V5;
        // 3.1 has no Session Present.
        let fields = match self.version {
            Version::V31 => Fields::new().byte(0).byte(0),
            _ if v5 => fields.varint(0),
            _ => fields,
        };
        self.receives(&fields.packet(0x20))
    }

    pub(super) fn receives_publish(
        &mut self,
        qos: u8,
        id: u16,
        dup: bool,
        topic: &str,
        payload: &str,
    ) -> Vec<Broken> {
        let bytes = self.publish(qos, id, dup, topic, payload);
        self.receives(&bytes)
    }

    pub(super) fn receives(&mut self, bytes: &[u8]) -> Vec<Broken> {
        let packet = match Frame::new(bytes) {
            Ok(frame) => Packet::decode(frame, self.version),
            Err(error) => Err(error.into()),
        };
        self.monitor.received(self.connection, &packet, bytes)
    }
}

/// Nothing is broken.
#[track_caller]
pub(super) fn assert_fair(broken: &[Broken]) {
    assert_breaks(broken, &[]);
}

/// Exactly these are broken.
#[track_caller]
pub(super) fn assert_breaks(broken: &[Broken], requirements: &[&str]) {
    let found: Vec<&str> = broken.iter().map(|broken| broken.requirement.id).collect();
    assert_eq!(found, requirements, "{broken:?}");
}
