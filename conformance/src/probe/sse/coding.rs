//! Content codings, undone as the bytes come (RFC 9110, section 8.4).

use std::io::Write as _;

use flate2::write::{MultiGzDecoder, ZlibDecoder};

use super::Trouble;

/// So many compressed bytes are undone at a time: they cannot become more than a few megabytes.
const PIECE: usize = 4 << 10;
/// Most bytes that one read may become.
const LIMIT: usize = 64 << 20;

/// Undoes a content coding progressively: what was flushed on the other side comes out at once.
pub(super) enum Coding {
    Identity,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Deflate(Box<ZlibDecoder<Vec<u8>>>),
}

impl Coding {
    /// By the value of `Content-Encoding`.
    pub(super) fn named(name: Option<&str>) -> Result<Self, Trouble> {
        Ok(match name.map(str::to_ascii_lowercase).as_deref().map(str::trim) {
            None | Some("" | "identity") => Self::Identity,
            Some("gzip" | "x-gzip") => Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            Some("deflate") => Self::Deflate(Box::new(ZlibDecoder::new(Vec::new()))),
            Some(other) => {
                return Err(Trouble::Coding {
                    coding: other.to_owned(),
                    reason: "it was not asked for".to_owned(),
                });
            }
        })
    }

    /// What the bytes stand for, as far as it can be told yet.
    pub(super) fn undo(&mut self, bytes: Vec<u8>) -> Result<Vec<u8>, Trouble> {
        let mut out = Vec::new();
        let (name, undone) = match self {
            Self::Identity => return Ok(bytes),
            Self::Gzip(decoder) => (
                "gzip",
                bytes.chunks(PIECE).try_for_each(|piece| {
                    decoder.write_all(piece)?;
                    decoder.flush()?;
                    take(decoder.get_mut(), &mut out)
                }),
            ),
            Self::Deflate(decoder) => (
                "deflate",
                bytes.chunks(PIECE).try_for_each(|piece| {
                    decoder.write_all(piece)?;
                    decoder.flush()?;
                    take(decoder.get_mut(), &mut out)
                }),
            ),
        };
        undone.map_err(|error| Trouble::Coding {
            coding: name.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(out)
    }
}

fn take(from: &mut Vec<u8>, to: &mut Vec<u8>) -> std::io::Result<()> {
    to.append(from);
    if to.len() > LIMIT {
        return Err(std::io::Error::other("it becomes too large"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    #[test]
    fn what_was_flushed_comes_out_at_once() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let mut coding = Coding::named(Some("GZIP")).unwrap();
        for text in ["data: 1\n\n", "data: 2\n\n"] {
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.flush().unwrap();
            let bytes = std::mem::take(encoder.get_mut());
            assert_eq!(coding.undo(bytes).unwrap(), text.as_bytes());
        }
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
        assert!(Coding::named(Some("br")).is_err());
    }

    #[test]
    fn a_bomb_is_an_error() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..80 {
            encoder.write_all(&vec![0; 1 << 20]).unwrap();
        }
        let mut coding = Coding::named(Some("gzip")).unwrap();
        assert!(coding.undo(encoder.finish().unwrap()).is_err());
    }
}
