//! An event stream in any chunks gives the same events as in one piece.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::chunks::chunks;
use pushspec_fuzz::sse::{input, reading::Reading};
use pushspec_wire::sse::Limits;

fuzz_target!(|bytes: &[u8]| {
    let [limit, sizes, bytes @ ..] = bytes else { return };
    let Some(stream) = input::stream(bytes) else { return };
    let limits = match limit {
        0..128 => Limits::default(),
        _ => Limits { line: usize::from(*limit) - 120, event: usize::from(*limit) - 110 },
    };
    let whole = Reading::of(limits, [&stream[..]]);
    assert_eq!(Reading::of(limits, chunks(&stream, *sizes)), whole);
    assert_eq!(Reading::of(limits, stream.chunks(1)), whole);
});
