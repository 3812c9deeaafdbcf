//! The reference Server behind network connections: one task owns the core, one task per connection
//! moves bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::listen::{self, ListenError, ListenUrl, Listening, ServerTls, websocket};
use super::{Broker, Config, ConnectionId, FaultSet, Output};

/// Bytes that may be under way in each direction of an in-memory connection.
const MEMORY_BUFFER: usize = 256 << 10;
/// How much is read at a time.
const CHUNK: usize = 16 << 10;
/// Chunks from all connections that may wait for the core.
const WAITING_CHUNKS: usize = 256;
/// A Client that lets more than this many bytes wait is dropped.
const UNSENT_BYTES: usize = 32 << 20;
/// How long a closing connection may take to send its last bytes.
const LAST_BYTES: Duration = Duration::from_secs(5);

/// A running reference Server. Dropping it ends it and all its connections.
#[derive(Debug)]
pub struct Server {
    tell: mpsc::Sender<Told>,
    listeners: Mutex<Vec<Listening>>,
    faults: FaultSet,
}

enum Told {
    Opened(mpsc::UnboundedSender<ToSend>, oneshot::Sender<ConnectionId>),
    Received(ConnectionId, Bytes),
    Sent(ConnectionId, usize),
    Closed(ConnectionId),
    Asked(oneshot::Sender<(usize, Vec<String>)>),
    Restart { abruptly: bool, done: oneshot::Sender<()> },
    ShutDown(oneshot::Sender<()>),
}

enum ToSend {
    Bytes(Bytes),
    Close,
}

impl Server {
    /// Starts a Server that nothing is connected to. Has to be called within a tokio runtime.
    pub fn start(config: Config) -> Self {
        let (tell, told) = mpsc::channel(WAITING_CHUNKS);
        let faults = config.faults.clone();
        tokio::spawn(own(Broker::new(config), told));
        Self { tell, listeners: Mutex::default(), faults }
    }

    /// A connection to it within this process.
    pub fn connect_in_memory(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(MEMORY_BUFFER);
        self.accept(theirs);
        ours
    }

    /// The same by WebSocket, on the path `/mqtt`.
    pub fn connect_in_memory_by_websocket(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(MEMORY_BUFFER);
        let (tell, faults) = (self.tell.clone(), self.faults.clone());
        tokio::spawn(async move {
            // A client whose handshake fails is gone.
            if let Ok(stream) = websocket::accept(Box::new(theirs), "/mqtt", &faults).await {
                serve(stream, tell).await;
            }
        });
        ours
    }

    /// How many Sessions there are, and on which topics messages are retained: what clients left.
    pub async fn kept(&self) -> Option<(usize, Vec<String>)> {
        let (answer, kept) = oneshot::channel();
        self.tell.send(Told::Asked(answer)).await.ok()?;
        kept.await.ok()
    }

    /// Serves a network connection.
    pub fn accept(&self, stream: impl AsyncRead + AsyncWrite + Send + 'static) {
        tokio::spawn(serve(stream, self.tell.clone()));
    }

    /// Listens on an address until the Server is dropped. Tells the address with the port it was
    /// given.
    pub async fn listen(
        &self,
        url: &ListenUrl,
        tls: Option<&ServerTls>,
    ) -> Result<ListenUrl, ListenError> {
        let tell = self.tell.clone();
        let accept = move |stream| drop(tokio::spawn(serve(stream, tell.clone())));
        let listening = listen::listen(url, tls, &self.faults, accept).await?;
        let local = listening.url().clone();
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listening);
        Ok(local)
    }

    /// Closes all connections, as if the process had ended and begun again with everything that it has
    /// to keep; `abruptly` without a word to the Clients. Listeners stay open.
    pub async fn restart(&self, abruptly: bool) {
        let (done, wait) = oneshot::channel();
        if self.tell.send(Told::Restart { abruptly, done }).await.is_ok() {
            let _ = wait.await;
        }
    }

    /// Tells 5.0 Clients that it shuts down, closes all connections and stops listening.
    pub async fn shut_down(&self) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let (done, wait) = oneshot::channel();
        if self.tell.send(Told::ShutDown(done)).await.is_ok() {
            let _ = wait.await;
        }
    }
}

/// What the owner of the core knows of a connection.
struct Link {
    to_send: mpsc::UnboundedSender<ToSend>,
    unsent: usize,
}

