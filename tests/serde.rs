//! What is serialised comes back the same, in a format that describes itself and in one that does not.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "mqtt_laws/packets.rs"]
#[allow(dead_code, reason = "the laws use the rest")]
mod packets;

use proptest::prelude::*;
use pushspec_wire::mqtt::{Packet, Properties, Property};
use pushspec_wire::sse::{Event, EventDecoder, MessageEvent};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_packet_comes_back((_, packet) in packets::packet()) {
        let json = serde_json::to_string(&packet).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Packet<'_>>(&json).unwrap(), &packet);
        let bytes = postcard::to_stdvec(&packet).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<Packet<'_>>(&bytes).unwrap(), &packet);
    }

    #[test]
    fn any_event_comes_back(data: String, id: Option<String>, event: Option<String>, retry: Option<u64>) {
        let event = Event { event, data: Some(data), id, retry };
        let json = serde_json::to_string(&event).unwrap();
        prop_assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    }
}

#[test]
fn properties_are_a_list_in_wire_order() {
    let properties = Properties::new()
        .with(Property::UserProperty("a", "\"1\""))
        .with(Property::CorrelationData(&[0, 255]))
        .with(Property::UserProperty("a", "2"));
    let json = serde_json::to_value(&properties).unwrap();
    assert_eq!(
        json,
        serde_json::json!([
            {"UserProperty": ["a", "\"1\""]},
            {"CorrelationData": [0, 255]},
            {"UserProperty": ["a", "2"]}
        ])
    );
}

#[test]
fn a_property_longer_than_the_protocol_allows_is_refused() {
    let json = serde_json::json!([{"ContentType": "x".repeat(65_536)}]);
    let error = serde_json::from_value::<Properties<'_>>(json).unwrap_err();
    assert!(error.to_string().contains("Content Type has 65536 bytes"), "{error}");
}

#[test]
fn a_dispatched_event_comes_back() {
    let mut decoder = EventDecoder::default();
    let event = decoder.next_event(&mut &b"id: 7\ndata: a\ndata: b\n\n"[..]).unwrap().unwrap();
    let json = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<MessageEvent<'_>>(&json).unwrap(), event);
}
