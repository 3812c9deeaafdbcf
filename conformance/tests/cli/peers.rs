//! Endpoints that are none, each in a thread of its own that ends with the test process.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Handles each connection with a function, in a thread of its own.
pub(crate) fn listening(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let handle = Arc::new(handle);
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let handle = Arc::clone(&handle);
            thread::spawn(move || handle(stream));
        }
    });
    address
}

/// Takes what comes until the other side goes.
pub(crate) fn swallow(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer), Ok(1..)) {}
}

/// Accepts connections and says nothing.
pub(crate) fn silent() -> SocketAddr {
    listening(swallow)
}

/// Says something as soon as somebody connects, and then nothing.
pub(crate) fn greeting(text: &'static [u8]) -> SocketAddr {
    listening(move |mut stream| {
        let _ = stream.write_all(text);
        swallow(stream);
    })
}

/// Waits for a request, answers it once and goes on without an end.
pub(crate) fn endless(head: &'static [u8], part: &'static [u8]) -> SocketAddr {
    listening(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        if stream.write_all(head).is_ok() {
            while stream.write_all(part).is_ok() {}
        }
    })
}

/// Answers every request in the same way, closes, and keeps the requests.
pub(crate) fn answering(answer: &'static [u8]) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&requests);
    let address = listening(move |mut stream| {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap_or_default();
        kept.lock().unwrap().push(String::from_utf8_lossy(&buffer[..count]).into_owned());
        let _ = stream.write_all(answer);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        swallow(stream);
    });
    (address, requests)
}

/// Takes publications and never answers anything else, as a proxy does that buffers a stream.
pub(crate) fn held_back() -> SocketAddr {
    listening(|mut stream| {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap_or_default();
        if buffer[..count].starts_with(b"POST") {
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        } else {
            swallow(stream);
        }
    })
}

/// Passes connections on to another address, so many of them; at the next one all end, and nobody
/// listens any more.
pub(crate) fn dying_after(connections: usize, target: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let count = AtomicUsize::new(0);
    thread::spawn(move || {
        let mut open: Vec<TcpStream> = Vec::new();
        while let Ok((client, _)) = listener.accept() {
            if count.fetch_add(1, Ordering::Relaxed) == connections {
                break;
            }
            let server = TcpStream::connect(target).unwrap();
            for (mut from, mut to) in [
                (client.try_clone().unwrap(), server.try_clone().unwrap()),
                (server.try_clone().unwrap(), client.try_clone().unwrap()),
            ] {
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
            open.extend([client, server]);
        }
        drop(listener);
        for stream in open {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    });
    address
}
