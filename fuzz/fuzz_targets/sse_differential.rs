//! Independent decoders dispatch the same events, save for the differences that are listed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::chunks::chunks;
use pushspec_fuzz::sse::{differences, input, peers::Peer};

fuzz_target!(init: differences::still_there(), |bytes: &[u8]| {
    let Some((sizes, bytes)) = bytes.split_first() else { return };
    let Some(stream) = input::stream(bytes) else { return };
    for peer in Peer::ALL {
        for chunks in [vec![&stream[..]], chunks(&stream, *sizes)] {
            if let Some(unexplained) = differences::unexplained(&chunks, peer) {
                panic!("{peer:?}: {unexplained}\n{:?}", stream.escape_ascii().to_string());
            }
        }
    }
});
