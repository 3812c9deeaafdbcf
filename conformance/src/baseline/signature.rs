//! What a departure looks like, without what differs from run to run.

use std::borrow::Cow;
use std::sync::LazyLock;

use pushspec_wire::mqtt::PropertyId;
use regex::{Captures, Regex};

use crate::event::CaseReport;

/// The verdict, what was judged, and what was found: the same for every run in which a target departs
/// in the same way. It can be read, so that a change of it can be reviewed.
pub fn signature(case: &CaseReport) -> String {
    let mut text = case.verdict.name().to_owned();
    if let Some(first) = case.requirements.first() {
        text.push(' ');
        text.push_str(first);
    }
    if let Some(found) = &case.found {
        text.push_str(": ");
        text.push_str(&steady(found));
    }
    for advice in &case.advice {
        // A warning's own finding is the first of its advice.
        if case.found.as_ref() != Some(&advice.found) {
            text.push_str("; ");
            text.push_str(&steady(&advice.found));
        }
    }
    text
}

/// The text with `#` for what differs from run to run: Packet Identifiers, times, ports, and long
/// numbers in hex; and the properties of each packet in one order.
pub(crate) fn steady(text: &str) -> Cow<'_, str> {
    match in_order(text) {
        Cow::Borrowed(text) => without_numbers(text),
        Cow::Owned(text) => Cow::Owned(without_numbers(&text).into_owned()),
    }
}

/// The order of properties means nothing, save among those of one name (5.0 section 2.2.2.2), and there
/// are Servers with another one each time.
fn in_order(text: &str) -> Cow<'_, str> {
    static PROPERTIES: LazyLock<Option<(Regex, Regex)>> = LazyLock::new(|| {
        let names = PropertyId::ALL.map(|id| id.name().to_lowercase().replace(' ', "-")).join("|");
        let string = r#""(?:\\.|[^"\\])*""#;
        let one = format!(r" (?P<name>{names})=(?:{string}(?::{string})?|[0-9]+(?: B\b)?|…)");
        Some((Regex::new(&format!("(?:{one}){{2,}}")).ok()?, Regex::new(&one).ok()?))
    });
    let Some((all, one)) = &*PROPERTIES else { return Cow::Borrowed(text) };
    all.replace_all(text, |found: &Captures<'_>| {
        let mut properties: Vec<_> = one.captures_iter(&found[0]).collect();
        properties.sort_by(|a, b| a["name"].cmp(&b["name"]));
        properties.iter().map(|property| property[0].to_owned()).collect::<String>()
    })
}

fn without_numbers(text: &str) -> Cow<'_, str> {
    static VOLATILE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?-u:(?P<id>\b(?:id|identifier|identifiers|Identifier)[ =])[0-9]+",
            r"|(?P<host>(?:127\.0\.0\.1|localhost|\[::1\]):)[0-9]+",
            r"|\b[0-9]+(?:\.[0-9]+)?(?P<unit> ?(?:ms|s|seconds|milliseconds)\b)",
            r"|(?:\b[0-9a-f]{2} ){7,}[0-9a-f]{2}\b",
            r"|\b[0-9a-f]*[0-9][0-9a-f]{15,}\b)"
        ))
        .ok()
    });
    match &*VOLATILE {
        Some(volatile) => volatile.replace_all(text, "${id}${host}#${unit}"),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_properties_does_not_count() {
        let same = [
            (
                r#"CONNACK 0x00 topic-alias-maximum=5 receive-maximum=10 reason-string="a \"b\" c" came"#,
                r#"CONNACK 0x00 reason-string="a \"b\" c" receive-maximum=10 topic-alias-maximum=5 came"#,
            ),
            (
                r#"payload="x" user-property="b":"1" user-property="a":"2" content-type="t""#,
                r#"payload="x" content-type="t" user-property="b":"1" user-property="a":"2""#,
            ),
            (
                "a topic-alias=1 correlation-data=12 B authentication-data=… came",
                "a authentication-data=… correlation-data=12 B topic-alias=1 came",
            ),
            (
                "fail once (CONNACK 0x00 server-keep-alive=6 receive-maximum=9), pass when repeated",
                "fail once (CONNACK 0x00 receive-maximum=9 server-keep-alive=6), pass when repeated",
            ),
        ];
        for (found, steadied) in same {
            assert_eq!(steady(found), steadied);
        }
    }

    #[test]
    fn what_differs_from_run_to_run_is_left_out() {
        let same = [
            ("SUBACK id=17 0x00 came instead", "SUBACK id=# 0x00 came instead"),
            ("no reply within 5 s", "no reply within # s"),
            ("it came after 12.25 ms", "it came after # ms"),
            (
                "cannot connect to mqtt://127.0.0.1:49812: refused",
                "cannot connect to mqtt://127.0.0.1:#: refused",
            ),
            ("it begins with the bytes 00ff138800ff13880011", "it begins with the bytes #"),
            ("the id-less one", "the id-less one"),
            (
                "QoS 1, MQTT 5.0, [MQTT-3.3.1-4], 0x8E, 3 of 4 messages",
                "QoS 1, MQTT 5.0, [MQTT-3.3.1-4], 0x8E, 3 of 4 messages",
            ),
        ];
        for (found, steadied) in same {
            assert_eq!(steady(found), steadied);
        }
    }
}
