//! Typed packets with any content, legal or not, made of the fuzzer's bytes.

use std::borrow::Cow;

use arbitrary::Arbitrary;
use pushspec_wire::mqtt::{
    Auth, ConnAck, Connect, Delivery, Disconnect, Packet, PacketId, PacketType, PingReq, PingResp,
    Place, Properties, Property, PropertyId, PubAck, PubComp, PubRec, PubRel, Publish, QoS,
    ReasonCode, RetainHandling, SubAck, Subscribe, Subscription, SubscriptionOptions, UnsubAck,
    Unsubscribe, Version, Will,
};

/// What a packet is made of; which of it counts depends on the type.
#[derive(Arbitrary, Debug)]
pub struct Plan<'a> {
    kind: u8,
    version: u8,
    flags: u8,
    reason: u8,
    id: u16,
    number: u16,
    text: Text<'a>,
    topic: Text<'a>,
    bytes: Option<Bytes<'a>>,
    properties: Vec<PropertyPlan<'a>>,
    more: Vec<PropertyPlan<'a>>,
    list: Vec<(Text<'a>, u8)>,
}

/// Few different strings find more than many do.
#[derive(Arbitrary, Debug)]
enum Text<'a> {
    Any(&'a str),
    Likely(u8),
}

/// Long payloads take packets across the limits of the Remaining Length.
#[derive(Arbitrary, Debug)]
enum Bytes<'a> {
    Any(&'a [u8]),
    Repeated(u8, u16),
    Enough,
}

#[derive(Arbitrary, Debug)]
struct PropertyPlan<'a> {
    id: u8,
    number: u32,
    text: Text<'a>,
    bytes: &'a [u8],
}

impl<'a> Text<'a> {
    fn get(&self) -> &'a str {
        const LIKELY: [&str; 12] = [
            "a",
            "a/b",
            "+",
            "#",
            "a/+/#",
            "",
            "$share/g/a",
            "$share//a",
            "a#",
            "\0",
            "$SYS",
            "\u{FEFF}",
        ];
        match self {
            Self::Any(text) => text,
            Self::Likely(index) => LIKELY[usize::from(*index) % LIKELY.len()],
        }
    }

    fn cow(&self) -> Cow<'a, str> {
        Cow::Borrowed(self.get())
    }
}

impl<'a> Plan<'a> {
    /// A Topic Filter and a Topic Name, if they are such.
    pub fn filter_and_name(&self) -> (&'a str, &'a str) {
        (self.text.get(), self.topic.get())
    }

    /// The version that the plan asks for.
    pub fn version(&self) -> Version {
        Version::ALL[usize::from(self.version) % Version::ALL.len()]
    }

    /// Whether the packet should be one that may be sent; strings and lists are any in either case.
    fn lawful(&self) -> bool {
        self.flag(7)
    }

    fn flag(&self, bit: u8) -> bool {
        self.flags & 1 << bit != 0
    }

