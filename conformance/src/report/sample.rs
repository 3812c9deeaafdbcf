//! A run as it could be, for the tests of the renderings.

use std::collections::BTreeMap;

use crate::event::{
    Advice, CaseReport, EVENTS_SCHEMA, Endpoint, Event, LeftBehind, ProcessEnd, Reach, RunReport,
    Scope, Tool, Verdict, Violation,
};
use crate::listed::{BaselineReport, Disposition, Listed, ListedEntry, Remark, Standing};
use crate::requirement::{Level, Protocol};
use crate::trace::{EntryKind, Mark, TraceEntry};

const BROKER: &str = "mqtt://127.0.0.1:1883";
const STREAM: &str = "http://127.0.0.1:8080/events?room=1&last=2";

/// The events of a run with every verdict in it.
pub(crate) fn events() -> Vec<Event> {
    let mut events = vec![
        Event::RunStarted {
            schema: EVENTS_SCHEMA.to_owned(),
            target: None,
            reach: Some(Reach {
                words: vec!["--username".to_owned(), "ci bot".to_owned()],
                whole: false,
            }),
            scope: Scope::default(),
            tool: Tool { name: "pushspec".to_owned(), version: "0.1.0".to_owned() },
        },
        Event::EndpointPlanned { endpoint: broker(), cases: 9 },
    ];
    for case in mqtt_cases() {
        tell(&mut events, case);
    }
    events.push(Event::EndpointPlanned { endpoint: stream(), cases: 4 });
    for case in sse_cases() {
        tell(&mut events, case);
    }
    events.push(Event::CleanedUp {
        endpoint: BROKER.to_owned(),
        left: LeftBehind {
            sessions: vec!["psr4nd0mac0".to_owned(), "psr4nd0mac1".to_owned()],
            retained: vec!["pushspec/r4nd0m/a/lamp".to_owned()],
            unknown: None,
        },
    });
    events.push(Event::RunFinished { interrupted: None, duration_ms: 9_812 });
    events
}

fn tell(events: &mut Vec<Event>, case: CaseReport) {
    events.push(Event::CaseStarted {
        endpoint: case.endpoint.clone(),
        case: case.id.clone(),
        protocol: case.protocol,
    });
    events.push(Event::CaseFinished(Box::new(case)));
}

/// The report of [`events`], and a violation that the monitor saw.
pub(crate) fn report() -> RunReport {
    let mut report = RunReport::from_events(&events());
    report.violations.push(Violation {
        requirement: "MQTT-3.3.1-2".to_owned(),
        protocol: Protocol::Mqtt5,
        endpoint: BROKER.to_owned(),
        found: "PUBLISH with QoS 0 and DUP 1".to_owned(),
        case: "mqtt/publish/delivered-at-the-lower-qos".to_owned(),
        connection: 1,
        packet: "malformed PUBLISH: DUP at byte 0".to_owned(),
        trace: vec![entry(), dup_at_qos_0()],
        baseline: None,
    });
    report
}

/// [`report`] beside a baseline: of its failures the first and the violation are known, the second
/// looks different; its warnings are not listed, and one entry is stale.
pub(crate) fn listed() -> RunReport {
    let mut report = report();
    let mark = |standing, signature: &str| Listed {
        standing,
        signature: signature.to_owned(),
        entry: (standing != Standing::Unlisted).then(|| ListedEntry {
            line: 12,
            signatures: vec!["fail MQTT-3.3.1-4: it <stays> open".to_owned()],
            disposition: Disposition::Bug,
            why: "it is #known & <borne>".to_owned(),
            issue: Some("https://example.org/2211".to_owned()),
            expires: None,
        }),
    };
    let mut standings = [Standing::Known, Standing::Changed].into_iter().cycle();
    for case in &mut report.cases {
        case.baseline = match case.verdict {
            Verdict::Fail => standings.next().map(|standing| mark(standing, "fail: so")),
            Verdict::Warn => Some(mark(Standing::Unlisted, "warn: so")),
            _ => None,
        };
    }
    for violation in &mut report.violations {
        violation.baseline = Some(mark(Standing::Known, "fail MQTT-3.3.1-2"));
    }
    report.baseline = Some(BaselineReport {
        file: "broker.toml".to_owned(),
        stale: vec![Remark {
            line: 30,
            case: "mqtt/connect/is-accepted".to_owned(),
            protocol: Protocol::Mqtt311,
            said: "pass at mqtt://127.0.0.1:1883".to_owned(),
        }],
        soon: Vec::new(),
        not_covered: 1,
    });
    report
}

