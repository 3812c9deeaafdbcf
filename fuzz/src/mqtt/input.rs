//! What a target makes of the fuzzer's bytes: a packet as it stands there, or a typed packet that
//! was encoded and then damaged. Bytes alone rarely reach what stands behind several right fields.

use arbitrary::{Arbitrary, Unstructured};
use pushspec_wire::mqtt::{Version, lawless};

use super::plan::Plan;

/// The first byte of an input: the version, and this bit where a plan follows instead of bytes.
pub const PLANNED: u8 = 0x80;

/// A change to a packet that was right.
#[derive(Arbitrary, Debug)]
enum Damage {
    /// Another byte somewhere.
    Byte { at: u16, to: u8 },
    /// Bytes less at the end.
    Cut(u8),
    /// Bytes more at the end.
    More([u8; 2]),
    /// Another first byte.
    First(u8),
}

/// The version and the packet that an input stands for.
pub fn packet(input: &[u8]) -> Option<(Version, Vec<u8>)> {
    let (head, rest) = input.split_first()?;
    let version = Version::ALL[usize::from(head & !PLANNED) % Version::ALL.len()];
    if head & PLANNED == 0 {
        return Some((version, rest.to_vec()));
    }
    let mut source = Unstructured::new(rest);
    let plan = Plan::arbitrary(&mut source).ok()?;
    let mut bytes = Vec::new();
    plan.packet(version).encode(version, &mut bytes).ok()?;
    for _ in 0..source.int_in_range(0..=2).ok()? {
        bytes = damaged(bytes, &Damage::arbitrary(&mut source).ok()?);
    }
    Some((version, bytes))
}

fn damaged(mut bytes: Vec<u8>, damage: &Damage) -> Vec<u8> {
    match damage {
        Damage::Byte { at, to } => {
            let length = bytes.len();
            bytes[usize::from(*at) % length] = *to;
            bytes
        }
        Damage::Cut(count) => lawless::without_last(&bytes, usize::from(*count)),
        Damage::More(more) => lawless::with_trailing(&bytes, more),
        Damage::First(first) => lawless::with_first_byte(&bytes, *first),
    }
}
