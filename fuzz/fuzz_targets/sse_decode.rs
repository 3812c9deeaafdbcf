//! Any bytes as a stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::sse::input;
use pushspec_laws::sse as laws;

fuzz_target!(|bytes: &[u8]| {
    let [limit, bytes @ ..] = bytes else { return };
    let Some(stream) = input::stream(bytes) else { return };
    laws::any_bytes(input::limits(*limit), &stream);
    laws::agrees_with_a_naive_reader(&stream);
});
