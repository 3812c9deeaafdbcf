//! Content codings, undone as the bytes come (RFC 9110, section 8.4).

use std::io::{self, Write};

use brotli::DecompressorWriter;
use flate2::write::{MultiGzDecoder, ZlibDecoder};
use zstd::stream::write::Decoder as ZstdDecoder;

use super::Trouble;

/// Most bytes that one read may become.
const LIMIT: usize = 64 << 20;

/// Undoes a content coding progressively: what was flushed on the other side comes out at once.
pub(super) enum Coding {
    Identity,
    Gzip(Box<MultiGzDecoder<Bounded>>),
    Deflate(Box<ZlibDecoder<Bounded>>),
    Brotli(Box<DecompressorWriter<Bounded>>),
    Zstandard(Box<ZstdDecoder<'static, Bounded>>),
}

/// Takes no more than [`LIMIT`] bytes.
#[derive(Debug, Default)]
pub(super) struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LIMIT {
            return Err(io::Error::other("it becomes too large"));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Coding {
    /// By the value of `Content-Encoding`.
    pub(super) fn named(name: Option<&str>) -> Result<Self, Trouble> {
        let out = Bounded::default;
        let name = name.map(str::trim).unwrap_or_default().to_ascii_lowercase();
        Ok(match name.as_str() {
            "" | "identity" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip(Box::new(MultiGzDecoder::new(out()))),
            "deflate" => Self::Deflate(Box::new(ZlibDecoder::new(out()))),
            "br" => Self::Brotli(Box::new(DecompressorWriter::new(out(), 4096))),
            "zstd" => {
                let decoder = ZstdDecoder::new(out()).map_err(|error| trouble(&name, &error))?;
                Self::Zstandard(Box::new(decoder))
            }
            _ => return Err(trouble(&name, &"it was not asked for")),
        })
    }

    /// What the bytes stand for, as far as it can be told yet.
    pub(super) fn undo(&mut self, bytes: Vec<u8>) -> Result<Vec<u8>, Trouble> {
        let (name, undone) = match self {
            Self::Identity => return Ok(bytes),
            Self::Gzip(decoder) => ("gzip", undo(decoder, &bytes)),
            Self::Deflate(decoder) => ("deflate", undo(decoder, &bytes)),
            Self::Brotli(decoder) => ("br", undo(decoder, &bytes)),
            Self::Zstandard(decoder) => ("zstd", undo(decoder, &bytes)),
        };
        undone.map_err(|error| trouble(name, &error))?;
        Ok(std::mem::take(match self {
            Self::Identity => return Ok(Vec::new()),
            Self::Gzip(decoder) => &mut decoder.get_mut().0,
            Self::Deflate(decoder) => &mut decoder.get_mut().0,
            Self::Brotli(decoder) => &mut decoder.get_mut().0,
            Self::Zstandard(decoder) => &mut decoder.get_mut().0,
        }))
    }
}

fn undo(decoder: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    decoder.write_all(bytes)?;
    decoder.flush()
}

fn trouble(coding: &str, reason: &impl ToString) -> Trouble {
    Trouble::Coding { coding: coding.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    /// Writes two events, each of them flushed, and undoes the coding.
    fn flushed<W: Write>(name: &str, mut encoder: W, take: impl Fn(&mut W) -> Vec<u8>) {
        let mut coding = Coding::named(Some(name)).unwrap();
        for text in ["data: 1\n\n", "data: 2\n\n"] {
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.flush().unwrap();
            assert_eq!(coding.undo(take(&mut encoder)).unwrap(), text.as_bytes(), "{name}");
        }
    }

    #[test]
    fn what_was_flushed_comes_out_at_once() {
        let none = Vec::new;
        let level = Compression::default();
        flushed("GZIP", GzEncoder::new(none(), level), |gzip| std::mem::take(gzip.get_mut()));
        let deflate = flate2::write::ZlibEncoder::new(none(), level);
        flushed("deflate", deflate, |deflate| std::mem::take(deflate.get_mut()));
        let brotli = brotli::CompressorWriter::new(none(), 4096, 4, 18);
        flushed("br", brotli, |brotli| std::mem::take(brotli.get_mut()));
        let zstd = zstd::stream::write::Encoder::new(none(), 0).unwrap();
        flushed("zstd", zstd, |zstd| std::mem::take(zstd.get_mut()));
    }

    #[test]
    fn what_was_not_flushed_does_not_come_out() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"data: 1\n\n").unwrap();
        let mut coding = Coding::named(Some("gzip")).unwrap();
        assert_eq!(coding.undo(std::mem::take(encoder.get_mut())).unwrap(), b"");
    }

    #[test]
    fn garbage_is_an_error() {
        let mut coding = Coding::named(Some("gzip")).unwrap();
        assert!(coding.undo(b"this is not gzip at all".to_vec()).is_err());
        assert!(Coding::named(Some("compress")).is_err());
    }

    #[test]
    fn a_bomb_is_an_error() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..80 {
            encoder.write_all(&vec![0; 1 << 20]).unwrap();
        }
        let mut coding = Coding::named(Some("gzip")).unwrap();
        assert!(coding.undo(encoder.finish().unwrap()).is_err());
        let bomb = zstd::stream::encode_all(&vec![0; 80 << 20][..], 1).unwrap();
        assert!(Coding::named(Some("zstd")).unwrap().undo(bomb).is_err());
    }
}
