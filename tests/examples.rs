//! Every public type, function and module of the codecs shows how it is used.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

const KINDS: [&str; 7] = ["struct", "enum", "fn", "const fn", "trait", "type", "mod"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// What this line of a file, or of a macro in it, makes public. Methods stand further in.
fn public_item(line: &str) -> Option<&str> {
    let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
    let item = rest.strip_prefix("pub ")?;
    let free = indent.is_empty() || !item.contains("fn ");
    (free && KINDS.iter().any(|kind| item.starts_with(&format!("{kind} ")))).then_some(item)
}

fn without_example(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let mut found = Vec::new();
    let mut example = false;
    for line in text.lines() {
        let start = line.trim_start();
        if start.starts_with("///") {
            example |= start.starts_with("/// ```");
        } else if let Some(item) = public_item(line) {
            // Modules have their examples inside; the four acknowledgements theirs where they are made.
            let elsewhere = item.starts_with("mod ") || item.contains('$');
            if !example && !elsewhere {
                found.push(format!("{}: {item}", path.display()));
            }
            example = false;
        } else if !start.starts_with("#[") && !start.starts_with("$(#[") {
            example = false;
        }
    }
    found
}

#[test]
fn every_public_item_has_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let missing: Vec<_> = sources(&root).iter().flat_map(|path| without_example(path)).collect();
    assert!(missing.is_empty(), "no example:\n{}", missing.join("\n"));
}

#[test]
fn one_that_is_missing_is_noticed() {
    let path = std::env::temp_dir().join(format!("pushspec-examples-{}.rs", std::process::id()));
    fs::write(&path, "/// A.\n///\n/// ```\n/// ```\n#[x]\npub struct A;\n/// B.\npub struct B;\n")
        .unwrap();
    let found = without_example(&path);
    fs::remove_file(&path).unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("struct B;"), "{found:?}");
}

#[test]
fn the_modules_show_how_they_begin() {
    for module in ["lib.rs", "mqtt/mod.rs", "mqtt/lawless.rs", "mqtt/topic.rs", "sse/mod.rs"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module);
        assert!(fs::read_to_string(path).unwrap().contains("//! ```"), "{module}");
    }
}
