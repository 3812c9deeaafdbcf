//! No secret in any report: credentials of URLs, and values that the user gave as secrets.

use crate::event::{Event, ProcessEnd, Reach, RunReport, Violation};
use crate::trace::TraceEntry;

/// What stands in place of a secret.
const HIDDEN: &str = "[hidden]";
/// Query parameters that carry secrets, by a part of their name.
const SECRET_NAMES: [&str; 8] =
    ["token", "password", "passwd", "secret", "apikey", "api_key", "signature", "jwt"];
/// Shorter values hide more of a report than they protect.
const SHORTEST: usize = 3;

/// The text without credentials in its URLs: what stands before an `@`, and the values of query
/// parameters that are called like secrets.
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>'))
            .unwrap_or(after.len());
        let (url, behind) = after.split_at(end);
        let authority_end = url.find(['/', '?', '#']).unwrap_or(url.len());
        let (authority, tail) = url.split_at(authority_end);
        out.push_str(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
        push_query(&mut out, tail);
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn push_query(out: &mut String, tail: &str) {
    let Some((path, query)) = tail.split_once('?') else {
        out.push_str(tail);
        return;
    };
    out.push_str(path);
    for (at, parameter) in query.split('&').enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, _)) if is_secret_name(name) => {
                out.push_str(name);
                out.push('=');
                out.push_str(HIDDEN);
            }
            _ => out.push_str(parameter),
        }
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "auth" | "key" | "sig" | "authorization")
        || SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

/// Values that must not appear in any report, such as the password that the user gave.
#[derive(Clone, Default)]
pub struct Secrets {
    values: Vec<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.values.len())
    }
}

impl Secrets {
    /// Hides these values. The shortest are left alone: to hide `a` would hide everything.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut values: Vec<String> =
            values.into_iter().filter(|value| value.len() >= SHORTEST).collect();
        // Longer ones first, so that none survives as the rest of another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self { values }
    }

    /// The event without secrets: pass every event through here before anything renders it.
    pub fn hide(&self, mut event: Event) -> Event {
        match &mut event {
            // What stands in a baseline was written by the user, and its signatures are of hidden texts.
            Event::BaselineJudged(_) => {}
            Event::RunStarted { reach, .. } => self.reach(reach.as_mut()),
            Event::EndpointPlanned { endpoint, .. } => {
                self.text(&mut endpoint.url);
                for value in endpoint.capabilities.values_mut().flat_map(|of| of.values_mut()) {
                    self.text(value);
                }
            }
            Event::EndpointUnreachable { url, reason } => {
                self.text(url);
                self.text(reason);
            }
            Event::CaseStarted { endpoint, .. } => self.text(endpoint),
            Event::ViolationSeen(violation) => self.violation(violation),
            Event::CaseFinished(case) => {
                self.text(&mut case.endpoint);
                self.text(&mut case.expected);
                if let Some(found) = &mut case.found {
                    self.text(found);
                }
                for advice in &mut case.advice {
                    self.text(&mut advice.expected);
                    self.text(&mut advice.found);
                }
                for observed in case.observations.values_mut() {
                    self.text(observed);
                }
                for entry in &mut case.trace {
                    self.entry(entry);
                }
            }
            Event::TargetEnded(end) => self.end(end),
            Event::CleanedUp { endpoint, left } => {
                self.text(endpoint);
                if let Some(why) = &mut left.unknown {
                    self.text(why);
                }
            }
            Event::RunFinished { interrupted, .. } => {
                if let Some(why) = interrupted {
                    self.text(why);
                }
            }
        }
        event
    }

    /// The report without secrets.
    pub fn hide_in(&self, report: &mut RunReport) {
        for endpoint in &mut report.target.endpoints {
            self.text(&mut endpoint.url);
            if let Some(reason) = &mut endpoint.unreachable {
                self.text(reason);
            }
        }
        self.reach(report.target.reach.as_mut());
        report.target.ended.iter_mut().for_each(|end| self.end(end));
        for violation in &mut report.violations {
            self.violation(violation);
        }
        for case in std::mem::take(&mut report.cases) {
            if let Event::CaseFinished(case) = self.hide(Event::CaseFinished(Box::new(case))) {
                report.cases.push(*case);
            }
        }
    }

    fn reach(&self, reach: Option<&mut Reach>) {
        for word in reach.into_iter().flat_map(|reach| &mut reach.words) {
            self.text(word);
        }
    }

    fn text(&self, text: &mut String) {
        if text.contains("://") {
            *text = redact(text);
        }
        for value in &self.values {
            if text.contains(value.as_str()) {
                *text = text.replace(value.as_str(), HIDDEN);
            }
        }
    }

    fn end(&self, end: &mut ProcessEnd) {
        for line in end.stdout.iter_mut().chain(&mut end.stderr) {
            self.text(line);
        }
    }

    fn violation(&self, violation: &mut Violation) {
        self.text(&mut violation.endpoint);
        self.text(&mut violation.found);
        self.text(&mut violation.packet);
        for entry in &mut violation.trace {
            self.entry(entry);
        }
    }

    fn entry(&self, entry: &mut TraceEntry) {
        self.text(&mut entry.summary);
        for mark in &mut entry.marks {
            self.text(&mut mark.note);
        }
        for value in &self.values {
            hide_bytes(&mut entry.bytes, value.as_bytes());
        }
    }
}

