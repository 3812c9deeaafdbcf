//! Prints the packets of a stream in hex from the standard input, such as `c0 00 d0 00`, and where one
//! does not conform, why. The argument is the version: 3.1, 3.1.1 or 5.0.

use std::error::Error;
use std::io::{Read, Write, stdin, stdout};

use pushspec_wire::mqtt::{Frame, Framer, Packet, Version};

fn main() -> Result<(), Box<dyn Error>> {
    let wanted = std::env::args().nth(1).unwrap_or("5.0".into());
    let known = Version::ALL.into_iter().find(|version| version.to_string() == wanted);
    let mut version = known.ok_or("the version is 3.1, 3.1.1 or 5.0")?;

    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    let bytes = text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16));
    let mut framer = Framer::new(1 << 20);
    framer.push(&bytes.collect::<Result<Vec<_>, _>>()?);

    let mut out = stdout().lock();
    while let Some(bytes) = framer.next_packet()? {
        match Packet::decode(Frame::new(&bytes)?, version) {
            Ok(packet) => {
                // A CONNECT tells the version of what follows.
                if let Packet::Connect(connect) = &packet {
                    version = connect.version;
                }
                writeln!(out, "{packet}")?;
            }
            Err(error) => writeln!(out, "malformed: {error}")?,
        }
    }
    if !framer.pending().is_empty() {
        writeln!(out, "{} bytes of a packet that is not whole", framer.pending().len())?;
    }
    Ok(())
}
