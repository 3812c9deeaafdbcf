//! Any bytes as a stream: no panic, no byte of a line lost, limits kept, and lines interpreted one by
//! one say what the stream says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::sse::{input, reading::Reading};
use pushspec_wire::sse::{Interpreter, Limits, LineDecoder};

/// Ill-formed bytes become characters of three bytes.
const WORST_GROWTH: usize = 3;

fuzz_target!(|bytes: &[u8]| {
    let [limit, bytes @ ..] = bytes else { return };
    let Some(stream) = input::stream(bytes) else { return };
    let limits = match limit {
        0..128 => Limits::default(),
        _ => Limits { line: usize::from(*limit) - 120, event: usize::from(*limit) - 110 },
    };
    let reading = Reading::of(limits, [&stream[..]]);
    for event in &reading.events {
        assert!(event.data.len() <= WORST_GROWTH * limits.event);
        assert!(!event.event_type.is_empty() && !event.event_type.contains(['\r', '\n']));
        assert!(!event.last_event_id.contains(['\0', '\r', '\n']));
    }
    lines_say_the_same(limits, &stream, &reading);
    lines_lose_nothing(&stream);
});

fn lines_say_the_same(limits: Limits, stream: &[u8], reading: &Reading) {
    let mut lines = LineDecoder::new(limits.line);
    let mut interpreter = Interpreter::new(limits.event);
    let mut rest = stream;
    let mut events = reading.events.iter();
    let error = loop {
        let line = match lines.next_line(&mut rest) {
            Ok(Some(line)) => line,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        match interpreter.process(&line) {
            Ok(Some(event)) => {
                let expected = events.next().expect("no event more than in the stream");
                assert_eq!(
                    (event.data, event.event_type),
                    (expected.data.clone(), expected.event_type.clone())
                );
            }
            Ok(None) => {}
            Err(error) => break Some(error),
        }
    };
    assert_eq!((error, events.next()), (reading.error, None));
    assert_eq!(interpreter.last_event_id(), reading.last_event_id);
    assert_eq!(interpreter.reconnection_time(), reading.reconnection_time);
}

/// Every byte is part of a line or of a line end, in order.
fn lines_lose_nothing(body: &[u8]) {
    let mut decoder = LineDecoder::default();
    let mut rest = body;
    let mut read = 0;
    while let Ok(Some(line)) = decoder.next_line(&mut rest) {
        assert_eq!(line.offset, read, "lines follow each other");
        read = line.end();
        let end = usize::try_from(read).expect("within the body");
        assert!(matches!(body[end - 1], b'\r' | b'\n'));
        assert_eq!(body.len() - rest.len(), end);
    }
    let left = &body[usize::try_from(read).expect("within the body")..];
    assert!(!left.contains(&b'\n') && !left.contains(&b'\r'), "no line end is overlooked");
    assert_eq!(decoder.partial_line(), left);
}
