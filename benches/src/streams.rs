//! Event streams that all decoders take.

use std::fmt::Write;

use bytes::Bytes;

/// An event stream.
#[derive(Clone)]
pub struct Stream {
    /// What it is.
    pub name: &'static str,
    /// How many events it has.
    pub events: usize,
    /// Its bytes.
    pub bytes: Bytes,
}

const EVENTS: usize = 2_000;

fn of(name: &'static str, events: usize, event: impl Fn(usize, &mut String)) -> Stream {
    let mut text = String::new();
    (0..events).for_each(|number| event(number, &mut text));
    Stream { name, events, bytes: text.into() }
}

/// What a language model sends: one small piece of JSON for each token.
pub fn tokens(end: &'static str) -> Stream {
    let name = if end == "\n" { "token stream" } else { "token stream with CRLF" };
    of(name, EVENTS, |number, text| {
        let token = ["The", " quick", " brown", " fox"][number % 4];
        write!(text, "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{token}\"}}}}]}}{end}{end}")
            .expect("a string takes everything");
    })
}

/// Events of several lines, with type and ID.
pub fn multi_line() -> Stream {
    of("multi-line events", EVENTS, |number, text| {
        write!(text, "event: update\nid: {number}\n").expect("a string takes everything");
        for line in 0..6 {
            writeln!(text, "data: line {line} of an event with several lines")
                .expect("a string takes everything");
        }
        text.push('\n');
    })
}

/// Comments that keep a connection alive, more than there are events.
pub fn comments() -> Stream {
    of("comment-heavy", EVENTS, |number, text| {
        for _ in 0..4 {
            text.push_str(": keep this connection alive, please\n");
        }
        write!(text, "data: {number}\n\n").expect("a string takes everything");
    })
}

/// One event of one line of 1 MiB.
pub fn long_line() -> Stream {
    of("1 MiB line", 1, |_, text| {
        write!(text, "data: {}\n\n", "x".repeat(1 << 20)).expect("a string takes everything");
    })
}
