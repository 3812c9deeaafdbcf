//! Whole runs against the reference targets: right ones, faulty ones, interrupted ones.

use pushspec::event::Verdict;
use pushspec::requirement::Protocol;

use crate::tool::{Run, hex, pushspec, serve, serve_with, start, start_with, test};

#[test]
fn without_a_url_the_reference_targets_are_tested_and_hold() {
    // Without the cases that have to wait for seconds, which the kill matrix runs in virtual time.
    let done =
        test(&["--case", "mqtt/publish/*", "mqtt/malformed/*", "sse/response/*", "sse/end/*"]);
    assert_eq!(done.status, 0, "{}", done.said());
    let report = done.report();
    assert_eq!(report.target.endpoints.len(), 2);
    assert_eq!(report.cases.len(), report.planned);
    for protocol in Protocol::ALL {
        let passed = report.cases.iter().filter(|case| case.protocol == protocol);
        assert!(passed.filter(|case| case.verdict == Verdict::Pass).count() > 0, "{protocol}");
    }
    assert_eq!(report.totals.pass + report.totals.not_applicable, report.planned);
    assert!(done.out.contains("CONFORMANT"), "{}", done.said());
    assert_eq!(done.err, "");
}

#[test]
fn the_reference_broker_is_tested_in_several_configurations() {
    let done = test(&["--case", "mqtt/access/*", "mqtt/limits/*", "mqtt/websocket/*"]);
    assert_eq!(done.status, 0, "{}", done.said());
    let report = done.report();
    assert_eq!(report.totals.pass, report.planned, "{}", done.said());
    let configurations: Vec<_> =
        report.target.endpoints.iter().map(|endpoint| endpoint.configuration.as_deref()).collect();
    let named: Vec<_> = configurations.into_iter().flatten().collect();
    assert_eq!(named, ["users", "least", "websocket"]);
    assert!(!done.files.contains("reference\""), "no password is in a report");
}

#[test]
fn a_fault_fails_with_the_packets_that_prove_it() {
    let faulty =
        serve(&["mqtt", "--listen", "mqtt://127.0.0.1:0", "--fault", "accepts-pingreq-flags"], 1);
    let done = test(&[
        faulty.url(),
        "--protocol",
        "5.0",
        "--case",
        "mqtt/malformed/pingreq-flags",
        "--timeout",
        "0.5",
    ]);
    assert_eq!(done.status, 1, "{}", done.said());
    let case = &done.report().cases[0];
    assert_eq!(case.verdict, Verdict::Fail);
    assert!(case.trace.iter().any(|entry| !entry.marks.is_empty()), "{:?}", case.trace);
    // Times and ports differ from run to run.
    let shown: String = done
        .out
        .lines()
        .filter(|line| {
            let names_files = ["json", "junit", "next"].iter().any(|name| line.starts_with(name));
            !line.contains("127.0.0.1") && !names_files
        })
        .map(|line| format!("{}\n", without_times(line)))
        .collect();
    let id = case.trace[1].summary.split('"').nth(1).unwrap();
    insta::assert_snapshot!(shown.replace(id, "client-id-c0"));
}

/// The line without what differs from run to run.
fn without_times(line: &str) -> String {
    match line.split_once(" in ") {
        Some((before, after)) if after.ends_with(" s") => return format!("{before} in … s"),
        _ => {}
    }
    let digits = line.trim_start();
    match digits.split_once("  ") {
        Some((number, rest)) if number.contains('.') && number.parse::<f64>().is_ok() => {
            format!("        …  {rest}")
        }
        _ => line.to_owned(),
    }
}

#[test]
fn a_faulty_event_server_is_found() {
    let faulty =
        serve(&["sse", "--listen", "http://127.0.0.1:0", "--fault", "content-type-plain"], 1);
    let done = test(&[faulty.url(), "--case", "sse/response/*"]);
    assert!(done.report().totals.fail > 0, "{}", done.said());
    assert_eq!(done.status, 1);
}

#[test]
fn verdicts_do_not_change_from_run_to_run() {
    let mqtt = serve(&["mqtt", "--listen", "mqtt://127.0.0.1:0"], 1);
    let verdicts = || {
        let done = test(&[mqtt.url(), "--case", "mqtt/{publish,subscribe,retain}/*"]);
        let report = done.report();
        report
            .cases
            .iter()
            .map(|case| (case.id.clone(), case.protocol, case.verdict, case.observations.clone()))
            .collect::<Vec<_>>()
    };
    let first = verdicts();
    assert!(first.len() > 50);
    assert_eq!(verdicts(), first);
}