    fn bytes(&self) -> Cow<'a, [u8]> {
        match &self.bytes {
            None => Cow::Borrowed(&[]),
            Some(Bytes::Any(bytes)) => Cow::Borrowed(bytes),
            Some(Bytes::Repeated(byte, count)) => vec![*byte; usize::from(*count)].into(),
            Some(Bytes::Enough) => vec![b'x'; 70_000].into(),
        }
    }

    fn qos(&self) -> QoS {
        QoS::from_bits(self.number as u8 % 3).unwrap_or(QoS::AtMostOnce)
    }

    /// The packet in this version.
    pub fn packet(&self, version: Version) -> Packet<'a> {
        let packet_id = PacketId::new(self.id).unwrap_or(PacketId::MIN);
        let packet_type = PacketType::ALL[usize::from(self.kind) % PacketType::ALL.len()];
        let reason = self.reason(self.reason, packet_type, version);
        let reasons = || {
            let codes = self.list.iter().map(|(_, code)| *code);
            codes.map(|code| self.reason(code, packet_type, version)).collect()
        };
        let properties = self.properties(&self.properties, Place::Packet(packet_type), version);
        match packet_type {
            PacketType::Connect => Packet::Connect(self.connect(version)),
            PacketType::ConnAck => Packet::ConnAck(ConnAck {
                // 3.1 has no Session Present.
                session_present: self.flag(0) && version != Version::V31,
                reason,
                properties,
            }),
            PacketType::Publish => Packet::Publish(Publish {
                delivery: match self.qos() {
                    QoS::AtMostOnce => Delivery::AtMostOnce,
                    QoS::AtLeastOnce => Delivery::AtLeastOnce { id: packet_id, dup: self.flag(1) },
                    QoS::ExactlyOnce => Delivery::ExactlyOnce { id: packet_id, dup: self.flag(1) },
                },
                retain: self.flag(0),
                topic: self.topic.cow(),
                properties,
                payload: self.bytes(),
            }),
            PacketType::PubAck => Packet::PubAck(PubAck { packet_id, reason, properties }),
            PacketType::PubRec => Packet::PubRec(PubRec { packet_id, reason, properties }),
            PacketType::PubRel => Packet::PubRel(PubRel { packet_id, reason, properties }),
            PacketType::PubComp => Packet::PubComp(PubComp { packet_id, reason, properties }),
            PacketType::Subscribe => {
                let subscriptions = self.list.iter().map(subscription).collect();
                Packet::Subscribe(Subscribe { packet_id, properties, subscriptions })
            }
            PacketType::SubAck => {
                Packet::SubAck(SubAck { packet_id, properties, reasons: reasons() })
            }
            PacketType::Unsubscribe => {
                let filters = self.list.iter().map(|(filter, _)| filter.cow()).collect();
                Packet::Unsubscribe(Unsubscribe { packet_id, properties, filters })
            }
            PacketType::UnsubAck => {
                Packet::UnsubAck(UnsubAck { packet_id, properties, reasons: reasons() })
            }
            PacketType::PingReq => Packet::PingReq(PingReq),
            PacketType::PingResp => Packet::PingResp(PingResp),
            PacketType::Disconnect => Packet::Disconnect(Disconnect { reason, properties }),
            PacketType::Auth => Packet::Auth(Auth { reason, properties }),
        }
    }

    /// Any properties; or, where the plan wants to be lawful, those that may stand there, each as
    /// often as it may, with values that they may have.
    fn properties(
        &self,
        plans: &[PropertyPlan<'_>],
        place: Place,
        version: Version,
    ) -> Properties<'static> {
        let mut properties = Properties::new();
        if !self.lawful() {
            plans.iter().for_each(|plan| properties.push(property(plan)));
        } else if version == Version::V5 {
            for plan in plans {
                let property = property(&plan.lawful());
                let repeats = property.id() == PropertyId::UserProperty;
                if property.id().may_stand_in(place)
                    && (repeats || properties.get(property.id()).is_none())
                {
                    properties.push(property);
                }
            }
        }
        properties
    }

    /// Any code; or, where the plan wants to be lawful, the next that the packet may have.
    fn reason(&self, code: u8, packet: PacketType, version: Version) -> ReasonCode {
        let mut codes = (0..=u8::MAX).map(|steps| ReasonCode(code.wrapping_add(steps)));
        let lawful = |code: &ReasonCode| !self.lawful() || code.is_listed(packet, version);
        codes.find(lawful).unwrap_or_default()
    }

    fn connect(&self, version: Version) -> Connect<'a> {
        let bytes = self.bytes();
        Connect {
            version,
            clean_start: self.flag(0),
            keep_alive: self.number,
            properties: self.properties(
                &self.properties,
                Place::Packet(PacketType::Connect),
                version,
            ),
            client_id: self.text.cow(),
            will: self.flag(1).then(|| Will {
                qos: self.qos(),
                retain: self.flag(2),
                properties: self.properties(&self.more, Place::Will, version),
                topic: self.topic.cow(),
                payload: bytes.clone(),
            }),
            user_name: self.flag(3).then(|| self.topic.cow()),
            password: self.flag(4).then_some(bytes),
        }
    }
}

