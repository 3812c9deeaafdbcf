//! Every listener over loopback, with an echo in place of a Server.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::*;
use crate::transport::{ConnectError, Connector, TlsOptions};

/// Sends back what comes, until it ends.
fn echo(stream: Connection) {
    tokio::spawn(async move {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut buffer = [0; 16];
        while let Ok(count @ 1..) = reader.read(&mut buffer).await {
            writer.write_all(&buffer[..count]).await.unwrap();
            writer.flush().await.unwrap();
        }
    });
}

async fn listen_echo(url: &str, tls: Option<&ServerTls>) -> Listening {
    listen(&url.parse().unwrap(), tls, &FaultSet::default(), echo).await.unwrap()
}

async fn connect(listening: &Listening, tls: &TlsOptions) -> Result<Connection, ConnectError> {
    let connector = Connector::new(listening.url().endpoint().clone(), tls, Vec::new()).unwrap();
    connector.connect(Duration::from_secs(10)).await
}

async fn assert_echoes(mut stream: Connection) {
    // Longer than the echo's buffer, so that what comes back spans writes.
    let sent = b"one packet, another packet and a third";
    stream.write_all(sent).await.unwrap();
    stream.flush().await.unwrap();
    let mut back = vec![0; sent.len()];
    stream.read_exact(&mut back).await.unwrap();
    assert_eq!(back, sent);
}

/// A directory of its own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pushspec-listen-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// TLS for loopback, and a client that trusts it.
fn loopback_tls(scratch: &Scratch) -> (ServerTls, TlsOptions) {
    let (tls, pem) = ServerTls::self_signed(&["127.0.0.1", "localhost"]).unwrap();
    let ca = Some(scratch.file("ca.pem", &pem));
    (tls, TlsOptions { ca, ..TlsOptions::default() })
}

#[tokio::test]
async fn tcp() {
    let listening = listen_echo("mqtt://127.0.0.1:0", None).await;
    assert_ne!(listening.url().endpoint().port(), 0);
    assert_echoes(connect(&listening, &TlsOptions::default()).await.unwrap()).await;
}

#[tokio::test]
async fn tls() {
    let scratch = Scratch::new();
    let (tls, client) = loopback_tls(&scratch);
    let listening = listen_echo("mqtts://127.0.0.1:0", Some(&tls)).await;
    assert_echoes(connect(&listening, &client).await.unwrap()).await;
}

#[tokio::test]
async fn websocket() {
    let listening = listen_echo("ws://127.0.0.1:0", None).await;
    assert_echoes(connect(&listening, &TlsOptions::default()).await.unwrap()).await;
}

#[tokio::test]
async fn websocket_over_tls() {
    let scratch = Scratch::new();
    let (tls, client) = loopback_tls(&scratch);
    let listening = listen_echo("wss://127.0.0.1:0/broker", Some(&tls)).await;
    assert_echoes(connect(&listening, &client).await.unwrap()).await;
}

#[tokio::test]
async fn http_is_a_plain_stream_too() {
    let listening = listen_echo("http://127.0.0.1:0", None).await;
    assert_echoes(connect(&listening, &TlsOptions::default()).await.unwrap()).await;
}

#[tokio::test]
async fn unix_removes_its_socket_at_the_end() {
    let scratch = Scratch::new();
    let path = scratch.0.join("socket");
    let listening = listen_echo(&format!("unix:{}", path.display()), None).await;
    assert_echoes(connect(&listening, &TlsOptions::default()).await.unwrap()).await;
    drop(listening);
    assert!(!path.exists());
}

#[tokio::test]
async fn unix_replaces_an_abandoned_socket_and_nothing_else() {
    let scratch = Scratch::new();
    let abandoned = scratch.0.join("abandoned");
    drop(std::os::unix::net::UnixListener::bind(&abandoned).unwrap());
    let listening = listen_echo(&format!("unix:{}", abandoned.display()), None).await;
    assert_echoes(connect(&listening, &TlsOptions::default()).await.unwrap()).await;

    let error = listen(listening.url(), None, &FaultSet::default(), echo).await.unwrap_err();
    assert!(matches!(error, ListenError::Io { .. }), "in use: {error}");

    let file = scratch.file("file", "precious");
    let url = format!("unix:{}", file.display()).parse().unwrap();
    let error = listen(&url, None, &FaultSet::default(), echo).await.unwrap_err();
    assert!(matches!(error, ListenError::Io { .. }), "a file: {error}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "precious");
}

#[tokio::test]
async fn a_dropped_listener_accepts_no_more_and_leaves_connections_alone() {
    let listening = listen_echo("mqtt://127.0.0.1:0", None).await;
    let stream = connect(&listening, &TlsOptions::default()).await.unwrap();
    assert_echoes(connect(&listening, &TlsOptions::default()).await.unwrap()).await;
    let url = listening.url().endpoint().clone();
    drop(listening);
    tokio::task::yield_now().await;
    let connector = Connector::new(url, &TlsOptions::default(), Vec::new()).unwrap();
    assert!(connector.connect(Duration::from_secs(10)).await.is_err());
    assert_echoes(stream).await;
}

#[tokio::test]
async fn errors_name_the_address() {
    let no_certificate =
        listen(&"mqtts://127.0.0.1:0".parse().unwrap(), None, &FaultSet::default(), echo).await;
    let error = no_certificate.unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot listen on mqtts://127.0.0.1:0: it needs a certificate (name one with --cert and --key)"
    );
    let taken = listen_echo("mqtt://127.0.0.1:0", None).await;
    let error =
        listen(taken.url(), None, &FaultSet::default(), echo).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on {}: ", taken.url())), "{error}");
}

