//! Captures for Wireshark: one pcapng file for each case that kept its trace.
//!
//! The bytes are those that went over the case's connections, without TLS and WebSocket framing. The
//! packets around them are made up: addresses, ports, sequence numbers. Ports are those by which
//! Wireshark knows MQTT and HTTP. Bytes that the trace did not keep are missing, as in a capture that
//! was limited in size. What decides stands in the comments of its packet.

mod block;
mod segment;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use crate::event::{CaseReport, RunReport};
use crate::requirement::{Catalogue, Protocol};
use crate::trace::{EntryKind, TraceEntry};

use super::rows::plain;
use segment::{Connection, Packet};

/// Where Wireshark expects MQTT and HTTP.
const fn port(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Mqtt31 | Protocol::Mqtt311 | Protocol::Mqtt5 => 1883,
        Protocol::Sse => 80,
    }
}

/// Writes a capture of each case with a trace into the directory. Tells how many.
pub fn write_all(report: &RunReport, directory: &Path) -> io::Result<usize> {
    let mut names = BTreeSet::new();
    for case in report.cases.iter().filter(|case| !case.trace.is_empty()) {
        let name = (1..=report.cases.len())
            .map(|number| file_name(case, number))
            .find(|name| !names.contains(name))
            .unwrap_or_default();
        write(case, BufWriter::new(File::create(directory.join(&name))?))?;
        names.insert(name);
    }
    Ok(names.len())
}

/// A name without anything that means something to a file system: a report may come from elsewhere.
fn file_name(case: &CaseReport, number: usize) -> String {
    let id: String = case
        .id
        .chars()
        .take(150)
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    let suffix = if number > 1 { format!("-{number}") } else { String::new() };
    format!("{}-{id}{suffix}.pcapng", case.protocol.name())
}

/// Writes the capture of one case.
pub fn write(case: &CaseReport, mut out: impl Write) -> io::Result<()> {
    block::section(&mut out, &about(case))?;
    block::interface(&mut out)?;
    for packet in packets(case) {
        block::packet(&mut out, &packet)?;
    }
    out.flush()
}

/// What the file says of itself.
fn about(case: &CaseReport) -> String {
    let mut lines = vec![
        format!("{} ({}): {}", case.id, case.protocol.title(), case.verdict.name()),
        format!("expected: {}", case.expected),
    ];
    lines.extend(case.found.as_ref().map(|found| format!("found: {found}")));
    for id in &case.requirements {
        let text = Catalogue::embedded().get(case.protocol, id).map_or("", |known| known.text);
        lines.push(format!("{id} {text}"));
    }
    lines.push(format!(
        "Made from the trace of {}. The bytes within the connections are those of the case, without \
         TLS and WebSocket framing; IP, TCP, addresses and ports are made up, and time begins with \
         the case.",
        case.endpoint
    ));
    if case.protocol == Protocol::Sse {
        lines.push(
            "A stream that has not ended is shown as HTTP with the preference \
             http.desegment_body:FALSE."
                .to_owned(),
        );
    }
    plain(&lines.join("\n"))
}

fn packets(case: &CaseReport) -> Vec<Packet> {
    let mut connections: BTreeMap<u32, Connection> = BTreeMap::new();
    let mut packets: Vec<Packet> = Vec::new();
    // What is said before the first packet is said with it.
    let mut said: Vec<String> = Vec::new();
    for entry in &case.trace {
        let connection = connections
            .entry(entry.connection)
            .or_insert_with(|| Connection::new(entry.connection, port(case.protocol)));
        let mut new = match entry.kind {
            _ if entry.connection == 0 => Vec::new(),
            EntryKind::Opened => connection.open(),
            EntryKind::Sent => connection.data(true, &bytes(entry), entry.length),
            EntryKind::Received => connection.data(false, &bytes(entry), entry.length),
            EntryKind::Closed => connection.close(false),
            EntryKind::Left => connection.close(true),
            EntryKind::Waited | EntryKind::Note => Vec::new(),
        };
        // What no clock can have said counts as the beginning.
        let at = Duration::try_from_secs_f64(entry.at_ms / 1000.0).unwrap_or_default();
        let at_us = at.as_micros() as u64;
        for packet in &mut new {
            packet.at_us = at_us;
        }
        let comments = comments(entry, !new.is_empty());
        match (new.first_mut(), packets.last_mut()) {
            (Some(first), _) => {
                first.comments = std::mem::take(&mut said);
                first.comments.extend(comments);
            }
            (None, Some(last)) => last.comments.extend(comments),
            (None, None) => said.extend(comments),
        }
        packets.extend(new);
    }
    packets
}

/// What decides, and what is said beside the packets.
fn comments(entry: &TraceEntry, has_packet: bool) -> Vec<String> {
    let mut comments = Vec::new();
    if has_packet && entry.length > entry.bytes.len() as u64 / 2 {
        comments.push(format!(
            "{} of {} bytes were kept in the trace",
            entry.bytes.len() / 2,
            entry.length
        ));
    }
    for mark in &entry.marks {
        comments.push(plain(&format!(
            "decides: bytes {} to {} of {}: {}",
            mark.start,
            mark.end.saturating_sub(1).max(mark.start),
            entry.summary,
            mark.note
        )));
    }
    if !has_packet {
        comments.push(plain(&entry.summary));
    }
    comments
}

fn bytes(entry: &TraceEntry) -> Vec<u8> {
    entry
        .bytes
        .as_bytes()
        .chunks_exact(2)
        .map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests;
