//! That work is linear and memory bounded, which only the inside can tell. The laws that the outside can
//! tell stand in `pushspec-laws`.
#![allow(clippy::unwrap_used)]

use super::{Interpreter, LineDecoder};
use alloc::vec::Vec;
use proptest::prelude::*;

/// Each byte is searched once, kept at most once, and moved by doubling at most as often again.
const STEPS_PER_BYTE: usize = 4;

fn read(body: &[u8], chunk: usize, limit: usize) -> (usize, usize) {
    let mut lines = LineDecoder::new(limit);
    let mut interpreter = Interpreter::new(limit);
    'body: for mut input in body.chunks(chunk) {
        loop {
            match lines.next_line(&mut input) {
                Ok(Some(line)) => {
                    if interpreter.process(&line).is_err() {
                        break 'body;
                    }
                }
                Ok(None) => break,
                Err(_) => break 'body,
            }
        }
        assert!(lines.partial_line().len() <= limit, "no more is kept than the limit allows");
    }
    (lines.steps, interpreter.steps)
}

fn check(body: &[u8], chunk: usize, limit: usize) {
    let (lines, data) = read(body, chunk, limit);
    let most = STEPS_PER_BYTE * body.len();
    assert!(lines <= most, "{lines} steps for {} bytes in chunks of {chunk}", body.len());
    assert!(data <= most, "{data} steps on data for {} bytes", body.len());
}

/// The shapes that have made readers quadratic: one long line, many lines of data, many small events.
#[test]
#[cfg_attr(miri, ignore = "takes Miri too long")]
fn work_is_linear_in_the_bytes() {
    for size in [1_000, 10_000, 100_000] {
        let long = [b"data:", vec![b'x'; size].as_slice(), b"\n\n"].concat();
        let shapes: [Vec<u8>; 4] =
            [long, b"data:x\n".repeat(size / 7), b"data\n\n".repeat(size / 6), b"\r".repeat(size)];
        for body in shapes {
            for chunk in [1, 7, 1_500, usize::MAX] {
                check(&body, chunk, usize::MAX / 4);
                check(&body, chunk, size);
            }
        }
    }
}

proptest! {
    #[test]
    fn work_is_linear_for_any_stream(
        pieces in prop::collection::vec(
            prop::sample::select(alloc::vec![
                &b"data:"[..], b"x", b"\r", b"\n", b"\r\n", b"yzyzyzyz", b"\n\n",
            ]),
            0..200),
        chunk in 1_usize..30, limit in prop_oneof![Just(1_usize << 20), 0_usize..50],
    ) {
        check(&pieces.concat(), chunk, limit);
    }
}
