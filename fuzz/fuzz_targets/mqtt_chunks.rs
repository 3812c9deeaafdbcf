//! A stream of packets in any chunks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::chunks::chunks;
use pushspec_laws::mqtt as laws;

fuzz_target!(|input: &[u8]| {
    let [low, high, sizes, stream @ ..] = input else { return };
    let limit = usize::from(u16::from_le_bytes([*low, *high]));
    laws::any_chunks(limit, stream, chunks(stream, *sizes));
});
