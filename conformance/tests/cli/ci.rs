//! What CI lives on: baselines, diffs, snapshots, shards, the configuration.

use std::path::Path;

use crate::place::Place;
use crate::tool::{Served, follows_the_schema, serve, test};

fn broker(faults: &[&str]) -> Served {
    let mut arguments = vec!["mqtt", "--listen", "mqtt://127.0.0.1:0"];
    for fault in faults {
        arguments.extend(["--fault", fault]);
    }
    serve(&arguments, 1)
}

/// Cases that need no long waits, among them one that the fault breaks.
const SOME: [&str; 5] =
    ["--protocol=5.0", "--case", "mqtt/malformed/pingreq-flags", "mqtt/ping/*", "--timeout=1"];

fn tested(place: &Place, url: &str, file: &str, more: &[&str], status: i32) -> String {
    let report = format!("--report=json={file}");
    let arguments: Vec<&str> =
        ["test", url, &report].into_iter().chain(more.iter().copied()).chain(SOME).collect();
    place.run(&arguments, status)
}

#[test]
fn a_baseline_is_a_ratchet_in_both_directions() {
    let place = Place::new();
    let (faulty, right) = (broker(&["accepts-pingreq-flags"]), broker(&[]));
    tested(&place, faulty.url(), "out.json", &[], 1);
    place.run(&["baseline", "init", "known.toml", "--from", "out.json"], 0);
    assert!(
        place
            .run(&["baseline", "init", "known.toml", "--from", "out.json"], 2)
            .contains("exists already")
    );
    let told = tested(&place, faulty.url(), "out.json", &["--baseline=known.toml"], 0);
    assert!(told.contains("as the baseline says"), "{told}");
    place.run(&["baseline", "check", "known.toml", "--from", "out.json"], 0);
    // Corrected: the entry is stale.
    let told = tested(&place, right.url(), "new.json", &["--baseline=known.toml"], 6);
    assert!(told.contains("STALE"), "{told}");
    place.run(&["baseline", "update", "known.toml", "--from", "new.json"], 0);
    assert!(!place.read("known.toml").contains("[[known]]"));
    tested(&place, right.url(), "new.json", &["--baseline=known.toml"], 0);
    // Broken again: it is not listed any more.
    let told = tested(&place, faulty.url(), "out.json", &["--baseline=known.toml"], 1);
    assert!(told.contains("NOT LISTED"), "{told}");
}

#[test]
fn a_baseline_with_slips_is_refused_before_anything_runs() {
    let place = Place::new();
    let entry = "[[known]]\ncase = \"mqtt/ping/is-answered\"\nprotocol = \"5.0\"\n\
                 signature = \"fail\"\ndisposition = \"bug\"\nwhy = \"x\"\n";
    place.write("twice.toml", &format!("{entry}{entry}"));
    let told = place.run(&["test", "mqtt://127.0.0.1:1", "--baseline", "twice.toml"], 2);
    assert!(told.contains("line 8") && told.contains("in line 2"), "{told}");
    place.write("typo.toml", &entry.replace("ping/is-answered", "ping/is-answerd"));
    let told = place.run(&["baseline", "check", "typo.toml"], 2);
    assert!(told.contains("there is no case"), "{told}");
}

#[test]
fn a_diff_tells_what_changed_and_a_run_compares_itself() {
    let place = Place::new();
    let (faulty, right) = (broker(&["accepts-pingreq-flags"]), broker(&[]));
    tested(&place, right.url(), "old.json", &["--traces=all"], 0);
    tested(&place, faulty.url(), "new.json", &[], 1);
    let told = place.run(&["diff", "old.json", "new.json"], 1);
    assert!(told.contains("REGRESSED   1") && told.contains("1 regression"), "{told}");
    // The packets: PINGRESP comes where the connection was closed.
    assert!(told.contains("+ 1 <- PINGRESP"), "{told}");
    let back = place.run(&["diff", "new.json", "old.json"], 0);
    assert!(back.contains("FIXED       1"), "{back}");
    for (format, sign) in
        [("markdown", "### REGRESSED"), ("json", "pushspec-diff/1"), ("html", "<!doctype html>")]
    {
        let told = place.run(&["diff", "old.json", "new.json", "--format", format], 1);
        assert!(told.contains(sign), "{told}");
    }
    let told = tested(&place, faulty.url(), "again.json", &["--against=new.json"], 0);
    assert!(told.contains("nothing changed"), "{told}");
    assert!(told.contains("NOT CONFORMANT") && told.contains("nothing became worse"), "{told}");
    let told = tested(&place, faulty.url(), "again.json", &["--against=old.json"], 1);
    assert!(told.contains("REGRESSED"), "{told}");
    // Two runs of one build are the same in text as well.
    place.run(&["diff", "new.json", "again.json"], 0);
    let snapshot = place.run(&["snapshot", "new.json"], 0);
    place.write("kept", &snapshot);
    place.run(&["snapshot", "again.json", "--check", "kept"], 0);
    let told = place.run(&["snapshot", "old.json", "--check", "kept"], 1);
    assert!(told.contains("-fail") && told.contains("+pass"), "{told}");
}