/// Owns the core: feeds it bytes and time, and hands out what it wants sent.
async fn own(mut broker: Broker, mut told: mpsc::Receiver<Told>) {
    let began = Instant::now();
    let mut links: BTreeMap<ConnectionId, Link> = BTreeMap::new();
    loop {
        let deadline = broker.next_deadline().map(|at| began.checked_add(at));
        let due = async {
            match deadline.flatten() {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let next = tokio::select! {
            biased;
            next = told.recv() => next,
            () = due => {
                broker.tick(began.elapsed());
                hand_out(&mut broker, &mut links, began.elapsed());
                continue;
            }
        };
        let now = began.elapsed();
        // Time comes first: what is due by now must not be late only because bytes arrived.
        broker.tick(now);
        match next {
            None => return,
            Some(Told::Opened(to_send, answer)) => {
                let id = broker.opened(now);
                links.insert(id, Link { to_send, unsent: 0 });
                if answer.send(id).is_err() {
                    broker.closed(id, now);
                    links.remove(&id);
                }
            }
            Some(Told::Received(id, bytes)) => broker.received(id, &bytes, now),
            Some(Told::Sent(id, count)) => {
                if let Some(link) = links.get_mut(&id) {
                    link.unsent = link.unsent.saturating_sub(count);
                }
            }
            Some(Told::Closed(id)) => {
                broker.closed(id, now);
                links.remove(&id);
            }
            Some(Told::Asked(answer)) => {
                // Whoever asked may have gone.
                let _ = answer.send(broker.kept());
            }
            Some(Told::Restart { abruptly, done }) => {
                broker.restart(abruptly, now);
                hand_out(&mut broker, &mut links, now);
                // Whoever waits may have gone.
                let _ = done.send(());
            }
            Some(Told::ShutDown(done)) => {
                broker.shut_down(now);
                hand_out(&mut broker, &mut links, now);
                // Whoever waits may have gone.
                let _ = done.send(());
                return;
            }
        }
        hand_out(&mut broker, &mut links, now);
    }
}

fn hand_out(broker: &mut Broker, links: &mut BTreeMap<ConnectionId, Link>, now: Duration) {
    while let Some(output) = broker.poll_output() {
        match output {
            Output::Send(id, bytes) => {
                let Some(link) = links.get_mut(&id) else { continue };
                link.unsent += bytes.len();
                if link.unsent > UNSENT_BYTES || link.to_send.send(ToSend::Bytes(bytes)).is_err() {
                    // It does not read. Its task ends when this end of the channel is gone.
                    links.remove(&id);
                    broker.closed(id, now);
                }
            }
            Output::Close(id) => {
                if let Some(link) = links.remove(&id) {
                    let _ = link.to_send.send(ToSend::Close);
                }
            }
        }
    }
}

/// Moves the bytes of one connection.
async fn serve(stream: impl AsyncRead + AsyncWrite + Send + 'static, tell: mpsc::Sender<Told>) {
    let (to_send, outgoing) = mpsc::unbounded_channel();
    let (answer, id) = oneshot::channel();
    if tell.send(Told::Opened(to_send, answer)).await.is_err() {
        return;
    }
    let Ok(id) = id.await else { return };
    let (mut reader, writer) = tokio::io::split(stream);
    let writing = tokio::spawn(write(writer, outgoing, id, tell.clone()));
    let stop = writing.abort_handle();
    let closed = Arc::new(tokio::sync::Notify::new());
    let ended = Arc::clone(&closed);
    tokio::spawn(async move {
        let _ = writing.await;
        ended.notify_one();
    });
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = tokio::select! {
            () = closed.notified() => break,
            count = reader.read(&mut chunk) => count,
        };
        let Ok(count @ 1..) = count else {
            let _ = tell.send(Told::Closed(id)).await;
            stop.abort();
            break;
        };
        let bytes = Bytes::copy_from_slice(&chunk[..count]);
        if tell.send(Told::Received(id, bytes)).await.is_err() {
            break;
        }
    }
}

async fn write(
    mut writer: impl AsyncWrite + Send + Unpin,
    mut outgoing: mpsc::UnboundedReceiver<ToSend>,
    id: ConnectionId,
    tell: mpsc::Sender<Told>,
) {
    // Once the core has closed the connection, a Client that does not read cannot hold it open.
    while let Some(ToSend::Bytes(bytes)) = outgoing.recv().await {
        let sending = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        let closing = outgoing.is_closed();
        let sent = if closing {
            timeout(LAST_BYTES, sending).await.unwrap_or(Ok(()))
        } else {
            sending.await
        };
        if sent.is_err() {
            let _ = tell.send(Told::Closed(id)).await;
            return;
        }
        let _ = tell.send(Told::Sent(id, bytes.len())).await;
    }
    let _ = timeout(LAST_BYTES, writer.shutdown()).await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CONNECT: &[u8] = &[0x10, 14, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0, 0, 2, b'i', b'd'];

    #[tokio::test(start_paused = true)]
    async fn accepts_in_memory_and_closes_on_errors() {
        let server = Server::start(Config::default());
        let mut client = server.connect_in_memory();
        client.write_all(CONNECT).await.unwrap();
        let mut answer = [0; 4];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0]);
        client.write_all(&[0x00, 0x00]).await.unwrap();
        assert_eq!(client.read(&mut answer).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn time_passes_by_the_paused_clock() {
        let server = Server::start(Config::default());
        let mut client = server.connect_in_memory();
        let began = Instant::now();
        let mut nothing = [0; 1];
        assert_eq!(client.read(&mut nothing).await.unwrap(), 0);
        assert_eq!(began.elapsed().as_secs(), 10);
    }
}
