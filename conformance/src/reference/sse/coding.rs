//! Content codings: each event leaves the compressor at once, unless a fault keeps it there.

use std::io;

use brotli::CompressorWriter;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{self, HeaderMap};

use super::{Config, Fault};

/// A content coding that the server has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Coding {
    Gzip,
    Brotli,
    Zstandard,
}

impl Coding {
    const ALL: [Self; 3] = [Self::Gzip, Self::Brotli, Self::Zstandard];

    /// As `Content-Encoding` names it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstandard => "zstd",
        }
    }

    /// The first that the client accepts by name, and not with the weight 0 (RFC 9110, 12.5.3).
    pub(super) fn accepted(asked: &HeaderMap) -> Option<Self> {
        Self::ALL.into_iter().find(|coding| {
            asked
                .get_all(header::ACCEPT_ENCODING)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|text| text.split(','))
                .any(|listed| coding.is_accepted_by(listed))
        })
    }

    fn is_accepted_by(self, listed: &str) -> bool {
        let mut parts = listed.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| {
            name.eq_ignore_ascii_case(self.name())
                || self == Self::Gzip && name.eq_ignore_ascii_case("x-gzip")
        });
        let zero = parts.any(|part| {
            part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0))
        });
        named && !zero
    }
}

/// Compresses one stream.
pub(super) enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Zstandard(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    pub(super) fn new(coding: Coding) -> io::Result<Self> {
        Ok(match coding {
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::default())),
            Coding::Brotli => {
                Self::Brotli(Box::new(CompressorWriter::new(Vec::new(), 4096, 4, 18)))
            }
            Coding::Zstandard => Self::Zstandard(zstd::stream::write::Encoder::new(Vec::new(), 0)?),
        })
    }

    /// What goes out for these bytes.
    pub(super) fn encode(&mut self, bytes: &[u8], config: &Config) -> io::Result<Bytes> {
        let holds = match self {
            Self::Gzip(_) => config.has(Fault::GzipNotFlushed),
            Self::Brotli(_) => config.has(Fault::BrotliNotFlushed),
            Self::Zstandard(_) => config.has(Fault::ZstdNotFlushed),
        };
        let writer: &mut dyn io::Write = match self {
            Self::Gzip(encoder) => encoder,
            Self::Brotli(encoder) => encoder,
            Self::Zstandard(encoder) => encoder,
        };
        writer.write_all(bytes)?;
        if !holds {
            writer.flush()?;
        }
        Ok(std::mem::take(match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Zstandard(encoder) => encoder.get_mut(),
        })
        .into())
    }

    /// What ends the coding.
    pub(super) fn finish(self) -> io::Result<Bytes> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Brotli(encoder) => Ok(encoder.into_inner()),
            Self::Zstandard(encoder) => encoder.finish(),
        }
        .map(Bytes::from)
    }
}
