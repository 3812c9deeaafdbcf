//! Laws of the MQTT codec.

use pushspec_wire::mqtt::{
    DecodeError, Dissection, Frame, FrameError, Framer, Outcome, Packet, Version, lawless, topic,
};

/// The most characters of a packet's line.
const LONGEST_LINE: usize = 401;

/// Any bytes as one packet: no panic, errors lie within the packet and explain themselves, and what is
/// accepted can be written, in no more bytes, and means the same when it is read again.
pub fn any_bytes(bytes: &[u8], version: Version) {
    takes_apart(bytes, version);
    let frame = match Frame::new(bytes) {
        Ok(frame) => frame,
        // Of something that is no packet only the length is wrong.
        Err(error) => return explained(&error.into(), bytes.len().max(1)),
    };
    match Packet::decode(frame, version) {
        Ok(packet) => {
            let version = match &packet {
                Packet::Connect(connect) => connect.version,
                _ => version,
            };
            assert!(packet.to_string().chars().count() <= LONGEST_LINE, "a line is bounded");
            let again = encoded(&packet, version);
            assert!(again.len() <= bytes.len(), "the canonical form is the shortest");
            let frame = Frame::new(&again).expect("what was encoded is one packet");
            let decoded = Packet::decode(frame, version).expect("it is not rejected");
            assert_eq!(decoded, packet);
            assert_eq!(decoded, packet.clone().into_owned());
            assert_eq!(encoded(&decoded, version), again, "the canonical form stays as it is");
        }
        Err(error) => explained(&error, bytes.len()),
    }
}

/// As [`any_bytes`], also behind a right Remaining Length: most changes break it, and then nothing
/// reaches the fields.
pub fn damaged(bytes: &[u8], version: Version) {
    any_bytes(bytes, version);
    any_bytes(&lawless::with_true_length(bytes), version);
}

fn explained(error: &DecodeError, length: usize) {
    assert!(error.offset <= length, "{error} lies behind the packet");
    assert!(!error.requirement.is_empty() && !error.field.is_empty());
    assert!(error.reason.is_error() && !error.to_string().is_empty());
}

fn encoded(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(version, &mut bytes).expect("what was decoded can be encoded");
    bytes
}

/// The fields of a dissection follow each other and take each byte once, so that reading takes no more
/// steps than there are bytes; it agrees with the decoder about what the bytes are.
pub fn takes_apart(bytes: &[u8], version: Version) {
    let dissection = Dissection::of(bytes, version);
    let mut read = 0;
    for field in &dissection.fields {
        assert_eq!(field.bytes.start, read, "{} follows what was read before it", field.name);
        read = field.bytes.end;
    }
    assert!(read <= dissection.bytes.len());
    assert_eq!(dissection.unread(), read..dissection.bytes.len());
    assert!(!dissection.to_string().is_empty() || bytes.is_empty());
    let decoded = Frame::new(dissection.bytes).map(|frame| Packet::decode(frame, version));
    match (dissection.outcome, decoded) {
        (Outcome::Conforming(packet), Ok(decoded)) => {
            assert_eq!(Ok(packet), decoded);
            assert_eq!(read, dissection.bytes.len(), "every byte is part of a field");
        }
        (Outcome::Malformed(error), Ok(decoded)) => assert_eq!(Err(error), decoded),
        // A fault may show before the packet is whole.
        (Outcome::Malformed(_) | Outcome::Incomplete { .. }, Err(_)) => {}
        (outcome, decoded) => panic!("{outcome:?}, but decoded as {decoded:?}"),
    }
}

/// A typed packet with any content: what can be encoded decodes to the same packet, and what cannot
/// leaves nothing behind. So what the strict decoder rejects is never produced.
pub fn typed(packet: &Packet<'_>, version: Version, stream: &mut Vec<u8>) -> bool {
    let start = stream.len();
    match packet.encode(version, stream) {
        Ok(()) => {
            let frame = Frame::new(&stream[start..]).expect("one packet was encoded");
            assert_eq!(Packet::decode(frame, version).as_ref(), Ok(packet));
            true
        }
        Err(error) => {
            assert_eq!(stream.len(), start, "nothing is written of what cannot be encoded");
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

#[derive(PartialEq, Debug)]
struct Cut {
    packets: Vec<Vec<u8>>,
    error: Option<FrameError>,
    pending: Vec<u8>,
}

/// A stream in any chunks gives the same packets and the same error as in one piece. The framer holds
/// no more than the limit, and of what it does not hand out loses nothing.
pub fn any_chunks<'a>(
    limit: usize,
    stream: &[u8],
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Vec<u8>> {
    let whole = cut(limit, [stream]);
    for other in [cut(limit, chunks), cut(limit, stream.chunks(1))] {
        assert_eq!((&other.packets, other.error), (&whole.packets, whole.error));
        if whole.error.is_none() {
            assert_eq!(other.pending, whole.pending);
        }
    }
    if whole.error.is_none() {
        let packets = whole.packets.concat();
        assert_eq!([packets, whole.pending].concat(), stream, "nothing is lost");
    }
    whole.packets
}

fn cut<'a>(limit: usize, chunks: impl IntoIterator<Item = &'a [u8]>) -> Cut {
    let mut framer = Framer::new(limit);
    let mut packets = Vec::new();
    let mut error = None;
    for chunk in chunks {
        framer.push(chunk);
        loop {
            match framer.next_packet() {
                Ok(Some(packet)) => {
                    assert!(packet.len() <= limit);
                    let frame = Frame::new(&packet).expect("the framer gives whole packets");
                    assert_eq!(frame.bytes().len(), packet.len());
                    packets.push(packet.to_vec());
                }
                Ok(None) => break,
                Err(found) => {
                    assert!(error.is_none_or(|before| before == found), "it comes again");
                    error = Some(found);
                    break;
                }
            }
        }
        // The fixed header has to be held to know the size.
        assert!(error.is_some() || framer.pending().len() < limit.max(5));
    }
    Cut { packets, error, pending: framer.pending().to_vec() }
}

/// Matching agrees with section 4.7 written down plainly, level by level.
pub fn matching(filter: &str, name: &str) {
    if topic::check_plain_filter(filter).is_ok() && topic::check_name(name).is_ok() {
        let found = topic::matches(filter, name);
        assert_eq!(found, matches_by_definition(filter, name), "{filter:?} and {name:?}");
    }
}

fn matches_by_definition(filter: &str, name: &str) -> bool {
    fn levels(filter: &[&str], name: &[&str]) -> bool {
        match (filter, name) {
            (["#"], _) | ([], []) => true,
            ([], _) | (_, []) => false,
            ([wanted, filter @ ..], [level, name @ ..]) => {
                (*wanted == "+" || wanted == level) && levels(filter, name)
            }
        }
    }
    let wild = filter.starts_with('#') || filter.starts_with('+');
    let filter: Vec<_> = filter.split('/').collect();
    let name_levels: Vec<_> = name.split('/').collect();
    !(wild && name.starts_with('$')) && levels(&filter, &name_levels)
}