impl<'a> PropertyPlan<'a> {
    /// With a value that lies within the limits of every property.
    fn lawful(&self) -> Self {
        let text = if self.text.get().contains(['\0', '+', '#']) || self.text.get().is_empty() {
            "text"
        } else {
            self.text.get()
        };
        Self { id: self.id, number: self.number & 1 | 1, text: Text::Any(text), bytes: self.bytes }
    }
}

fn subscription<'a>((filter, bits): &(Text<'a>, u8)) -> Subscription<'a> {
    let options = SubscriptionOptions {
        qos: QoS::from_bits(bits & 3).unwrap_or(QoS::AtMostOnce),
        no_local: bits & 4 != 0,
        retain_as_published: bits & 8 != 0,
        retain_handling: match bits >> 4 & 3 {
            0 => RetainHandling::Send,
            1 => RetainHandling::SendIfNew,
            _ => RetainHandling::DoNotSend,
        },
    };
    Subscription { filter: filter.cow(), options }
}

fn property<'a>(plan: &PropertyPlan<'a>) -> Property<'a> {
    let (four, text, bytes) = (plan.number, plan.text.get(), plan.bytes);
    let (byte, two) = (four as u8, four as u16);
    match PropertyId::ALL[usize::from(plan.id) % PropertyId::ALL.len()] {
        PropertyId::PayloadFormatIndicator => Property::PayloadFormatIndicator(byte),
        PropertyId::MessageExpiryInterval => Property::MessageExpiryInterval(four),
        PropertyId::ContentType => Property::ContentType(text),
        PropertyId::ResponseTopic => Property::ResponseTopic(text),
        PropertyId::CorrelationData => Property::CorrelationData(bytes),
        PropertyId::SubscriptionIdentifier => Property::SubscriptionIdentifier(four),
        PropertyId::SessionExpiryInterval => Property::SessionExpiryInterval(four),
        PropertyId::AssignedClientIdentifier => Property::AssignedClientIdentifier(text),
        PropertyId::ServerKeepAlive => Property::ServerKeepAlive(two),
        PropertyId::AuthenticationMethod => Property::AuthenticationMethod(text),
        PropertyId::AuthenticationData => Property::AuthenticationData(bytes),
        PropertyId::RequestProblemInformation => Property::RequestProblemInformation(byte),
        PropertyId::WillDelayInterval => Property::WillDelayInterval(four),
        PropertyId::RequestResponseInformation => Property::RequestResponseInformation(byte),
        PropertyId::ResponseInformation => Property::ResponseInformation(text),
        PropertyId::ServerReference => Property::ServerReference(text),
        PropertyId::ReasonString => Property::ReasonString(text),
        PropertyId::ReceiveMaximum => Property::ReceiveMaximum(two),
        PropertyId::TopicAliasMaximum => Property::TopicAliasMaximum(two),
        PropertyId::TopicAlias => Property::TopicAlias(two),
        PropertyId::MaximumQoS => Property::MaximumQoS(byte),
        PropertyId::RetainAvailable => Property::RetainAvailable(byte),
        PropertyId::UserProperty => Property::UserProperty(text, "value"),
        PropertyId::MaximumPacketSize => Property::MaximumPacketSize(four),
        PropertyId::WildcardSubscriptionAvailable => Property::WildcardSubscriptionAvailable(byte),
        PropertyId::SubscriptionIdentifierAvailable => {
            Property::SubscriptionIdentifierAvailable(byte)
        }
        PropertyId::SharedSubscriptionAvailable => Property::SharedSubscriptionAvailable(byte),
    }
}
