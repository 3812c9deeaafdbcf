//! Any bytes as one packet, or a right packet that was damaged: no panic, errors lie within the packet, and what the strict decoder
//! accepts can be encoded and means the same when it is decoded again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::mqtt::input;
use pushspec_wire::mqtt::{DecodeError, Frame, Packet, Version, lawless};

fuzz_target!(|bytes: &[u8]| {
    let Some((version, packet)) = input::packet(bytes) else { return };
    check(&packet, version);
    // Most changes break the Remaining Length; behind a right one they reach the fields.
    check(&lawless::with_true_length(&packet), version);
});

fn check(bytes: &[u8], version: Version) {
    let frame = match Frame::new(bytes) {
        Ok(frame) => frame,
        Err(error) => return explained(&error.into(), usize::MAX),
    };
    match Packet::decode(frame, version) {
        Ok(packet) => {
            let version = match &packet {
                Packet::Connect(connect) => connect.version,
                _ => version,
            };
            assert!(packet.to_string().chars().count() <= 401, "a line is bounded");
            let mut again = Vec::new();
            packet.encode(version, &mut again).expect("what was decoded can be encoded");
            assert!(again.len() <= bytes.len(), "the canonical form is the shortest");
            let frame = Frame::new(&again).expect("what was encoded is one packet");
            assert_eq!(Packet::decode(frame, version), Ok(packet.clone().into_owned()));
        }
        Err(error) => explained(&error, bytes.len()),
    }
}

fn explained(error: &DecodeError, length: usize) {
    assert!(error.offset <= length, "{error} lies behind the packet");
    assert!(!error.requirement.is_empty() && !error.field.is_empty());
    assert!(error.reason.is_error() && !error.to_string().is_empty());
}
