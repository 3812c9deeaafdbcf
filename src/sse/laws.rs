//! Laws that hold for every stream.
#![allow(clippy::unwrap_used)]

use super::{DecodeError, Discarded, Event, EventDecoder, Limits, LineDecoder, MessageEvent};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use proptest::prelude::*;

/// Bytes in which the format's own characters are frequent.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            &b"data"[..], b"data:", b"data: ", b"event:", b"id:", b"id: 7", b"retry:", b"retry: 12",
            b":", b" ", b"\r", b"\n", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\0", b"x", b"yz",
            b"\xef\xbb\xbf", b"\xef", b"\xbb", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"\xf0\x9f",
        ]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// The body cut at arbitrary places.
fn chunked() -> impl Strategy<Value = (Vec<u8>, Vec<usize>)> {
    (stream(), prop::collection::vec(0_usize..12, 0..40))
}

fn chunks<'a>(body: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = body;
    let mut chunks = Vec::new();
    for size in sizes {
        let (chunk, tail) = rest.split_at((*size).min(rest.len()));
        chunks.push(chunk);
        rest = tail;
    }
    chunks.push(rest);
    chunks
}

#[derive(PartialEq, Debug)]
struct Reading {
    events: Vec<MessageEvent<'static>>,
    last_event_id: String,
    retry: Option<Duration>,
    discarded: Option<Discarded>,
}

fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Reading {
    let mut decoder = EventDecoder::default();
    let mut events = Vec::new();
    for mut chunk in chunks {
        while let Some(event) = decoder.next_event(&mut chunk).unwrap() {
            // A CR at a chunk's end is not yet known to be half of a CRLF.
            events.push(MessageEvent { offset: 0, end: 0, ..event.into_owned() });
        }
    }
    Reading {
        events,
        last_event_id: decoder.last_event_id().into(),
        retry: decoder.reconnection_time(),
        discarded: decoder.finish(),
    }
}

/// 9.2.6 as a naive reader of a whole body would write it: decode all, then split, then process.
fn naive(body: &[u8]) -> (Vec<(String, String, String)>, String) {
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut source_id) = (Vec::new(), String::new());
    let (mut data, mut name, mut id) = (String::new(), String::new(), String::new());
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.pop();
    for line in lines {
        if line.is_empty() {
            source_id.clone_from(&id);
            if let Some(data) = data.strip_suffix('\n') {
                let name = if name.is_empty() { "message" } else { &name };
                events.push((name.into(), data.into(), id.clone()));
            }
            data.clear();
            name.clear();
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                data.push_str(value);
                data.push('\n');
            }
            "event" => name = value.into(),
            "id" if !value.contains('\0') => id = value.into(),
            _ => {}
        }
    }
    (events, source_id)
}

proptest! {
    #[test]
    fn any_chunks_give_the_same_events((body, sizes) in chunked()) {
        let whole = read([body.as_slice()]);
        prop_assert_eq!(&read(chunks(&body, &sizes)), &whole);
        prop_assert_eq!(&read(body.chunks(1)), &whole);
    }

    #[test]
    fn agrees_with_a_naive_reader(body in stream()) {
        let reading = read([body.as_slice()]);
        let events: Vec<_> = reading
            .events
            .iter()
            .map(|e| (e.event_type.to_string(), e.data.to_string(), e.last_event_id.to_string()))
            .collect();
        let (expected, id) = naive(&body);
        prop_assert_eq!(events, expected);
        prop_assert_eq!(reading.last_event_id, id);
    }

    #[test]
    fn lines_and_their_ends_are_the_body((body, sizes) in chunked()) {
        let mut decoder = LineDecoder::default();
        let mut lines = 0;
        let mut end = 0;
        for mut chunk in chunks(&body, &sizes) {
            while let Some(line) = decoder.next_line(&mut chunk).unwrap() {
                // Behind a CR that stood at a chunk's end its LF may follow.
                let start = usize::try_from(line.offset).unwrap();
                prop_assert!(body[end..start].is_empty() || &body[end - 1..start] == b"\r\n");
                end = usize::try_from(line.end()).unwrap();
                let bom = if line.bom { 3 } else { 0 };
                prop_assert_eq!(&body[start + bom..][..line.bytes.len()], line.bytes);
                lines += 1;
            }
        }
        let rest = usize::try_from(decoder.offset()).unwrap();
        prop_assert_eq!(&body[rest..], decoder.partial_line());
        let ends = decoder.line_ends();
        prop_assert_eq!(ends.lf + ends.cr + ends.crlf, lines);
        let expected = body.windows(2).filter(|pair| pair == b"\r\n").count();
        prop_assert_eq!(ends.crlf, expected as u64);
    }

    #[test]
    fn what_is_encoded_is_decoded(
        data in "[a-z \r\n:\0\u{feff}\u{2028}\u{1f600}]{0,20}",
        name in prop::option::of("[^\r\n]{1,8}"),
        id in prop::option::of("[^\r\n\0]{0,8}"),
        retry in prop::option::of(any::<u64>()),
    ) {
        let event = Event { event: name.clone(), data: Some(data.clone()), id: id.clone(), retry };
        let mut body = Vec::new();
        event.encode(&mut body).unwrap();
        let reading = read(body.chunks(3));
        prop_assert_eq!(reading.events.len(), 1);
        let read = &reading.events[0];
        prop_assert_eq!(&read.data, &data.replace("\r\n", "\n").replace('\r', "\n"));
        prop_assert_eq!(&read.event_type, name.as_deref().unwrap_or("message"));
        prop_assert_eq!(&read.last_event_id, id.as_deref().unwrap_or(""));
        prop_assert_eq!(reading.retry, retry.map(Duration::from_millis));
        prop_assert_eq!(reading.discarded, None);
    }

    #[test]
    fn limits_hold_for_any_bytes((body, sizes) in chunked(), line in 0_usize..20, event in 0_usize..20) {
        let mut decoder = EventDecoder::new(Limits { line, event });
        'body: for mut chunk in chunks(&body, &sizes) {
            loop {
                match decoder.next_event(&mut chunk) {
                    // Replacement characters are longer than what they replace.
                    Ok(Some(e)) => prop_assert!(e.data.len() <= 3 * event),
                    Ok(None) => break,
                    Err(DecodeError::LineTooLong { limit, .. }) => {
                        prop_assert_eq!(limit, line);
                        break 'body;
                    }
                    Err(DecodeError::EventTooLarge { limit, .. }) => {
                        prop_assert_eq!(limit, event);
                        break 'body;
                    }
                }
            }
        }
    }
}
