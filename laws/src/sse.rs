//! Laws of the codec of event streams.

use std::time::Duration;

use pushspec_wire::sse::{
    DecodeError, Discarded, Event, EventDecoder, Interpreter, Limits, LineDecoder, MessageEvent,
    encode_comment,
};

/// Ill-formed bytes become characters of three bytes.
const WORST_GROWTH: usize = 3;

/// All that the decoder tells about a stream.
#[derive(PartialEq, Debug)]
pub struct Reading {
    /// The events.
    pub events: Vec<MessageEvent<'static>>,
    /// Why it stopped early.
    pub error: Option<DecodeError>,
    /// The last event ID at the end.
    pub last_event_id: String,
    /// The reconnection time at the end.
    pub reconnection_time: Option<Duration>,
    /// What the end threw away; nothing is said of it after an error.
    pub discarded: Option<Discarded>,
}

impl Reading {
    /// Reads a stream that arrives in these chunks.
    pub fn of<'a>(limits: Limits, chunks: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut decoder = EventDecoder::new(limits);
        let mut events = Vec::new();
        let mut error = None;
        'body: for mut chunk in chunks {
            loop {
                match decoder.next_event(&mut chunk) {
                    // Where a CR ends a chunk, the LF of a CRLF is not yet part of the event.
                    Ok(Some(event)) => {
                        events.push(MessageEvent { offset: 0, end: 0, ..event.into_owned() });
                    }
                    Ok(None) => break,
                    Err(found) => {
                        assert_eq!(
                            decoder.next_event(&mut &b"\n"[..]),
                            Err(found),
                            "it comes again"
                        );
                        error = Some(found);
                        break 'body;
                    }
                }
            }
        }
        Self {
            events,
            error,
            last_event_id: decoder.last_event_id().to_owned(),
            reconnection_time: decoder.reconnection_time(),
            discarded: if error.is_some() { None } else { decoder.finish() },
        }
    }
}

/// A stream in any chunks says the same as in one piece.
pub fn any_chunks<'a>(
    limits: Limits,
    stream: &[u8],
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Reading {
    let whole = Reading::of(limits, [stream]);
    assert_eq!(Reading::of(limits, chunks), whole);
    assert_eq!(Reading::of(limits, stream.chunks(1)), whole);
    whole
}

/// Any bytes as a stream: no panic, no byte of a line lost, limits kept, errors within the stream, and
/// lines interpreted one by one say what the stream says.
pub fn any_bytes(limits: Limits, stream: &[u8]) {
    let reading = Reading::of(limits, [stream]);
    for event in &reading.events {
        assert!(event.data.len() <= WORST_GROWTH * limits.event);
        assert!(!event.event_type.is_empty() && !event.event_type.contains(['\r', '\n']));
        assert!(!event.last_event_id.contains(['\0', '\r', '\n']));
    }
    if let Some(error) = reading.error {
        let (DecodeError::LineTooLong { offset, limit }
        | DecodeError::EventTooLarge { offset, limit }) = error
        else {
            panic!("{error} is new here");
        };
        assert!(offset <= stream.len() as u64, "{error} lies behind the stream");
        assert!(limit == limits.line || limit == limits.event);
    }
    lines_say_the_same(limits, stream, &reading);
    lines_lose_nothing(stream);
}

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
fn lines_lose_nothing(stream: &[u8]) {
    let mut decoder = LineDecoder::default();
    let mut rest = stream;
    let mut read = 0;
    while let Ok(Some(line)) = decoder.next_line(&mut rest) {
        assert_eq!(line.offset, read, "lines follow each other");
        read = line.end();
        let end = usize::try_from(read).expect("within the stream");
        assert!(matches!(stream[end - 1], b'\r' | b'\n'));
        assert_eq!(stream.len() - rest.len(), end);
    }
    let left = &stream[usize::try_from(read).expect("within the stream")..];
    assert!(!left.contains(&b'\n') && !left.contains(&b'\r'), "no line end is overlooked");
    assert_eq!(decoder.partial_line(), left);
    let ends = decoder.line_ends();
    let pairs = stream.windows(2).filter(|pair| pair == b"\r\n").count();
    assert_eq!(ends.crlf, pairs as u64);
}

/// The decoder agrees with 9.2.6 as a naive reader of a whole body would write it: decode all, then
/// split, then process.
pub fn agrees_with_a_naive_reader(stream: &[u8]) {
    let reading = Reading::of(Limits::default(), [stream]);
    let events: Vec<_> = reading
        .events
        .iter()
        .map(|e| (e.event_type.to_string(), e.data.to_string(), e.last_event_id.to_string()))
        .collect();
    assert_eq!((events, reading.last_event_id), naive(stream));
}

fn naive(stream: &[u8]) -> (Vec<(String, String, String)>, String) {
    let text = String::from_utf8_lossy(stream);
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

/// What a server writes: an event, or a comment between events.
#[derive(Clone, Debug)]
pub enum Part {
    /// An event with any content.
    Event(Event),
    /// A comment.
    Comment(String),
}

/// Events with any content: what can be encoded is dispatched with the same content, what cannot leaves
/// nothing behind, and comments between them say nothing.
pub fn written_is_read(parts: Vec<Part>) {
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    let mut last_event_id = String::new();
    let mut reconnection_time = None;
    for part in parts {
        let event = match part {
            Part::Comment(text) => {
                encode_comment(&text, &mut stream);
                continue;
            }
            Part::Event(event) => event,
        };
        let start = stream.len();
        if event.encode(&mut stream).is_err() {
            assert_eq!(stream.len(), start, "nothing is written of what cannot be encoded");
            let broken = |text: &Option<String>| {
                text.as_ref().is_some_and(|text| text.contains(['\r', '\n']))
            };
            let nul = event.id.as_ref().is_some_and(|id| id.contains('\0'));
            assert!(nul || broken(&event.id) || broken(&event.event), "{event:?}");
            continue;
        }
        last_event_id = event.id.unwrap_or(last_event_id);
        reconnection_time = event.retry.map(Duration::from_millis).or(reconnection_time);
        if let Some(data) = event.data {
            let named = event.event.filter(|name| !name.is_empty());
            let data = data.replace("\r\n", "\n").replace('\r', "\n");
            expected.push((named.unwrap_or("message".into()), data, last_event_id.clone()));
        }
    }
    // Closes what comments may have opened.
    stream.push(b'\n');
    let reading = Reading::of(Limits::default(), stream.chunks(3));
    assert_eq!(reading.reconnection_time, reconnection_time);
    assert_eq!(reading.last_event_id, last_event_id);
    assert_eq!((reading.error, reading.discarded), (None, None));
    let found: Vec<_> = reading
        .events
        .into_iter()
        .map(|e| (e.event_type.into_owned(), e.data.into_owned(), e.last_event_id.into_owned()))
        .collect();
    assert_eq!(found, expected);
}
