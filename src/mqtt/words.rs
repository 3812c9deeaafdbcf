//! Looking for bytes in short strings, eight at a time: a search that is made for long ones takes
//! longer to start than these take to be read.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// Whether U+0000 is among the bytes.
#[inline]
pub(super) fn contain_nul(bytes: &[u8]) -> bool {
    any(bytes, |word| word)
}

/// Whether `+` or `#` is among the bytes.
#[inline]
pub(super) fn contain_wildcard(bytes: &[u8]) -> bool {
    any(bytes, without_wildcard)
}

/// Whether all bytes are ASCII and none is U+0000: then they are a string.
#[inline]
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    all_high_bits_clear(bytes, |word| word | word.wrapping_sub(ONES))
}

/// Whether all bytes are ASCII, and none is U+0000, `+` or `#`: then they are a Topic Name, unless
/// there are none.
#[inline]
pub(super) fn is_plain_name(bytes: &[u8]) -> bool {
    all_high_bits_clear(bytes, |word| {
        word | word.wrapping_sub(ONES) | without_wildcard(word).wrapping_sub(ONES)
    })
}

/// Makes `+` and `#` 0; they differ in one bit.
#[inline]
const fn without_wildcard(word: u64) -> u64 {
    const DIFFERENCE: u64 = ONES * (b'+' ^ b'#') as u64;
    const PLUS: u64 = ONES * b'+' as u64;
    (word | DIFFERENCE) ^ PLUS
}

/// Whether no byte has its high bit set after the change. A subtraction of 1 from each byte borrows
/// from the next one only where the bit of this one becomes set, so the answer is right.
#[inline]
fn all_high_bits_clear(bytes: &[u8], changed: impl Fn(u64) -> u64) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut bits = words.iter().fold(0, |bits, word| bits | changed(u64::from_ne_bytes(*word)));
    if let Some(last) = bytes.last_chunk::<8>() {
        // Some bytes once more take less time than the rest one by one.
        bits |= changed(u64::from_ne_bytes(*last));
    } else {
        // What is filled up with is plain.
        let mut last = [b'a'; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        bits |= changed(u64::from_ne_bytes(last));
    }
    bits & HIGH_BITS == 0
}

/// Whether a byte becomes 0.
#[inline]
fn any(bytes: &[u8], changed: impl Fn(u64) -> u64) -> bool {
    // A borrow out of a byte needs one that is 0.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH_BITS != 0;
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().any(|word| zero(changed(u64::from_ne_bytes(*word))))
        || rest.iter().any(|byte| changed(u64::from(*byte)) as u8 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for length in 1..20 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = [b'a'; 20];
                    bytes[at] = byte;
                    assert_eq!(contain_nul(&bytes[..length]), byte == 0);
                    let wildcard = matches!(byte, b'+' | b'#');
                    assert_eq!(contain_wildcard(&bytes[..length]), wildcard);
                    let plain = byte != 0 && byte.is_ascii();
                    assert_eq!(is_plain(&bytes[..length]), plain);
                    assert_eq!(is_plain_name(&bytes[..length]), plain && !wildcard);
                }
            }
        }
        assert!(!contain_nul(&[]) && !contain_wildcard(&[]));
        assert!(is_plain(&[]) && is_plain_name(&[]));
    }
}
