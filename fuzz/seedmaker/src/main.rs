//! Makes seeds from `fixtures/`: with a directory as argument it writes one in it for each fuzz target.
//! A package of its own, because the targets are built with other flags.

use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("which directory?")?;
    let directory = Path::new(&directory);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");

    let mut packets = Vec::new();
    for vector in vectors(&fixtures.join("mqtt"), "vectors")? {
        let packet = hex(vector["hex"].as_str().ok_or("a vector without bytes")?)?;
        for versions in vector["expect"].as_object().into_iter().flat_map(|all| all.keys()) {
            for version in versions.split(' ') {
                let index = ["3.1", "3.1.1", "5.0"].iter().position(|known| *known == version);
                let index = index.ok_or("an unknown version")?;
                packets.push([&[index as u8][..], &packet].concat());
            }
        }
    }
    write(&directory.join("mqtt_decode"), &packets)?;
    // Typed packets are made from any bytes; those of packets are as good as others.
    write(&directory.join("mqtt_roundtrip"), &packets)?;
    write(&directory.join("mqtt_differential"), &packets)?;

    // In front of a stream stand a limit of two bytes and the sizes of the chunks.
    let mut streams = Vec::new();
    for stream in vectors(&fixtures.join("mqtt"), "streams")? {
        streams.push(hex(stream["hex"].as_str().ok_or("a stream without bytes")?)?);
    }
    let several = packets.chunks(9).map(|some| some.iter().flat_map(|packet| &packet[1..]));
    streams.extend(several.map(|bytes| bytes.copied().collect()));
    write(&directory.join("mqtt_chunks"), &behind(&[0xFF, 0x0F, 0b01_010_001], &streams))?;

    // In front of a body stand what the target asks for, and a byte that says that it is a body.
    let mut bodies = Vec::new();
    for vector in vectors(&fixtures.join("sse"), "vectors")? {
        if let Some(body) = vector["input"].as_str() {
            bodies.push(body.as_bytes().to_vec());
        }
        if let Some(body) = vector["input_hex"].as_str() {
            bodies.push(hex(body)?);
        }
    }
    write(&directory.join("sse_decode"), &behind(&[0, 0], &bodies))?;
    write(&directory.join("sse_chunks"), &behind(&[0, 0b11_001_101, 0], &bodies))?;
    write(&directory.join("sse_differential"), &behind(&[0b11_001_101, 0], &bodies))?;
    write(&directory.join("sse_roundtrip"), &bodies)
}

/// What stands under this key in the files of the directory.
fn vectors(directory: &Path, key: &str) -> Result<Vec<Value>, Box<dyn Error>> {
    let mut all = Vec::new();
    let mut files = fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        if file.path().extension().is_some_and(|extension| extension == "json") {
            let mut file: Value = serde_json::from_str(&fs::read_to_string(file.path())?)?;
            if let Some(Value::Array(vectors)) = file.get_mut(key).map(Value::take) {
                all.extend(vectors);
            }
        }
    }
    if all.is_empty() {
        return Err(format!("no {key} in {}", directory.display()).into());
    }
    Ok(all)
}

fn behind(head: &[u8], tails: &[Vec<u8>]) -> Vec<Vec<u8>> {
    tails.iter().map(|tail| [head, tail].concat()).collect()
}

fn hex(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let digits: Vec<_> = text.chars().filter(|character| !character.is_whitespace()).collect();
    let bytes = digits.chunks(2).map(|pair| u8::from_str_radix(&String::from_iter(pair), 16));
    Ok(bytes.collect::<Result<_, _>>()?)
}

fn write(directory: &Path, seeds: &[Vec<u8>]) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(directory)?;
    for (index, seed) in seeds.iter().enumerate() {
        fs::write(directory.join(format!("{index:04}")), seed)?;
    }
    Ok(())
}
