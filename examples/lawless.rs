//! Writes packets that no conforming peer may send, and shows what a receiver says to them.

use std::error::Error;
use std::io::{Write, stdout};

use pushspec_wire::mqtt::lawless::{Fields, with_trailing};
use pushspec_wire::mqtt::{Frame, Packet, PingReq, Version};

fn main() -> Result<(), Box<dyn Error>> {
    let mut ping = Vec::new();
    Packet::PingReq(PingReq).encode(Version::V5, &mut ping)?;
    let illegal = [
        ("PUBLISH with QoS 3", Fields::new().string(b"a").two_bytes(1).varint(0).packet(0x36)),
        ("SUBSCRIBE without a filter", Fields::new().two_bytes(1).varint(0).packet(0x82)),
        ("PUBLISH to a wildcard", Fields::new().string(b"a/#").varint(0).packet(0x30)),
        ("PINGREQ with a body", with_trailing(&ping, b"!")),
    ];
    let mut out = stdout().lock();
    for (what, packet) in illegal {
        match Packet::decode(Frame::new(&packet)?, Version::V5) {
            Ok(packet) => writeln!(out, "{what}: taken as {packet}")?,
            Err(error) => writeln!(out, "{what}: {error}, answered {:#04x}", error.reason.0)?,
        }
    }
    Ok(())
}
