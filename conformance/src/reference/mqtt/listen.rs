//! Listeners: how network connections reach the reference Server (5.0 section 4.2). Whatever the
//! transport, what comes out is a stream of bytes.

mod tls;
mod url;
pub(super) mod websocket;

use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::FaultSet;
use crate::transport::{Connection, Scheme};

pub use tls::{SelfSignedError, ServerTls, ServerTlsFiles};
pub use url::{ListenUrl, ListenUrlError};

/// How long a client may take for the handshakes of TLS and WebSocket.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How many clients may be within a handshake at a time; more wait in the backlog.
const HANDSHAKES: usize = 256;

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The operating system refused.
    #[error("cannot listen on {url}: {source}")]
    Io {
        /// The address.
        url: ListenUrl,
        /// What it said.
        source: io::Error,
    },
    /// The scheme runs over TLS and there is no certificate.
    #[error("cannot listen on {url}: it needs a certificate (name one with --cert and --key)")]
    NoCertificate {
        /// The address.
        url: ListenUrl,
    },
}

/// An open listener. Dropping it closes it; connections that it has handed over stay.
#[derive(Debug)]
pub struct Listening {
    url: ListenUrl,
    task: AbortHandle,
    socket_file: Option<PathBuf>,
}

impl Listening {
    /// The address, with the port that was given.
    pub const fn url(&self) -> &ListenUrl {
        &self.url
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(path) = &self.socket_file {
            // It may be gone already, and there is nobody to tell.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Opens a listener and hands every connection, once its handshakes are done, to `accept`. Has to be
/// called within a tokio runtime. `tls` serves the schemes that run over TLS; of the faults, those of
/// `WebSocket`s show here.
pub async fn listen(
    url: &ListenUrl,
    tls: Option<&ServerTls>,
    faults: &FaultSet,
    accept: impl Fn(Connection) + Send + Sync + 'static,
) -> Result<Listening, ListenError> {
    let faults = faults.clone();
    let tls = match (url.scheme().is_tls(), tls) {
        (false, _) => None,
        (true, Some(tls)) => Some(tls.acceptor()),
        (true, None) => return Err(ListenError::NoCertificate { url: url.clone() }),
    };
    let io = |source| ListenError::Io { url: url.clone(), source };
    let mut local = url.clone();
    let mut socket_file = None;
    let socket = if url.scheme() == Scheme::Unix {
        let path = PathBuf::from(url.endpoint().path());
        let listener = bind_unix(&path).await.map_err(io)?;
        socket_file = Some(path);
        Socket::Unix(listener)
    } else {
        let listener =
            TcpListener::bind((url.endpoint().host(), url.endpoint().port())).await.map_err(io)?;
        local = url.with_port(listener.local_addr().map_err(io)?.port());
        Socket::Tcp(listener)
    };
    let path = url.scheme().is_websocket().then(|| url.path().into());
    let task = tokio::spawn(serve(socket, Handshakes { tls, path, faults }, accept)).abort_handle();
    Ok(Listening { url: local, task, socket_file })
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Socket {
    async fn accept(&self) -> io::Result<Connection> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // When a packet leaves must not depend on Nagle's algorithm.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Self::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}

/// What stands between a connection and its bytes.
#[derive(Clone)]
struct Handshakes {
    tls: Option<TlsAcceptor>,
    /// The path of the WebSocket.
    path: Option<Arc<str>>,
    /// What is done wrong with it.
    faults: FaultSet,
}

impl Handshakes {
    fn is_none(&self) -> bool {
        self.tls.is_none() && self.path.is_none()
    }

    /// Nothing, if the client fails or takes too long.
    async fn perform(self, stream: Connection) -> Option<Connection> {
        let handshakes = async {
            let mut stream = stream;
            if let Some(tls) = self.tls {
                stream = Box::new(tls.accept(stream).await.ok()?);
            }
            if let Some(path) = self.path {
                stream = websocket::accept(stream, &path, &self.faults).await.ok()?;
            }
            Some(stream)
        };
        tokio::time::timeout(HANDSHAKE, handshakes).await.ok().flatten()
    }
}

async fn serve(socket: Socket, handshakes: Handshakes, accept: impl Fn(Connection)) {
    // Aborted with this task when the listener is dropped.
    let mut pending = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept(), if pending.len() < HANDSHAKES => match accepted {
                Ok(stream) if handshakes.is_none() => accept(stream),
                Ok(stream) => {
                    pending.spawn(handshakes.clone().perform(stream));
                }
                // Out of file descriptors, most likely, or the client has gone: the next attempt may
                // do better.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(done) = pending.join_next() => {
                if let Ok(Some(stream)) = done {
                    accept(stream);
                }
            }
        }
    }
}

/// Binds, and takes the place of a socket that nobody listens on any more.
async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let is_socket = std::fs::symlink_metadata(path)?.file_type().is_socket();
            let abandoned = UnixStream::connect(path)
                .await
                .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
            if !(is_socket && abandoned) {
                return Err(error);
            }
            std::fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
}

#[cfg(test)]
mod tests;
