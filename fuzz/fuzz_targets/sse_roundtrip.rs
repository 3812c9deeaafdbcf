//! Events with any content, and comments between them.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use pushspec_laws::sse::{self as laws, Part};
use pushspec_wire::sse::Event;

/// What a [`Part`] is made of.
#[derive(Arbitrary, Debug)]
enum Plan {
    Event { event: Option<String>, data: Option<String>, id: Option<String>, retry: Option<u64> },
    Comment(String),
}

fuzz_target!(|plans: Vec<Plan>| {
    let part = |plan| match plan {
        Plan::Comment(text) => Part::Comment(text),
        Plan::Event { event, data, id, retry } => Part::Event(Event { event, data, id, retry }),
    };
    laws::written_is_read(plans.into_iter().map(part).collect());
});
