//! Transports: how a connection to an endpoint is opened. Above them all are ordered, lossless byte
//! streams (MQTT 5.0 section 4.2), and nothing knows which one it has.

mod opening;
mod tls;
mod url;
mod websocket;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::rustls::pki_types::ServerName;

pub use opening::Opening;
pub use tls::{TlsError, TlsOptions};
pub(crate) use tls::{authorities, certificates, private_key};
pub use url::{EndpointUrl, Scheme, UrlError};
pub use websocket::{TextFrames, Upgrade, UpgradeError, WebSocketBytes};

/// An ordered, lossless stream of bytes in both directions.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// An open connection over whichever transport.
pub type Connection = Box<dyn ByteStream>;

/// Opens connections to one endpoint. Cheap to clone.
#[derive(Clone)]
pub struct Connector {
    url: EndpointUrl,
    way: Way,
    headers: Arc<[(String, String)]>,
    opening: Arc<Opening>,
    tls: Arc<TlsOptions>,
}

#[derive(Clone)]
enum Way {
    Tcp,
    Tls(tokio_rustls::TlsConnector),
    Unix(PathBuf),
    Memory(Arc<dyn Fn() -> DuplexStream + Send + Sync>),
}

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The operating system refused.
    #[error("cannot connect to {endpoint}: {source}")]
    Io {
        /// The endpoint, without credentials.
        endpoint: String,
        /// What it said.
        source: io::Error,
    },
    /// No connection within the deadline.
    #[error("cannot connect to {endpoint}: no answer within {} s", waited.as_secs_f32())]
    TimedOut {
        /// The endpoint, without credentials.
        endpoint: String,
        /// The deadline.
        waited: Duration,
    },
    /// The TLS handshake failed.
    #[error("TLS with {endpoint} failed: {source}{}", tls_hint(source))]
    Tls {
        /// The endpoint, without credentials.
        endpoint: String,
        /// What rustls said.
        source: io::Error,
    },
    /// The WebSocket handshake failed.
    #[error("no WebSocket at {endpoint}: {reason}")]
    WebSocket {
        /// The endpoint, without credentials.
        endpoint: String,
        /// What the server answered.
        reason: String,
    },
}

fn tls_hint(error: &io::Error) -> &'static str {
    let text = error.to_string();
    // A signature is bad where another authority has the same name, such as one that was made anew.
    let unknown = ["UnknownIssuer", "certificate: BadSignature"];
    if unknown.iter().any(|error| text.contains(error)) {
        " (name the authority that signed its certificate with --ca FILE)"
    } else if text.contains("CaUsedAsEndEntity") {
        // What `openssl req -x509` makes unless it is told otherwise.
        " (the server shows the certificate of an authority, CA:TRUE, which is none for servers)"
    } else if text.contains("InvalidContentType") || text.contains("InvalidMessage") {
        " (this port does not seem to speak TLS)"
    } else {
        ""
    }
}

impl Connector {
    /// A connector for a URL. TLS options are used by `mqtts`, `wss` and `https`; headers by `ws`,
    /// `wss`, `http` and `https`.
    pub fn new(
        url: EndpointUrl,
        tls: &TlsOptions,
        headers: Vec<(String, String)>,
    ) -> Result<Self, TlsError> {
        let way = match url.scheme() {
            Scheme::Unix => Way::Unix(PathBuf::from(url.path())),
            scheme if scheme.is_tls() => Way::Tls(tls::connector(tls)?),
            _ => Way::Tcp,
        };
        let tls = Arc::new(tls.clone());
        Ok(Self { url, way, headers: headers.into(), opening: Arc::default(), tls })
    }

    /// A connector to something in this process, such as a reference target in a test.
    pub fn memory(
        url: EndpointUrl,
        open: impl Fn() -> DuplexStream + Send + Sync + 'static,
    ) -> Self {
        Self {
            url,
            way: Way::Memory(Arc::new(open)),
            headers: Arc::new([]),
            opening: Arc::default(),
            tls: Arc::default(),
        }
    }

    /// Where it connects to.
    pub fn url(&self) -> &EndpointUrl {
        &self.url
    }

    /// Headers that the user wants on every HTTP request.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The same connector, for event streams that are asked for in another way.
    pub fn opened_by(self, opening: Opening) -> Self {
        Self { opening: Arc::new(opening), ..self }
    }

