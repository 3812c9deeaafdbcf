//! Laws of the codec of event streams, for streams and events at random. The laws themselves stand in
//! `pushspec-laws`, where the fuzz targets find them too.
#![allow(missing_docs)]

use proptest::prelude::*;
use pushspec_laws::chunks::of_sizes;
use pushspec_laws::sse::{self, Part};
use pushspec_wire::sse::{Event, Limits};

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

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0_usize..12, 0..40)
}

fn limits() -> impl Strategy<Value = Limits> {
    let small = (0_usize..20, 0_usize..20).prop_map(|(line, event)| Limits { line, event });
    prop_oneof![Just(Limits::default()), small]
}

/// Any text; often such as a field of one line may hold.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[^\r\n\0]{0,8}", 1 => "[a-z \r\n:\0\u{feff}\u{2028}\u{1f600}]{0,20}"]
}

fn part() -> impl Strategy<Value = Part> {
    let optional = || prop::option::of(text());
    let event = (optional(), optional(), optional(), prop::option::of(any::<u64>()))
        .prop_map(|(event, data, id, retry)| Part::Event(Event { event, data, id, retry }));
    prop_oneof![4 => event, 1 => text().prop_map(Part::Comment)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chunks_say_the_same(stream in stream(), sizes in sizes(), limits in limits()) {
        sse::any_chunks(limits, &stream, of_sizes(&stream, &sizes));
    }

    #[test]
    fn any_bytes_are_a_stream(stream in stream(), limits in limits()) {
        sse::any_bytes(limits, &stream);
    }

    #[test]
    fn agrees_with_a_naive_reader(stream in stream()) {
        sse::agrees_with_a_naive_reader(&stream);
    }

    #[test]
    fn what_is_written_is_read(parts in prop::collection::vec(part(), 0..5)) {
        sse::written_is_read(parts);
    }
}
