//! Ctrl-C at any moment: a report of what ran, nothing left behind, status 5.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::place::Place;
use crate::tool::{serve, signal};

/// Starts a run with a report as JSON and one as XML in the place.
fn started(place: &Place, arguments: &[&str]) -> Child {
    place
        .command(&["test"])
        .args(arguments)
        .args(["--report", "json=report.json", "--report", "junit=report.xml"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Interrupts the run, and gives what it printed.
fn interrupted(place: &Place, mut child: Child) -> String {
    signal(&child, "INT");
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(5), "{out}");
    assert!(out.contains("interrupted by Ctrl-C"), "{out}");
    assert!(out.lines().last().unwrap().starts_with("exit "), "{out}");
    let report = place.report("report.json");
    assert_eq!(report.interrupted.as_deref(), Some("interrupted by Ctrl-C"));
    assert_eq!(report.cases.len(), report.planned);
    assert!(place.read("report.xml").contains("</testsuites>"));
    out
}

fn wait_for(path: &Path) {
    while !path.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn while_the_target_starts() {
    let place = Place::new();
    let exec = "echo $$ > writing && mv writing pid && exec sleep 600";
    let child = started(&place, &["mqtt://127.0.0.1:0", "--exec", exec, "--exec-timeout", "300"]);
    wait_for(&place.path("pid"));
    interrupted(&place, child);
    let process = format!("/proc/{}/cmdline", place.read("pid").trim());
    // Where a process of that number is another's by now, it is none that sleeps.
    let line = std::fs::read_to_string(process).unwrap_or_default();
    assert!(!line.starts_with("sleep"), "the target was ended");
}

#[test]
fn at_first_contact() {
    for scheme in ["mqtt", "http", "ws"] {
        let place = Place::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}/", listener.local_addr().unwrap());
        let child = started(&place, &[url.trim_end_matches('/'), "--timeout", "300"]);
        // It is connected, and gets no answer.
        let _connection = listener.accept().unwrap();
        interrupted(&place, child);
        assert!(place.report("report.json").cases.is_empty());
    }
}

#[test]
fn when_cases_have_just_begun_or_are_done() {
    let mqtt = serve(&["mqtt", "--listen", "mqtt://127.0.0.1:0"], 1);
    for after in [0, 1, 60] {
        let place = Place::new();
        let mut child = started(&place, &[mqtt.url(), "--jobs", "2", "--report", "ndjson=log"]);
        // So many cases are told of in the log before the signal.
        let far_enough = || {
            let log = std::fs::read_to_string(place.path("log")).unwrap_or_default();
            let told = |event: &str| log.lines().filter(|line| line.contains(event)).count();
            told("\"endpoint-planned\"") > 0 && told("\"case-finished\"") >= after
        };
        while !far_enough() {
            assert!(child.try_wait().unwrap().is_none(), "it is still running");
            std::thread::sleep(Duration::from_millis(5));
        }
        interrupted(&place, child);
    }
}

#[test]
fn among_several_targets() {
    let place = Place::new();
    let binary = env!("CARGO_BIN_EXE_pushspec");
    let target = |name: &str| {
        format!(
            "[targets.{name}]\nurls = [\"mqtt://127.0.0.1:0\"]\n\
             exec = \"exec {binary} serve mqtt --listen $PUSHSPEC_URL\"\n"
        )
    };
    place.write("pushspec.toml", &(target("first") + &target("second")));
    let mut child = place
        .command(&["test", "--report", "json=all.json", "--report", "html=all.html"])
        .args(["--report", "ndjson={target}.log"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    // The first one is planned and runs.
    assert!(lines.any(|line| line.contains("MQTT 5.0")));
    signal(&child, "INT");
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(5), "{rest:?}");
    let matrix: serde_json::Value = serde_json::from_str(&place.read("all.json")).unwrap();
    assert_eq!(matrix["targets"].as_array().unwrap().len(), 1, "the second was not begun");
    assert_eq!(matrix["targets"][0]["exit"], 5);
    assert!(place.read("all.html").contains("</html>"));
    assert!(!place.path("second.log").exists());
}
