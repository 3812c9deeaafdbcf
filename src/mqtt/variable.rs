//! Variable Byte Integers (5.0 section 1.5.5, 3.1.1 section 2.2.3).

use alloc::vec::Vec;

use nom::bytes::streaming::take_while_m_n;
use nom::combinator::verify;
use nom::number::streaming::be_u8;
use nom::{IResult, Parser};

/// The largest value.
pub(super) const LARGEST: usize = 268_435_455;

/// Up to three bytes that tell that more follow, and one that does not; the value, seven bits from each,
/// the lowest first. Incomplete where the bytes end before, an error where there are more than four.
pub(super) fn parse(bytes: &[u8]) -> IResult<&[u8], u32, ()> {
    let continues = |byte: u8| byte & 0x80 != 0;
    let mut form = (take_while_m_n(0, 3, continues), verify(be_u8, |byte| !continues(*byte)));
    let (rest, (lower, highest)) = form.parse(bytes)?;
    let value = lower
        .iter()
        .rev()
        .fold(u32::from(highest), |value, byte| value << 7 | u32::from(byte & 0x7F));
    Ok((rest, value))
}

/// Appends one in its shortest form.
#[inline]
pub(super) fn write(bytes: &mut Vec<u8>, value: u32) {
    // Most have one byte.
    if value < 0x80 {
        return bytes.push(value as u8);
    }
    let (form, width) = shortest_form(value);
    bytes.extend_from_slice(&form[..width]);
}

/// How many bytes one takes.
#[inline]
pub(super) const fn width(value: usize) -> usize {
    if value < 0x80 { 1 } else { shortest_form(value as u32).1 }
}

/// The shortest form, and how many of the bytes it has: five where the value is larger than there may
/// be.
pub(super) const fn shortest_form(mut value: u32) -> ([u8; 5], usize) {
    let mut form = [0; 5];
    let mut width = 0;
    loop {
        form[width] = (value & 0x7F) as u8;
        value >>= 7;
        width += 1;
        if value == 0 {
            return (form, width);
        }
        form[width - 1] |= 0x80;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nom::Err;

    #[test]
    fn what_is_written_is_read() {
        for value in [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, LARGEST as u32] {
            let mut bytes = Vec::new();
            write(&mut bytes, value);
            assert_eq!(bytes.len(), width(value as usize));
            assert_eq!(parse(&bytes), Ok((&[][..], value)));
            for end in 0..bytes.len() {
                assert!(matches!(parse(&bytes[..end]), Err(Err::Incomplete(_))), "{value} {end}");
            }
        }
    }

    #[test]
    fn longer_forms_are_read_and_too_long_ones_are_not() {
        assert_eq!(parse(&[0x81, 0x80, 0x00, 9]), Ok((&[9][..], 1)));
        assert_eq!(parse(&[0x80; 3]).map_err(|error| error.is_incomplete()), Err(true));
        assert_eq!(parse(&[0x80; 4]), Err(Err::Error(())));
        assert_eq!(parse(&[0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), Err(Err::Error(())));
    }
}
