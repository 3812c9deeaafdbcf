//! Conforming packets of each version, at random.

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use pushspec_wire::mqtt::{
    Auth, ConnAck, Connect, Delivery, Disconnect, Packet, PacketId, PacketType, PingReq, PingResp,
    Place, Properties, Property, PropertyId, PubAck, PubComp, PubRec, PubRel, Publish, QoS,
    ReasonCode, RetainHandling, SubAck, Subscribe, Subscription, SubscriptionOptions, UnsubAck,
    Unsubscribe, Version, Will,
};

pub(crate) fn version() -> impl Strategy<Value = Version> {
    select(&Version::ALL[..])
}

/// A version and a packet that conforms to it.
pub(crate) fn packet() -> impl Strategy<Value = (Version, Packet<'static>)> {
    version().prop_flat_map(|version| (Just(version), packet_of(version)))
}

pub(crate) fn packet_of(version: Version) -> BoxedStrategy<Packet<'static>> {
    let last = if version == Version::V5 {
        auth().prop_map(Packet::Auth).boxed()
    } else {
        Just(Packet::PingReq(PingReq)).boxed()
    };
    prop_oneof![
        3 => connect(version).prop_map(Packet::Connect),
        1 => connack(version).prop_map(Packet::ConnAck),
        4 => publish(version).prop_map(Packet::Publish),
        4 => acknowledgement(version),
        2 => subscribe(version).prop_map(Packet::Subscribe),
        1 => unsubscribe(version).prop_map(Packet::Unsubscribe),
        1 => suback(version).prop_map(Packet::SubAck),
        1 => unsuback(version).prop_map(Packet::UnsubAck),
        1 => Just(Packet::PingReq(PingReq)),
        1 => Just(Packet::PingResp(PingResp)),
        2 => disconnect(version).prop_map(Packet::Disconnect),
        1 => last,
    ]
    .boxed()
}

/// A string that may stand in a packet: no U+0000.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\0]{0,8}", "[a-z]{0,3}", "[a-z]{120,140}", Just("\u{FEFF}é日".to_owned())]
}

fn cow_text() -> impl Strategy<Value = Cow<'static, str>> {
    text().prop_map(Cow::Owned)
}

fn binary() -> impl Strategy<Value = Cow<'static, [u8]>> {
    vec(any::<u8>(), 0..20).prop_map(Cow::Owned)
}

pub(crate) fn topic_name() -> impl Strategy<Value = String> {
    vec(select(&["a", "b", "", "$x", "é", "long level"][..]), 1..5)
        .prop_map(|levels| levels.join("/"))
        .prop_filter("a topic has a character", |topic| !topic.is_empty())
}

/// A Topic Filter that is not shared.
pub(crate) fn plain_filter() -> impl Strategy<Value = String> {
    (vec(select(&["a", "b", "", "$x", "+", "+", "é"][..]), 1..5), any::<bool>())
        .prop_map(|(mut levels, all_below)| {
            if all_below {
                levels.push("#");
            }
            levels.join("/")
        })
        .prop_filter("a filter has a character", |filter| !filter.is_empty())
}

fn filter(version: Version) -> BoxedStrategy<Cow<'static, str>> {
    let plain = plain_filter().prop_map(Cow::Owned);
    let shared = plain_filter().prop_map(|filter| Cow::Owned(format!("$share/group/{filter}")));
    if version == Version::V5 { prop_oneof![plain, shared].boxed() } else { plain.boxed() }
}

fn packet_id() -> impl Strategy<Value = PacketId> {
    prop_oneof![Just(PacketId::MIN), Just(PacketId::MAX), any::<PacketId>()]
}

fn qos() -> impl Strategy<Value = QoS> {
    select(&QoS::ALL[..])
}

/// Properties that may stand there, each as often as it may, in any order; none in 3.x.
fn properties(version: Version, place: Place) -> BoxedStrategy<Properties<'static>> {
    if version != Version::V5 {
        return Just(Properties::new()).boxed();
    }
    let ids: Vec<_> = PropertyId::ALL.into_iter().filter(|id| id.may_stand_in(place)).collect();
    let count = ids.len();
    let chosen = subsequence(ids, 0..=count.min(5)).prop_shuffle();
    (chosen, vec(values(), 5), any::<bool>())
        .prop_map(move |(mut ids, values, again)| {
            let needs_method = place == Place::Packet(PacketType::Auth)
                || place == Place::Packet(PacketType::Connect)
                    && ids.contains(&PropertyId::AuthenticationData);
            if needs_method && !ids.contains(&PropertyId::AuthenticationMethod) {
                ids.insert(0, PropertyId::AuthenticationMethod);
            }
            let repeatable = |id| {
                id == PropertyId::UserProperty
                    || id == PropertyId::SubscriptionIdentifier
                        && place == Place::Packet(PacketType::Publish)
            };
            if again {
                ids.extend(ids.clone().into_iter().filter(|id| repeatable(*id)));
            }
            ids.iter()
                .zip(values.iter().cycle())
                .fold(Properties::new(), |all, (id, values)| all.with(property(*id, values)))
        })
        .boxed()
}

