//! Independent codecs take the same packets and read the same from them, save for the differences
//! that are listed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::mqtt::{differences, input, peers::Peer};
use pushspec_wire::mqtt::lawless;

fuzz_target!(init: differences::still_there(), |bytes: &[u8]| {
    let Some((version, packet)) = input::packet(bytes) else { return };
    // Most changes break the Remaining Length; behind a right one they reach the fields.
    for packet in [lawless::with_true_length(&packet), packet] {
        for peer in Peer::ALL {
            if let Some(unexplained) = differences::unexplained(&packet, version, peer) {
                panic!("{peer:?}, MQTT {version}: {unexplained:?}\n{packet:02x?}");
            }
        }
    }
});
