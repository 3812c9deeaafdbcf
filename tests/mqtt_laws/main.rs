//! Laws of the MQTT codec, for packets and bytes at random. The laws themselves stand in `pushspec-laws`,
//! where the fuzz targets find them too.
#![allow(clippy::unwrap_used, missing_docs)]

mod packets;
mod spoil;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use pushspec_laws::chunks::of_sizes;
use pushspec_laws::mqtt as laws;
use pushspec_wire::mqtt::{
    Delivery, Frame, Packet, PacketId, Properties, Property, Publish, QoS, Subscribe, Subscription,
    SubscriptionOptions, Version, lawless, topic,
};

use spoil::oddity;

use packets::{connect, packet, packet_of, plain_filter, text, topic_name, version};

fn encoded(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(version, &mut bytes).unwrap();
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_decodes_to_the_same((version, packet) in packet()) {
        let mut bytes = Vec::new();
        prop_assert!(laws::typed(&packet, version, &mut bytes));
        // These bytes are the canonical ones.
        laws::any_bytes(&bytes, version);
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
        part in vec(any::<u8>(), 0..3),
        sizes in vec(0usize..40, 0..40), limit in prop_oneof![Just(1usize << 20), 0usize..80],
    ) {
        let wires: Vec<_> = packets.iter().map(|packet| encoded(packet, version)).collect();
        let stream = [wires.concat(), part.clone()].concat();
        let found = laws::any_chunks(limit, &stream, of_sizes(&stream, &sizes));
        let fits = wires.iter().take_while(|wire| wire.len() <= limit).count();
        prop_assert_eq!(&found[..fits], &wires[..fits]);
        let whole = part.len() == 2 && part[1] == 0 && limit >= 2;
        prop_assert!(found.len() <= fits + usize::from(whole));
    }

    #[test]
    fn any_body_behind_any_first_byte(
        first in any::<u8>(), body in vec(any::<u8>(), 0..60), version in version(),
    ) {
        laws::any_bytes(&lawless::Fields::new().raw(&body).packet(first), version);
    }

    /// Bytes that occur in packets reach deeper than any bytes do.
    #[test]
    fn bodies_of_likely_bytes(
        first in select(&[0x10u8, 0x20, 0x30, 0x32, 0x35, 0x40, 0x62, 0x82, 0x90, 0xA2, 0xB0, 0xE0, 0xF0][..]),
        body in vec(select(&[0u8, 0, 0, 1, 1, 2, 3, 4, 5, b'a', b'/', b'#', b'+', 0x0B, 0x15, 0x1F, 0x21, 0x23, 0x26, 0x80, 0x81][..]), 0..40),
        version in version(),
    ) {
        laws::any_bytes(&lawless::Fields::new().raw(&body).packet(first), version);
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
        laws::damaged(&changed, version);
        let kept = cut.index(bytes.len() - header + 1);
        laws::any_bytes(&lawless::without_last(&bytes, kept), version);
        laws::any_bytes(&lawless::with_trailing(&bytes, &more), version);
        laws::any_bytes(&bytes[..cut.index(bytes.len())], version);
        for version in Version::ALL {
            laws::any_bytes(&bytes, version);
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
        let mut stream = Vec::new();
        for packet in packets {
            laws::typed(&packet, version, &mut stream);
        }
    }

    /// The same for packets of every type, with one thing in them that is odd, and for those of another
    /// version.
    #[test]
    fn spoilt_packets_are_encoded_only_if_they_conform(
        (told, packet) in packet(), version in version(), oddity in oddity(),
    ) {
        let mut spoilt = packet.clone();
        oddity.spoil(&mut spoilt);
        let mut bytes = Vec::new();
        for (packet, version) in [(&spoilt, told), (&packet, version), (&spoilt, version)] {
            // In 3.1 nothing tells Session Present.
            if !matches!((packet, version), (Packet::ConnAck(_), Version::V31)) {
                laws::typed(packet, version, &mut bytes);
            }
        }
    }

    #[test]
    fn matching_agrees_with_the_definition(filter in plain_filter(), topic in topic_name()) {
        laws::matching(&filter, &topic);
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
        laws::matching(&filter, &topic);
    }
}
