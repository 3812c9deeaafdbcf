//! `pushspec lint`

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use pushspec::lint::{CaptureError, Options, captures, lint};
use pushspec::report::{ExitStatus, lint as rendered};

use super::{Wrong, output, runtime};

/// Most bytes of a capture.
const LIMIT: u64 = 256 << 20;

/// Judge a captured event stream, without any endpoint
///
/// The capture is the body of an event stream, a response with its header fields (as `curl -i` or a
/// proxy writes it; chunked coding and compression are undone where they were captured), or an HTTP
/// archive (HAR), of which every event stream is judged. Tells what clients make of it, and with
/// byte offsets what does not hold. It is judged by the cases with which `pushspec test` judges an
/// endpoint. At most 256 MiB are read; of what is longer, lint the beginning (`head -c 200M`).
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The capture; - is the standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The capture ends where the stream ended, so that an unclosed last block is a failure. Without
    /// it, that is only said where the response itself tells where it ends.
    #[arg(long)]
    complete: bool,
    /// How many events to show.
    #[arg(long, value_name = "N", default_value_t = 20)]
    events: usize,
    /// As JSON; schema/lint-1.schema.json describes it.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  curl -sNi --max-time 20 http://localhost:3000/events | pushspec lint -
  pushspec lint stream.txt --complete
  pushspec lint devtools.har --json

Exit status: 0 conformant (there may be warnings) · 1 an obligation is broken · 2 wrong usage, or a
capture that cannot be read · 4 nothing to judge · 5 inconclusive · 70 error of pushspec itself";

/// Judges and prints.
pub(super) fn run(args: &Args) -> Result<ExitStatus, Wrong> {
    let shown = args.file.display();
    let input =
        read(&args.file).map_err(|error| Wrong::usage(format!("cannot read {shown}: {error}")))?;
    let captures = captures(&input).map_err(|error| Wrong {
        status: match error {
            CaptureError::Empty | CaptureError::NoStream(_) => ExitStatus::Nothing,
            CaptureError::Head(_) | CaptureError::Archive(_) => ExitStatus::Usage,
        },
        message: format!("{shown}: {error}"),
    })?;
    let options = Options { complete: args.complete, events: args.events };
    let report = runtime()?.block_on(lint(captures, options));
    let text = if args.json {
        serde_json::to_string_pretty(&report).map_err(Wrong::internal)? + "\n"
    } else {
        rendered::text(&report, output::look())
    };
    output::print(&text);
    Ok(rendered::exit_status(&report))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut input = Vec::new();
    let count = if path == Path::new("-") {
        io::stdin().lock().take(LIMIT + 1).read_to_end(&mut input)?
    } else {
        File::open(path)?.take(LIMIT + 1).read_to_end(&mut input)?
    };
    if count as u64 > LIMIT {
        return Err(io::Error::other(format!(
            "it has more than {} MiB; lint its beginning, as in `head -c 200M FILE | pushspec lint -`",
            LIMIT >> 20
        )));
    }
    Ok(input)
}
