//! Judging captures.

use std::io::Write as _;
use std::process::Stdio;

use crate::tool::{pushspec, scratch};

const CAPTURE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=latin1\r\n\
    Cache-Control: no-cache\r\n\r\n: hi\nretry: 3s\n\nid: 1\ndata: one\n\nid: 2\ndata: two\n";

/// Status, output and complaint.
fn linted(input: &[u8], arguments: &[&str]) -> (i32, String, String) {
    let mut child = pushspec()
        .args(["lint", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn people_read_what_clients_make_of_it_and_what_does_not_hold() {
    let (status, out, err) = linted(CAPTURE, &[]);
    assert_eq!((status, err.as_str()), (1, ""), "{out}");
    insta::assert_snapshot!("lint", out);
}

#[test]
fn machines_read_it_from_a_file() {
    let (_directory, path) = scratch("capture.txt");
    std::fs::write(&path, CAPTURE).unwrap();
    let output = pushspec().args(["lint", "--json"]).arg(&path).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../schema/lint-1.schema.json")).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&report));
    let findings = report["streams"][0]["findings"].as_array().unwrap();
    let of = |case: &str| findings.iter().find(|finding| finding["case"] == case).unwrap();
    let at = of("sse/stream/retry-is-digits")["file_offset"].as_u64().unwrap() as usize;
    assert!(CAPTURE[at..].starts_with(b"retry: 3s"));
    assert_eq!(of("sse/response/charset")["verdict"], "fail");
}

#[test]
fn the_status_tells_what_came_of_it() {
    assert_eq!(linted(b"data: a\n\n", &[]).0, 0);
    assert_eq!(linted(b"data: a\n", &[]).0, 0);
    assert_eq!(linted(b"data: a\n", &["--complete"]).0, 1);
    assert_eq!(linted(b"<!DOCTYPE html>\n<html>\n", &[]).0, 5);
    for (input, status, because) in [
        (&b""[..], 4, "it is empty"),
        (br#"{"log": {"entries": []}}"#, 4, "none of the 0 entries"),
        (br#"{"log": {"entries": 1}}"#, 2, "cannot be read as one"),
        (b"HTTP/1.1 200 OK\r\n", 2, "it has no end"),
    ] {
        let (code, out, err) = linted(input, &[]);
        assert_eq!((code, out.as_str()), (status, ""), "{err}");
        assert!(err.starts_with("error: -: ") && err.contains(because), "{err}");
    }
    let output = pushspec().args(["lint", "/nowhere/at/all"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("No such file"));
}
