//! Profiles: what they change, how they are shown, and what is wrong with one.

use pushspec::event::{CaseReport, Verdict};

use crate::peers::answering;
use crate::tool::{Done, pushspec, scratch, serve, test};

fn case<'a>(done: &'a Done, id: &str) -> &'a CaseReport {
    let found = done.report().cases.iter().find(|case| case.id == id);
    found.unwrap_or_else(|| panic!("no {id}\n{}", done.said()))
}

fn shown(arguments: &[&str]) -> (i32, String, String) {
    let output = pushspec().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_profile_changes_what_applies_and_how_it_counts() {
    let faulty = serve(&["sse", "--listen", "http://127.0.0.1:0", "--fault", "retry-zero"], 1);
    let publish = faulty.url().replace("/events", "/publish");
    let id = "sse/stream/retry-is-not-zero";
    let run = |profile: &[&str]| {
        let arguments = [faulty.url(), "--publish-url", &publish, "--case", id];
        test(&[&arguments, profile].concat())
    };
    let plain = run(&[]);
    assert_eq!((plain.status, case(&plain, id).verdict), (0, Verdict::Warn), "{}", plain.said());

    let (_directory, path) = scratch("mine.toml");
    let path_text = path.display().to_string();
    let head = "name = \"mine\"\ntitle = \"Mine\"\n[[case]]\nid = \"sse/stream/retry-*\"\n";
    std::fs::write(&path, format!("{head}level = \"must\"\nwhy = \"we were hammered\"\n")).unwrap();
    let raised = run(&["--profile", &path_text]);
    assert_eq!((raised.status, case(&raised, id).verdict), (1, Verdict::Fail), "{}", raised.said());
    assert!(case(&raised, id).observations["level"].contains("we were hammered"));

    std::fs::write(&path, format!("{head}applies = false\nwhy = \"it is ours\"\n")).unwrap();
    let left_out = run(&["--profile", &path_text]);
    assert_eq!(case(&left_out, id).verdict, Verdict::NotApplicable, "{}", left_out.said());
    assert_eq!(case(&left_out, id).found.as_deref(), Some("it is ours (profile mine)"));
    assert_eq!(left_out.status, 4, "nothing was judged: {}", left_out.said());
}

#[test]
fn the_stream_is_asked_for_as_the_profile_says() {
    let (address, requests) = answering(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\ndata: [DONE]\n\n",
    );
    let url = format!("http://{address}/v1/chat/completions");
    let done = test(&[&url, "--profile", "llm", "--case", "sse/response/*", "--timeout", "0.5"]);
    assert_eq!(case(&done, "sse/response/status-200").verdict, Verdict::Pass, "{}", done.said());
    let optional = case(&done, "sse/response/accept-is-optional");
    assert_eq!(optional.verdict, Verdict::NotApplicable);
    assert!(optional.found.as_ref().unwrap().contains("(profile llm)"));
    let requests = requests.lock().unwrap();
    assert!(requests.iter().any(|request| request.starts_with("POST")));
    // What begins in this way is HTTP/2, with the same in another form.
    for request in requests.iter().filter(|request| !request.starts_with("PRI * HTTP/2.0")) {
        assert!(request.starts_with("POST /v1/chat/completions HTTP/1."), "{request}");
        assert!(request.contains("\r\nContent-Type: application/json\r\n"), "{request}");
        assert!(request.ends_with("\"stream\": true}"), "{request}");
    }
}

#[test]
fn a_promised_replay_fails_where_a_broken_one_only_warned() {
    let faulty = serve(&["sse", "--listen", "http://127.0.0.1:0", "--fault", "replays-nothing"], 1);
    let publish = faulty.url().replace("/events", "/publish");
    let id = "sse/replay/no-gap";
    let arguments = [faulty.url(), "--publish-url", &publish, "--case", id];
    assert_eq!(case(&test(&arguments), id).verdict, Verdict::Warn);
    let (_directory, path) = scratch("mine.toml");
    std::fs::write(&path, "name = \"mine\"\ntitle = \"Mine\"\nreplay = \"promised\"\n").unwrap();
    let done = test(&[&arguments[..], &["--profile", &path.display().to_string()]].concat());
    assert_eq!(case(&done, id).verdict, Verdict::Fail, "{}", done.said());
}

#[test]
fn profiles_are_listed_and_printed_to_be_copied() {
    let (status, list, _) = shown(&["profiles"]);
    assert_eq!(status, 0);
    for name in
        ["aws-iot-core", "browser", "emqx", "llm", "mcp-2025-11-25", "mcp-2026-07-28", "mercure"]
    {
        assert!(list.contains(name), "{list}");
        let (status, text, _) = shown(&["profiles", name]);
        let (_directory, path) = scratch("copy.toml");
        std::fs::write(&path, text).unwrap();
        assert_eq!(status, 0);
        // A copy is as good: nothing is wrong with it but that nobody listens there.
        let copy = path.display().to_string();
        let (status, _, err) = shown(&["test", "unix:/nowhere", "--profile", &copy]);
        assert_eq!((status, err.as_str()), (3, ""), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_profile_is_told_in_one_message() {
    let (_directory, path) = scratch("wrong.toml");
    let path_text = path.display().to_string();
    let text = "name = \"x\"\ntitle = \"X\"\n[[case]]\nid = \"sse/response/charsets\"\napplies = false\nwhy = \"x\"\n";
    std::fs::write(&path, text).unwrap();
    for (profile, because) in [
        ("llms", "(did you mean `llm`?)"),
        ("./nowhere.toml", "cannot read it"),
        (&*path_text, "(did you mean `sse/response/charset`?)"),
    ] {
        let (status, out, err) = shown(&["test", "http://127.0.0.1:9/", "--profile", profile]);
        assert_eq!((status, out.as_str()), (2, ""), "{err}");
        assert!(err.starts_with("error: --profile ") && err.contains(because), "{err}");
    }
    assert_eq!(shown(&["profiles", "nothing"]).0, 2);
}
