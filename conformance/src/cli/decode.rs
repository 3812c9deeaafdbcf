//! `pushspec decode`

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pushspec::decode::{EventStream, Packets, ReadAs, from_hex};
use pushspec::report::ExitStatus;

use super::{Wrong, output};

/// Take bytes apart: MQTT packets field by field, event streams line by line
///
/// Left stand offset and bytes, right what they are. Of a malformed packet what can be read before the
/// fault is shown, then the fault, the requirement that it breaks, and nothing behind it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The bytes as they were on the wire; - is standard input.
    #[arg(value_name = "FILE", required_unless_present = "hex")]
    file: Option<PathBuf>,
    /// The bytes themselves in hexadecimal, instead of a file.
    #[arg(long, value_name = "HEX", conflicts_with = "file")]
    hex: Option<Hex>,
    /// Read MQTT packets as this version: 3.1, 3.1.1, 5.0, or auto for what a CONNECT among them names
    /// or, without one, what fits best.
    #[arg(long, value_name = "VERSION", default_value = "auto")]
    mqtt: ReadAs,
    /// Read an event stream: a response body of text/event-stream.
    #[arg(long, conflicts_with = "mqtt")]
    sse: bool,
    /// As JSON, with every byte.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  pushspec decode --hex '82 08 00 01 00 00 02 61 23 00'     what is wrong with this SUBSCRIBE?
  pushspec decode --mqtt 3.1.1 capture.bin                  a stream of packets
  curl -sN --max-time 5 http://localhost:3000/events | pushspec decode --sse -
  pushspec decode --json capture.bin | jq '.packets[].summary'

Exit status: 0 all of it conforms · 1 malformed · 2 wrong usage · 4 there are no bytes
5 the bytes end within a packet or an event";

/// Bytes that were given in hexadecimal.
#[derive(Clone, Debug)]
struct Hex(Vec<u8>);

impl FromStr for Hex {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        from_hex(text).map(Self)
    }
}

/// Prints what the bytes are.
pub(super) fn run(args: &Args) -> Result<ExitStatus, Wrong> {
    let bytes = match (&args.hex, &args.file) {
        (Some(Hex(bytes)), _) => bytes.clone(),
        (None, Some(file)) => read(file)?,
        (None, None) => return Err(Wrong::usage("give a FILE or --hex")),
    };
    if bytes.is_empty() {
        let message = "there are no bytes to decode".to_owned();
        return Err(Wrong { status: ExitStatus::Nothing, message });
    }
    let look = output::look();
    let (text, status) = if args.sse {
        let stream = EventStream::read(&bytes).map_err(Wrong::internal)?;
        let text = if args.json { stream.json() } else { Ok(stream.text(look)) };
        (text, stream.status())
    } else {
        let packets = Packets::read(&bytes, args.mqtt);
        let text = if args.json { packets.json() } else { Ok(packets.text(look)) };
        (text, packets.status())
    };
    let mut text = text.map_err(Wrong::internal)?;
    if args.json {
        text.push('\n');
    }
    output::print(&text);
    Ok(status)
}

fn read(file: &Path) -> Result<Vec<u8>, Wrong> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        return read
            .map(|_| bytes)
            .map_err(|error| Wrong::usage(format!("standard input: {error}")));
    }
    std::fs::read(file)
        .map_err(|error| Wrong::usage(format!("cannot read {}: {error}", file.display())))
}