// ===== Client certificates =====

#[tokio::test]
async fn a_client_ca_refuses_clients_without_its_certificate() {
    let scratch = Scratch::new();
    let server = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let client = rcgen::generate_simple_self_signed(vec!["client".to_owned()]).unwrap();
    let files = ServerTlsFiles {
        cert: scratch.file("server.pem", &server.cert.pem()),
        key: scratch.file("server.key", &server.signing_key.serialize_pem()),
        client_ca: Some(scratch.file("client.pem", &client.cert.pem())),
    };
    let tls = ServerTls::from_files(&files).unwrap();
    let listening = listen_echo("mqtts://127.0.0.1:0", Some(&tls)).await;

    let anonymous = TlsOptions { ca: Some(files.cert.clone()), ..TlsOptions::default() };
    // In TLS 1.3 the client has finished its handshake before the server has looked.
    if let Ok(mut stream) = connect(&listening, &anonymous).await {
        let answer = stream.read_u8().await;
        assert!(answer.is_err(), "{answer:?}");
    }

    let known = TlsOptions {
        cert: files.client_ca.clone(),
        key: Some(scratch.file("client.key", &client.signing_key.serialize_pem())),
        ..anonymous
    };
    assert_echoes(connect(&listening, &known).await.unwrap()).await;
}

#[test]
fn an_unreadable_certificate_is_named() {
    let scratch = Scratch::new();
    let files = ServerTlsFiles {
        cert: scratch.file("empty.pem", ""),
        key: scratch.0.join("missing.key"),
        client_ca: None,
    };
    let error = ServerTls::from_files(&files).unwrap_err().to_string();
    assert!(error.starts_with("--cert ") && error.contains("empty.pem"), "{error}");
}

// ===== WebSocket =====

type Socket = tokio_tungstenite::WebSocketStream<TcpStream>;

/// The client's handshake, with the subprotocols given.
async fn upgrade(
    listening: &Listening,
    path: &str,
    subprotocols: Option<&'static str>,
) -> Result<(Socket, Option<String>), Error> {
    let address = listening.url().endpoint().authority();
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    if let Some(offer) = subprotocols {
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(offer));
    }
    let tcp = TcpStream::connect(address).await.unwrap();
    let (socket, response) = tokio_tungstenite::client_async(request, tcp).await?;
    let selected = response.headers().get("Sec-WebSocket-Protocol");
    Ok((socket, selected.map(|value| value.to_str().unwrap().to_owned())))
}

fn status(refused: Result<(Socket, Option<String>), Error>) -> u16 {
    match refused {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("expected a refusal, found {other:?}"),
    }
}

#[tokio::test]
async fn the_subprotocol_selected_is_mqtt() {
    let listening = listen_echo("ws://127.0.0.1:0", None).await;
    let (_, selected) = upgrade(&listening, "/mqtt", Some("foo, mqtt")).await.unwrap();
    assert_eq!(selected.as_deref(), Some("mqtt"));
    let (_, selected) = upgrade(&listening, "/mqtt?token=x", Some("mqttv3.1")).await.unwrap();
    assert_eq!(selected.as_deref(), Some("mqttv3.1"));
}

#[tokio::test]
async fn handshakes_for_something_else_are_refused() {
    let listening = listen_echo("ws://127.0.0.1:0", None).await;
    assert_eq!(status(upgrade(&listening, "/mqtt", None).await), 400);
    assert_eq!(status(upgrade(&listening, "/mqtt", Some("amqp")).await), 400);
    assert_eq!(status(upgrade(&listening, "/chat", Some("mqtt")).await), 404);
}

#[tokio::test]
async fn frames_need_not_align_with_packets_and_pings_pass_between() {
    let listening = listen_echo("ws://127.0.0.1:0", None).await;
    let (mut socket, _) = upgrade(&listening, "/mqtt", Some("mqtt")).await.unwrap();
    for byte in *b"abc" {
        socket.send(Message::binary(vec![byte])).await.unwrap();
    }
    socket.send(Message::Ping("ping".into())).await.unwrap();
    socket.send(Message::binary("defg")).await.unwrap();
    let (mut bytes, mut pongs) = (Vec::new(), 0);
    while bytes.len() < 7 || pongs == 0 {
        match socket.next().await.unwrap().unwrap() {
            Message::Binary(part) => bytes.extend_from_slice(&part),
            Message::Pong(_) => pongs += 1,
            other => panic!("expected a binary frame, found {other:?}"),
        }
    }
    assert_eq!((bytes.as_slice(), pongs), (b"abcdefg".as_slice(), 1));
}

#[tokio::test]
async fn a_text_frame_ends_the_connection() {
    let listening = listen_echo("ws://127.0.0.1:0", None).await;
    let (mut socket, _) = upgrade(&listening, "/mqtt", Some("mqtt")).await.unwrap();
    socket.send(Message::binary("before")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::binary("before"));
    socket.send(Message::text("text")).await.unwrap();
    match socket.next().await {
        None | Some(Err(_) | Ok(Message::Close(_))) => {}
        Some(Ok(message)) => panic!("expected the end, found {message:?}"),
    }
}
