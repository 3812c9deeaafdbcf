//! Measures everything and writes the table: `cargo run --release` in this directory puts it into the
//! README of the codecs; `cargo run --release -- PART` prints the rows whose names have that part.

use std::error::Error;
use std::fs;
use std::path::Path;

use pushspec_bench::{contests, table};

const BEGIN: &str = "<!-- The table is written by `cargo run --release` in benches/. -->\n";
const END: &str = "<!-- End of the table. -->\n";

fn main() -> Result<(), Box<dyn Error>> {
    let part = std::env::args().nth(1);
    let mut rows = Vec::new();
    for contest in contests() {
        if part.as_ref().is_none_or(|part| contest.name.contains(part.as_str())) {
            eprintln!("{}", contest.name);
            rows.push(table::measure(contest));
        }
    }
    let table = table::markdown(&rows);
    print!("{table}");
    if part.is_none() {
        let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/README.md");
        let text = fs::read_to_string(&readme)?;
        let (before, rest) =
            text.split_once(BEGIN).ok_or("the README has no place for the table")?;
        let (_, after) = rest.split_once(END).ok_or("the README has no end of the table")?;
        fs::write(&readme, [before, BEGIN, "\n", &table, "\n", END, after].concat())?;
    }
    Ok(())
}
