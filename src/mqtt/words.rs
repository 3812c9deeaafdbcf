//! Judging the bytes of short strings, up to sixteen at a time: a search that is made for long ones
//! takes longer to start than these take to be read.

/// Whether U+0000 is among the bytes.
#[inline]
pub(super) fn contain_nul(bytes: &[u8]) -> bool {
    !every(bytes, |byte| byte != 0)
}

/// Whether `+` or `#` is among the bytes.
#[inline]
pub(super) fn contain_wildcard(bytes: &[u8]) -> bool {
    !every(bytes, |byte| !is_wildcard(byte))
}

/// Whether all bytes are ASCII and none is U+0000: then they are a string.
#[inline]
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    every(bytes, is_plain_byte)
}

/// Whether all bytes are ASCII, and none is U+0000, `+` or `#`: then they are a Topic Name, unless
/// there are none.
#[inline]
pub(super) fn is_plain_name(bytes: &[u8]) -> bool {
    every(bytes, |byte| is_plain_byte(byte) & !is_wildcard(byte))
}

/// From U+0001 to U+007F, in one comparison.
#[inline]
const fn is_plain_byte(byte: u8) -> bool {
    byte.cast_signed() > 0
}

/// `+` and `#` differ in one bit.
#[inline]
const fn is_wildcard(byte: u8) -> bool {
    byte | (b'+' ^ b'#') == b'+'
}

/// Whether all bytes are such.
#[inline]
fn every(bytes: &[u8], such: impl Fn(u8) -> bool + Copy) -> bool {
    every_in_blocks::<16>(bytes, such)
        .or_else(|| every_in_blocks::<8>(bytes, such))
        .or_else(|| every_in_blocks::<4>(bytes, such))
        .unwrap_or_else(|| bytes.iter().all(|byte| such(*byte)))
}

/// Nothing where there are fewer bytes than a block has. The last block overlaps the one before it:
/// some bytes once more take less time than the rest one by one.
#[inline]
fn every_in_blocks<const N: usize>(bytes: &[u8], such: impl Fn(u8) -> bool) -> Option<bool> {
    let last = bytes.len().checked_sub(N)?;
    let mut start = 0;
    loop {
        let block: &[u8; N] = bytes.get(start..)?.first_chunk()?;
        // With no way out in its middle, a block takes a few vector instructions.
        if !block.iter().fold(true, |all, byte| all & such(*byte)) {
            return Some(false);
        }
        if start == last {
            return Some(true);
        }
        start = last.min(start + N);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Under Miri, which takes long, those between which the functions tell apart.
    #[test]
    fn every_byte_at_every_place() {
        let some = b"\0\x01\x22#$*+,a\x7F\x80\xFF";
        for length in (1..40).step_by(if cfg!(miri) { 4 } else { 1 }) {
            for at in 0..length {
                for byte in (0..=u8::MAX).filter(|byte| !cfg!(miri) || some.contains(byte)) {
                    let mut bytes = [b'a'; 40];
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
