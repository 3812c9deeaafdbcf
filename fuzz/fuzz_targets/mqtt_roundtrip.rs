//! Typed packets with any content, legal or not: what can be encoded decodes to the same packet, and
//! what cannot leaves nothing behind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::mqtt::plan::Plan;
use pushspec_wire::mqtt::{Frame, Framer, Packet};

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
        let bytes =
            framer.next_packet().expect("packets are well framed").expect("none is missing");
        let frame = Frame::new(&bytes).expect("the framer gives whole packets");
        assert_eq!(Packet::decode(frame, version), Ok(packet));
    }
    assert_eq!(framer.next_packet(), Ok(None));
});
