//! Servers that are right in unusual ways must not be blamed, and hostile ones must not be praised
//! nor do harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::format_collect)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::matrix::attempt;
use super::{CASES, Setting};
use crate::event::Verdict;
use crate::probe::sse::{Capabilities, Http, Replay, Unfit, survey};
use crate::trace::Recorder;
use crate::transport::Connector;

/// What a decoy does with a connection.
#[derive(Clone, Copy, Debug)]
enum Decoy {
    /// A finite stream with an exact length and an unusual but right label.
    Finite,
    /// An event without a stimulus every now and then, all with the same data; ends with the
    /// connection; knows no replay.
    Ticker,
    /// An event every now and then, each byte in a chunk of its own, CR and LF too.
    Bytewise,
    /// A compressed stream of a few events, each flushed.
    Flushed,
    /// The same, but the compressor keeps all of it to the end.
    Held,
    /// Nothing but comments.
    Comments,
    /// Accepts and closes.
    HangsUp,
    /// Accepts and says nothing.
    Silent,
    /// Another protocol.
    Garbage,
    /// Header fields without end.
    EndlessHead,
    /// A line without end.
    EndlessLine,
    /// Comments without end or pause.
    EndlessComments,
    /// Dies in the middle of the first chunk.
    DiesMidway,
    /// Chunks that are none.
    BrokenChunks,
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: Text/Event-Stream; charset=\"UTF-8\"\r\n\
                    cache-control: no-cache\r\n";

async fn serve(decoy: Decoy, mut stream: DuplexStream) -> std::io::Result<()> {
    match decoy {
        Decoy::HangsUp => return Ok(()),
        Decoy::Garbage => stream.write_all(b"\x20\x02\x00\x00 garbage\r\n\r\n").await?,
        Decoy::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            return endless(stream, b"x: 0123456789abcdef0123456789abcdef\r\n").await;
        }
        _ => {}
    }
    loop {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await?);
        }
        let request = String::from_utf8_lossy(&request).into_owned();
        let method = request.split(' ').next().unwrap_or_default();
        let http10 = request.contains(" HTTP/1.0\r\n");
        match (decoy, method) {
            (Decoy::Silent | Decoy::Garbage, _) => std::future::pending().await,
            (_, "GET") => {}
            (_, "HEAD") => {
                stream.write_all(format!("{HEAD}\r\n").as_bytes()).await?;
                continue;
            }
            _ => {
                stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await?;
                continue;
            }
        }
        let chunked = if http10 { "connection: close" } else { "transfer-encoding: chunked" };
        match decoy {
            Decoy::Finite => {
                let body = "\u{feff}: finite\r\nretry: 1000\rdata: 1\n\n\
                            priority: low\ndata\n\ndata: {\"done\":true}\r\n\r\n: bye\n";
                let head = format!("{HEAD}content-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(head.as_bytes()).await?;
            }
            Decoy::Ticker => {
                let head = format!("{HEAD}connection: close\r\n\r\nretry: 1000\n\n");
                stream.write_all(head.as_bytes()).await?;
                for tick in 0.. {
                    stream.write_all(format!("id: {tick}\ndata: tick\n\n").as_bytes()).await?;
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
            }
            Decoy::Bytewise => {
                let head = format!("{HEAD}{chunked}\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                for tick in 0.. {
                    for byte in
                        format!("retry: 1000\r\ndata: gr\u{fc}n {tick}\r\n\r\n").into_bytes()
                    {
                        let chunk = [b'1', b'\r', b'\n', byte, b'\r', b'\n'];
                        let bytes = if http10 { &chunk[3..4] } else { &chunk };
                        stream.write_all(bytes).await?;
                    }
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
            }
            Decoy::Flushed | Decoy::Held => {
                let coded = request.contains("gzip");
                let coding = if coded { "content-encoding: gzip\r\n" } else { "" };
                let head =
                    format!("{HEAD}{coding}vary: accept-encoding\r\nconnection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                for number in 0..6 {
                    let event = format!("retry: 1000\ndata: {number}\n\n");
                    if coded {
                        encoder.write_all(event.as_bytes())?;
                        if matches!(decoy, Decoy::Flushed) {
                            encoder.flush()?;
                        }
                        stream.write_all(&std::mem::take(encoder.get_mut())).await?;
                    } else {
                        stream.write_all(event.as_bytes()).await?;
                    }
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                if coded {
                    stream.write_all(&encoder.finish()?).await?;
                }
                return Ok(());
            }
            Decoy::Comments => {
                let head = format!("{HEAD}connection: close\r\n\r\n:\n");
                stream.write_all(head.as_bytes()).await?;
                loop {
                    tokio::time::sleep(Duration::from_secs(14)).await;
                    stream.write_all(b": still here\n").await?;
                }
            }
            Decoy::EndlessLine | Decoy::EndlessComments => {
                let head = format!("{HEAD}connection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                let part: &[u8] = match decoy {
                    Decoy::EndlessLine => &[b'x'; 8_000],
                    _ => &[b':', b'\n'].repeat(100),
                };
                return endless(stream, part).await;
            }
            Decoy::DiesMidway => {
                let head = format!("{HEAD}{chunked}\r\n\r\nff\r\ndata: 1\n");
                stream.write_all(head.as_bytes()).await?;
                return Ok(());
            }
            Decoy::BrokenChunks => {
                let head = format!("{HEAD}{chunked}\r\n\r\nthis is no chunk\r\n");
                stream.write_all(head.as_bytes()).await?;
            }
            _ => {}
        }
    }
}

async fn endless(mut stream: DuplexStream, part: &[u8]) -> std::io::Result<()> {
    loop {
        stream.write_all(part).await?;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn setting(decoy: Decoy) -> Setting {
    let connector = Connector::memory("http://decoy/".parse().unwrap(), move || {
        let (client, server) = tokio::io::duplex(64 << 10);
        tokio::spawn(serve(decoy, server));
        client
    });
    Setting {
        connector,
        stimulus: None,
        closer: None,
        via: None,
        replay: Replay::Undeclared,
        idle: None,
        capabilities: Arc::new(Capabilities::default()),
        timeout: Duration::from_secs(5),
        run: "run".to_owned(),
        floor: Arc::default(),
        persistent: false,
        restarter: None,
    }
}

fn against(decoy: Decoy) -> BTreeMap<&'static str, (Verdict, String)> {
    CASES
        .iter()
        .copied()
        .flatten()
        .map(|case| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build()
                .unwrap();
            (case.id, runtime.block_on(async { attempt(case, setting(decoy)).await }))
        })
        .collect()
}

/// One line for each case that came to one of these verdicts.
fn shown(decoy: Decoy, wanted: &[Verdict]) -> String {
    against(decoy)
        .into_iter()
        .filter(|(_, (verdict, _))| wanted.contains(verdict))
        .map(|(id, (verdict, found))| format!("{verdict} {id}: {found}\n"))
        .collect()
}

const BLAME: &[Verdict] = &[Verdict::Fail, Verdict::Warn, Verdict::Error];

#[test]
fn a_finite_stream_is_right() {
    assert_eq!(shown(Decoy::Finite, BLAME), "");
}

#[test]
fn lines_that_are_cut_anywhere_are_right() {
    assert_eq!(shown(Decoy::Bytewise, BLAME), "");
    let passed = shown(Decoy::Bytewise, &[Verdict::Pass]);
    assert!(passed.contains("sse/stream/utf-8"), "{passed}");
}

#[test]
fn buffering_is_seen_without_a_stimulus_and_only_where_it_is() {
    assert_eq!(shown(Decoy::Flushed, BLAME), "");
    assert_eq!(
        shown(Decoy::Held, BLAME),
        "warn sse/delivery/compressed-at-once: all of them in one block, at the end\n"
    );
}

#[test]
fn a_silent_stream_is_right_and_says_what_would_make_it_speak() {
    assert_eq!(shown(Decoy::Comments, BLAME), "");
    let inconclusive = shown(Decoy::Comments, &[Verdict::Inconclusive]);
    assert!(inconclusive.contains("sse/stream/utf-8"), "{inconclusive}");
    assert!(inconclusive.lines().all(|line| line.contains("--publish-url")), "{inconclusive}");
}

#[test]
fn a_ticker_without_replay_is_advised_but_does_not_fail() {
    assert_eq!(
        shown(Decoy::Ticker, BLAME),
        "warn sse/replay/no-duplicate: the known event again\n"
    );
}

#[test]
fn hostile_endpoints_get_no_praise_and_end_in_time() {
    use Verdict::{Error, Pass};
    for decoy in [Decoy::HangsUp, Decoy::Silent, Decoy::Garbage, Decoy::EndlessHead] {
        assert_eq!(shown(decoy, &[Pass, Error]), "", "{decoy:?}");
    }
    for decoy in
        [Decoy::EndlessLine, Decoy::EndlessComments, Decoy::DiesMidway, Decoy::BrokenChunks]
    {
        let unpraised = shown(decoy, &[Pass, Error]);
        assert!(!unpraised.contains("sse/stream/"), "{decoy:?}: {unpraised}");
        assert!(!unpraised.contains("sse/replay/"), "{decoy:?}: {unpraised}");
        assert!(!unpraised.contains("error "), "{decoy:?}: {unpraised}");
    }
    let unended = shown(Decoy::EndlessLine, &[Verdict::Inconclusive]);
    assert!(unended.contains("the beginning of a line that does not end"), "{unended}");
    assert!(shown(Decoy::BrokenChunks, BLAME).contains("fail sse/response/one-framing"));
}

#[tokio::test(start_paused = true)]
async fn the_survey_says_what_is_wrong() {
    let told = |decoy| async move {
        let setting = setting(decoy);
        let http =
            Http { connector: setting.connector, trace: Recorder::new(), timeout: setting.timeout };
        survey(&http, None, "x").await.map_err(|unfit: Unfit| unfit.to_string())
    };
    assert_eq!(told(Decoy::Ticker).await.unwrap().ids, Some(true));
    assert_eq!(told(Decoy::Finite).await.unwrap().ids, Some(false));
    let wrong = [
        told(Decoy::HangsUp).await.unwrap_err(),
        told(Decoy::Silent).await.unwrap_err(),
        told(Decoy::Garbage).await.unwrap_err(),
        told(Decoy::EndlessHead).await.unwrap_err(),
    ];
    insta::assert_snapshot!("survey", wrong.join("\n"));
}
