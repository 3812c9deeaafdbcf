//! Typed packets with any content, legal or not: what can be encoded decodes to the same packet, and
//! what cannot leaves nothing behind.
#![no_main]

use std::borrow::Cow;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use pushspec_wire::mqtt::{
    Auth, ConnAck, Connect, Delivery, Disconnect, Frame, Framer, Packet, PacketId, PingReq,
    PingResp, Properties, Property, PropertyId, PubAck, PubComp, PubRec, PubRel, Publish, QoS,
    ReasonCode, RetainHandling, SubAck, Subscribe, Subscription, SubscriptionOptions, UnsubAck,
    Unsubscribe, Version, Will,
};

fuzz_target!(|plans: Vec<Plan<'_>>| {
    let Some(version) = plans.first().map(|plan| plan.version()) else { return };
    let mut stream = Vec::new();
    let mut packets = Vec::new();
    for plan in &plans {
        let packet = plan.packet(version);
        let start = stream.len();
        match packet.encode(version, &mut stream) {
            Ok(()) => {
                let frame = Frame::new(&stream[start..]).expect("one packet was encoded");
                assert_eq!(Packet::decode(frame, version).as_ref(), Ok(&packet));
                packets.push(packet);
            }
            Err(error) => {
                assert_eq!(stream.len(), start, "nothing is written of what cannot be encoded");
                assert!(!error.to_string().is_empty());
            }
        }
    }
    let mut framer = Framer::new(stream.len());
    framer.push(&stream);
    for packet in packets {
        let bytes = framer.next_packet().expect("packets are well framed").expect("none is missing");
        let frame = Frame::new(&bytes).expect("the framer gives whole packets");
        assert_eq!(Packet::decode(frame, version), Ok(packet));
    }
    assert_eq!(framer.next_packet(), Ok(None));
});

/// What a packet is made of; which of it counts depends on the type.
#[derive(Arbitrary, Debug)]
struct Plan<'a> {
    kind: u8,
    version: u8,
    flags: u8,
    reason: u8,
    id: u16,
    number: u16,
    text: Text<'a>,
    topic: Text<'a>,
    bytes: Option<&'a [u8]>,
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

#[derive(Arbitrary, Debug)]
struct PropertyPlan<'a> {
    id: u8,
    number: u32,
    text: Text<'a>,
    bytes: &'a [u8],
}

impl<'a> Text<'a> {
    fn get(&self) -> &'a str {
        const LIKELY: [&str; 12] =
            ["a", "a/b", "+", "#", "a/+/#", "", "$share/g/a", "$share//a", "a#", "\0", "$SYS", "\u{FEFF}"];
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
    fn version(&self) -> Version {
        Version::ALL[usize::from(self.version) % Version::ALL.len()]
    }

    fn flag(&self, bit: u8) -> bool {
        self.flags & 1 << bit != 0
    }

    fn qos(&self) -> QoS {
        QoS::from_bits(self.number as u8 % 3).unwrap_or(QoS::AtMostOnce)
    }

    fn packet(&self, version: Version) -> Packet<'a> {
        let packet_id = PacketId::new(self.id).unwrap_or(PacketId::MIN);
        let reason = ReasonCode(self.reason);
        let properties = properties(&self.properties);
        match self.kind % 15 {
            0 => Packet::Connect(self.connect(version)),
            1 => Packet::ConnAck(ConnAck {
                // 3.1 has no Session Present.
                session_present: self.flag(0) && version != Version::V31,
                reason,
                properties,
            }),
            2 => Packet::Publish(Publish {
                delivery: match self.qos() {
                    QoS::AtMostOnce => Delivery::AtMostOnce,
                    QoS::AtLeastOnce => Delivery::AtLeastOnce { id: packet_id, dup: self.flag(1) },
                    QoS::ExactlyOnce => Delivery::ExactlyOnce { id: packet_id, dup: self.flag(1) },
                },
                retain: self.flag(0),
                topic: self.topic.cow(),
                properties,
                payload: self.bytes.unwrap_or_default().into(),
            }),
            3 => Packet::PubAck(PubAck { packet_id, reason, properties }),
            4 => Packet::PubRec(PubRec { packet_id, reason, properties }),
            5 => Packet::PubRel(PubRel { packet_id, reason, properties }),
            6 => Packet::PubComp(PubComp { packet_id, reason, properties }),
            7 => {
                let subscriptions = self.list.iter().map(subscription).collect();
                Packet::Subscribe(Subscribe { packet_id, properties, subscriptions })
            }
            8 => Packet::SubAck(SubAck { packet_id, properties, reasons: self.reasons() }),
            9 => {
                let filters = self.list.iter().map(|(filter, _)| filter.cow()).collect();
                Packet::Unsubscribe(Unsubscribe { packet_id, properties, filters })
            }
            10 => Packet::UnsubAck(UnsubAck { packet_id, properties, reasons: self.reasons() }),
            11 => Packet::PingReq(PingReq),
            12 => Packet::PingResp(PingResp),
            13 => Packet::Disconnect(Disconnect { reason, properties }),
            _ => Packet::Auth(Auth { reason, properties }),
        }
    }

    fn reasons(&self) -> Vec<ReasonCode> {
        self.list.iter().map(|(_, code)| ReasonCode(*code)).collect()
    }

    fn connect(&self, version: Version) -> Connect<'a> {
        let more = || properties(&self.more);
        let bytes: Cow<'a, [u8]> = self.bytes.unwrap_or_default().into();
        Connect {
            version,
            clean_start: self.flag(0),
            keep_alive: self.number,
            properties: properties(&self.properties),
            client_id: self.text.cow(),
            will: self.flag(1).then(|| Will {
                qos: self.qos(),
                retain: self.flag(2),
                properties: more(),
                topic: self.topic.cow(),
                payload: bytes.clone(),
            }),
            user_name: self.flag(3).then(|| self.topic.cow()),
            password: self.flag(4).then_some(bytes),
        }
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

fn properties(plans: &[PropertyPlan<'_>]) -> Properties<'static> {
    plans.iter().fold(Properties::new(), |all, plan| all.with(property(plan)))
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
