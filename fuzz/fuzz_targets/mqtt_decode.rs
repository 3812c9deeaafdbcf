//! Any bytes as one packet, or a right packet that was damaged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::mqtt::input;
use pushspec_laws::mqtt as laws;

fuzz_target!(|bytes: &[u8]| {
    let Some((version, packet)) = input::packet(bytes) else { return };
    laws::damaged(&packet, version);
});
