//! Prints the events of a stream from the standard input as they come:
//! `curl -sN http://localhost:8080/events | cargo run --example sse_follow`.

use std::error::Error;
use std::io::{Read, Write, stdin, stdout};

use pushspec_wire::sse::EventDecoder;

fn main() -> Result<(), Box<dyn Error>> {
    let mut decoder = EventDecoder::default();
    let mut buffer = [0; 4096];
    let mut out = stdout().lock();
    loop {
        let count = stdin().read(&mut buffer)?;
        if count == 0 {
            break;
        }
        let mut chunk = &buffer[..count];
        while let Some(event) = decoder.next_event(&mut chunk)? {
            writeln!(out, "{} [{}]: {}", event.event_type, event.last_event_id, event.data)?;
        }
    }
    if let Some(lost) = decoder.finish() {
        writeln!(out, "the end came within a block, {} fields are lost", lost.fields)?;
    }
    Ok(())
}
