//! What users point the tool at by mistake, and what they type wrongly: one clear message, the right
//! status, and a complete report.

use pushspec::event::Verdict;

use crate::peers::{dying_after, endless, greeting, held_back, silent};
use crate::tool::{Done, free_port, pushspec, scratch, serve, test};

/// The endpoint could not be tested, and the report says so.
pub(crate) fn unreachable(done: &Done, because: &str) {
    assert_eq!(done.status, 3, "{}", done.said());
    assert!(done.out.contains(because), "{}", done.said());
    let endpoints = &done.report().target.endpoints;
    assert_eq!(endpoints.len(), 1);
    assert!(endpoints[0].unreachable.as_ref().is_some_and(|reason| reason.contains(because)));
    assert!(done.files.contains("<testsuites"), "the JUnit report is there too");
}

/// Wrong usage: one line, and nothing ran.
fn refused(arguments: &[&str], because: &str) {
    let output = pushspec().args(arguments).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {err}");
    assert!(err.contains(because), "{arguments:?}: {err}");
    assert!(err.starts_with("error: "), "{err}");
}

#[test]
fn nothing_listens() {
    let port = free_port();
    unreachable(&test(&[&format!("mqtt://127.0.0.1:{port}")]), "Connection refused");
    unreachable(&test(&[&format!("http://127.0.0.1:{port}/")]), "Connection refused");
    unreachable(&test(&["unix:/nowhere/at/all"]), "No such file");
    unreachable(&test(&["mqtt://no-such-host.invalid"]), "cannot connect to");
}

#[test]
fn the_port_speaks_another_protocol() {
    let ssh = greeting(b"SSH-2.0-OpenSSH_9.2p1\r\n");
    unreachable(&test(&[&format!("mqtt://{ssh}")]), "is not MQTT");
    unreachable(&test(&[&format!("http://{ssh}/")]), "not HTTP");
    unreachable(&test(&[&format!("ws://{ssh}/")]), "no WebSocket");
    unreachable(&test(&[&format!("mqtts://{ssh}/")]), "does not seem to speak TLS");

    let sse = serve(&["sse", "--listen", "http://127.0.0.1:0"], 1);
    let at = |scheme: &str| sse.url().replace("http://", scheme).replace("/events", "");
    unreachable(&test(&[&at("mqtt://")]), "this port speaks HTTP");
    unreachable(&test(&[&at("ws://")]), "no WebSocket");

    let mqtt = serve(&["mqtt", "--listen", "mqtt://127.0.0.1:0"], 1);
    let done = test(&[&mqtt.url().replace("mqtt://", "http://")]);
    unreachable(&done, "is this the port of an HTTP server?");
}

#[test]
fn the_target_says_nothing() {
    let address = silent();
    let done = test(&[&format!("mqtt://{address}"), "--timeout", "0.3"]);
    unreachable(&done, "answers no CONNECT within 0.3 s");
    let done = test(&[&format!("http://{address}/"), "--timeout", "0.3"]);
    unreachable(&done, "did not come within 0.3 s");
}

#[test]
fn the_target_sends_garbage() {
    let garbage = greeting(&[0x00, 0xff, 0x13, 0x37, 0x80, 0x80, 0x80, 0x80, 0x80]);
    unreachable(&test(&[&format!("mqtt://{garbage}")]), "is not MQTT");
    unreachable(&test(&[&format!("http://{garbage}/")]), "not HTTP");
}

#[test]
fn the_target_streams_without_end() {
    // CONNACK, and then PUBLISH after PUBLISH.
    let flood = endless(&[0x20, 2, 0, 0], &[0x30, 5, 0, 1, b't', b'x', b'x']);
    let done = test(&[
        &format!("mqtt://{flood}"),
        "--protocol",
        "3.1.1",
        "--case",
        "mqtt/publish/qos*",
        "--timeout",
        "0.3",
    ]);
    assert!(matches!(done.status, 1 | 5), "{}", done.said());
    assert_eq!(done.report().cases.len(), done.report().planned);

    // An event stream whose only line never ends.
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ";
    let line = endless(head, &[b'x'; 4096]);
    let done = test(&[&format!("http://{line}/"), "--case", "sse/stream/*", "--timeout", "0.5"]);
    assert!(matches!(done.status, 1 | 5), "{}", done.said());
    assert_eq!(done.report().cases.len(), done.report().planned);
}

