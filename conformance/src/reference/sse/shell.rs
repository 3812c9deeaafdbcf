//! The reference server behind HTTP/1.x and HTTP/2, in memory or on a socket.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::coding::{Coding, Encoder};
use super::http::{Answer, answer};
use super::tamper::Tampered;
use super::{Config, Fault, Hub, Publication, Refused, Step, SubscriberId};

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A running reference server. Its connections end when it is dropped.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    tasks: Arc<Tasks>,
}

#[derive(Debug)]
struct Shared {
    hub: Mutex<Hub>,
    changed: Notify,
    began: Instant,
}

#[derive(Debug, Default)]
struct Tasks(Mutex<JoinSet<()>>);

impl Tasks {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl Server {
    /// Starts with an empty history. Has to be called within a tokio runtime.
    pub fn start(config: Config) -> Self {
        let shared = Shared {
            hub: Mutex::new(Hub::new(config)),
            changed: Notify::new(),
            began: Instant::now(),
        };
        Self { shared: Arc::new(shared), tasks: Arc::default() }
    }

    /// Opens a connection that goes over no network.
    pub fn connect_in_memory(&self) -> DuplexStream {
        let (client, server) = tokio::io::duplex(64 << 10);
        self.tasks.spawn(serve(Arc::clone(&self.shared), server));
        client
    }

    /// Listens on a TCP address and returns it with the port that was given.
    pub async fn listen(&self, address: impl ToSocketAddrs) -> io::Result<SocketAddr> {
        self.listen_with(address, None).await
    }

    /// Listens on a TCP address with TLS.
    pub async fn listen_tls(
        &self,
        address: impl ToSocketAddrs,
        tls: Arc<ServerConfig>,
    ) -> io::Result<SocketAddr> {
        let mut tls = (*tls).clone();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        self.listen_with(address, Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    /// Ends all streams, as a restart does of a server that keeps its events elsewhere.
    pub fn restart(&self) {
        self.shared.hub().restart();
        self.shared.changed.notify_waiters();
    }

    /// How many subscribers there are.
    pub fn subscribers(&self) -> usize {
        self.shared.hub().subscribers()
    }

    async fn listen_with(
        &self,
        address: impl ToSocketAddrs,
        tls: Option<TlsAcceptor>,
    ) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let local = listener.local_addr()?;
        let shared = Arc::clone(&self.shared);
        // The accepting task must not keep the tasks alive that it is one of.
        let tasks = Arc::downgrade(&self.tasks);
        self.tasks.spawn(async move {
            loop {
                let Ok((tcp, _)) = listener.accept().await else {
                    // Out of file descriptors, most likely: the next attempt may do better.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let Some(tasks) = tasks.upgrade() else { return };
                let _ = tcp.set_nodelay(true);
                let shared = Arc::clone(&shared);
                match tls.clone() {
                    None => tasks.spawn(serve(shared, tcp)),
                    Some(acceptor) => tasks.spawn(async move {
                        if let Ok(stream) = acceptor.accept(tcp).await {
                            serve(shared, stream).await;
                        }
                    }),
                }
            }
        });
        Ok(local)
    }
}

impl Shared {
    fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// One connection, until either side ends it.
async fn serve<S>(shared: Arc<Shared>, stream: S)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let fault = shared.hub().config().fault;
    let service = service_fn(move |request| handle(Arc::clone(&shared), request));
    // HTTP/2 by ALPN or by prior knowledge: it begins in the same way.
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).half_close(false).max_buf_size(256 << 10);
    http.http2().timer(TokioTimer::new());
    // How a connection ends is the client's business.
    let _ = match fault.filter(|fault| Tampered::<S>::concerns(*fault)) {
        Some(fault) => {
            http.serve_connection(TokioIo::new(Tampered::new(stream, fault)), service).await
        }
        None => http.serve_connection(TokioIo::new(stream), service).await,
    };
}

async fn handle(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let decided = answer(
        request.method(),
        request.uri(),
        request.version(),
        request.headers(),
        &shared.hub(),
    );
    Ok(match decided {
        Answer::Stream { status, headers, last_event_id, coding, holds, head } => {
            let body = if head {
                // Without a length, like the stream itself.
                StreamBody::new(stream::empty()).boxed_unsync()
            } else {
                subscription(&shared, last_event_id.as_deref(), coding, holds).await?
            };
            respond(status, headers, body)
        }
        Answer::Publish => publish(&shared, request).await,
        Answer::Close => {
            shared.hub().end_streams();
            shared.changed.notify_waiters();
            respond(
                StatusCode::NO_CONTENT,
                HeaderMap::new(),
                Empty::new().map_err(never).boxed_unsync(),
            )
        }
        Answer::Plain { status, headers, text } => plain(status, headers, text),
        Answer::Silence => std::future::pending().await,
        Answer::HangUp => return Err(io::ErrorKind::ConnectionAborted.into()),
    })
}

async fn publish(shared: &Shared, request: Request<Incoming>) -> Response<Body> {
    let refuse = |status, text: String| plain(status, HeaderMap::new(), text);
    let json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    // JSON may need six bytes for one.
    let limit = shared.hub().config().payload_bytes.saturating_mul(6) + 4096;
    let body = match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return refuse(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
    };
    let publication = if json {
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    } else {
        String::from_utf8(body.into())
            .map(|data| Publication { data, ..Publication::default() })
            .map_err(|error| error.to_string())
    };
    let publication = match publication {
        Ok(publication) => publication,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, error),
    };
    let published = shared.hub().publish(shared.now(), publication);
    match published {
        Ok(id) => {
            shared.changed.notify_waiters();
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let body = Full::from(serde_json::json!({ "id": id }).to_string());
            respond(StatusCode::ACCEPTED, headers, body.map_err(never).boxed_unsync())
        }
        Err(error @ Refused::TooLarge { .. }) => {
            refuse(StatusCode::PAYLOAD_TOO_LARGE, error.to_string())
        }
        Err(error @ Refused::Unwritable(_)) => refuse(StatusCode::BAD_REQUEST, error.to_string()),
    }
}

/// The body of a stream.
async fn subscription(
    shared: &Arc<Shared>,
    last_event_id: Option<&str>,
    coding: Option<Coding>,
    holds: bool,
) -> io::Result<Body> {
    let id = shared.hub().subscribe(shared.now(), last_event_id);
    let mut subscription = Subscription {
        shared: Arc::clone(shared),
        id,
        encoder: coding.map(Encoder::new).transpose()?,
        held: holds.then(Bytes::new),
    };
    let mut first = None;
    if shared.hub().config().has(Fault::HeadersHeld) {
        // The preamble does not count as an event.
        let preamble = subscription.next().await;
        first = subscription.next().await.map(|event| {
            let preamble = preamble.and_then(Result::ok).unwrap_or_default();
            event.map(|event| [preamble, event].concat().into())
        });
    }
    let frames = stream::unfold((first, subscription), |(first, mut subscription)| async {
        let bytes = match first {
            Some(bytes) => bytes,
            None => subscription.next().await?,
        };
        Some((bytes.map(Frame::data), (None, subscription)))
    });
    Ok(StreamBody::new(frames).boxed_unsync())
}

/// A subscriber's place in the hub; given up when the connection is gone.
struct Subscription {
    shared: Arc<Shared>,
    id: SubscriberId,
    encoder: Option<Encoder>,
    /// What a fault holds back.
    held: Option<Bytes>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.hub().unsubscribe(self.id);
    }
}

