//! Event streams with axum: a broadcast channel behind `Sse`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use futures_util::{Stream, StreamExt as _};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tower_http::cors::CorsLayer;

struct Feed {
    messages: broadcast::Sender<(u64, String)>,
    published: AtomicU64,
}

async fn events(
    State(feed): State<Arc<Feed>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    // A client that does not keep up misses what it lags behind.
    let stream = BroadcastStream::new(feed.messages.subscribe())
        .filter_map(|message| async { message.ok() })
        .map(|(id, data)| Ok(Event::default().id(id.to_string()).data(data)));
    Sse::new(stream).keep_alive(KeepAlive::default())
}

async fn publish(State(feed): State<Arc<Feed>>, data: String) -> StatusCode {
    let id = feed.published.fetch_add(1, Ordering::Relaxed) + 1;
    // That nobody listens is no error.
    let _ = feed.messages.send((id, data));
    StatusCode::NO_CONTENT
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let feed = Arc::new(Feed { messages: broadcast::channel(1000).0, published: AtomicU64::new(0) });
    let app = Router::new()
        .route("/events", get(events))
        .route("/publish", post(publish))
        .route("/ready", get(async || StatusCode::NO_CONTENT))
        .layer(DefaultBodyLimit::max(16 << 20))
        .layer(CorsLayer::permissive())
        .with_state(feed);
    let port: u16 = std::env::var("PORT")?.parse()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
