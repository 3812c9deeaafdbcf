#![allow(clippy::unwrap_used)]

use super::*;
use crate::report::sample;
use crate::trace::Mark;

/// The blocks of a file: kind and body. Panics where the file is not well-formed.
fn blocks(mut file: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let mut blocks = Vec::new();
    while !file.is_empty() {
        let length = number(&file[4..8]) as usize;
        assert_eq!(length % 4, 0);
        assert_eq!(number(&file[length - 4..length]) as usize, length);
        blocks.push((number(&file[..4]), file[8..length - 4].to_vec()));
        file = &file[length..];
    }
    blocks
}

fn written(case: &CaseReport) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(case, &mut bytes).unwrap();
    bytes
}

fn failed() -> CaseReport {
    sample::report().cases.into_iter().find(|case| case.id.contains("qos-3")).unwrap()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn every_byte_of_the_trace_is_there_with_what_decides() {
    let case = failed();
    let blocks = blocks(&written(&case));
    assert_eq!(blocks[0].0, 0x0a0d_0d0a);
    assert!(contains(&blocks[0].1, "mqtt/publish/qos-3-is-malformed (MQTT 5.0): fail"));
    assert_eq!(blocks[1].0, 1);
    // A connection opened, six packets, one connection closed.
    let packets = &blocks[2..];
    assert_eq!(packets.len(), 3 + 6 + 2);
    for entry in case.trace.iter().filter(|entry| !entry.bytes.is_empty()) {
        let kept = bytes(entry);
        let at = packets
            .iter()
            .position(|(_, body)| body[20..].windows(kept.len()).any(|window| window == kept));
        let (_, body) = &packets[at.unwrap()];
        for mark in &entry.marks {
            assert!(contains(body, &format!("decides: bytes 0 to 0 of {}", entry.summary)));
            assert!(contains(body, &mark.note));
        }
    }
    assert!(contains(&packets[8].1, "waited for the end of the connection"));
    assert!(contains(&packets[8].1, "judged: "));
}

#[test]
fn what_was_not_kept_is_told_by_the_lengths() {
    let mut case = failed();
    case.trace = vec![TraceEntry { length: 9_000, ..sample::entry() }];
    let blocks = blocks(&written(&case));
    let (_, body) = &blocks[2];
    let number = |at: usize| u32::from_le_bytes(body[at..at + 4].try_into().unwrap());
    assert_eq!((number(12), number(16)), (42, 9_040));
    assert!(contains(body, "2 of 9000 bytes were kept"));
}

#[test]
fn names_stay_within_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let mut report = sample::report();
    report.cases.truncate(3);
    for case in &mut report.cases {
        "../../etc/passwd\0\u{202e}".clone_into(&mut case.id);
        case.trace = vec![sample::entry()];
    }
    assert_eq!(write_all(&report, directory.path()).unwrap(), 3);
    let mut names: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.iter().all(|name| name.contains("-______etc_passwd__")), "{names:?}");
    assert_eq!(names.len(), 3);
}

#[test]
fn hostile_reports_make_sound_files() {
    for mut case in sample::hostile().cases {
        blocks(&written(&case));
        case.trace[0].at_ms = f64::NAN;
        case.trace[0].bytes = "zz\u{e9}".to_owned();
        case.trace[0].marks =
            vec![Mark { start: usize::MAX - 1, end: 0, note: "x".repeat(70_000) }];
        blocks(&written(&case));
    }
}
