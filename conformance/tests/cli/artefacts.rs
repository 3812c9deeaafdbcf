//! What is made of reports holds no secret either: snapshots, diffs, matrices, baselines, captures.

use crate::place::Place;
use crate::tool::{hex, serve_with};

const PASSWORD: &str = "corr3ct-horse-of-the-user";
const TOKEN: &str = "t0ken-of-the-user";

#[test]
fn nothing_made_of_a_report_holds_a_secret() {
    let place = Place::new();
    let server = |fault: &[&str]| {
        let given = ["mqtt", "--listen", "ws://127.0.0.1:0", "--username", "ci"];
        let arguments: Vec<&str> = given
            .into_iter()
            .chain(["--password-env", "SERVED"])
            .chain(fault.iter().copied())
            .collect();
        serve_with(&arguments, &[("SERVED", PASSWORD)], 1)
    };
    let (right, faulty) = (server(&[]), server(&["--fault", "accepts-pingreq-flags"]));
    let target = |name: &str, url: &str| {
        format!(
            "[targets.{name}]\nurls = [\"{url}\"]\nusername = \"ci\"\npassword-env = \"GIVEN\"\n\
             headers-env.Authorization = \"BEARER\"\n"
        )
    };
    place.write(
        "pushspec.toml",
        &format!(
            "options.case = [\"mqtt/malformed/pingreq-flags\", \"mqtt/connect/*\"]\n\
             options.timeout = 1\noptions.protocol = [\"5.0\"]\n{}{}",
            target("right", right.url()),
            target("wrong", faulty.url())
        ),
    );
    let mut told = String::new();
    let mut run = |arguments: &[&str], status: i32| {
        let mut command = place.command(arguments);
        command.env("GIVEN", PASSWORD).env("BEARER", format!("Bearer {TOKEN}"));
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
        told += &text;
    };
    let reports = ["json={target}.json", "ndjson={target}.ndjson", "pcapng={target}.packets"];
    let matrix = ["json=matrix.json", "html=matrix.html"];
    let mut arguments = vec!["test", "--traces", "all"];
    arguments.extend(reports.iter().chain(&matrix).flat_map(|report| ["--report", report]));
    run(&arguments, 1);
    run(&["snapshot", "wrong.json"], 0);
    for format in ["text", "markdown", "json", "html"] {
        run(&["diff", "right.json", "wrong.json", "--format", format], 1);
    }
    run(&["baseline", "init", "known.toml", "--from", "wrong.json"], 0);
    run(&["report", "right.ndjson", "wrong.ndjson", "--html", "again.html"], 0);
    run(&["report", "wrong.ndjson", "--pcapng", "packets", "--html", "one.html"], 0);
    assert!(told.contains("mqtt/malformed/pingreq-flags") && told.contains("CONNECT"));
    place.write("told", &told);
    let mut looked_at = 0;
    for (path, content) in place.files() {
        // The password was sent, so that there is something to hide.
        for secret in [PASSWORD, TOKEN, &hex(PASSWORD), &hex(TOKEN)] {
            let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {}", path.display());
        }
        looked_at += 1;
    }
    assert!(looked_at > 12, "{looked_at}");
}
