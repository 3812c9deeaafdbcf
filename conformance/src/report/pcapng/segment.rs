//! TCP segments around the bytes of a trace.

/// Most bytes of one segment: an IP packet has a length of 16 bits.
const LARGEST: u64 = 65_535 - HEADERS as u64;
/// IP and TCP without options.
const HEADERS: usize = 40;
/// No trace holds a longer entry: the largest MQTT Control Packet with its fixed header.
const LONGEST: u64 = 268_435_455 + 5;

/// Addresses for documentation (RFC 5737).
const CLIENT: [u8; 4] = [192, 0, 2, 1];
const SERVER: [u8; 4] = [192, 0, 2, 2];
/// Where clients' ports begin.
const DYNAMIC: u16 = 49_152;

const FIN: u8 = 1;
const SYN: u8 = 2;
const PSH: u8 = 8;
const ACK: u8 = 16;

/// A packet of a capture.
#[derive(Debug, Default)]
pub(super) struct Packet {
    /// Microseconds since the case began.
    pub(super) at_us: u64,
    /// What is there of it.
    pub(super) captured: Vec<u8>,
    /// How long it was.
    pub(super) original: u32,
    pub(super) comments: Vec<String>,
}

/// One connection, of which both sides are made up.
#[derive(Debug)]
pub(super) struct Connection {
    client_port: u16,
    server_port: u16,
    /// The next sequence numbers of client and server.
    client: u32,
    server: u32,
}

impl Connection {
    pub(super) fn new(number: u32, server_port: u16) -> Self {
        let client_port = DYNAMIC + (number % u32::from(u16::MAX - DYNAMIC)) as u16;
        Self { client_port, server_port, client: 1, server: 1 }
    }

    /// The three segments that open it.
    pub(super) fn open(&mut self) -> Vec<Packet> {
        (self.client, self.server) = (0, 0);
        let first = self.segment(true, SYN, &[], 0);
        self.client = 1;
        let second = self.segment(false, SYN | ACK, &[], 0);
        self.server = 1;
        vec![first, second, self.segment(true, ACK, &[], 0)]
    }

    /// Segments with data, of which the first bytes were kept.
    pub(super) fn data(&mut self, by_client: bool, mut kept: &[u8], length: u64) -> Vec<Packet> {
        let mut left = length.clamp(kept.len() as u64, LONGEST.max(kept.len() as u64));
        let mut packets = Vec::new();
        while left > 0 {
            let size = left.min(LARGEST);
            let (here, rest) = kept.split_at(kept.len().min(size as usize));
            packets.push(self.segment(by_client, PSH | ACK, here, size));
            let next = if by_client { &mut self.client } else { &mut self.server };
            *next = next.wrapping_add(size as u32);
            kept = rest;
            left -= size;
        }
        packets
    }

    /// The segments that end it: of the side that closes, then of the other.
    pub(super) fn close(&mut self, by_client: bool) -> Vec<Packet> {
        [by_client, !by_client]
            .map(|by_client| {
                let packet = self.segment(by_client, FIN | ACK, &[], 0);
                let next = if by_client { &mut self.client } else { &mut self.server };
                *next = next.wrapping_add(1);
                packet
            })
            .into()
    }

    fn segment(&self, by_client: bool, flags: u8, data: &[u8], size: u64) -> Packet {
        let ((from, from_port, sequence), (to, to_port, seen)) = {
            let client = (CLIENT, self.client_port, self.client);
            let server = (SERVER, self.server_port, self.server);
            if by_client { (client, server) } else { (server, client) }
        };
        let length = HEADERS as u16 + size as u16;
        let mut captured = Vec::with_capacity(HEADERS + data.len());
        // IPv4, don't fragment, time to live 64, TCP.
        captured.extend([0x45, 0]);
        captured.extend(length.to_be_bytes());
        captured.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        captured.extend(from);
        captured.extend(to);
        let sum = checksum(&captured);
        captured[10..12].copy_from_slice(&sum.to_be_bytes());
        captured.extend(from_port.to_be_bytes());
        captured.extend(to_port.to_be_bytes());
        captured.extend(sequence.to_be_bytes());
        captured.extend(if flags & ACK == 0 { 0 } else { seen }.to_be_bytes());
        captured.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        captured.extend(data);
        // A sum over bytes that are missing cannot be known.
        if data.len() as u64 == size {
            let mut sealed = Vec::from(from);
            sealed.extend(to);
            sealed.extend([0, 6]);
            sealed.extend((length - 20).to_be_bytes());
            sealed.extend(&captured[20..]);
            let sum = checksum(&sealed);
            captured[36..38].copy_from_slice(&sum.to_be_bytes());
        }
        Packet { captured, original: u32::from(length), ..Packet::default() }
    }
}

/// The checksum of the Internet protocols (RFC 1071).
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).copied().map_or(0, u32::from))
        .sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_sums_up_to_nothing() {
        // RFC 1071, section 3.
        assert_eq!(!checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), 0xddf2);
        let packets = Connection::new(1, 1883).data(true, b"odd", 3);
        assert_eq!(checksum(&packets[0].captured[..20]), 0);
    }

    #[test]
    fn sequence_numbers_count_bytes_on_both_sides() {
        let mut connection = Connection::new(1, 1883);
        connection.open();
        connection.data(true, &[0; 10], 10);
        connection.data(false, &[0; 4], 200_000);
        connection.close(false);
        assert_eq!((connection.client, connection.server), (12, 200_002));
    }

    #[test]
    fn no_length_makes_it_run_on() {
        let packets = Connection::new(u32::MAX, 80).data(false, &[1], u64::MAX);
        let all: u64 = packets.iter().map(|packet| u64::from(packet.original) - 40).sum();
        assert_eq!(all, LONGEST);
        assert!(packets.iter().all(|packet| packet.captured.len() <= 41));
    }
}