/// A run in which everything holds.
pub(super) fn conformant() -> RunReport {
    let passes = |event: &Event| {
        !matches!(event, Event::CaseFinished(case)
            if !matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable | Verdict::Warn))
    };
    let mut events: Vec<Event> = events().into_iter().filter(passes).collect();
    for event in &mut events {
        if let Event::EndpointPlanned { cases, .. } = event {
            *cases = 0;
        }
    }
    RunReport::from_events(&events)
}

/// A run whose target could not be reached, and another that died.
pub(super) fn broken_off() -> RunReport {
    let events = [
        Event::TargetEnded(Box::new(ProcessEnd {
            how: "exit status 139".to_owned(),
            during: vec!["mqtt/publish/qos-3-is-malformed 5.0".to_owned()],
            stdout: Vec::new(),
            stderr: vec!["Segmentation fault".to_owned()],
        })),
        Event::EndpointUnreachable {
            url: "mqtt://127.0.0.1:1884".to_owned(),
            reason: "connection refused: is the target running on this port?".to_owned(),
        },
        Event::EndpointPlanned { endpoint: broker(), cases: 9 },
        Event::CaseFinished(Box::new(pass("mqtt/connect/is-accepted", Protocol::Mqtt5))),
    ];
    RunReport::from_events(&events)
}

/// A run against a target that answers with what upsets terminals and parsers.
pub(super) fn hostile() -> RunReport {
    let nasty = "a\0b\x1b[2J]]><x y='\"'>&amp;\u{202e}\u{fffe}\r\n🦀\u{7f}";
    let case = CaseReport {
        verdict: Verdict::Fail,
        found: Some(nasty.to_owned()),
        expected: nasty.to_owned(),
        observations: BTreeMap::from([(nasty.to_owned(), nasty.to_owned())]),
        advice: vec![Advice { expected: nasty.to_owned(), found: nasty.to_owned() }],
        trace: vec![TraceEntry {
            summary: nasty.to_owned(),
            bytes: "00ff".to_owned(),
            length: 9_000,
            marks: vec![Mark { start: 1, end: 9_000, note: nasty.to_owned() }],
            ..entry()
        }],
        ..pass("mqtt/publish/hostile", Protocol::Mqtt5)
    };
    let inconclusive =
        CaseReport { verdict: Verdict::Inconclusive, id: "x".to_owned(), ..case.clone() };
    let warn = CaseReport { verdict: Verdict::Warn, ..case.clone() };
    let events = [
        Event::EndpointPlanned {
            endpoint: Endpoint {
                configuration: None,
                capabilities: BTreeMap::from([(
                    "5.0".to_owned(),
                    BTreeMap::from([(nasty.to_owned(), nasty.to_owned())]),
                )]),
                ..broker()
            },
            cases: 3,
        },
        Event::CaseFinished(Box::new(case)),
        Event::CaseFinished(Box::new(inconclusive)),
        Event::CaseFinished(Box::new(warn)),
        Event::RunFinished { interrupted: Some(nasty.to_owned()), duration_ms: 1 },
    ];
    RunReport::from_events(&events)
}