/// A value of each type; those that a property may not have are bent in [`property`].
pub(crate) type Values = (u8, u16, u32, (String, String), Vec<u8>);

pub(crate) fn values() -> impl Strategy<Value = Values> {
    let number = prop_oneof![0u32..300, any::<u32>()];
    (any::<u8>(), any::<u16>(), number, (text(), text()), vec(any::<u8>(), 0..9))
}

pub(crate) fn property(
    id: PropertyId,
    (byte, two, four, (text, other), data): &Values,
) -> Property<'_> {
    const LARGEST_VARIABLE_BYTE_INTEGER: u32 = 268_435_455;
    let (byte, two, four) = (*byte, *two, *four);
    match id {
        PropertyId::PayloadFormatIndicator => Property::PayloadFormatIndicator(byte),
        PropertyId::MessageExpiryInterval => Property::MessageExpiryInterval(four),
        PropertyId::ContentType => Property::ContentType(text),
        PropertyId::ResponseTopic => Property::ResponseTopic("re/ply"),
        PropertyId::CorrelationData => Property::CorrelationData(data),
        PropertyId::SubscriptionIdentifier => {
            Property::SubscriptionIdentifier(four.clamp(1, LARGEST_VARIABLE_BYTE_INTEGER))
        }
        PropertyId::SessionExpiryInterval => Property::SessionExpiryInterval(four),
        PropertyId::AssignedClientIdentifier => Property::AssignedClientIdentifier(text),
        PropertyId::ServerKeepAlive => Property::ServerKeepAlive(two),
        PropertyId::AuthenticationMethod => Property::AuthenticationMethod(text),
        PropertyId::AuthenticationData => Property::AuthenticationData(data),
        PropertyId::RequestProblemInformation => Property::RequestProblemInformation(byte & 1),
        PropertyId::WillDelayInterval => Property::WillDelayInterval(four),
        PropertyId::RequestResponseInformation => Property::RequestResponseInformation(byte & 1),
        PropertyId::ResponseInformation => Property::ResponseInformation(text),
        PropertyId::ServerReference => Property::ServerReference(text),
        PropertyId::ReasonString => Property::ReasonString(text),
        PropertyId::ReceiveMaximum => Property::ReceiveMaximum(two.max(1)),
        PropertyId::TopicAliasMaximum => Property::TopicAliasMaximum(two),
        PropertyId::TopicAlias => Property::TopicAlias(two.max(1)),
        PropertyId::MaximumQoS => Property::MaximumQoS(byte & 1),
        PropertyId::RetainAvailable => Property::RetainAvailable(byte & 1),
        PropertyId::UserProperty => Property::UserProperty(text, other),
        PropertyId::MaximumPacketSize => Property::MaximumPacketSize(four.max(1)),
        PropertyId::WildcardSubscriptionAvailable => {
            Property::WildcardSubscriptionAvailable(byte & 1)
        }
        PropertyId::SubscriptionIdentifierAvailable => {
            Property::SubscriptionIdentifierAvailable(byte & 1)
        }
        PropertyId::SharedSubscriptionAvailable => Property::SharedSubscriptionAvailable(byte & 1),
    }
}

fn reason(version: Version, packet: PacketType) -> impl Strategy<Value = ReasonCode> {
    let listed: Vec<_> =
        (0..=u8::MAX).map(ReasonCode).filter(|code| code.is_listed(packet, version)).collect();
    select(listed)
}

pub(crate) fn connect(version: Version) -> impl Strategy<Value = Connect<'static>> {
    let place = Place::Packet(PacketType::Connect);
    let login = (option::of(cow_text()), option::of(binary()));
    (any::<(bool, u16)>(), properties(version, place), cow_text(), option::of(will(version)), login)
        .prop_map(move |((clean_start, keep_alive), properties, client_id, will, login)| {
            let (user_name, password) = login;
            // Only 5.0 has a Password without a User Name.
            let allowed = version == Version::V5 || user_name.is_some();
            let password = password.filter(|_| allowed);
            Connect {
                version,
                clean_start,
                keep_alive,
                properties,
                client_id,
                will,
                user_name,
                password,
            }
        })
}

fn will(version: Version) -> impl Strategy<Value = Will<'static>> {
    (qos(), any::<bool>(), properties(version, Place::Will), topic_name(), binary()).prop_map(
        |(qos, retain, properties, topic, payload)| Will {
            qos,
            retain,
            properties,
            topic: topic.into(),
            payload,
        },
    )
}

