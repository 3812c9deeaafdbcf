//! Laws of the MQTT codec, for packets and bytes at random.
#![allow(clippy::unwrap_used, missing_docs)]

mod packets;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use pushspec_wire::mqtt::{
    Delivery, Frame, Framer, Packet, PacketId, Properties, Property, Publish, QoS, Subscribe,
    Subscription, SubscriptionOptions, Version, lawless, topic,
};

use packets::{connect, packet, packet_of, plain_filter, text, topic_name, version};

fn encoded(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(version, &mut bytes).unwrap();
    bytes
}

/// What holds for any bytes at all: decoding does not panic, errors lie within the packet, and what
/// is accepted can be written and means the same when it is read again.
fn nothing_strange(bytes: &[u8], version: Version) -> Result<(), TestCaseError> {
    let Ok(frame) = Frame::new(bytes) else { return Ok(()) };
    match Packet::decode(frame, version) {
        Ok(packet) => {
            prop_assert!(packet.to_string().chars().count() <= 401);
            let version = match &packet {
                Packet::Connect(connect) => connect.version,
                _ => version,
            };
            let again = encoded(&packet, version);
            prop_assert!(again.len() <= bytes.len());
            let frame = Frame::new(&again).unwrap();
            prop_assert_eq!(Packet::decode(frame, version).unwrap(), packet);
        }
        Err(error) => {
            prop_assert!(error.offset <= bytes.len(), "{error}");
            prop_assert!(error.reason.is_error());
            prop_assert!(!error.field.is_empty() && !error.requirement.is_empty());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_decodes_to_the_same((version, packet) in packet()) {
        let bytes = encoded(&packet, version);
        let frame = Frame::new(&bytes).unwrap();
        let decoded = Packet::decode(frame, version).unwrap();
        prop_assert_eq!(&decoded, &packet);
        prop_assert_eq!(&decoded.clone().into_owned(), &packet);
        // These bytes are the canonical ones.
        prop_assert_eq!(encoded(&decoded, version), bytes);
    }

    #[test]
    fn a_connect_is_read_in_its_own_version(
        connect in version().prop_flat_map(connect), told in version(),
    ) {
        let version = connect.version;
        let packet = Packet::Connect(connect);
        let bytes = encoded(&packet, version);
        prop_assert_eq!(Packet::decode(Frame::new(&bytes).unwrap(), told).unwrap(), packet);
    }

    #[test]
    fn chunks_do_not_matter(
        (version, packets) in version().prop_flat_map(|version| {
            (Just(version), vec(packet_of(version), 0..6))
        }),
        part in vec(any::<u8>(), 0..2),
        sizes in vec(1usize..40, 1..20),
    ) {
        let wires: Vec<_> = packets.iter().map(|packet| encoded(packet, version)).collect();
        let stream = [wires.concat(), part.clone()].concat();
        let mut framer = Framer::new(1 << 20);
        let mut found = Vec::new();
        let mut rest = &stream[..];
        for size in sizes.iter().cycle() {
            let (chunk, after) = rest.split_at((*size).min(rest.len()));
            rest = after;
            framer.push(chunk);
            while let Ok(Some(packet)) = framer.next_packet() {
                found.push(packet.to_vec());
            }
            if rest.is_empty() {
                break;
            }
        }
        let whole = part.len() == 2 && part[1] == 0;
        prop_assert_eq!(&found[..wires.len()], &wires[..]);
        prop_assert_eq!(found.len(), wires.len() + usize::from(whole));
        prop_assert_eq!(framer.pending(), if whole { &[][..] } else { &part[..] });
    }

    #[test]
    fn any_body_behind_any_first_byte(
        first in any::<u8>(), body in vec(any::<u8>(), 0..60), version in version(),
    ) {
        nothing_strange(&lawless::Fields::new().raw(&body).packet(first), version)?;
    }

    /// Bytes that occur in packets reach deeper than any bytes do.
    #[test]
    fn bodies_of_likely_bytes(
        first in select(&[0x10u8, 0x20, 0x30, 0x32, 0x35, 0x40, 0x62, 0x82, 0x90, 0xA2, 0xB0, 0xE0, 0xF0][..]),
        body in vec(select(&[0u8, 0, 0, 1, 1, 2, 3, 4, 5, b'a', b'/', b'#', b'+', 0x0B, 0x15, 0x1F, 0x21, 0x23, 0x26, 0x80, 0x81][..]), 0..40),
        version in version(),
    ) {
        nothing_strange(&lawless::Fields::new().raw(&body).packet(first), version)?;
    }

    #[test]
    fn damaged_packets(
        (version, packet) in packet(), at in any::<Index>(), byte in any::<u8>(),
        cut in any::<Index>(), more in vec(any::<u8>(), 0..4),
    ) {
        let bytes = encoded(&packet, version);
        let header = lawless::header_length(&bytes);
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] = byte;
        nothing_strange(&changed, version)?;
        nothing_strange(&lawless::with_true_length(&changed), version)?;
        let kept = cut.index(bytes.len() - header + 1);
        nothing_strange(&lawless::without_last(&bytes, kept), version)?;
        nothing_strange(&lawless::with_trailing(&bytes, &more), version)?;
        for version in Version::ALL {
            nothing_strange(&bytes, version)?;
        }
    }

    /// A cut packet never passes for the whole one.
    #[test]
    fn cut_packets_are_not_the_whole(
        (version, packet) in packet(), count in 1usize..30,
    ) {
        let bytes = encoded(&packet, version);
        let cut = lawless::without_last(&bytes, count);
        // PINGREQ has nothing to lose.
        if cut.len() < bytes.len() {
            let decoded = Packet::decode(Frame::new(&cut).unwrap(), version);
            prop_assert_ne!(decoded.ok(), Some(packet));
        }
    }

    /// What the strict decoder rejects, the encoder does not produce, whatever it is asked for.
    #[test]
    fn only_conforming_packets_are_encoded(
        topic in "[a/+#$\0é]{0,6}", filter in "(\\$share/)?[a/+#\0]{0,6}", text in "[a\0]{0,2}",
        numbers in any::<(u8, u16, u32, bool)>(), version in version(), order in any::<[Index; 4]>(),
    ) {
        let (byte, two, four, flag) = numbers;
        let all = [
            Property::PayloadFormatIndicator(byte), Property::TopicAlias(two % 3),
            Property::SubscriptionIdentifier(four), Property::ReasonString(&text),
            Property::ResponseTopic(&topic), Property::UserProperty(&text, &topic),
            Property::ReceiveMaximum(two % 2),
        ];
        let properties = order.iter().take(usize::from(byte % 4)).fold(Properties::new(), |list, index| {
            list.with(*index.get(&all))
        });
        let id = PacketId::MIN;
        let packets = [
            Packet::Publish(Publish {
                delivery: if flag { Delivery::AtMostOnce } else { Delivery::AtLeastOnce { id, dup: true } },
                retain: flag,
                topic: topic.as_str().into(),
                properties: properties.clone(),
                payload: text.as_bytes().into(),
            }),
            Packet::Subscribe(Subscribe {
                packet_id: id,
                properties,
                subscriptions: vec![Subscription {
                    filter: filter.as_str().into(),
                    options: SubscriptionOptions { no_local: flag, ..SubscriptionOptions::new(QoS::AtLeastOnce) },
                }; usize::from(byte % 3)],
            }),
        ];
        for packet in packets {
            let mut bytes = Vec::new();
            match packet.encode(version, &mut bytes) {
                Ok(()) => {
                    let decoded = Packet::decode(Frame::new(&bytes).unwrap(), version);
                    prop_assert_eq!(decoded, Ok(packet));
                }
                Err(_) => prop_assert!(bytes.is_empty()),
            }
        }
    }

    #[test]
    fn matching_agrees_with_the_definition(filter in plain_filter(), topic in topic_name()) {
        prop_assert_eq!(topic::matches(&filter, &topic), matches_by_definition(&filter, &topic));
    }

    #[test]
    fn a_name_matches_itself_and_what_covers_it(name in topic_name()) {
        prop_assert!(topic::matches(&name, &name));
        prop_assert_eq!(topic::matches("#", &name), !name.starts_with('$'));
        let below = format!("{name}/#");
        prop_assert!(topic::matches(&below, &name));
        let deeper = format!("{name}/x");
        prop_assert!(topic::matches(&below, &deeper));
    }

    #[test]
    fn any_text_is_a_filter_or_none(filter in text(), topic in text()) {
        let checked = topic::check_filter(&filter);
        if checked.is_ok() && !topic::is_shared(&filter) {
            prop_assert_eq!(topic::check_plain_filter(&filter), Ok(()));
        }
        topic::matches(&filter, &topic);
    }
}

/// Section 4.7, level by level, from the end: the slow and plain way.
fn matches_by_definition(filter: &str, topic: &str) -> bool {
    fn levels(filter: &[&str], topic: &[&str]) -> bool {
        match (filter, topic) {
            (["#"], _) | ([], []) => true,
            ([], _) | (_, []) => false,
            ([wanted, filter @ ..], [level, topic @ ..]) => {
                (*wanted == "+" || wanted == level) && levels(filter, topic)
            }
        }
    }
    let wild = filter.starts_with('#') || filter.starts_with('+');
    let filter: Vec<_> = filter.split('/').collect();
    let topic_levels: Vec<_> = topic.split('/').collect();
    !(wild && topic.starts_with('$')) && levels(&filter, &topic_levels)
}