fn broker() -> Endpoint {
    let offers = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    Endpoint {
        configuration: None,
        url: BROKER.to_owned(),
        protocols: vec![Protocol::Mqtt311, Protocol::Mqtt5],
        capabilities: BTreeMap::from([
            ("3.1.1".to_owned(), offers(&[("retain", "yes"), ("wildcards", "yes")])),
            (
                "5.0".to_owned(),
                offers(&[
                    ("maximum packet size", "268435455"),
                    ("maximum qos", "2"),
                    ("receive maximum", "20"),
                    ("retain", "yes"),
                    ("shared subscriptions", "no"),
                    ("topic alias maximum", "10"),
                    ("wildcards", "yes"),
                ]),
            ),
        ]),
        unreachable: None,
        left: None,
    }
}

fn stream() -> Endpoint {
    Endpoint {
        configuration: None,
        url: STREAM.to_owned(),
        protocols: vec![Protocol::Sse],
        capabilities: BTreeMap::from([(
            "sse".to_owned(),
            BTreeMap::from([("event ids".to_owned(), "yes".to_owned())]),
        )]),
        unreachable: None,
        left: None,
    }
}

fn pass(id: &str, protocol: Protocol) -> CaseReport {
    CaseReport {
        id: id.to_owned(),
        protocol,
        endpoint: if protocol == Protocol::Sse { STREAM } else { BROKER }.to_owned(),
        level: Level::Must,
        requirements: vec!["MQTT-3.1.4-5".to_owned()],
        verdict: Verdict::Pass,
        expected: "the Server answers a valid CONNECT with a CONNACK that accepts it".to_owned(),
        found: None,
        advice: Vec::new(),
        observations: BTreeMap::new(),
        measured_ms: BTreeMap::new(),
        trace: Vec::new(),
        duration_ms: 4,
        baseline: None,
        repeated: false,
    }
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn mqtt_cases() -> Vec<CaseReport> {
    vec![
        CaseReport {
            requirements: ids(&["MQTT-3.1.4-4"]),
            ..pass("mqtt/connect/is-accepted", Protocol::Mqtt311)
        },
        CaseReport {
            observations: BTreeMap::from([("session expiry".to_owned(), "0".to_owned())]),
            ..pass("mqtt/connect/is-accepted", Protocol::Mqtt5)
        },
        qos_3(),
        CaseReport {
            id: "mqtt/redelivery/unacknowledged-qos-1-comes-again".to_owned(),
            requirements: ids(&["MQTT-4.4.0-1", "MQTT-3.3.1-1"]),
            verdict: Verdict::Fail,
            expected: "after the reconnection the messages come again in their order, each with \
                       DUP = 1 and its old Packet Identifier"
                .to_owned(),
            found: Some("message 3 of 20 came without DUP".to_owned()),
            trace: long_trace(),
            duration_ms: 1_312,
            ..pass("", Protocol::Mqtt311)
        },
        CaseReport {
            level: Level::Should,
            requirements: ids(&["X5-S34"]),
            verdict: Verdict::Warn,
            expected: "the Server sends DISCONNECT with a reason code before it closes".to_owned(),
            found: Some("the Server closed the connection without DISCONNECT".to_owned()),
            ..pass("mqtt/malformed/reason-before-closing", Protocol::Mqtt5)
        },
        CaseReport {
            requirements: ids(&["MQTT-3.1.2-22"]),
            verdict: Verdict::Inconclusive,
            found: Some("the connection broke before the Keep Alive had passed once".to_owned()),
            trace: long_trace(),
            ..pass("mqtt/keep-alive/silence-ends-the-connection", Protocol::Mqtt5)
        },
        CaseReport {
            requirements: ids(&["X5-R02"]),
            verdict: Verdict::NotApplicable,
            found: Some("the Server does not offer shared subscriptions".to_owned()),
            ..pass("mqtt/shared/one-member-gets-it", Protocol::Mqtt5)
        },
        CaseReport {
            requirements: ids(&["X5-R03"]),
            verdict: Verdict::NotApplicable,
            found: Some("the Server does not offer shared subscriptions".to_owned()),
            ..pass("mqtt/shared/beside-a-plain-one", Protocol::Mqtt5)
        },
        CaseReport {
            requirements: ids(&["MQTT-3.8.4-8"]),
            verdict: Verdict::Error,
            found: Some("the scenario took longer than its deadline of 30 s".to_owned()),
            duration_ms: 30_000,
            ..pass("mqtt/publish/delivered-at-the-lower-qos", Protocol::Mqtt5)
        },
    ]
}

fn sse_cases() -> Vec<CaseReport> {
    vec![
        CaseReport {
            requirements: ids(&["SSE-I8"]),
            ..pass("sse/response/status-and-content-type", Protocol::Sse)
        },
        CaseReport {
            requirements: ids(&["SSE-N1"]),
            advice: vec![Advice {
                expected: "a comment every 15 seconds or so keeps a quiet connection open"
                    .to_owned(),
                found: "nothing came for 20 s".to_owned(),
            }],
            level: Level::May,
            ..pass("sse/stream/quiet", Protocol::Sse)
        },
        CaseReport {
            requirements: ids(&["SSE-L5"]),
            verdict: Verdict::NotApplicable,
            found: Some(
                "needs a way to cause an event (--publish-url or --trigger)".to_owned(),
            ),
            ..pass("sse/replay/no-gap", Protocol::Sse)
        },
        CaseReport {
            requirements: ids(&["SSE-G3", "SSE-A9"]),
            verdict: Verdict::Fail,
            expected: "the last event is closed by an empty line before the stream ends".to_owned(),
            found: Some("the stream ended within a block: its last event is lost".to_owned()),
            trace: vec![
                TraceEntry {
                    kind: EntryKind::Opened,
                    summary: STREAM.to_owned(),
                    bytes: String::new(),
                    length: 0,
                    ..entry()
                },
                sent(0.2, "GET /events?room=1&last=2", b"GET /events?room=1&last=2 HTTP/1.1\r\nhost: 127.0.0.1:8080\r\naccept: text/event-stream\r\n\r\n"),
                received(1.4, "200 text/event-stream", b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"),
                received(2.0, "id: 1, data: caf\u{e9}", "id: 1\ndata: caf\u{e9}\n\n".as_bytes()),
                TraceEntry {
                    marks: vec![Mark { start: 6, end: 20, note: "no empty line follows".to_owned() }],
                    ..received(9.1, "id: 2, data: last words", b"id: 2\ndata: last words\n")
                },
                TraceEntry { kind: EntryKind::Closed, at_ms: 9.2, ..note("closed") },
                note("judged: the stream ended within a block: its last event is lost"),
            ],
            ..pass("sse/end/last-event-is-complete", Protocol::Sse)
        },
    ]
}

fn qos_3() -> CaseReport {
    CaseReport {
        id: "mqtt/publish/qos-3-is-malformed".to_owned(),
        requirements: ids(&["MQTT-3.3.1-4"]),
        verdict: Verdict::Fail,
        expected: "the Server closes the network connection, after DISCONNECT 0x81 or without it"
            .to_owned(),
        found: Some("PUBACK id=1 Success, and the connection stayed open for 2 s".to_owned()),
        repeated: true,
        trace: vec![
            TraceEntry {
                kind: EntryKind::Opened,
                bytes: String::new(),
                length: 0,
                ..TraceEntry { summary: "network connection, for MQTT 5.0".to_owned(), ..entry() }
            },
            sent(
                0.1,
                "CONNECT v5.0 clean-start keep-alive=10 id=\"ps-x\"",
                &[16, 17, 0, 4, 77, 81, 84, 84, 5, 2, 0, 10, 0, 0, 4, 112, 115, 45, 120],
            ),
            received(0.412, "CONNACK session-present=0 Success", &[32, 3, 0, 0, 0]),
            sent(
                0.43,
                "PUBLISH qos=1 id=9 topic=\"a/b\" 1 byte",
                &[50, 9, 0, 3, 97, 47, 98, 0, 9, 0, 120],
            ),
            received(0.655, "PUBACK id=9 Success", &[64, 2, 0, 9]),
            TraceEntry {
                marks: vec![Mark {
                    start: 0,
                    end: 1,
                    note: "0x36 = 0011 0110: both QoS bits are set".to_owned(),
                }],
                ..sent(
                    0.671,
                    "PUBLISH with QoS bits 11, id=1 topic=\"a/b\" 1 byte",
                    &[54, 9, 0, 3, 97, 47, 98, 0, 1, 0, 120],
                )
            },
            received(0.893, "PUBACK id=1 Success", &[64, 2, 0, 1]),
            TraceEntry {
                kind: EntryKind::Waited,
                at_ms: 2_000.893,
                ..note("waited for the end of the connection")
            },
            TraceEntry {
                at_ms: 2_001.2,
                ..note("judged: PUBACK id=1 Success, and the connection stayed open for 2 s")
            },
            TraceEntry {
                connection: 2,
                kind: EntryKind::Left,
                at_ms: 12_001.5,
                ..note("network connection closed by us")
            },
        ],
        duration_ms: 12_002,
        ..pass("", Protocol::Mqtt5)
    }
}

fn long_trace() -> Vec<TraceEntry> {
    let mut trace = vec![
        sent(
            0.1,
            "CONNECT v3.1.1 keep-alive=60 id=\"ps-y\"",
            &[16, 16, 0, 4, 77, 81, 84, 84, 4, 0, 0, 60, 0, 4, 112, 115, 45, 121],
        ),
        received(0.4, "CONNACK session-present=1 Accepted", &[32, 2, 1, 0]),
    ];
    for number in 0..60_u8 {
        let mut bytes = vec![50, 24, 0, 3, 97, 47, 98, 0, number];
        bytes.extend_from_slice(b"payload of message");
        let mut entry = received(
            1.0 + f64::from(number),
            &format!("PUBLISH qos=1 id={number} topic=\"a/b\" 18 bytes"),
            &bytes,
        );
        if number == 3 {
            entry.marks.push(Mark { start: 0, end: 1, note: "DUP = 0".to_owned() });
        }
        trace.push(entry);
    }
    trace.push(note("judged: message 3 of 20 came without DUP"));
    trace
}

pub(crate) fn entry() -> TraceEntry {
    TraceEntry {
        at_ms: 0.0,
        connection: 1,
        kind: EntryKind::Sent,
        summary: "PINGREQ".to_owned(),
        bytes: "c000".to_owned(),
        length: 2,
        marks: Vec::new(),
    }
}

fn dup_at_qos_0() -> TraceEntry {
    TraceEntry {
        at_ms: 0.4,
        kind: EntryKind::Received,
        summary: "malformed: DUP at byte 0".to_owned(),
        bytes: "380400016100".to_owned(),
        length: 6,
        marks: vec![Mark { start: 0, end: 1, note: "DUP at QoS 0".to_owned() }],
        ..entry()
    }
}

fn note(text: &str) -> TraceEntry {
    TraceEntry {
        at_ms: 61.5,
        connection: 0,
        kind: EntryKind::Note,
        summary: text.to_owned(),
        bytes: String::new(),
        length: 0,
        marks: Vec::new(),
    }
}

fn sent(at_ms: f64, summary: &str, bytes: &[u8]) -> TraceEntry {
    use std::fmt::Write as _;
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    TraceEntry {
        at_ms,
        summary: summary.to_owned(),
        bytes: hex,
        length: bytes.len() as u64,
        ..entry()
    }
}

fn received(at_ms: f64, summary: &str, bytes: &[u8]) -> TraceEntry {
    TraceEntry { kind: EntryKind::Received, ..sent(at_ms, summary, bytes) }
}