impl Subscription {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let shared = Arc::clone(&self.shared);
        loop {
            let mut changed = std::pin::pin!(shared.changed.notified());
            // Before looking, so that no news is missed between the look and the wait.
            changed.as_mut().enable();
            let now = shared.now();
            let step = shared.hub().step(self.id, now);
            match step {
                Step::Send(bytes) => {
                    let bytes = match &mut self.held {
                        Some(held) => std::mem::replace(held, bytes),
                        None => bytes,
                    };
                    match self.coded(bytes) {
                        Ok(bytes) if bytes.is_empty() => {}
                        sent => return Some(sent),
                    }
                }
                Step::Wait(until) => {
                    let wait = until.saturating_sub(now);
                    let _ = tokio::time::timeout(wait, changed).await;
                }
                Step::Break => {
                    return Some(Err(io::ErrorKind::ConnectionAborted.into()));
                }
                Step::End => {
                    return Some(self.encoder.take()?.finish());
                }
            }
        }
    }

    fn coded(&mut self, bytes: Bytes) -> io::Result<Bytes> {
        match &mut self.encoder {
            Some(encoder) => encoder.encode(&bytes, self.shared.hub().config()),
            None => Ok(bytes),
        }
    }
}

fn plain(status: StatusCode, mut headers: HeaderMap, text: impl Into<String>) -> Response<Body> {
    let mut text: String = text.into();
    if !text.is_empty() {
        text.push('\n');
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.entry(header::CONTENT_TYPE).or_insert(plain);
    }
    respond(status, headers, Full::from(text).map_err(never).boxed_unsync())
}

fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn never(error: Infallible) -> io::Error {
    match error {}
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::transport::{Connector, TlsOptions};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// What the server sends until `end` has come.
    async fn read_until(stream: &mut DuplexStream, end: &str) -> String {
        let mut text = Vec::new();
        let mut byte = [0];
        while !text.ends_with(end.as_bytes()) {
            assert_eq!(stream.read(&mut byte).await.unwrap(), 1, "{text:?}");
            text.push(byte[0]);
        }
        String::from_utf8(text).unwrap()
    }

    async fn request(server: &Server, text: &str) -> DuplexStream {
        let mut stream = server.connect_in_memory();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn publish(server: &Server, body: &str) -> String {
        let text = format!(
            "POST /publish HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut answer = String::new();
        request(server, &text).await.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test(start_paused = true)]
    async fn headers_and_retry_come_before_any_event() {
        let server = Server::start(Config::default());
        let mut stream = request(&server, "GET /events HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let head = read_until(&mut stream, "\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
        assert_eq!(read_until(&mut stream, "\n\n\r\n").await, "D\r\nretry: 3000\n\n\r\n");
    }

    #[tokio::test(start_paused = true)]
    async fn publish_reaches_subscribers_and_heartbeats_follow() {
        let server = Server::start(Config::default());
        let mut stream = request(&server, "GET /events HTTP/1.1\r\nhost: x\r\n\r\n").await;
        read_until(&mut stream, "retry: 3000\n\n\r\n").await;
        let answer = publish(&server, "hello").await;
        assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
        assert!(answer.ends_with("{\"id\":\"1\"}"), "{answer}");
        read_until(&mut stream, "id: 1\ndata: hello\n\n\r\n").await;
        let before = Instant::now();
        assert_eq!(read_until(&mut stream, ":\n\r\n").await, "2\r\n:\n\r\n");
        assert_eq!(before.elapsed().as_secs(), 15);
    }

    #[tokio::test(start_paused = true)]
    async fn head_has_the_same_headers_and_no_body() {
        let server = Server::start(Config::default());
        let mut answer = String::new();
        let text = "HEAD /events HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        request(&server, text).await.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        assert!(answer.contains("content-type: text/event-stream\r\n"), "{answer}");
        assert_eq!(server.subscribers(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn http_1_0_gets_no_chunks() {
        let server = Server::start(Config::default());
        let mut stream = request(&server, "GET /events HTTP/1.0\r\n\r\n").await;
        let head = read_until(&mut stream, "\r\n\r\n").await;
        assert!(!head.contains("transfer-encoding"), "{head}");
        assert_eq!(read_until(&mut stream, "\n\n").await, "retry: 3000\n\n");
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_connection_gives_up_its_place() {
        let server = Server::start(Config::default());
        let mut stream = request(&server, "GET /events HTTP/1.1\r\nhost: x\r\n\r\n").await;
        read_until(&mut stream, "\n\n\r\n").await;
        assert_eq!(server.subscribers(), 1);
        drop(stream);
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(server.subscribers(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn close_ends_the_streams_with_the_last_chunk() {
        let server = Server::start(Config::default());
        let mut stream = request(&server, "GET /events HTTP/1.1\r\nhost: x\r\n\r\n").await;
        read_until(&mut stream, "retry: 3000\n\n\r\n").await;
        request(&server, "POST /close HTTP/1.1\r\nhost: x\r\n\r\n").await.read_u8().await.unwrap();
        assert_eq!(read_until(&mut stream, "0\r\n\r\n").await, "0\r\n\r\n");
    }

    #[tokio::test]
    async fn listens_on_tcp() {
        let server = Server::start(Config::default());
        let address = server.listen("127.0.0.1:0").await.unwrap();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }

    #[tokio::test]
    async fn listens_on_tls() {
        let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![key.cert.der().clone()],
                key.signing_key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        let server = Server::start(Config::default());
        let port = server.listen_tls("127.0.0.1:0", Arc::new(tls)).await.unwrap().port();

        let ca = std::env::temp_dir().join(format!("pushspec-sse-ca-{}.pem", std::process::id()));
        std::fs::write(&ca, key.cert.pem()).unwrap();
        let url = format!("https://localhost:{port}/events").parse().unwrap();
        let options = TlsOptions { ca: Some(ca.clone()), ..TlsOptions::default() };
        let connector = Connector::new(url, &options, Vec::new()).unwrap();
        std::fs::remove_file(&ca).unwrap();
        let mut stream = connector.connect(Duration::from_secs(10)).await.unwrap();
        stream.write_all(b"HEAD /events HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
    }
}