    /// A connector for the URL to which a response redirects. The user's own header fields go to no other
    /// origin: they may be secret.
    pub fn redirected(&self, url: EndpointUrl) -> Result<Self, TlsError> {
        let way = match &self.way {
            Way::Memory(_) => self.way.clone(),
            way @ Way::Tls(_) if url.scheme().is_tls() => way.clone(),
            _ if url.scheme().is_tls() => Way::Tls(tls::connector(&self.tls)?),
            _ => Way::Tcp,
        };
        let stays = self.url.same_origin(&url);
        let headers = if stays { Arc::clone(&self.headers) } else { Arc::new([]) };
        Ok(Self { url, way, headers, ..self.clone() })
    }

    /// How the user wants event streams to be asked for.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Opens a connection within the deadline, WebSocket handshake included.
    pub async fn connect(&self, deadline: Duration) -> Result<Connection, ConnectError> {
        match tokio::time::timeout(deadline, self.open()).await {
            Ok(connection) => connection,
            Err(_) => {
                Err(ConnectError::TimedOut { endpoint: self.url.to_string(), waited: deadline })
            }
        }
    }

    /// Opens a connection for HTTP/2: over TLS only where the server chooses it, else there is none; without
    /// TLS by prior knowledge, since there is nobody to ask (RFC 9113, section 3).
    pub async fn connect_http2(
        &self,
        deadline: Duration,
    ) -> Result<Option<Connection>, ConnectError> {
        let Way::Tls(connector) = &self.way else {
            return self.connect(deadline).await.map(Some);
        };
        let opening = async {
            let alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            let (tcp, name) = self.named().await?;
            let stream = connector.with_alpn(alpn).connect(name, tcp).await;
            let stream = stream.map_err(|source| self.tls_error(source))?;
            let chosen = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            Ok(chosen.then(|| Box::new(stream) as Connection))
        };
        match tokio::time::timeout(deadline, opening).await {
            Ok(connection) => connection,
            Err(_) => {
                Err(ConnectError::TimedOut { endpoint: self.url.to_string(), waited: deadline })
            }
        }
    }

    async fn open(&self) -> Result<Connection, ConnectError> {
        let stream = self.stream().await?;
        if self.url.scheme().is_websocket() {
            return websocket::open(stream, &self.url, &self.headers).await;
        }
        Ok(stream)
    }

    /// Opens a WebSocket and offers these subprotocols, for cases on the WebSocket itself. Without a
    /// deadline.
    pub async fn upgrade(&self, offered: &'static str) -> Result<Upgrade, UpgradeError> {
        let stream = self.stream().await?;
        websocket::upgrade(stream, &self.url, &self.headers, offered).await
    }

    /// What is below the WebSocket, if that is one.
    async fn stream(&self) -> Result<Connection, ConnectError> {
        let io = |source| self.io_error(source);
        let stream: Connection = match &self.way {
            Way::Memory(open) => Box::new(open()),
            Way::Unix(path) => Box::new(unix(path).await.map_err(io)?),
            Way::Tcp => Box::new(self.tcp().await.map_err(io)?),
            Way::Tls(connector) => {
                let (tcp, name) = self.named().await?;
                let stream = connector.connect(name, tcp).await;
                Box::new(stream.map_err(|source| self.tls_error(source))?)
            }
        };
        Ok(stream)
    }

    /// A TCP connection, and the name that the certificate has to have.
    async fn named(&self) -> Result<(TcpStream, ServerName<'static>), ConnectError> {
        let tcp = self.tcp().await.map_err(|source| self.io_error(source))?;
        let name = ServerName::try_from(self.url.host().to_owned())
            .map_err(|error| self.io_error(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        Ok((tcp, name))
    }

    fn io_error(&self, source: io::Error) -> ConnectError {
        ConnectError::Io { endpoint: self.url.to_string(), source }
    }

    fn tls_error(&self, source: io::Error) -> ConnectError {
        ConnectError::Tls { endpoint: self.url.to_string(), source }
    }

    async fn tcp(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((self.url.host(), self.url.port())).await?;
        // Many cases are about when bytes arrive; Nagle's algorithm would blur that.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Where TCP waits, a Unix socket whose queue of connections is full refuses at once: the peer is busy,
/// and the caller's deadline bounds how long it is asked.
async fn unix(path: &Path) -> io::Result<UnixStream> {
    const PAUSE: Duration = Duration::from_millis(10);
    loop {
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(PAUSE).await;
            }
            connected => return connected,
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("url", &self.url.to_string()).finish_non_exhaustive()
    }
}
