//! Looking for bytes in short strings, eight at a time: a search that is made for long ones takes
//! longer to start than these take to be read.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

/// Whether U+0000 is among the bytes.
#[inline]
pub(super) fn contain_nul(bytes: &[u8]) -> bool {
    any(bytes, |word| word)
}

/// Whether `+` or `#` is among the bytes. They differ in one bit.
#[inline]
pub(super) fn contain_wildcard(bytes: &[u8]) -> bool {
    const DIFFERENCE: u64 = ONES * (b'+' ^ b'#') as u64;
    const PLUS: u64 = ONES * b'+' as u64;
    any(bytes, |word| (word | DIFFERENCE) ^ PLUS)
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
                }
            }
        }
        assert!(!contain_nul(&[]) && !contain_wildcard(&[]));
    }
}
