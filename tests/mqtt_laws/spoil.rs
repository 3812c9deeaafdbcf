//! Typed packets in which one thing is odd, and often more than a receiver takes.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use pushspec_wire::mqtt::{Packet, Properties, Property, PropertyId, ReasonCode};

use super::packets::{Values, property, values};

/// What is put into a packet.
#[derive(Clone, Debug)]
pub(crate) struct Oddity {
    text: String,
    code: u8,
    values: Values,
    property: Index,
    choice: u8,
}

pub(crate) fn oddity() -> impl Strategy<Value = Oddity> {
    let text = select(
        &["", "\0", "a\0b", "+", "a/#", "a#", "longer than a word, é\0", "$share//a", "$share/g/a"]
            [..],
    );
    (text, any::<u8>(), values(), any::<Index>(), 0..4u8).prop_map(
        |(text, code, values, property, choice)| Oddity {
            text: text.into(),
            code,
            values,
            property,
            choice,
        },
    )
}

impl Oddity {
    /// Any property, with values that it may have and some that it may not.
    fn property(&self) -> Property<'_> {
        let (byte, two, four) = (self.values.0 % 3, self.values.1 % 2, self.values.2);
        match property(*self.property.get(&PropertyId::ALL), &self.values) {
            Property::ResponseTopic(_) => Property::ResponseTopic(&self.text),
            Property::ReasonString(_) => Property::ReasonString(&self.text),
            Property::UserProperty(name, _) => Property::UserProperty(name, &self.text),
            Property::SubscriptionIdentifier(_) if byte == 0 => Property::SubscriptionIdentifier(0),
            Property::SubscriptionIdentifier(_) => Property::SubscriptionIdentifier(four),
            Property::ReceiveMaximum(_) => Property::ReceiveMaximum(two),
            Property::TopicAlias(_) => Property::TopicAlias(two),
            Property::MaximumPacketSize(_) => Property::MaximumPacketSize(two.into()),
            Property::RequestProblemInformation(_) => Property::RequestProblemInformation(byte),
            Property::RequestResponseInformation(_) => Property::RequestResponseInformation(byte),
            Property::MaximumQoS(_) => Property::MaximumQoS(byte),
            Property::RetainAvailable(_) => Property::RetainAvailable(byte),
            other => other,
        }
    }

    fn add(&self, properties: &mut Properties<'_>) {
        properties.push(self.property());
        // Twice, too.
        if self.choice == 3 {
            properties.push(self.property());
        }
    }

    /// A list that is empty, or has a code at its end.
    fn codes(&self, codes: &mut Vec<ReasonCode>) {
        if self.choice == 0 { codes.clear() } else { codes.push(ReasonCode(self.code)) }
    }

    /// Puts it into a packet.
    pub(crate) fn spoil(&self, packet: &mut Packet<'static>) {
        let text = || self.text.clone().into();
        let first = self.choice < 2;
        match packet {
            Packet::Connect(p) => match (self.choice, &mut p.will) {
                (0, Some(will)) => will.topic = text(),
                (1, Some(will)) => self.add(&mut will.properties),
                (0, None) => p.client_id = text(),
                (1, None) => p.user_name = Some(text()),
                (2, _) => {
                    p.user_name = None;
                    p.password = Some(b"secret"[..].into());
                }
                _ => self.add(&mut p.properties),
            },
            Packet::ConnAck(p) if first => p.reason = ReasonCode(self.code),
            Packet::ConnAck(p) => self.add(&mut p.properties),
            Packet::Publish(p) if first => p.topic = text(),
            Packet::Publish(p) => self.add(&mut p.properties),
            Packet::PubAck(p) if first => p.reason = ReasonCode(self.code),
            Packet::PubAck(p) => self.add(&mut p.properties),
            Packet::PubRec(p) if first => p.reason = ReasonCode(self.code),
            Packet::PubRec(p) => self.add(&mut p.properties),
            Packet::PubRel(p) if first => p.reason = ReasonCode(self.code),
            Packet::PubRel(p) => self.add(&mut p.properties),
            Packet::PubComp(p) if first => p.reason = ReasonCode(self.code),
            Packet::PubComp(p) => self.add(&mut p.properties),
            Packet::Subscribe(p) => match self.choice {
                0 => p.subscriptions.clear(),
                1 => p.subscriptions.iter_mut().for_each(|one| one.filter = text()),
                2 => p.subscriptions.iter_mut().for_each(|one| {
                    one.options.no_local = true;
                    one.filter = "$share/g/a".into();
                }),
                _ => self.add(&mut p.properties),
            },
            Packet::SubAck(p) if first => self.codes(&mut p.reasons),
            Packet::SubAck(p) => self.add(&mut p.properties),
            Packet::Unsubscribe(p) => match self.choice {
                0 => p.filters.clear(),
                1 => p.filters.push(text()),
                _ => self.add(&mut p.properties),
            },
            Packet::UnsubAck(p) if first => self.codes(&mut p.reasons),
            Packet::UnsubAck(p) => self.add(&mut p.properties),
            Packet::PingReq(_) | Packet::PingResp(_) => {}
            Packet::Disconnect(p) if first => p.reason = ReasonCode(self.code),
            Packet::Disconnect(p) => self.add(&mut p.properties),
            Packet::Auth(p) if first => p.reason = ReasonCode(self.code),
            Packet::Auth(p) if self.choice == 2 => p.properties = Properties::new(),
            Packet::Auth(p) => self.add(&mut p.properties),
        }
    }
}
