//! A stream in any chunks gives the same packets and the same error as in one piece, and a framer
//! never holds more than one packet and what came last.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::chunks::chunks;
use pushspec_wire::mqtt::{Frame, FrameError, Framer};

#[derive(PartialEq, Debug)]
struct Cut {
    packets: Vec<Vec<u8>>,
    error: Option<FrameError>,
    pending: Vec<u8>,
}

fuzz_target!(|input: &[u8]| {
    let [low, high, sizes, stream @ ..] = input else { return };
    let limit = usize::from(u16::from_le_bytes([*low, *high]));
    let whole = cut(limit, [stream]);
    let in_chunks = cut(limit, chunks(stream, *sizes));
    assert_eq!(in_chunks.packets, whole.packets);
    assert_eq!(in_chunks.error, whole.error);
    let bytewise = cut(limit, stream.chunks(1));
    assert_eq!(bytewise.packets, whole.packets);
    assert_eq!(bytewise.error, whole.error);
    if whole.error.is_none() {
        assert_eq!(in_chunks.pending, whole.pending);
        assert_eq!([whole.packets.concat(), whole.pending].concat(), stream, "nothing is lost");
    }
});

fn cut<'a>(limit: usize, chunks: impl IntoIterator<Item = &'a [u8]>) -> Cut {
    let mut framer = Framer::new(limit);
    let mut packets = Vec::new();
    let mut error = None;
    for chunk in chunks {
        framer.push(chunk);
        loop {
            match framer.next_packet() {
                Ok(Some(packet)) => {
                    assert!(packet.len() <= limit);
                    assert_eq!(
                        Frame::new(&packet).map(|frame| frame.bytes().len()),
                        Ok(packet.len())
                    );
                    packets.push(packet.to_vec());
                }
                Ok(None) => break,
                Err(found) => {
                    assert!(
                        error.is_none_or(|before| before == found),
                        "the same error comes again"
                    );
                    error = Some(found);
                    break;
                }
            }
        }
        if error.is_none() {
            assert!(framer.pending().len() < limit.max(5), "at most one packet is held");
        }
    }
    Cut { packets, error, pending: framer.pending().to_vec() }
}
