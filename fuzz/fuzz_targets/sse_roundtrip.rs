//! Events with any content: what can be encoded is dispatched with the same content, what cannot
//! leaves nothing behind, and comments between them say nothing.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use pushspec_fuzz::sse::reading::Reading;
use pushspec_wire::sse::{Event, Limits, encode_comment};

#[derive(Arbitrary, Debug)]
enum Part {
    Event { event: Option<String>, data: Option<String>, id: Option<String>, retry: Option<u64> },
    Comment(String),
}

fuzz_target!(|parts: Vec<Part>| {
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
            Part::Event { event, data, id, retry } => Event { event, data, id, retry },
        };
        let start = stream.len();
        if event.encode(&mut stream).is_err() {
            assert_eq!(stream.len(), start, "nothing is written of what cannot be encoded");
            let one_line = |text: &Option<String>| {
                text.as_ref().is_none_or(|text| !text.contains(['\r', '\n']))
            };
            let nul = event.id.as_ref().is_some_and(|id| id.contains('\0'));
            assert!(nul || !one_line(&event.id) || !one_line(&event.event), "{event:?}");
            continue;
        }
        if let Some(id) = event.id {
            last_event_id = id;
        }
        if let Some(retry) = event.retry {
            reconnection_time = Some(Duration::from_millis(retry));
        }
        if let Some(data) = event.data {
            let named = event.event.filter(|name| !name.is_empty());
            let data = data.replace("\r\n", "\n").replace('\r', "\n");
            expected.push((named.unwrap_or("message".into()), data, last_event_id.clone()));
        }
    }
    // Closes what comments may have opened.
    stream.push(b'\n');
    let reading = Reading::of(Limits::default(), [&stream[..]]);
    assert_eq!(reading.reconnection_time, reconnection_time);
    assert_eq!(reading.last_event_id, last_event_id);
    assert_eq!((reading.error, reading.discarded), (None, None));
    let dispatched = reading.dispatched().into_iter();
    let found: Vec<_> =
        dispatched.map(|event| (event.event_type, event.data, event.last_event_id)).collect();
    assert_eq!(found, expected);
});
