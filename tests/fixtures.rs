//! What holds for all of `fixtures/`: each file follows its schema, and each requirement that bytes can
//! show is shown by a vector or listed with the reason why it is not.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(directory: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(root().join("fixtures").join(directory))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_file_follows_its_schema() {
    for protocol in ["mqtt", "sse"] {
        let schema = json(&root().join(format!("fixtures/schema/{protocol}.schema.json")));
        assert!(jsonschema::meta::is_valid(&schema));
        let validator = jsonschema::validator_for(&schema).unwrap();
        for file in files(protocol) {
            let problems: Vec<_> = validator
                .iter_errors(&json(&file))
                .map(|error| format!("{} at {}", error.masked(), error.instance_path()))
                .collect();
            assert!(problems.is_empty(), "{}: {problems:#?}", file.display());
        }
    }
}

/// A schema that takes everything would prove nothing.
#[test]
fn the_schemas_refuse_what_is_wrong() {
    let refused = |protocol: &str, vector: Value| {
        let schema = json(&root().join(format!("fixtures/schema/{protocol}.schema.json")));
        let file = serde_json::json!({"about": "wrong", "vectors": [vector]});
        !jsonschema::is_valid(&schema, &file)
    };
    let mqtt = |hex: &str| serde_json::json!({"name": "a", "hex": hex, "expect": {"5.0": {"packet": {"type": "PINGREQ"}}}});
    assert!(!refused("mqtt", mqtt("c0 00")));
    assert!(refused("mqtt", mqtt("C0 0")));
    assert!(refused("mqtt", serde_json::json!({"name": "a", "hex": "c0 00", "expect": {}})));
    let mut sse = json(&files("sse")[0])["vectors"][0].clone();
    assert!(!refused("sse", sse.clone()));
    sse["why"] = "".into();
    assert!(refused("sse", sse));
}

/// Rows of a catalogue by their columns.
fn rows(file: &str) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(root().join("conformance/requirements").join(file)).unwrap();
    let mut lines = text.lines();
    let names: Vec<_> = lines.next().unwrap().split('\t').collect();
    lines
        .map(|line| {
            let cells = line.split('\t').map(str::to_owned);
            names.iter().map(|name| (*name).to_owned()).zip(cells).collect()
        })
        .collect()
}

fn shown_by_bytes(row: &BTreeMap<String, String>) -> bool {
    row["testability"] == "codec" || row["also"].split(',').any(|way| way == "codec")
}

/// Every requirement is cited or listed, none both.
fn check(protocol: &str, wanted: impl IntoIterator<Item = String>, cited: &BTreeSet<String>) {
    let listed = json(&root().join("fixtures/not-covered.json"));
    let listed: BTreeSet<_> = listed[protocol].as_object().unwrap().keys().cloned().collect();
    let wanted: BTreeSet<_> = wanted.into_iter().collect();
    assert!(wanted.len() > 40, "only {} rows were found", wanted.len());
    let missing: Vec<_> =
        wanted.iter().filter(|id| !cited.contains(*id) && !listed.contains(*id)).collect();
    assert!(missing.is_empty(), "no vector of {protocol} shows {missing:?}");
    let stale: Vec<_> =
        listed.iter().filter(|id| cited.contains(*id) || !wanted.contains(*id)).collect();
    assert!(stale.is_empty(), "{stale:?} of {protocol} are listed without need");
}

#[test]
fn every_row_on_streams_is_shown() {
    let mut cited = BTreeSet::new();
    for file in files("sse") {
        for vector in json(&file)["vectors"].as_array().unwrap() {
            let ids = vector["requirements"].as_array().unwrap();
            cited.extend(ids.iter().map(|id| id.as_str().unwrap().to_owned()));
        }
    }
    let sections = |id: &str| matches!(id.as_bytes().get(4), Some(b'A'..=b'G'));
    let rows: Vec<_> = rows("sse.tsv").into_iter().map(|row| row["id"].clone()).collect();
    for id in &cited {
        assert!(rows.contains(id), "{id} is not in the catalogue");
    }
    check("sse", rows.into_iter().filter(|id| sections(id)), &cited);
}

#[test]
fn every_row_on_packets_is_shown() {
    for (version, catalogue) in [("5.0", "mqtt5.tsv"), ("3.1.1", "mqtt311.tsv")] {
        let mut cited = BTreeSet::new();
        for file in files("mqtt") {
            let file = json(&file);
            for vector in file["vectors"].as_array().into_iter().flatten() {
                for id in vector["requirements"][version].as_array().into_iter().flatten() {
                    cited.insert(id.as_str().unwrap().to_owned());
                }
                for (versions, expected) in vector["expect"].as_object().unwrap() {
                    let id = expected["error"]["requirement"].as_str();
                    if versions.split(' ').any(|name| name == version) {
                        cited.extend(id.map(str::to_owned));
                    }
                }
            }
        }
        let rows = rows(catalogue);
        let wanted = rows.iter().filter(|row| shown_by_bytes(row)).map(|row| row["id"].clone());
        check(version, wanted, &cited);
    }
}
