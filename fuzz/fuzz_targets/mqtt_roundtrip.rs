//! Typed packets with any content, legal or not, alone and as a stream; Topic Names and Topic Filters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::mqtt::plan::Plan;
use pushspec_laws::mqtt as laws;
use pushspec_wire::mqtt::{Frame, Packet};

fuzz_target!(|plans: Vec<Plan<'_>>| {
    let Some(version) = plans.first().map(|plan| plan.version()) else { return };
    let mut stream = Vec::new();
    let mut packets = Vec::new();
    for plan in &plans {
        let (filter, name) = plan.filter_and_name();
        laws::matching(filter, name);
        let packet = plan.packet(version);
        if laws::typed(&packet, version, &mut stream) {
            packets.push(packet);
        }
    }
    let found = laws::any_chunks(stream.len(), &stream, [&stream[..]]);
    assert_eq!(found.len(), packets.len());
    for (bytes, packet) in found.iter().zip(packets) {
        let frame = Frame::new(bytes).expect("the framer gives whole packets");
        assert_eq!(Packet::decode(frame, version), Ok(packet));
    }
});
