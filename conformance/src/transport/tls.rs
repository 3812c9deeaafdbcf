//! TLS for `mqtts`, `wss` and `https`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// What the user said about TLS.
#[derive(Clone, Default, Debug)]
pub struct TlsOptions {
    /// PEM file of the authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// PEM file of the client's certificate chain.
    pub cert: Option<PathBuf>,
    /// PEM file of the client's private key.
    pub key: Option<PathBuf>,
}

/// Why the TLS options cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file cannot be read.
    #[error("{option} {}: {source}", path.display())]
    Pem {
        /// The option that named the file.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// A certificate of `--ca` cannot be an authority, or client certificate and key do not fit.
    #[error("{option}: {source}")]
    Unusable {
        /// The option.
        option: &'static str,
        /// What rustls said.
        source: rustls::Error,
    },
    /// Only one of the two was given.
    #[error("--cert and --key go together")]
    CertWithoutKey,
    /// The system's authorities cannot be read.
    #[error("cannot read the system's certificate authorities: {0} (name one with --ca FILE)")]
    NoSystemAuthorities(io::Error),
}

/// A connector with these options.
pub(super) fn connector(options: &TlsOptions) -> Result<TlsConnector, TlsError> {
    let builder =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|source| TlsError::Unusable { option: "TLS", source })?
            .with_root_certificates(roots(options.ca.as_deref())?);
    let config = match (&options.cert, &options.key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => builder
            .with_client_auth_cert(certificates("--cert", cert)?, private_key("--key", key)?)
            .map_err(|source| TlsError::Unusable { option: "--cert/--key", source })?,
        _ => return Err(TlsError::CertWithoutKey),
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, TlsError> {
    if let Some(path) = ca {
        return authorities("--ca", path);
    }
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let reason = found.errors.into_iter().next().map_or_else(
            || io::Error::new(io::ErrorKind::NotFound, "none installed"),
            io::Error::other,
        );
        return Err(TlsError::NoSystemAuthorities(reason));
    }
    Ok(roots)
}

/// The authorities of a PEM file that an option named.
pub(crate) fn authorities(option: &'static str, path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(option, path)? {
        roots.add(certificate).map_err(|source| TlsError::Unusable { option, source })?;
    }
    Ok(roots)
}

/// The private key of a PEM file that an option named.
pub(crate) fn private_key(
    option: &'static str,
    path: &Path,
) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|source| TlsError::Pem {
        option,
        path: path.to_owned(),
        source,
    })
}

/// The certificates of a PEM file that an option named; at least one.
pub(crate) fn certificates(
    option: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let error = |source| TlsError::Pem { option, path: path.to_owned(), source };
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(error)?
        .collect::<Result<_, _>>()
        .map_err(error)?;
    if found.is_empty() { Err(error(pem::Error::NoItemsFound)) } else { Ok(found) }
}
