//! The blocks of a pcapng file that are needed here (draft-ietf-opsawg-pcapng), in little endian.

use std::io::{self, Write};

use super::segment::Packet;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// Packets begin with their IP header.
const LINKTYPE_RAW: u16 = 101;

const END_OF_OPTIONS: u16 = 0;
const COMMENT: u16 = 1;
const INTERFACE_NAME: u16 = 2;
const USER_APPLICATION: u16 = 4;

/// Begins a section, with what it says of itself.
pub(super) fn section(out: &mut impl Write, about: &str) -> io::Result<()> {
    let mut body = Vec::new();
    body.extend(BYTE_ORDER.to_le_bytes());
    body.extend(1_u16.to_le_bytes());
    body.extend(0_u16.to_le_bytes());
    // Its length is not told.
    body.extend(u64::MAX.to_le_bytes());
    option(&mut body, COMMENT, about);
    option(&mut body, USER_APPLICATION, concat!("pushspec ", env!("CARGO_PKG_VERSION")));
    end_of_options(&mut body);
    block(out, SECTION, &body)
}

/// The only interface, with times in microseconds.
pub(super) fn interface(out: &mut impl Write) -> io::Result<()> {
    let mut body = Vec::new();
    body.extend(LINKTYPE_RAW.to_le_bytes());
    body.extend(0_u16.to_le_bytes());
    // No limit.
    body.extend(0_u32.to_le_bytes());
    option(&mut body, INTERFACE_NAME, "pushspec");
    end_of_options(&mut body);
    block(out, INTERFACE, &body)
}

/// One packet with its comments.
pub(super) fn packet(out: &mut impl Write, packet: &Packet) -> io::Result<()> {
    let mut body = Vec::new();
    body.extend(0_u32.to_le_bytes());
    body.extend(((packet.at_us >> 32) as u32).to_le_bytes());
    body.extend((packet.at_us as u32).to_le_bytes());
    body.extend((packet.captured.len() as u32).to_le_bytes());
    body.extend(packet.original.to_le_bytes());
    body.extend(&packet.captured);
    pad(&mut body);
    for comment in &packet.comments {
        option(&mut body, COMMENT, comment);
    }
    if !packet.comments.is_empty() {
        end_of_options(&mut body);
    }
    block(out, ENHANCED_PACKET, &body)
}

fn block(out: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = (body.len() as u32 + 12).to_le_bytes();
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length)?;
    out.write_all(body)?;
    out.write_all(&length)
}

fn option(body: &mut Vec<u8>, code: u16, text: &str) {
    // The length has 16 bits.
    let mut end = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    body.extend(code.to_le_bytes());
    body.extend((end as u16).to_le_bytes());
    body.extend(&text.as_bytes()[..end]);
    pad(body);
}

fn end_of_options(body: &mut Vec<u8>) {
    body.extend(END_OF_OPTIONS.to_le_bytes());
    body.extend(0_u16.to_le_bytes());
}

/// Every part ends at a multiple of 32 bits; all that stands before one does too.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}