/// Interrupts a run that has begun its cases.
fn interrupted(run: Run, name: &str) -> crate::tool::Done {
    // Long enough to be within the cases, whose longest wait is some seconds.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    run.signal(name);
    run.done()
}

#[test]
fn an_interrupted_run_cleans_up_and_reports() {
    let mqtt = serve(&["mqtt", "--listen", "mqtt://127.0.0.1:0"], 1);
    for signal in ["INT", "TERM"] {
        let run = start(&[mqtt.url(), "--protocol", "3.1.1", "--jobs", "2"]);
        let done = interrupted(run, signal);
        assert_eq!(done.status, 5, "{}", done.said());
        let report = done.report();
        assert!(report.interrupted.is_some());
        assert_eq!(report.cases.len(), report.planned, "what did not run is reported as well");
        assert_eq!(report.totals.fail, 0, "{}", done.said());
    }
    // Nothing is left in the broker: neither retained messages nor what they would be sent to.
    let done = test(&[mqtt.url(), "--case", "mqtt/retain/*"]);
    assert_eq!(done.status, 0, "{}", done.said());
}

#[test]
fn secrets_appear_nowhere() {
    const PASSWORD: &str = "corr3ct-horse";
    const TOKEN: &str = "t0ken-of-the-user";
    let mqtt = serve_with(
        &[
            "mqtt",
            "--listen",
            "ws://127.0.0.1:0",
            "--username",
            "ci",
            "--password-env",
            "SERVED",
            "--fault",
            "accepts-pingreq-flags",
        ],
        &[("SERVED", PASSWORD)],
        1,
    );
    let header = format!("Authorization: Bearer {TOKEN}");
    let with_env = start_with(
        &[
            mqtt.url(),
            "--username",
            "ci",
            "--password-env",
            "GIVEN",
            "--header",
            &header,
            "--case",
            "mqtt/malformed/pingreq-flags",
            "mqtt/connect/*",
            "--timeout",
            "0.5",
        ],
        &[("GIVEN", PASSWORD)],
    )
    .done();
    assert_eq!(with_env.status, 1, "{}", with_env.said());
    let in_url = mqtt.url().replace("ws://", &format!("ws://ci:{PASSWORD}@"));
    let in_url = test(&[&in_url, "--case", "mqtt/malformed/pingreq-flags", "--timeout", "0.5"]);
    assert_eq!(in_url.status, 1, "{}", in_url.said());
    for done in [with_env, in_url] {
        let everything = done.said() + &done.files;
        for secret in [PASSWORD, TOKEN, &hex(PASSWORD), &hex(TOKEN)] {
            assert!(!everything.contains(secret), "{secret} in {everything}");
        }
        assert!(done.report().cases.iter().any(|case| !case.trace.is_empty()));
    }
    // Wrong credentials: told so, with what would help.
    let done = test(&[mqtt.url()]);
    assert_eq!(done.status, 3, "{}", done.said());
    assert!(done.out.contains("--username and --password-env"), "{}", done.said());
}

#[test]
fn a_reference_target_ends_when_asked() {
    assert_eq!(serve(&["mqtt", "--listen", "mqtt://127.0.0.1:0"], 1).end(), 0);
    assert_eq!(serve(&["sse", "--listen", "http://127.0.0.1:0"], 1).end(), 0);
    let faults = pushspec().args(["serve", "mqtt", "--faults"]).output().unwrap();
    assert!(String::from_utf8(faults.stdout).unwrap().lines().count() > 100);
}

#[test]
fn a_trigger_causes_events() {
    let sse = serve(&["sse", "--listen", "http://127.0.0.1:0"], 1);
    // What a user without an HTTP endpoint for it would do, with our own server in the other role.
    let publish = sse.url().replace("/events", "/publish");
    let address =
        publish.trim_start_matches("http://").trim_end_matches("/publish").replace(':', "/");
    let command = format!(
        r#"exec 3<>/dev/tcp/{address} && body=$(cat; echo x) && body=${{body%x}} && printf 'POST /publish HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %s\r\n\r\n%s' "$(printf %s "$body" | wc -c)" "$body" >&3 && grep -q 202 <&3"#
    );
    let trigger = format!("bash -c '{}'", command.replace('\'', r"'\''"));
    let done = test(&[
        sse.url(),
        "--trigger",
        &trigger,
        "--case",
        "sse/payload/line-feeds",
        "sse/replay/no-gap",
    ]);
    assert_eq!(done.status, 0, "{}", done.said());
    assert_eq!(done.report().totals.pass, 2, "{}", done.said());
    let done = test(&[sse.url(), "--trigger", "exit 7", "--case", "sse/payload/line-feeds"]);
    assert_eq!(done.status, 5, "{}", done.said());
}
