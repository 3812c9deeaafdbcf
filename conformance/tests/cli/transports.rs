//! The same cases over every transport.

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};

use crate::tool::{Done, scratch, serve, test};

const CASES: [&str; 3] = ["mqtt/publish/*", "mqtt/subscribe/*", "mqtt/malformed/*"];

fn holds(done: &Done) {
    assert_eq!(done.status, 0, "{}", done.said());
    assert!(done.report().totals.pass > 50, "{}", done.said());
}

fn tested(url: &str, more: &[&str]) -> Done {
    let mut arguments = vec![url, "--case"];
    arguments.extend(CASES);
    arguments.extend(more);
    test(&arguments)
}

#[test]
fn tcp_websocket_and_unix_socket() {
    let (_directory, socket) = scratch("broker.sock");
    let unix = format!("unix:{}", socket.display());
    let mqtt = serve(
        &[
            "mqtt",
            "--listen",
            "mqtt://127.0.0.1:0",
            "--listen",
            "ws://127.0.0.1:0/mqtt",
            "--listen",
            &unix,
        ],
        3,
    );
    for url in &mqtt.urls {
        holds(&tested(url, &[]));
    }
}

/// An authority, and what it has signed, as PEM files in a directory.
pub(crate) struct Pki {
    directory: tempfile::TempDir,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(directory.path().join(name), text).unwrap();
        };
        write("ca.pem", &authority.pem());
        let here = ["127.0.0.1", "localhost"];
        for (name, names) in [
            ("server", &here[..]),
            ("client", &here),
            ("expired", &here),
            ("stranger", &["elsewhere.example"]),
        ] {
            let key = KeyPair::generate().unwrap();
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut params = CertificateParams::new(names).unwrap();
            if name == "expired" {
                params.not_after = rcgen::date_time_ymd(2020, 1, 1);
            }
            let certificate = params.signed_by(&key, &authority).unwrap();
            write(&format!("{name}.pem"), &certificate.pem());
            write(&format!("{name}.key"), &key.serialize_pem());
        }
        Self { directory }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }
}

#[test]
fn tls_with_and_without_a_client_certificate() {
    let pki = Pki::new();
    let (ca, cert, key) = (pki.path("ca.pem"), pki.path("client.pem"), pki.path("client.key"));
    let (server_cert, server_key) = (pki.path("server.pem"), pki.path("server.key"));
    let mqtt = serve(
        &[
            "mqtt",
            "--listen",
            "mqtts://127.0.0.1:0",
            "--listen",
            "wss://127.0.0.1:0",
            "--cert",
            &server_cert,
            "--key",
            &server_key,
        ],
        2,
    );
    for url in &mqtt.urls {
        holds(&tested(url, &["--ca", &ca]));
    }
    let stranger = test(&[&mqtt.urls[0]]);
    assert_eq!(stranger.status, 3, "{}", stranger.said());

    let strict = serve(
        &[
            "mqtt",
            "--listen",
            "mqtts://127.0.0.1:0",
            "--cert",
            &server_cert,
            "--key",
            &server_key,
            "--client-ca",
            &ca,
        ],
        1,
    );
    holds(&tested(strict.url(), &["--ca", &ca, "--cert", &cert, "--key", &key]));
    let nameless = test(&[strict.url(), "--ca", &ca]);
    assert_eq!(nameless.status, 3, "{}", nameless.said());
}

#[test]
fn https() {
    let pki = Pki::new();
    let (cert, key) = (pki.path("server.pem"), pki.path("server.key"));
    let sse = serve(&["sse", "--listen", "https://127.0.0.1:0", "--cert", &cert, "--key", &key], 1);
    let publish = sse.url().replace("/events", "/publish");
    let done = test(&[
        sse.url(),
        "--ca",
        &pki.path("ca.pem"),
        "--publish-url",
        &publish,
        "--publish-format",
        "json",
        "--case",
        "sse/response/*",
        "sse/replay/*",
        "sse/payload/*",
    ]);
    assert_eq!(done.status, 0, "{}", done.said());
    assert!(done.report().totals.pass > 20, "{}", done.said());
}
