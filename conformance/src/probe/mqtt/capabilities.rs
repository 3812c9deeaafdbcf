//! What a Server offers: from its CONNACK (5.0 section 3.2.2.3); 3.x has no way to say that something
//! is missing, so there everything the spec demands is taken as offered.

use std::collections::BTreeMap;

use pushspec_wire::mqtt::{ConnAck, Version};

use super::Declared;
use crate::case::Need;

/// What a Server offers in one version of the protocol: the flags are those of CONNACK.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// The version.
    pub version: Version,
    /// Maximum QoS.
    pub maximum_qos: u8,
    /// Retain Available.
    pub retain: bool,
    /// Wildcard Subscription Available.
    pub wildcards: bool,
    /// Subscription Identifier Available.
    pub subscription_identifiers: bool,
    /// Shared Subscription Available.
    pub shared_subscriptions: bool,
    /// Topic Alias Maximum, 0 where there is none.
    pub topic_alias_maximum: u16,
    /// Receive Maximum.
    pub receive_maximum: u16,
    /// Maximum Packet Size in bytes, if the Server has one.
    pub maximum_packet_size: Option<u32>,
    /// Session Expiry Interval in seconds that the Server uses instead of the one asked for.
    pub session_expiry: Option<u32>,
    /// Server Keep Alive in seconds, which overrides the Client's.
    pub server_keep_alive: Option<u16>,
    /// Keep Alive in seconds of connections for which it does not matter: 0, which is none, unless the
    /// Server refuses that.
    pub keep_alive: u16,
    /// Nobody is let in without an Authentication Method.
    pub only_by_method: bool,
}

/// What a Server wants of every CONNECT, though it need not be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wants {
    /// A Keep Alive of so many seconds.
    pub keep_alive: u16,
    /// An Authentication Method (5.0 section 4.12).
    pub method: bool,
}

impl Capabilities {
    /// What a Server offers that announces nothing.
    pub const fn assumed(version: Version) -> Self {
        let v5 = matches!(version, Version::V5);
        Self {
            version,
            maximum_qos: 2,
            retain: true,
            wildcards: true,
            subscription_identifiers: v5,
            shared_subscriptions: v5,
            topic_alias_maximum: 0,
            receive_maximum: u16::MAX,
            maximum_packet_size: None,
            session_expiry: None,
            server_keep_alive: None,
            keep_alive: 0,
            only_by_method: false,
        }
    }

    /// For Clients that come in this way.
    pub const fn wanting(self, Wants { keep_alive, method }: Wants) -> Self {
        Self { keep_alive, only_by_method: method, ..self }
    }

    /// Reads what a CONNACK says. What 3.x has no way to say, the user may have declared.
    pub fn announced(version: Version, connack: &ConnAck<'_>, declared: &Declared) -> Self {
        let said = &connack.properties;
        let available = |byte: Option<u8>| byte.is_none_or(|byte| byte != 0);
        Self {
            version,
            maximum_qos: match version {
                Version::V5 => said.maximum_qos().unwrap_or(2),
                Version::V31 | Version::V311 => declared.maximum_qos(),
            },
            retain: available(said.retain_available()),
            wildcards: available(said.wildcard_subscription_available()),
            subscription_identifiers: version == Version::V5
                && available(said.subscription_identifier_available()),
            shared_subscriptions: version == Version::V5
                && available(said.shared_subscription_available()),
            topic_alias_maximum: said.topic_alias_maximum().unwrap_or(0),
            receive_maximum: said.receive_maximum().unwrap_or(u16::MAX),
            maximum_packet_size: said.maximum_packet_size(),
            session_expiry: said.session_expiry_interval(),
            server_keep_alive: said.server_keep_alive(),
            keep_alive: 0,
            only_by_method: false,
        }
    }

    /// Why a need is not met, if it is not.
    pub fn lacks(&self, need: Need) -> Option<String> {
        let (offered, said) = match need {
            Need::QoS1 => (self.maximum_qos >= 1, "Maximum QoS = 0"),
            Need::QoS2 => (self.maximum_qos >= 2, "Maximum QoS below 2"),
            Need::Retain => (self.retain, "Retain Available = 0"),
            Need::Wildcards => (self.wildcards, "Wildcard Subscription Available = 0"),
            Need::SharedSubscriptions => {
                (self.shared_subscriptions, "Shared Subscription Available = 0")
            }
            Need::SubscriptionIdentifiers => {
                (self.subscription_identifiers, "Subscription Identifier Available = 0")
            }
            Need::TopicAlias => (self.topic_alias_maximum > 0, "Topic Alias Maximum = 0 or absent"),
            Need::KeptSession => (self.session_expiry != Some(0), "Session Expiry Interval = 0"),
            Need::LimitedQos => (self.maximum_qos < 2, "no Maximum QoS"),
            Need::NoRetain => (!self.retain, "nothing of it"),
            Need::NoWildcards => (!self.wildcards, "nothing of it"),
            Need::NoSharedSubscriptions => (!self.shared_subscriptions, "nothing of it"),
            Need::NoSubscriptionIdentifiers => (!self.subscription_identifiers, "nothing of it"),
            Need::ServerKeepAlive => (
                self.server_keep_alive.is_some_and(|seconds| (1..=12).contains(&seconds)),
                "nothing of it",
            ),
            // Declared, found out by the cases themselves, or no matter of MQTT.
            Need::Users
            | Need::DeniedPublish
            | Need::DeniedSubscribe
            | Need::RefusedClientId
            | Need::EnhancedAuthentication
            | Need::Persistence
            | Need::PersistenceWhenKilled
            | Need::WebSocket
            | Need::EmptyClientId
            | Need::Stimulus
            | Need::EventIds
            | Need::Http2
            | Need::Redirect
            | Need::Restart
            | Need::Proxy
            | Need::Idle
            | Need::Closer => (true, ""),
        };
        (!offered).then(|| format!("no {need}: CONNACK says {said}"))
    }

    /// For reports.
    pub fn described(&self) -> BTreeMap<String, String> {
        let mut described = BTreeMap::new();
        if self.keep_alive > 0 {
            let why = format!("{}, since 0 is refused", self.keep_alive);
            described.insert("keep-alive".to_owned(), why);
        }
        if self.only_by_method {
            described.insert("authentication".to_owned(), "by a method only".to_owned());
        }
        if self.version != Version::V5 {
            return described;
        }
        let mut add = |name: &str, value: String| described.insert(name.to_owned(), value);
        let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        add("maximum-qos", self.maximum_qos.to_string());
        add("retain", yes_no(self.retain));
        add("wildcard-subscriptions", yes_no(self.wildcards));
        add("subscription-identifiers", yes_no(self.subscription_identifiers));
        add("shared-subscriptions", yes_no(self.shared_subscriptions));
        add("topic-alias-maximum", self.topic_alias_maximum.to_string());
        add("receive-maximum", self.receive_maximum.to_string());
        if let Some(size) = self.maximum_packet_size {
            add("maximum-packet-size", size.to_string());
        }
        if let Some(seconds) = self.session_expiry {
            add("session-expiry-interval", seconds.to_string());
        }
        if let Some(seconds) = self.server_keep_alive {
            add("server-keep-alive", seconds.to_string());
        }
        described
    }
}
