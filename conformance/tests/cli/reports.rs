//! The reports of a run in all formats, and reports made later.

use std::path::PathBuf;
use std::process::Output;

use pushspec::event::RunReport;
use tempfile::TempDir;

use crate::place::files;
use crate::tool::{Served, hex, pushspec, scratch, serve_with};
use crate::transports::Pki;

const PASSWORD: &str = "corr3ct-horse-of-the-user";
const TOKEN: &str = "t0ken-of-the-user";

/// A run with failures, and a directory with all its reports.
fn everything() -> (TempDir, PathBuf) {
    let (keep, directory) = scratch("reports");
    std::fs::create_dir(&directory).unwrap();
    let pki = Pki::new();
    let served = faulty(&pki);
    let mut command = pushspec();
    command.args(["test", served.url(), "--protocol", "5.0", "--timeout", "0.5"]);
    command.args(["--username", "ci", "--password-env", "GIVEN"]);
    command.arg("--header").arg(format!("Authorization: Bearer {TOKEN}"));
    for (option, name) in [("--ca", "ca.pem"), ("--cert", "client.pem"), ("--key", "client.key")] {
        command.args([option, &pki.path(name)]);
    }
    command.args(["--case", "mqtt/malformed/pingreq-flags", "mqtt/connect/*"]);
    command.args(["--report", "github"]);
    for (format, name) in FORMATS {
        command.arg(format!("--report={format}={}", directory.join(name).display()));
    }
    command.env("GIVEN", PASSWORD).env("GITHUB_STEP_SUMMARY", directory.join("summary.md"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    std::fs::copy(pki.path("client.key"), keep.path().join("client.key")).unwrap();
    std::fs::write(directory.join("stdout"), &output.stdout).unwrap();
    std::fs::write(directory.join("stderr"), &output.stderr).unwrap();
    (keep, directory)
}

const FORMATS: [(&str, &str); 9] = [
    ("json", "report.json"),
    ("ndjson", "events.ndjson"),
    ("html", "report.html"),
    ("junit", "report.xml"),
    ("markdown", "report.md"),
    ("ctrf", "ctrf.json"),
    ("tap", "report.tap"),
    ("sarif", "report.sarif"),
    ("pcapng", "packets"),
];

/// A server with a fault, that lets in only who has the password and a certificate of the authority.
fn faulty(pki: &Pki) -> Served {
    let [cert, key, ca] = ["server.pem", "server.key", "ca.pem"].map(|name| pki.path(name));
    let mut arguments = vec!["mqtt", "--listen", "wss://127.0.0.1:0", "--cert", &cert];
    arguments.extend(["--key", &key, "--client-ca", &ca, "--username", "ci"]);
    arguments.extend(["--password-env", "SERVED", "--fault", "accepts-pingreq-flags"]);
    serve_with(&arguments, &[("SERVED", PASSWORD)], 1)
}

fn report(arguments: &[&str]) -> Output {
    pushspec().arg("report").args(arguments).output().unwrap()
}

fn refused(arguments: &[&str], because: &str) {
    let output = report(arguments);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {err}");
    assert!(err.starts_with("error: ") && err.contains(because), "{arguments:?}: {err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}

fn holds(content: &[u8], text: &str) -> bool {
    content.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn every_report_tells_the_failure_and_none_a_secret() {
    let (keep, directory) = everything();
    // What stands between the lines of a PEM file, line by line.
    let key = std::fs::read_to_string(keep.path().join("client.key")).unwrap();
    let key: Vec<&str> = key.lines().filter(|line| !line.starts_with("--")).collect();
    assert!(!key.is_empty());
    let files = files(&directory);
    let packets = files.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "pcapng"));
    assert!(packets.count() > 0);
    for (path, content) in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let of_another = name == "stderr" || name.ends_with(".pcapng");
        assert!(of_another || holds(content, "mqtt/malformed/pingreq-flags"), "{name}");
        let hidden = [PASSWORD, TOKEN, &hex(PASSWORD), &hex(TOKEN)];
        for secret in hidden.into_iter().chain(key.iter().copied()) {
            assert!(!holds(content, secret), "{secret} in {}", path.display());
        }
    }
    let out = std::fs::read_to_string(directory.join("stdout")).unwrap();
    assert!(out.contains("\n::error title=FAIL mqtt/malformed/pingreq-flags MQTT 5.0::"), "{out}");
    assert!(out.lines().last().unwrap().starts_with("exit "), "the summary is last: {out}");
}

#[test]
fn a_report_made_later_is_that_of_the_run() {
    let (_keep, directory) = everything();
    let at = |name: &str| directory.join(name).display().to_string();
    let log = at("events.ndjson");
    let later: Vec<String> = FORMATS
        .into_iter()
        .filter(|(format, _)| !matches!(*format, "ndjson" | "pcapng"))
        .map(|(format, name)| format!("--report={format}={}", at(&format!("later-{name}"))))
        .collect();
    let mut arguments = vec![log.as_str()];
    arguments.extend(later.iter().map(String::as_str));
    let output = report(&arguments);
    assert!(output.status.success(), "{output:?}");
    for (format, name) in FORMATS {
        if !matches!(format, "ndjson" | "pcapng") {
            let (run, later) = (at(name), at(&format!("later-{name}")));
            assert_eq!(std::fs::read(run).unwrap(), std::fs::read(later).unwrap(), "{format}");
        }
    }
    // From the JSON report as well; and to be read, where nothing else is asked for.
    let json = at("report.json");
    let again = at("again.html");
    assert!(report(&[&json, "--html", &again]).status.success());
    assert_eq!(std::fs::read(again).unwrap(), std::fs::read(at("report.html")).unwrap());
    let printed = String::from_utf8(report(&[&json]).stdout).unwrap();
    assert!(printed.contains("FAIL  mqtt/malformed/pingreq-flags"), "{printed}");
}

#[test]
fn a_log_that_was_cut_is_rendered_and_says_so() {
    let (_keep, directory) = everything();
    let log = std::fs::read(directory.join("events.ndjson")).unwrap();
    let cut = directory.join("cut.ndjson");
    std::fs::write(&cut, &log[..log.len() * 2 / 3]).unwrap();
    let json = directory.join("cut.json");
    let paths = [cut.display().to_string(), json.display().to_string()];
    let output = report(&[&paths[0], "--json", &paths[1]]);
    assert!(output.status.success(), "{output:?}");
    let report: RunReport = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert!(report.interrupted.is_some() && !report.cases.is_empty());
    assert!(report.cases.len() < report.planned);
}

#[test]
fn several_reports_make_a_matrix() {
    let (_keep, directory) = everything();
    let json = directory.join("report.json").display().to_string();
    let page = directory.join("matrix.html").display().to_string();
    let output = report(&[&format!("old={json}"), &format!("new={json}"), "--html", &page]);
    assert!(output.status.success(), "{output:?}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("title=\"old: FAIL\"") && page.contains("title=\"new: FAIL\""));
    refused(&[&json, &json], "several reports make one page");
    refused(&[&json, &json, "--junit", "x"], "several reports make one page");
}

#[test]
fn what_is_no_report_is_told_in_one_line() {
    let (_keep, path) = scratch("report.json");
    let given = path.display().to_string();
    refused(&[&given], "cannot read it");
    for (content, because) in [
        ("", "it is empty"),
        ("<testsuites/>", "it is no report of pushspec"),
        ("{\"results\": []}", "it has no `schema`"),
        ("{\"schema\": \"pushspec-report/2\"}", "use the one that wrote it"),
        ("{\"schema\": \"pushspec-report/1\", \"cases\": [", "the report is broken"),
        (
            "{\"event\":\"run-started\",\"schema\":\"pushspec-events/9\"}\n",
            "use the one that wrote it",
        ),
    ] {
        std::fs::write(&path, content).unwrap();
        refused(&[&given, "--html", "/nowhere/at/all.html"], because);
    }
}

#[test]
fn where_nothing_can_be_written_is_found_before_the_run() {
    let (_keep, path) = scratch("file");
    std::fs::write(&path, "kept").unwrap();
    let file = path.display();
    for (given, because) in [
        (format!("ndjson={file}/x"), "cannot write"),
        (format!("pcapng={file}"), "cannot write"),
        ("html=/nowhere/at/all.html".to_owned(), "cannot write"),
        ("github".to_owned(), "$GITHUB_STEP_SUMMARY is not set"),
        ("pcapng=".to_owned(), "expected FORMAT=FILE"),
    ] {
        // Nothing listens there: were it not found before, that would be what is told.
        let output = pushspec()
            .args(["test", "mqtt://127.0.0.1:1", "--report", &given])
            .env_remove("GITHUB_STEP_SUMMARY")
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{given}: {err}");
        assert!(err.contains(because), "{given}: {err}");
    }
    let twice = [format!("--report=html={file}"), format!("--report=tap={file}")];
    let output = pushspec().args(["test", "mqtt://127.0.0.1:1"]).args(twice).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept");
}
