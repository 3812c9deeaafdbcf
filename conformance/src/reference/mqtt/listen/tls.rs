//! The server's side of TLS (5.0 section 5.4.3).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

use crate::transport::{TlsError, authorities, certificates, private_key};

/// Certificate and key of the server, and who may connect.
#[derive(Clone)]
pub struct ServerTls(Arc<ServerConfig>);

/// Where certificate and key of the server are.
#[derive(Clone, Debug)]
pub struct ServerTlsFiles {
    /// PEM file of the server's certificate chain.
    pub cert: PathBuf,
    /// PEM file of the server's private key.
    pub key: PathBuf,
    /// PEM file of the authorities that sign client certificates. Clients without one are refused.
    pub client_ca: Option<PathBuf>,
}

impl ServerTls {
    /// Reads certificate and key from PEM files.
    pub fn from_files(files: &ServerTlsFiles) -> Result<Self, TlsError> {
        let chain = certificates("--cert", &files.cert)?;
        let key = private_key("--key", &files.key)?;
        let clients = match &files.client_ca {
            None => None,
            Some(path) => Some(authorities("--client-ca", path)?),
        };
        Self::new(chain, key, clients)
    }

    /// Makes a fresh certificate for these names and addresses. Returns it in PEM as well, for clients
    /// to trust.
    pub fn self_signed(names: &[&str]) -> Result<(Self, String), SelfSignedError> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names)?;
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let tls = Self::new(vec![made.cert.der().clone()], key, None)?;
        Ok((tls, made.cert.pem()))
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        clients: Option<RootCertStore>,
    ) -> Result<Self, TlsError> {
        let unusable = |option| move |source| TlsError::Unusable { option, source };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(unusable("TLS"))?;
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authorities) => {
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider)
                        .build()
                        .map_err(|error| rustls::Error::General(error.to_string()))
                        .map_err(unusable("--client-ca"))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let config = builder.with_single_cert(chain, key).map_err(unusable("--cert/--key"))?;
        Ok(Self(Arc::new(config)))
    }

    /// The configuration as rustls takes it.
    pub const fn config(&self) -> &Arc<ServerConfig> {
        &self.0
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0))
    }
}

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum SelfSignedError {
    /// A name cannot stand in a certificate, most likely.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// What was made cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls")
    }
}
