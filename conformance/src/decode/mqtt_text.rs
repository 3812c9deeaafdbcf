//! Packets for people: bytes left, fields right.

use pushspec_wire::mqtt::{Dissection, Field, Outcome, PacketType, Value};

use super::rows::Rows;
use super::{Packets, counted, to_hex};
use crate::report::text::{Look, Paint};
use crate::requirement::Catalogue;

/// The most rows of bytes that are shown of one field.
const SHOWN_ROWS: usize = 4;

impl Packets<'_> {
    /// For people.
    pub fn text(&self, look: Look) -> String {
        let mut rows = Rows::new(look);
        if let Some(version) = self.assumed {
            let words = format!(
                "No CONNECT names a version; read as MQTT {version}. --mqtt says otherwise."
            );
            rows.line(Paint::Faint, &words);
        }
        for (index, (offset, packet)) in self.packets.iter().enumerate() {
            title(&mut rows, index, *offset, packet);
            for field in &packet.fields {
                let faulty = packet.fault().is_some_and(|error| holds(field, error.offset));
                show(&mut rows, *offset, field, packet.bytes, faulty);
            }
            end(&mut rows, *offset, packet);
        }
        if !self.unread.is_empty() {
            rows.title(&format!(
                "{} at byte {} not read: behind a malformed packet the connection is closed.",
                counted(self.unread.len(), "byte"),
                self.unread.start
            ));
        }
        rows.finish()
    }
}

fn title(rows: &mut Rows, index: usize, offset: usize, packet: &Dissection<'_>) {
    let name = packet.packet_type.map_or("no packet type", PacketType::name);
    let dot = rows.look().pick("·", "-");
    let (version, size) = (packet.version, counted(packet.bytes.len(), "byte"));
    rows.title(&format!(
        "Packet {} at byte {offset} {dot} {name} {dot} MQTT {version} {dot} {size}",
        index + 1
    ));
}

fn show(rows: &mut Rows, packet_at: usize, field: &Field<'_>, packet: &[u8], faulty: bool) {
    let indent = if field.in_properties { "  " } else { "" };
    let value = rows.look().visible(&value(field.value));
    let words = match (field.name, field.meaning.as_str()) {
        // Their numbers say nothing.
        ("Control Packet type" | "Property Identifier", meaning) if !meaning.is_empty() => {
            format!("{indent}{}: {meaning}", field.name)
        }
        ("Connect Flags" | "Connect Acknowledge Flags" | "Subscription Options", meaning) => {
            let none = if meaning.is_empty() { "none" } else { meaning };
            format!("{indent}{}: {none}", field.name)
        }
        (name, meaning) if name.ends_with("Reason Code") => {
            let code = packet[field.bytes.clone()].first().copied().unwrap_or(0);
            format!("{indent}{name}: {code:#04x} {meaning}")
        }
        (name, "") => format!("{indent}{name}: {value}"),
        (name, "seconds") => format!("{indent}{name}: {value} seconds"),
        (name, meaning) => format!("{indent}{name}: {value} ({meaning})"),
    };
    let hex = hex_rows(rows, &packet[field.bytes.clone()]);
    rows.row(packet_at + field.bytes.start, &hex, &words, faulty.then_some(Paint::Bad));
}

/// Binary data that is not short text is what stands on the left already.
fn value(value: Value<'_>) -> String {
    match value {
        Value::Binary([]) => "empty".to_owned(),
        value => value.to_string(),
    }
}

fn hex_rows(rows: &Rows, bytes: &[u8]) -> Vec<String> {
    let width = (rows.bytes_width() + 1) / 3;
    let mut hex: Vec<_> = bytes.chunks(width).take(SHOWN_ROWS).map(to_hex).collect();
    if let Some(hidden) = bytes.len().checked_sub(width * SHOWN_ROWS).filter(|hidden| *hidden > 0) {
        hex.push(format!("{} {} more", rows.look().pick("…", "..."), counted(hidden, "byte")));
    }
    hex
}

fn end(rows: &mut Rows, packet_at: usize, packet: &Dissection<'_>) {
    let pointer = rows.look().pick("▲", "^");
    match &packet.outcome {
        Outcome::Conforming(_) => {}
        Outcome::Malformed(error) => {
            let unread = packet.unread();
            let beside = packet.fields.iter().any(|field| holds(field, error.offset));
            if !unread.is_empty() {
                let hex = hex_rows(rows, &packet.bytes[unread.clone()]);
                let words = if beside { "not read" } else { error.field };
                let paint = if beside { Paint::Faint } else { Paint::Bad };
                rows.row(packet_at + unread.start, &hex, words, Some(paint));
            }
            // The error counts from the packet's first byte, the rows from the stream's.
            let here = match packet_at {
                0 => String::new(),
                at => format!(" (byte {} here)", at + error.offset),
            };
            rows.below(Paint::Bad, &format!("{pointer} malformed: {error}{here}"));
            let id = error.requirement;
            let known = Catalogue::embedded().find(id);
            let protocol = known.iter().map(|row| row.protocol.to_string());
            if let Some(protocol) =
                protocol.into_iter().find(|name| *name == packet.version.to_string())
            {
                let more = format!("pushspec explain {id} --protocol {protocol} tells more");
                rows.below(Paint::Faint, &more);
            }
        }
        Outcome::Incomplete { missing } => {
            let unread = packet.unread();
            if !unread.is_empty() {
                let hex = hex_rows(rows, &packet.bytes[unread.clone()]);
                rows.row(packet_at + unread.start, &hex, "part of a field", Some(Paint::Doubtful));
            }
            let what = match missing {
                Some(missing) => format!("{} of the packet are missing", counted(*missing, "byte")),
                None => "the Remaining Length is not whole".to_owned(),
            };
            rows.below(
                Paint::Doubtful,
                &format!("{pointer} incomplete: the bytes end here, {what}"),
            );
        }
    }
}

fn holds(field: &Field<'_>, offset: usize) -> bool {
    field.bytes.contains(&offset)
}
