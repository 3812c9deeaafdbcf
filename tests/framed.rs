//! The codecs beneath tokio's `Framed`, over a pipe that delivers in pieces.
#![allow(clippy::unwrap_used, missing_docs)]

use pushspec_wire::mqtt::{
    self, Connect, FrameError, Packet, PacketCodec, PingReq, PingResp, Version,
};
use pushspec_wire::sse::{self, Event, EventCodec, Limits};
use tokio::io::{AsyncWriteExt, duplex};
use tokio_stream::StreamExt;
use tokio_util::codec::{FramedRead, FramedWrite};

/// Small enough that nothing arrives whole.
const PIPE: usize = 3;
const LIMIT: usize = 64;

#[tokio::test]
async fn packets_arrive_as_they_were_sent() {
    use futures_util::SinkExt;
    let (near, far) = duplex(PIPE);
    let sent = [
        Packet::Connect(Connect::new(Version::V311, "me")),
        Packet::PingReq(PingReq),
        Packet::PingResp(PingResp),
    ];
    let sending = async {
        let mut sink = FramedWrite::new(near, PacketCodec::new(Version::V5, LIMIT));
        for packet in &sent {
            sink.send(packet).await.unwrap();
        }
        assert_eq!(sink.encoder().version(), Version::V311);
    };
    let receiving = async {
        let mut stream = FramedRead::new(far, PacketCodec::new(Version::V5, LIMIT));
        let mut received = Vec::new();
        while let Some(packet) = stream.next().await {
            received.push(packet.unwrap());
        }
        assert_eq!(stream.decoder().version(), Version::V311, "that of the CONNECT");
        received
    };
    let ((), received) = tokio::join!(sending, receiving);
    assert_eq!(received, sent);
}

async fn error_of(bytes: &'static [u8]) -> mqtt::CodecError {
    let (mut near, far) = duplex(PIPE);
    let sending = async move {
        // The reader may give up before the end.
        let _ = near.write_all(bytes).await;
    };
    let receiving = async {
        let mut stream = FramedRead::new(far, PacketCodec::new(Version::V5, LIMIT));
        stream.next().await.unwrap().unwrap_err()
    };
    // Whoever has the error lets go of the pipe, so that the sender ends.
    let ((), error) = tokio::join!(sending, receiving);
    error
}

#[tokio::test]
async fn errors_are_told_by_who_is_at_fault() {
    assert!(matches!(error_of(&[0xC0, 1, 0]).await, mqtt::CodecError::Decode(_)));
    let too_large = FrameError::TooLarge { size: 102, limit: LIMIT }.into();
    let error = error_of(&[0x30, 100]).await;
    assert!(matches!(error, mqtt::CodecError::Decode(error) if error == too_large));
    // The connection ends within a packet.
    assert!(matches!(error_of(&[0x30, 10, 0]).await, mqtt::CodecError::Io(_)));
}

#[tokio::test]
async fn events_arrive_as_they_were_sent() {
    use futures_util::SinkExt;
    let (near, far) = duplex(PIPE);
    let sending = async {
        let mut sink = FramedWrite::new(near, EventCodec::default());
        sink.send(&Event::data("a\nb").id("1")).await.unwrap();
        sink.send(&Event::data("c").event("tick")).await.unwrap();
        // A block that stays open is thrown away at the end.
        sink.get_mut().write_all(b"data: lost\n").await.unwrap();
    };
    let receiving = async {
        let mut stream = FramedRead::new(far, EventCodec::default());
        let mut received = Vec::new();
        while let Some(event) = stream.next().await {
            let event = event.unwrap();
            received.push((event.event_type, event.data, event.last_event_id));
        }
        assert_eq!(stream.decoder().decoder().last_event_id(), "1");
        received
    };
    let ((), received) = tokio::join!(sending, receiving);
    let expected = [("message", "a\nb", "1"), ("tick", "c", "1")]
        .map(|(a, b, c)| (a.into(), b.into(), c.into()));
    assert_eq!(received, expected);
}

#[tokio::test]
async fn a_line_beyond_the_limit_ends_the_body() {
    let limits = Limits { line: 8, ..Limits::default() };
    let mut stream = FramedRead::new(&b"data: longer than that\n\n"[..], EventCodec::new(limits));
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(matches!(error, sse::CodecError::Decode(_)), "{error}");
}
