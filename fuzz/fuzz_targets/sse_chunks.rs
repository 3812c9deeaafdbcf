//! An event stream in any chunks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::chunks::chunks;
use pushspec_fuzz::sse::input;
use pushspec_laws::sse as laws;

fuzz_target!(|bytes: &[u8]| {
    let [limit, sizes, bytes @ ..] = bytes else { return };
    let Some(stream) = input::stream(bytes) else { return };
    laws::any_chunks(input::limits(*limit), &stream, chunks(&stream, *sizes));
});
