//! Targets that pushspec starts itself.

use pushspec::event::Verdict;

use crate::tool::{pushspec, start, test};

/// A command that becomes the reference broker, behind `before`.
fn broker(before: &str) -> String {
    let binary = env!("CARGO_BIN_EXE_pushspec");
    format!("{before} exec {binary} serve mqtt --listen $PUSHSPEC_URL")
}

#[test]
fn the_target_is_started_and_ended() {
    // Where it writes its process id is gone with it; what it says last tells that it was asked.
    let (_directory, left) = crate::tool::scratch("left");
    let command = broker(&format!("echo $$ $PUSHSPEC_PORT $PUSHSPEC_DIR >{};", left.display()));
    let done = test(&["mqtt://127.0.0.1:0", "--exec", &command, "--case", "mqtt/ping/*"]);
    assert_eq!(done.status, 0, "{}", done.said());
    assert!(done.report().target.ended.is_empty());
    let told = std::fs::read_to_string(left).unwrap();
    let [process, port, scratch] = told.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{told}")
    };
    assert_eq!(done.report().target.endpoints[0].url, format!("mqtt://127.0.0.1:{port}"));
    assert!(!std::path::Path::new(scratch).exists());
    assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
}

#[test]
fn an_event_server_too() {
    let binary = env!("CARGO_BIN_EXE_pushspec");
    let command = format!("{binary} serve sse --listen http://127.0.0.1:$PUSHSPEC_PORT & wait $!");
    let done = test(&[
        "http://127.0.0.1:0/events",
        "--publish-url",
        "http://127.0.0.1:0/publish",
        "--exec",
        &command,
        "--case",
        "sse/payload/*",
    ]);
    assert_eq!(done.status, 0, "{}", done.said());
    assert!(done.report().totals.pass > 0);
}

#[test]
fn a_target_that_does_not_come_up_is_unreachable() {
    let done = test(&["mqtt://127.0.0.1:0", "--exec", "echo no licence >&2; exit 4"]);
    assert_eq!(done.status, 3, "{}", done.said());
    assert!(done.out.contains("exit status 4; its last words: no licence"), "{}", done.said());
    assert_eq!(done.report().target.ended[0].stderr, ["no licence"]);
    let deaf = test(&["mqtt://127.0.0.1:0", "--exec", "sleep 60", "--exec-timeout", "0.3"]);
    assert_eq!(deaf.status, 3, "{}", deaf.said());
    assert!(deaf.out.contains("nothing listens at"), "{}", deaf.said());
}

/// What comes of a broker that dies, or hangs, with a word as soon as a certain client comes: one that
/// sends no CONNECT.
fn fragile(how: &str, told: &str) {
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fragile.py");
    let command = format!("exec python3 {} $PUSHSPEC_PORT {how}", script.display());
    let culprit = "mqtt/connect/must-be-the-first-packet";
    let target = ["mqtt://127.0.0.1:0", "--exec", &command, "--protocol", "3.1.1"];
    let cases = ["--case", culprit, "mqtt/ping/*", "--timeout", "1"];
    let done = test(&[&target[..], &cases].concat());
    assert_eq!(done.status, 1, "{}", done.said());
    let report = done.report();
    assert_eq!(report.cases.len(), report.planned);
    let with = |verdict| report.cases.iter().filter(move |case| case.verdict == verdict);
    let failed: Vec<&str> = with(Verdict::Fail).map(|case| case.id.as_str()).collect();
    assert_eq!(failed, [culprit], "{}", done.said());
    assert!(with(Verdict::Pass).count() > 0, "{}", done.said());
    // Once when it was found, once when it was confirmed.
    assert_eq!(report.target.ended.len(), 2);
    assert_eq!(report.target.ended[1].during, [format!("{culprit} (3.1.1)")]);
    assert_eq!(report.target.ended[1].stderr, ["fragile: cannot cope"]);
    assert!(done.out.contains(told), "{}", done.said());
    assert!(done.out.contains("fragile: cannot cope"), "{}", done.said());
}

#[test]
fn the_case_that_ends_the_target_fails_and_the_run_goes_on() {
    fragile("", "exit status 7");
}

#[test]
fn the_case_that_makes_the_target_hang_fails_and_the_run_goes_on() {
    fragile("hangs", "killed, since it no longer answered");
}

#[test]
fn an_interrupt_ends_the_target_as_well() {
    let (_directory, left) = crate::tool::scratch("left");
    let command = broker(&format!("echo $$ >{};", left.display()));
    let run = start(&["mqtt://127.0.0.1:0", "--exec", &command]);
    // It is interrupted as soon as the target has begun, however far it has come.
    let process = loop {
        let told = std::fs::read_to_string(&left).unwrap_or_default();
        if told.ends_with('\n') {
            break told.trim().to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    run.signal("INT");
    let done = run.done();
    assert_eq!(done.status, 5, "{}", done.said());
    assert!(done.report().interrupted.is_some());
    assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
}

#[test]
fn port_0_is_for_targets_that_are_started() {
    let output = pushspec().args(["test", "mqtt://127.0.0.1:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--exec"));
}

#[test]
fn what_is_declared_to_outlive_a_restart_and_does_not_is_a_failure() {
    // The reference broker keeps everything in memory: as a process of its own it loses it.
    let done = test(&[
        "mqtt://127.0.0.1:0",
        "--exec",
        &broker(""),
        "--persists",
        "stop",
        "--protocol",
        "5.0",
        "--case",
        "mqtt/lifecycle/retained-messages-*",
        "--timeout",
        "0.5",
    ]);
    assert_eq!(done.status, 1, "{}", done.said());
    let verdict = |id: &str| {
        let case = done.report().cases.iter().find(|case| case.id.ends_with(id));
        case.unwrap_or_else(|| panic!("{}", done.said())).verdict
    };
    assert_eq!(verdict("outlive-a-restart"), Verdict::Fail);
    assert_eq!(verdict("outlive-being-killed"), Verdict::NotApplicable);
    // It was ended on purpose.
    assert!(done.report().target.ended.is_empty());
}