/// Puts `*` for every byte of the secret, so that offsets stay what they are.
fn hide_bytes(hex: &mut String, secret: &[u8]) {
    use std::fmt::Write as _;
    let needle = secret.iter().fold(String::new(), |mut needle, byte| {
        let _ = write!(needle, "{byte:02x}");
        needle
    });
    let mut from = 0;
    while let Some(found) = hex[from..].find(&needle) {
        let at = from + found;
        if at % 2 == 0 {
            hex.replace_range(at..at + needle.len(), &"2a".repeat(secret.len()));
            from = at + needle.len();
        } else {
            // Halves of two bytes.
            from = at + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn urls_lose_their_credentials() {
        assert_eq!(redact("mqtt://user:pa@ss@h:1883/x"), "mqtt://h:1883/x");
        assert_eq!(redact("mqtt://h:1883"), "mqtt://h:1883");
        assert_eq!(
            redact("cannot reach `https://u:p@h/s?a=1&access_token=xyz&b=2`, or ws://v@w/"),
            "cannot reach `https://h/s?a=1&access_token=[hidden]&b=2`, or ws://w/"
        );
        assert_eq!(redact("mail a@b.c"), "mail a@b.c");
        assert_eq!(redact("http://h/a@b"), "http://h/a@b");
    }

    #[test]
    fn secrets_are_hidden_in_texts_and_bytes() {
        let secrets = Secrets::new(["hunter2".to_owned(), String::new()]);
        let mut entry = TraceEntry {
            summary: "CONNECT password=\"hunter2\"".to_owned(),
            bytes: format!("1004{}ff", "68756e74657232"),
            ..sample::entry()
        };
        secrets.entry(&mut entry);
        assert_eq!(entry.summary, "CONNECT password=\"[hidden]\"");
        assert_eq!(entry.bytes, format!("1004{}ff", "2a".repeat(7)));
    }

    #[test]
    fn halves_of_two_bytes_are_no_secret() {
        let mut hex = "0abc".repeat(2);
        hide_bytes(&mut hex, &[0xab, 0xc0, 0xab]);
        assert_eq!(hex, "0abc0abc");
    }

    #[test]
    fn no_rendering_of_a_run_shows_them() {
        let secrets = Secrets::new(["s3cret".to_owned()]);
        let mut report = sample::report();
        let case = &mut report.cases[0];
        "s3cret".clone_into(&mut case.expected);
        case.found = Some("saw s3cret".to_owned());
        case.trace = vec![TraceEntry { bytes: "733363726574".to_owned(), ..sample::entry() }];
        report.target.endpoints[0].url = "mqtt://me:s3cret@h".to_owned();
        secrets.hide_in(&mut report);
        let json = serde_json::to_string(&report).unwrap_or_default();
        assert!(!json.contains("s3cret") && !json.contains("733363726574"), "{json}");
        assert!(json.contains("[hidden]"));
    }
}
