//! What people read: help, lists and explanations.

use crate::tool::pushspec;

fn shown(arguments: &[&str]) -> String {
    let output = pushspec().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    assert!(output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!("help", shown(&["--help"]));
    insta::assert_snapshot!("help_test", shown(&["test", "--help"]));
    insta::assert_snapshot!("help_profiles", shown(&["profiles", "--help"]));
    insta::assert_snapshot!("help_lint", shown(&["lint", "--help"]));
    insta::assert_snapshot!("help_serve_mqtt", shown(&["serve", "mqtt", "--help"]));
}

#[test]
fn ids_are_explained() {
    insta::assert_snapshot!("explain", shown(&["explain", "mqtt-3.3.1-8", "SSE-I8"]));
    insta::assert_snapshot!(
        "explain_case",
        shown(&["explain", "mqtt/retain/reaches-a-new-subscriber"])
    );
}

#[test]
fn the_list_can_be_narrowed_and_read_by_machines() {
    let all = shown(&["list"]);
    let retained = shown(&["list", "mqtt/retain/*", "--protocol", "5.0"]);
    assert!(all.lines().count() > 10 * retained.lines().count() / 2);
    let json = shown(&["list", "--requirement", "MQTT-3.3.1-8", "--protocol", "3.1.1", "--json"]);
    let cases: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(cases[0]["id"], "mqtt/retain/reaches-a-new-subscriber");
    assert_eq!(cases[0]["level"], "must");
}

#[test]
fn completions_name_the_commands() {
    let script = shown(&["completions", "bash"]);
    assert!(script.contains("explain"));
}