fn connack(version: Version) -> impl Strategy<Value = ConnAck<'static>> {
    let place = Place::Packet(PacketType::ConnAck);
    (any::<bool>(), reason(version, PacketType::ConnAck), properties(version, place)).prop_map(
        move |(present, reason, properties)| ConnAck {
            session_present: present && version != Version::V31,
            reason,
            properties,
        },
    )
}

fn publish(version: Version) -> impl Strategy<Value = Publish<'static>> {
    let place = Place::Packet(PacketType::Publish);
    let delivery = (qos(), packet_id(), any::<bool>()).prop_map(|(qos, id, dup)| match qos {
        QoS::AtMostOnce => Delivery::AtMostOnce,
        QoS::AtLeastOnce => Delivery::AtLeastOnce { id, dup },
        QoS::ExactlyOnce => Delivery::ExactlyOnce { id, dup },
    });
    (delivery, any::<(bool, bool)>(), topic_name(), properties(version, place), binary()).prop_map(
        |(delivery, (retain, by_alias), topic, properties, payload)| {
            let by_alias = by_alias && properties.topic_alias().is_some();
            let topic = if by_alias { String::new() } else { topic };
            Publish { delivery, retain, topic: topic.into(), properties, payload }
        },
    )
}

fn acknowledgement(version: Version) -> BoxedStrategy<Packet<'static>> {
    macro_rules! of {
        ($name:ident) => {
            (
                packet_id(),
                reason(version, PacketType::$name),
                properties(version, Place::Packet(PacketType::$name)),
            )
                .prop_map(|(packet_id, reason, properties)| {
                    Packet::$name($name { packet_id, reason, properties })
                })
        };
    }
    prop_oneof![of!(PubAck), of!(PubRec), of!(PubRel), of!(PubComp)].boxed()
}

fn subscription(version: Version) -> impl Strategy<Value = Subscription<'static>> {
    let handling =
        select(&[RetainHandling::Send, RetainHandling::SendIfNew, RetainHandling::DoNotSend][..]);
    (filter(version), qos(), any::<(bool, bool)>(), handling).prop_map(
        move |(filter, qos, (no_local, retain_as_published), retain_handling)| {
            let options = if version == Version::V5 {
                let no_local = no_local && !filter.starts_with("$share/");
                SubscriptionOptions { qos, no_local, retain_as_published, retain_handling }
            } else {
                SubscriptionOptions::new(qos)
            };
            Subscription { filter, options }
        },
    )
}

fn subscribe(version: Version) -> impl Strategy<Value = Subscribe<'static>> {
    let place = Place::Packet(PacketType::Subscribe);
    (packet_id(), properties(version, place), vec(subscription(version), 1..4)).prop_map(
        |(packet_id, properties, subscriptions)| Subscribe { packet_id, properties, subscriptions },
    )
}

fn unsubscribe(version: Version) -> impl Strategy<Value = Unsubscribe<'static>> {
    let place = Place::Packet(PacketType::Unsubscribe);
    (packet_id(), properties(version, place), vec(filter(version), 1..4))
        .prop_map(|(packet_id, properties, filters)| Unsubscribe { packet_id, properties, filters })
}

fn suback(version: Version) -> impl Strategy<Value = SubAck<'static>> {
    let place = Place::Packet(PacketType::SubAck);
    let reasons = vec(reason(version, PacketType::SubAck), 1..5);
    (packet_id(), properties(version, place), reasons)
        .prop_map(|(packet_id, properties, reasons)| SubAck { packet_id, properties, reasons })
}

fn unsuback(version: Version) -> impl Strategy<Value = UnsubAck<'static>> {
    let place = Place::Packet(PacketType::UnsubAck);
    let reasons = vec(reason(Version::V5, PacketType::UnsubAck), 1..5);
    (packet_id(), properties(version, place), reasons).prop_map(
        move |(packet_id, properties, reasons)| {
            let reasons = if version == Version::V5 { reasons } else { Vec::new() };
            UnsubAck { packet_id, properties, reasons }
        },
    )
}

fn disconnect(version: Version) -> impl Strategy<Value = Disconnect<'static>> {
    let place = Place::Packet(PacketType::Disconnect);
    (reason(version, PacketType::Disconnect), properties(version, place))
        .prop_map(|(reason, properties)| Disconnect { reason, properties })
}

fn auth() -> impl Strategy<Value = Auth<'static>> {
    let place = Place::Packet(PacketType::Auth);
    (reason(Version::V5, PacketType::Auth), properties(Version::V5, place))
        .prop_map(|(reason, properties)| Auth { reason, properties })
}
