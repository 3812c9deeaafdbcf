//! What a target makes of the fuzzer's bytes: a stream as it stands there, or one of likely lines.

use arbitrary::{Arbitrary, Unstructured};
use pushspec_wire::sse::Limits;

/// The first byte of an input; from here on lines follow instead of bytes.
pub const PLANNED: u8 = 0x80;

#[derive(Arbitrary, Debug)]
enum Line<'a> {
    Field { name: Name, separator: Separator, value: Value<'a> },
    Comment(Value<'a>),
    Empty,
}

/// Few different names and values meet each other more often than many do.
#[derive(Arbitrary, Debug)]
enum Name {
    Data,
    Event,
    Id,
    Retry,
    Other,
}

#[derive(Arbitrary, Debug)]
enum Separator {
    None,
    Colon,
    ColonSpace,
}

#[derive(Arbitrary, Debug)]
enum Value<'a> {
    Likely(u8),
    Any(&'a [u8]),
    Long(u16),
}

#[derive(Arbitrary, Debug)]
enum End {
    Lf,
    Cr,
    CrLf,
}

const NAMES: [&[u8]; 5] = [b"data", b"event", b"id", b"retry", b"Data"];
const LIKELY: [&[u8]; 12] = [
    b"",
    b" ",
    b"a",
    b":",
    b"7",
    b"1000",
    b"+5",
    b"99999999999999999999999",
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xE2\x82",
    b"message",
];

/// The stream that an input stands for.
pub fn stream(input: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = input.split_first()?;
    if *head < PLANNED {
        return Some(rest.to_vec());
    }
    let mut source = Unstructured::new(rest);
    let mut stream = Vec::new();
    while let Ok(true) = bool::arbitrary(&mut source).map(|more| more || !source.is_empty()) {
        let (Ok(line), Ok(end)) = (Line::arbitrary(&mut source), End::arbitrary(&mut source))
        else {
            break;
        };
        line.write(&mut stream);
        stream.extend_from_slice(match end {
            End::Lf => b"\n",
            End::Cr => b"\r",
            End::CrLf => b"\r\n",
        });
    }
    Some(stream)
}

impl Line<'_> {
    fn write(&self, stream: &mut Vec<u8>) {
        match self {
            Self::Empty => {}
            Self::Comment(value) => {
                stream.push(b':');
                value.write(stream);
            }
            Self::Field { name, separator, value } => {
                stream.extend_from_slice(
                    NAMES[match name {
                        Name::Data => 0,
                        Name::Event => 1,
                        Name::Id => 2,
                        Name::Retry => 3,
                        Name::Other => 4,
                    }],
                );
                match separator {
                    Separator::None => return,
                    Separator::Colon => stream.push(b':'),
                    Separator::ColonSpace => stream.extend_from_slice(b": "),
                }
                value.write(stream);
            }
        }
    }
}

impl Value<'_> {
    fn write(&self, stream: &mut Vec<u8>) {
        match self {
            Self::Likely(index) => {
                stream.extend_from_slice(LIKELY[usize::from(*index) % LIKELY.len()])
            }
            Self::Any(bytes) => stream.extend_from_slice(bytes),
            Self::Long(length) => stream.resize(stream.len() + usize::from(*length), b'x'),
        }
    }
}

/// Limits from a byte: often the usual ones, else such that streams meet them.
pub fn limits(byte: u8) -> Limits {
    match byte {
        0..128 => Limits::default(),
        _ => Limits { line: usize::from(byte) - 120, event: usize::from(byte) - 110 },
    }
}