#[test]
fn what_is_no_report_is_told_in_one_line() {
    let place = Place::new();
    place.write("broken.json", "{\"schema\": \"pushspec-report/1\", \"cases\": [");
    place.write("foreign.json", "{\"results\": []}");
    place.write("newer.json", "{\"schema\": \"pushspec-report/2\"}");
    place.write("matrix.json", "{\"schema\": \"pushspec-matrix/1\", \"targets\": []}");
    place.write("known.toml", "");
    for file in ["broken.json", "foreign.json", "newer.json", "missing.json", "matrix.json"] {
        for arguments in [
            vec!["diff", file, file],
            vec!["snapshot", file],
            vec!["merge", file],
            vec!["baseline", "init", "b.toml", "--from", file],
            vec!["baseline", "update", "known.toml", "--from", file],
            vec!["baseline", "check", "known.toml", "--from", file],
            vec!["report", file, "--html", "page.html"],
            vec!["test", "mqtt://127.0.0.1:1", "--against", file],
        ] {
            let told = place.run(&arguments, 2);
            assert!(told.starts_with("error: ") && told.contains(file), "{told}");
            assert_eq!(told.lines().count(), 1, "{told}");
        }
    }
    assert!(!place.path("b.toml").exists() && !place.path("page.html").exists());
    assert_eq!(place.read("known.toml"), "", "nothing is taken over from it");
}

#[test]
fn what_is_no_baseline_is_told_in_one_line() {
    let place = Place::new();
    tested(&place, broker(&[]).url(), "report.json", &[], 0);
    place.write("broken.toml", "[[known]\ncase = 1");
    place.write("foreign.toml", "[package]\nname = \"x\"");
    place.write("half.toml", "[[known]]\ncase = \"mqtt/ping/is-answered\"");
    for file in ["broken.toml", "foreign.toml", "half.toml", "missing.toml"] {
        for arguments in [
            vec!["test", "mqtt://127.0.0.1:1", "--baseline", file],
            vec!["baseline", "check", file],
            vec!["baseline", "update", file, "--from", "report.json"],
            vec!["report", "report.json", "--baseline", file, "--html", "page.html"],
        ] {
            let told = place.run(&arguments, 2);
            assert!(told.starts_with("error: ") && told.contains(file), "{arguments:?}: {told}");
            assert_eq!(told.lines().count(), 1, "{arguments:?}: {told}");
        }
    }
}

#[test]
fn shards_make_the_whole_and_a_missing_one_is_noticed() {
    let place = Place::new();
    let right = broker(&[]);
    let case = ["--case", "mqtt/publish/*", "mqtt/ping/*"];
    let run = |file: &str, more: &[&str]| {
        let report = format!("--report=json={file}");
        let given = ["test", right.url(), &report, "--protocol=5.0"];
        let arguments: Vec<&str> =
            given.into_iter().chain(more.iter().copied()).chain(case).collect();
        place.run(&arguments, 0);
    };
    run("whole.json", &[]);
    run("1.json", &["--shard=1/2"]);
    run("2.json", &["--shard=2/2"]);
    place.run(&["merge", "2.json", "1.json", "--report", "json=all.json"], 0);
    assert_eq!(place.report("all.json").totals, place.report("whole.json").totals);
    place.run(&["diff", "whole.json", "all.json"], 0);
    let sizes = ["1.json", "2.json"].map(|file| place.report(file).cases.len());
    assert!(sizes[0].abs_diff(sizes[1]) <= 1, "{sizes:?}");
    let told = place.run(&["merge", "1.json"], 5);
    assert!(told.contains("shard 2/2 is missing"), "{told}");
    assert!(place.run(&["merge", "whole.json"], 2).contains("without --shard"));
    assert!(place.run(&["test", right.url(), "--shard", "3/2"], 2).contains("expected I/N"));
}

#[test]
fn what_the_target_lacks_can_be_declared() {
    let right = broker(&[]);
    let done = test(&[
        right.url(),
        "--protocol=5.0",
        "--case=mqtt/retain/*",
        "--without=retained-messages",
    ]);
    assert_eq!(done.status, 4, "{}", done.said());
    assert_eq!(done.report().totals.not_applicable, done.report().planned);
    let place = Place::new();
    let told = place.run(&["test", right.url(), "--without", "retained-mesages"], 2);
    assert!(told.contains("did you mean `retained-messages`?"), "{told}");
}

