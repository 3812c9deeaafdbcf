//! The least that any codec does: touching the bytes.

use bytes::Bytes;
use memchr::memchr_iter;

use crate::contest::Contestant;

/// Copies all of it.
pub fn copying(bytes: &Bytes, count: usize) -> Contestant {
    let (bytes, target) = (bytes.clone(), vec![0; bytes.len()]);
    Contestant::new(
        "memcpy",
        move || (bytes.clone(), target.clone()),
        move |(bytes, target)| {
            target.copy_from_slice(bytes);
            count
        },
    )
}

/// Hops from fixed header to fixed header.
pub fn hopping(bytes: &Bytes) -> Contestant {
    let bytes = bytes.clone();
    Contestant::new(
        "header hop",
        move || bytes.clone(),
        |bytes| {
            let mut rest = &bytes[..];
            let mut count = 0;
            while let Some((_, mut after)) = rest.split_first() {
                let (mut length, mut shift) = (0, 0);
                while let Some((byte, next)) = after.split_first() {
                    after = next;
                    length |= usize::from(byte & 0x7F) << shift;
                    shift += 7;
                    if byte & 0x80 == 0 {
                        break;
                    }
                }
                rest = &after[length..];
                count += 1;
            }
            count
        },
    )
}

/// Looks for every line feed.
pub fn scanning(bytes: &Bytes, count: usize) -> Contestant {
    let bytes = bytes.clone();
    Contestant::new(
        "LF scan",
        move || bytes.clone(),
        move |bytes| count + usize::from(memchr_iter(b'\n', bytes).count() == usize::MAX),
    )
}
