//! `pushspec decode`: bytes in, what they are out.

use std::io::Write as _;
use std::process::Stdio;

use crate::tool::{pushspec, scratch};

/// Status, standard output and standard error.
fn decode(arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = pushspec()
        .arg("decode")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Wrong usage ends it before it reads.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What is shown, with the status in front.
fn shown(arguments: &[&str], input: &[u8]) -> String {
    let (status, out, err) = decode(arguments, input);
    format!("exit status {status}\n{out}{err}")
}

/// CONNECT with a Will and properties, PUBLISH of QoS 1, DISCONNECT with a reason.
const STREAM: &str = "\
    10 2e 00 04 4d 51 54 54 05 ee 00 3c 03 21 00 14 00 03 63 31 32 05 18 00 00 00 05 \
    00 04 67 6f 6e 65 00 03 62 79 65 00 04 75 73 65 72 00 02 70 77 \
    32 10 00 05 61 2f 62 2f 63 00 07 03 23 00 01 68 69 21 \
    e0 02 8e 00";

#[test]
fn the_help_teaches() {
    insta::assert_snapshot!("help_decode", shown(&["--help"], b""));
}

#[test]
fn a_stream_of_packets() {
    insta::assert_snapshot!("decode_stream", shown(&["--hex", STREAM], b""));
}

#[test]
fn a_malformed_packet_ends_the_reading() {
    // SUBACK, SUBSCRIBE with a wrong Topic Filter as the second of two, PINGREQ.
    let hex = "90 04 00 01 00 01 82 0d 00 07 00 00 03 61 2f 62 01 00 02 61 23 00 c0 00";
    insta::assert_snapshot!("decode_malformed", shown(&["--mqtt", "5.0", "--hex", hex], b""));
    let unlisted = "20 02 00 09";
    insta::assert_snapshot!("decode_older", shown(&["--mqtt", "3.1.1", "--hex", unlisted], b""));
}

#[test]
fn an_incomplete_packet_says_what_is_missing() {
    let packet = [0x30, 9, 0, 1, b'a', 0, b'x'];
    insta::assert_snapshot!("decode_incomplete", shown(&["-"], &packet));
    assert_eq!(decode(&["-"], &[0x30]).0, 5);
}

#[test]
fn an_event_stream() {
    let body = b"\xef\xbb\xbf: hello\nretry: 3000\r\nretry: soon\nid: 7\nevent: add\ndata: two\n\
                 data: lines\n\nDATA: x\n\ndata:\xff\r\rid: 8\ndata: lo";
    insta::assert_snapshot!("decode_sse", shown(&["--sse", "-"], body));
    let (_, json, _) = decode(&["--sse", "--json", "-"], body);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["lines"][3]["effect"], "sets-last-event-id");
    assert_eq!(json["lines"][7]["event"]["data"], "two\nlines");
    assert_eq!(json["discarded"]["partial_line"], 8);
}

#[test]
fn machines_get_every_byte() {
    let (status, out, _) = decode(&["--json", "--hex", STREAM], b"");
    assert_eq!(status, 0);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let mut hex = Vec::new();
    for packet in json["packets"].as_array().unwrap() {
        assert_eq!(packet["outcome"], "conforming");
        let fields = packet["fields"].as_array().unwrap();
        hex.extend(fields.iter().map(|field| field["hex"].as_str().unwrap()));
    }
    hex.retain(|field| !field.is_empty());
    assert_eq!(hex.join(" "), STREAM.split_whitespace().collect::<Vec<_>>().join(" "));

    let (status, out, _) = decode(&["--json", "--hex", "40 02 00 00"], b"");
    assert_eq!(status, 1);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["packets"][0]["error"]["requirement"], "X5-N34");
    assert_eq!(json["packets"][0]["error"]["offset"], 2);
}

#[test]
fn colours_only_where_they_are_wanted() {
    let output = |colour: &str| {
        let out = pushspec()
            .args(["decode", "--hex", "c1 00"])
            .env("CLICOLOR_FORCE", colour)
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    assert!(output("1").contains("\u{1b}["));
    assert!(!output("0").contains('\u{1b}'));
}

#[test]
fn wrong_usage_is_told() {
    for (arguments, told) in [
        (&["--hex", "c0 0"][..], "odd number of digits"),
        (&["--hex", "zz"], "no hexadecimal digit"),
        (&["--mqtt", "4", "-"], "expected 3.1, 3.1.1, 5.0 or auto"),
        (&["--sse", "--mqtt", "5.0", "-"], "cannot be used with"),
        (&[], "FILE"),
        (&["/nowhere/at/all"], "cannot read /nowhere/at/all"),
    ] {
        let (status, out, err) = decode(arguments, b"");
        assert_eq!(status, 2, "{arguments:?}");
        assert!(out.is_empty() && err.contains(told), "{arguments:?}: {err}");
    }
    assert_eq!(decode(&["-"], b"").0, 4);
}

#[test]
fn files_are_read() {
    let (_guard, path) = scratch("packets.bin");
    std::fs::write(&path, [0xC0, 0, 0xD0, 0]).unwrap();
    let (status, out, _) = decode(&[path.to_str().unwrap()], b"");
    assert_eq!(status, 0);
    assert!(out.contains("PINGREQ") && out.contains("PINGRESP"), "{out}");
}
