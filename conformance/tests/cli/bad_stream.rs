//! Event streams that are none, or break on the way: one clear message, the right status, and a complete
//! report.

use pushspec::event::Verdict;

use crate::bad_input::unreachable;
use crate::peers::{answering, endless};
use crate::tool::{Done, free_port, serve, test};
use crate::transports::Pki;

/// What one case came to, and why.
fn verdict<'a>(done: &'a Done, id: &str) -> (Verdict, &'a str) {
    let case = done.report().cases.iter().find(|case| case.id == id);
    let case = case.unwrap_or_else(|| panic!("no {id}: {}", done.said()));
    (case.verdict, case.found.as_deref().unwrap_or_default())
}

#[test]
fn json_with_200_is_no_stream() {
    let (json, _) = answering(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"error\":true}",
    );
    unreachable(&test(&[&format!("http://{json}/")]), "it serves application/json");
}

#[test]
fn clients_may_be_told_to_stay_away() {
    let (gone, _) = answering(b"HTTP/1.1 204 No Content\r\n\r\n");
    unreachable(&test(&[&format!("http://{gone}/")]), "tells clients not to come back");
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    let sse = serve(&["sse", "--listen", "http://127.0.0.1:0"], 1);
    let at = |path: &str| sse.url().replace("/events", path);
    unreachable(&test(&[&at("/moved/round")]), "it redirects more than 20 times in a row");
    let (nowhere, _) =
        answering(b"HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/\r\nContent-Length: 0\r\n\r\n");
    unreachable(&test(&[&format!("http://{nowhere}/")]), "expected http or https");

    let cases = ["--case", "sse/redirect/*", "sse/replay/*", "sse/methods/*", "sse/cors/*"];
    let publish = at("/publish");
    let done =
        test(&[&[at("/moved/307").as_str(), "--publish-url", &publish], &cases[..]].concat());
    assert_eq!(done.status, 0, "{}", done.said());
    assert_eq!(verdict(&done, "sse/redirect/allowed-origin").0, Verdict::Pass);
    assert!(done.out.contains("redirects: 307"), "{}", done.said());
}

#[test]
fn a_line_without_end_is_told_and_not_kept() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ";
    let line = endless(head, &[b'x'; 4096]);
    let done = test(&[&format!("http://{line}/"), "--case", "sse/stream/utf-8", "--timeout", "20"]);
    assert_eq!(done.status, 5, "{}", done.said());
    let (verdict, found) = verdict(&done, "sse/stream/utf-8");
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(found.contains("line"), "{found}");
}

#[test]
fn broken_chunks_fail() {
    let (broken, _) = answering(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n\
          9\r\ndata: 1\n\n\r\nno size\r\n",
    );
    let done = test(&[&format!("http://{broken}/"), "--case", "sse/response/*"]);
    assert_eq!(done.status, 1, "{}", done.said());
    let (verdict, found) = verdict(&done, "sse/response/one-framing");
    assert_eq!(verdict, Verdict::Fail);
    assert!(found.contains("\"no size\" is no chunk size"), "{found}");
}

#[test]
fn what_is_wrong_with_tls_is_told() {
    let (pki, other) = (Pki::new(), Pki::new());
    let ca = pki.path("ca.pem");
    for (name, authority, because) in [
        ("expired", &ca, "expired"),
        ("stranger", &ca, "not valid for name"),
        ("server", &other.path("ca.pem"), "name the authority that signed its certificate"),
    ] {
        let (cert, key) = (pki.path(&format!("{name}.pem")), pki.path(&format!("{name}.key")));
        let listen = ["sse", "--listen", "https://127.0.0.1:0", "--cert", &cert, "--key", &key];
        let sse = serve(&listen, 1);
        unreachable(&test(&[sse.url(), "--ca", authority]), because);
    }
    let plain = serve(&["sse", "--listen", "http://127.0.0.1:0"], 1);
    let url = plain.url().replace("http://", "https://");
    unreachable(&test(&[&url, "--ca", &ca]), "does not seem to speak TLS");
}

#[test]
fn a_stimulus_that_does_not_work_is_told() {
    let sse = serve(&["sse", "--listen", "http://127.0.0.1:0"], 1);
    let nobody = format!("http://127.0.0.1:{}/publish", free_port());
    let wrong = sse.url().replace("/events", "/nothing");
    for (option, value, because) in [
        ("--trigger", "echo no bus >&2; exit 3", "exit status: 3; its last words: no bus"),
        ("--trigger", "sleep 60", "it did not end within 0.5 s"),
        ("--publish-url", &nobody, "Connection refused"),
        ("--publish-url", &wrong, "a publication is answered 404 Not Found"),
    ] {
        let cases = ["--case", "sse/payload/line-feeds", "sse/response/*", "--timeout", "0.5"];
        let done = test(&[&[sse.url(), option, value], &cases[..]].concat());
        assert_eq!(done.status, 5, "{}", done.said());
        let (found, why) = verdict(&done, "sse/payload/line-feeds");
        assert_eq!(found, Verdict::Inconclusive, "{}", done.said());
        assert!(why.contains("no event can be caused") && why.contains(because), "{why}");
        assert_eq!(verdict(&done, "sse/response/status-200").0, Verdict::Pass, "{}", done.said());
    }
}

#[test]
fn a_restart_is_judged_where_events_are_promised_to_outlive_it() {
    let binary = env!("CARGO_BIN_EXE_pushspec");
    // It keeps its events in memory only.
    let command = format!("exec {binary} serve sse --listen http://127.0.0.1:$PUSHSPEC_PORT");
    let arguments = [
        "http://127.0.0.1:0/events",
        "--publish-url",
        "http://127.0.0.1:0/publish",
        "--exec",
        &command,
        "--case",
        "sse/replay/after-a-restart",
        "sse/response/status-200",
    ];
    let id = "sse/replay/after-a-restart";
    let done = test(&arguments);
    assert_eq!(done.status, 0, "{}", done.said());
    assert_eq!(verdict(&done, id).0, Verdict::Pass, "{}", done.said());
    let done = test(&[&arguments[..], &["--persistent"]].concat());
    assert_eq!(done.status, 1, "{}", done.said());
    assert_eq!(verdict(&done, id), (Verdict::Fail, "3 of 3 are missing"), "{}", done.said());
    assert!(done.report().target.ended.is_empty(), "asked to end, it has not crashed");
}