#[test]
fn a_profile_is_looked_for_beside_the_file_that_names_it() {
    let right = serve(&["mqtt", "--listen", "mqtt://127.0.0.1:0"], 1);
    let place = Place::new();
    std::fs::create_dir(place.path("ours")).unwrap();
    place.write(
        "ours/mine.toml",
        "name = \"mine\"\ntitle = \"Mine\"\n[[case]]\nid = \"mqtt/ping/*\"\napplies = false\nwhy = \"ours\"\n",
    );
    let target = format!("[targets.right]\nurls = [\"{}\"]\n", right.url());
    let options = "options.case = [\"mqtt/ping/*\"]\noptions.profile = \"mine.toml\"\n";
    place.write("ours/pushspec.toml", &(options.to_owned() + &target));
    let told = place.run(&["test", "--config", "ours/pushspec.toml"], 4);
    assert!(told.contains("ours (profile mine)"), "{told}");
    // The name of one that comes with the tool is no path.
    place.write("ours/pushspec.toml", &(options.replace("mine.toml", "emqx") + &target));
    place.run(&["test", "--config", "ours/pushspec.toml"], 0);
}

#[test]
fn the_targets_of_a_file_make_a_matrix() {
    let place = Place::new();
    let binary = env!("CARGO_BIN_EXE_pushspec");
    place.write(
        "pushspec.toml",
        &format!(
            "options.case = [\"mqtt/malformed/pingreq-flags\", \"mqtt/ping/*\"]\noptions.timeout = 1\n\
             options.protocol = [\"5.0\"]\n\
             [targets.right]\nurls = [\"mqtt://127.0.0.1:0\"]\n\
             exec = \"exec {binary} serve mqtt --listen $PUSHSPEC_URL\"\n\
             [targets.wrong]\nurls = [\"mqtt://127.0.0.1:0\"]\n\
             exec = \"exec {binary} serve mqtt --listen $PUSHSPEC_URL --fault accepts-pingreq-flags\"\n"
        ),
    );
    let told = place.run(
        &[
            "test",
            "--report",
            "json=all.json",
            "--report",
            "junit={target}.xml",
            "--report",
            "html=all.html",
        ],
        1,
    );
    assert!(told.contains("pass  FAIL   mqtt/malformed/pingreq-flags (5.0)"), "{told}");
    follows_the_schema("matrix", &place.read("all.json"));
    let matrix: serde_json::Value = serde_json::from_str(&place.read("all.json")).unwrap();
    assert_eq!(matrix["schema"], "pushspec-matrix/1");
    assert_eq!(matrix["targets"][0]["exit"], 0);
    assert_eq!(matrix["targets"][1]["name"], "wrong");
    assert!(Path::exists(&place.path("right.xml")) && Path::exists(&place.path("wrong.xml")));
    assert!(place.read("all.html").contains("wrong"));
    // One of them is an ordinary run.
    place.run(&["test", "--target", "right", "--report", "json=one.json"], 0);
    assert_eq!(place.report("one.json").target.name.as_deref(), Some("right"));
    assert!(place.run(&["test", "--target", "rigth"], 2).contains("did you mean `right`?"));
    assert!(place.run(&["test", "--report", "junit=x.xml"], 2).contains("{target}"));
    // What is wrong with the second is known before the first is tested.
    let two = "[targets.a]\nurls = [\"mqtt://127.0.0.1:1\"]\n\
               [targets.b]\nurls = [\"mqtt://127.0.0.1:1\"]\nbaseline = \"missing.toml\"\n";
    place.write("pushspec.toml", two);
    let told = place.run(&["test"], 2);
    assert!(told.contains("targets.b: missing.toml") && told.lines().count() == 1, "{told}");
    place.write("pushspec.toml", &two.replace("baseline = \"missing.toml\"\n", ""));
    std::fs::create_dir(place.path("a")).unwrap();
    let told = place.run(&["test", "--report", "junit={target}/out.xml"], 2);
    assert!(told.contains("cannot write b/out.xml") && told.lines().count() == 1, "{told}");
    assert!(!place.path("a/out.xml").exists());
    place.write("pushspec.toml", "[targets.a]\nurls = [\"mqtt://h\"]\nbasline = \"x\"\n");
    let told = place.run(&["test"], 2);
    assert!(told.contains("line 3") && told.contains("did you mean `baseline`?"), "{told}");
    place.write("pushspec.toml", "[targets.a]\nurls = [\"mqtt://h\"]\noptions.jobs = 0\n");
    assert!(place.run(&["test"], 2).contains("targets.a: invalid value '0'"));
}

#[test]
fn a_first_file_is_written_once() {
    let place = Place::new();
    place.run(&["init"], 0);
    assert!(place.read("pushspec.toml").contains("[targets.broker]"));
    assert!(place.run(&["init"], 2).contains("exists already"));
}

#[test]
fn there_are_manual_pages() {
    let place = Place::new();
    assert!(place.run(&["man"], 0).contains(".TH pushspec 1"));
    place.run(&["man", "--dir", "man1"], 0);
    assert!(place.read("man1/pushspec-baseline-init.1").contains("baseline"));
}
