#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::transport::TlsOptions;

/// A command without endpoints is ready when it runs.
fn launch(command: &str) -> Launch {
    Launch {
        command: command.to_owned(),
        directory: None,
        endpoints: Vec::new(),
        ready_within: Duration::from_secs(20),
        ends_within: Duration::from_secs(20),
    }
}

fn endpoint(url: &str) -> Connector {
    Connector::new(url.parse().unwrap(), &TlsOptions::default(), Vec::new()).unwrap()
}

/// An address at which nothing listens.
fn free() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("mqtt://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn an_end_that_nobody_asked_for_is_told_with_its_last_words() {
    let launched = Launched::start(launch("echo out; echo err >&2; exit 3")).await.unwrap();
    let exit = launched.crashed().await;
    assert_eq!(exit.to_string(), "exit status 3");
    assert_eq!((exit.stdout, exit.stderr), (vec!["out".to_owned()], vec!["err".to_owned()]));
    assert!(!launched.is_running());
    assert!(launched.crash().is_some_and(|exit| !exit.asked));
}

#[tokio::test]
async fn a_stop_is_a_term_and_no_crash() {
    let command = "trap 'echo bye >&2; exit 0' TERM; while :; do sleep 0.05; done";
    let launched = Launched::start(launch(command)).await.unwrap();
    assert!(launched.is_running());
    // The shell may not have come to its trap yet; then it ends by the signal itself.
    let exit = launched.stop().await.unwrap();
    assert!(exit.asked);
    assert!(launched.crash().is_none());
    assert_eq!(launched.exit(), Some(exit));
}

#[tokio::test]
async fn who_does_not_end_is_killed() {
    let stubborn = Launch {
        ends_within: Duration::from_millis(50),
        ..launch("trap '' TERM; echo ready; while :; do sleep 0.05; done")
    };
    let launched = Launched::start(stubborn).await.unwrap();
    let process = launched.shared.process().clone().unwrap();
    while process.last_words().is_empty() {
        sleep(ASK_EVERY).await;
    }
    let exit = launched.stop().await.unwrap();
    assert_eq!(exit.to_string(), "killed by signal 9 (SIGKILL)");
}

#[tokio::test]
async fn a_restart_finds_its_directory_again() {
    let command = r#"echo started >>"$PUSHSPEC_DIR/log"; cat "$PUSHSPEC_DIR/log"; sleep 60"#;
    let launched = Launched::start(launch(command)).await.unwrap();
    for how in [Ending::Stop, Ending::Kill] {
        let process = launched.shared.process().clone().unwrap();
        while process.last_words().is_empty() {
            sleep(ASK_EVERY).await;
        }
        launched.restart(how).await.unwrap();
    }
    let exit = loop {
        let process = launched.shared.process().clone().unwrap();
        if !process.last_words().is_empty() {
            break launched.kill().await.unwrap();
        }
        sleep(ASK_EVERY).await;
    };
    assert_eq!(exit.stdout.len(), 3, "{exit:?}");
}

#[tokio::test]
async fn what_the_command_started_ends_with_it() {
    // The shell ends at once, what it started does not, and holds the output open.
    let launched = Launched::start(launch("sleep 60 & echo $!")).await.unwrap();
    let exit = launched.crashed().await;
    let left = exit.stdout[0].clone();
    launched.stop().await;
    let state = || std::fs::read_to_string(format!("/proc/{left}/stat"));
    // It may stay a zombie until its new parent looks.
    while state().is_ok_and(|stat| !stat.contains(") Z ")) {
        sleep(ASK_EVERY).await;
    }
}

#[tokio::test]
async fn an_address_in_use_is_not_taken_for_the_target() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("mqtt://{}", listener.local_addr().unwrap());
    let occupied = Launch { endpoints: vec![endpoint(&url)], ..launch("sleep 60") };
    let error = Launched::start(occupied).await.unwrap_err();
    assert!(matches!(error, LaunchError::Occupied(at) if at == url));
}

#[tokio::test]
async fn a_command_that_ends_or_never_listens_is_told_apart() {
    let url = free();
    let ends =
        Launch { endpoints: vec![endpoint(&url)], ..launch("echo no such file >&2; exit 1") };
    let error = Launched::start(ends).await.unwrap_err().to_string();
    assert!(error.contains("exit status 1; its last words: no such file"), "{error}");
    let deaf = Launch {
        endpoints: vec![endpoint(&url)],
        ready_within: Duration::from_millis(200),
        ..launch("echo $PUSHSPEC_URL; sleep 60")
    };
    let error = Launched::start(deaf).await.unwrap_err().to_string();
    assert!(error.contains(&format!("nothing listens at {url} after 0.2 s")), "{error}");
}