#[test]
fn the_target_dies_midway() {
    let mqtt = serve(&["mqtt", "--listen", "mqtt://127.0.0.1:0"], 1);
    let target = mqtt.url().trim_start_matches("mqtt://").parse().unwrap();
    let dying = dying_after(20, target);
    let done = test(&[
        &format!("mqtt://{dying}"),
        "--protocol",
        "5.0",
        "--case",
        "mqtt/publish/*",
        "--jobs",
        "2",
        "--timeout",
        "0.5",
    ]);
    assert_eq!(done.status, 5, "{}", done.said());
    let report = done.report();
    assert!(report.interrupted.as_ref().is_some_and(|why| why.contains("stopped answering")));
    assert_eq!(report.cases.len(), report.planned);
    assert!(report.totals.pass > 0, "{}", done.said());
    assert_eq!(report.totals.fail, 0, "{}", done.said());
    assert!(done.out.contains("ENDED EARLY"), "{}", done.said());
}

#[test]
fn a_response_is_held_back() {
    let address = held_back();
    let publish = format!("http://{address}/publish");
    let url = format!("http://{address}/");
    let done = test(&[&url, "--publish-url", &publish, "--timeout", "0.5"]);
    assert_eq!(done.status, 5, "{}", done.said());
    for case in &done.report().cases {
        let found = case.found.as_deref().unwrap_or_default();
        match case.verdict {
            Verdict::Warn => {
                assert_eq!(case.id, "sse/delivery/headers-at-once");
                assert!(found.contains("the response is held back"), "{found}");
            }
            Verdict::Inconclusive => assert!(found.contains("proxy_buffering off"), "{found}"),
            Verdict::NotApplicable => {}
            other => panic!("{}: {other}", case.id),
        }
    }
    assert_eq!(done.report().totals.warn, 1, "{}", done.said());
}

#[test]
fn a_page_is_no_stream() {
    let page =
        greeting(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi");
    unreachable(&test(&[&format!("http://{page}/")]), "it serves text/html");
}

#[test]
fn what_is_typed_wrongly_is_told_in_one_line() {
    refused(&["test", "localhost:1883"], "did you mean `mqtt://localhost:1883`?");
    refused(&["test", "amqp://localhost"], "scheme `amqp` is not supported");
    refused(&["test", "--protocol", "4"], "expected 3.1, 3.1.1, 5.0, sse or all");
    refused(&["test", "--case", "mqtt/wil/*"], "no case matches");
    refused(
        &["test", "--case", "mqtt/publish/qos-3-is-malforme"],
        "did you mean `mqtt/publish/qos-3-is-malformed`?",
    );
    refused(&["test", "--case", "mqtt/{"], "--case mqtt/{");
    refused(&["test", "--requirement", "MQTT-9.9.9-9"], "there is none");
    refused(&["test", "--report", "xml=x"], "no report format `xml`: expected FORMAT=FILE");
    refused(&["test", "--report", "json=/nowhere/at/all.json"], "cannot write");
    refused(&["test", "--password-env", "PUSHSPEC_NOT_SET"], "PUSHSPEC_NOT_SET");
    refused(&["test", "--timeout", "soon"], "expected a number of seconds");
    refused(&["test", "mqtts://h", "--ca", "/nowhere/ca.pem"], "--ca /nowhere/ca.pem");
    refused(&["test", "--header", "nonsense"], "expected 'Name: value'");
    refused(&["explain", "MQTT-3.3.1-99"], "no requirement and no case");
    refused(&["explain", "SSE-C3", "--protocol", "5.0"], "a requirement of SSE only");
    refused(&["serve", "mqtt", "--fault", "no-pingrep"], "did you mean `no-pingresp`?");
    refused(&["serve", "sse", "--listen", "mqtt://127.0.0.1:0"], "expected http:// or https://");
    refused(&["serve", "mqtt", "--listen", "mqtts://127.0.0.1:0"], "needs a certificate");
}

#[test]
fn nothing_selected_is_no_success() {
    let mqtt = serve(&["mqtt", "--listen", "mqtt://127.0.0.1:0"], 1);
    let done = test(&[mqtt.url(), "--protocol", "sse"]);
    assert_eq!(done.status, 4, "{}", done.said());
    let done =
        test(&[mqtt.url(), "--case", "mqtt/message/*", "--protocol", "3.1.1", "--level", "may"]);
    assert_eq!(done.status, if done.report().cases.is_empty() { 4 } else { 0 }, "{}", done.said());
    let output = pushspec().args(["list", "nothing/*"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn a_broken_output_does_not_cost_the_report() {
    let mqtt = serve(&["mqtt", "--listen", "mqtt://127.0.0.1:0"], 1);
    let (_directory, path) = scratch("report.json");
    let mut child = pushspec()
        .args(["test", mqtt.url(), "--case", "mqtt/ping/*"])
        .arg(format!("--report=json={}", path.display()))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Nobody reads what it prints.
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(std::fs::read_to_string(path).unwrap().contains("\"pass\""));
}
