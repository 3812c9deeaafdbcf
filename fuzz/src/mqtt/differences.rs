//! Where the codecs of MQTT differ, and why each difference is accepted. What is not listed here is
//! a finding, of ours or of the peer.

use std::fmt;

use pushspec_wire::mqtt::topic::TopicError;
use pushspec_wire::mqtt::{
    Connect, DecodeError, ErrorKind, Frame, Packet, PropertyId, ReasonCode, Version,
};

use super::normal::normal;
use super::peers::{Peer, Refusal};

/// What one codec says and the other does not.
pub enum Finding {
    /// Rejected here, read by the peer.
    OnlyThere(DecodeError),
    /// Read here, rejected by the peer.
    OnlyHere(Packet<'static>, Refusal),
    /// Both read it, and it says different things: here, and there.
    Differs(Packet<'static>, Result<Packet<'static>, DecodeError>),
}

/// A difference that is accepted.
pub struct Difference {
    /// From whom.
    pub peers: &'static [Peer],
    /// Which one.
    pub is: fn(&Finding) -> bool,
    /// Why it is no fault of ours.
    pub why: &'static str,
    /// The version and a packet of an example.
    pub example: (Version, &'static [u8]),
}

const BOTH: &[Peer] = &Peer::ALL;
const PROTO: &[Peer] = &[Peer::MqttProto];
const RMQTT: &[Peer] = &[Peer::Rmqtt];

/// One row: peers, the finding, why it is accepted, version and packet of an example.
macro_rules! differences {
    ($($peers:ident $finding:pat $(if $guard:expr)? => $why:literal, $version:ident [$($byte:literal)+];)+) => {
        /// All that is accepted.
        pub const ALL: &[Difference] = &[$(Difference {
            peers: $peers,
            is: |finding| matches!(finding, $finding $(if $guard)?),
            why: $why,
            example: (Version::$version, &[$($byte),+]),
        }),+];
    };
}

/// An error of ours of this kind, where the peer reads a packet.
macro_rules! only_there {
    ($kind:pat) => {
        Finding::OnlyThere(DecodeError { kind: $kind, .. })
    };
}

differences! {
    BOTH only_there!(ErrorKind::NulCharacter) => "MQTT-1.5.4-2 and MQTT-1.5.3-2: a string has no U+0000; the peers do not look", V5 [0x10 0x10 0x00 0x04 0x4d 0x51 0x54 0x54 0x05 0x02 0x00 0x3c 0x00 0x00 0x03 0x61 0x00 0x62];
    BOTH only_there!(ErrorKind::TrailingBytes(_)) => "X5-N35, X311-N03: nothing may follow the last field; the peers ignore it", V5 [0x10 0x0f 0x00 0x04 0x4d 0x51 0x54 0x54 0x05 0x02 0x00 0x3c 0x00 0x00 0x01 0x63 0x00];
    BOTH only_there!(ErrorKind::VariableByteIntegerNotMinimal) => "MQTT-1.5.5-1: the shortest form has to be used; the peers read longer ones", V5 [0x30 0x86 0x80 0x00 0x00 0x03 0x61 0x2f 0x62 0x00];
    BOTH only_there!(ErrorKind::DupAtQoS0) => "MQTT-3.3.1-2: DUP is 0 at QoS 0; the peers do not look", V5 [0x38 0x06 0x00 0x03 0x61 0x2f 0x62 0x00];
    BOTH only_there!(ErrorKind::AuthenticationDataAlone) => "X5-N14: no Authentication Data without a method; the peers allow it", V5 [0x10 0x15 0x00 0x04 0x4d 0x51 0x54 0x54 0x05 0x02 0x00 0x3c 0x07 0x21 0x00 0x14 0x16 0x00 0x01 0x01 0x00 0x01 0x63];
    BOTH only_there!(ErrorKind::AuthenticationMethodMissing) => "X5-N29: AUTH has a method; the peers allow none", V5 [0xf0 0x06 0x18 0x04 0x16 0x00 0x01 0x01];
    BOTH only_there!(ErrorKind::NoLocalOnShared) => "MQTT-3.8.3-4: a Protocol Error; the peers allow it", V5 [0x82 0x10 0x00 0x01 0x00 0x00 0x0a 0x24 0x73 0x68 0x61 0x72 0x65 0x2f 0x67 0x2f 0x61 0x04];
    BOTH only_there!(ErrorKind::NoReasonCode) => "one code for each Topic Filter of the request, of which there is at least one; the peers allow none", V5 [0x90 0x03 0x00 0x01 0x00];
    BOTH only_there!(ErrorKind::PasswordWithoutUserName) => "MQTT-3.1.2-22 of 3.1.1; the peers allow it, as 5.0 does", V311 [0x10 0x10 0x00 0x04 0x4d 0x51 0x54 0x54 0x04 0x42 0x00 0x3c 0x00 0x01 0x63 0x00 0x01 0x70];
    BOTH only_there!(ErrorKind::WillBitsWithoutWill) => "MQTT-3.1.2-11 and -13 (5.0), -13 and -15 (3.1.1): 0 without Will Flag; the peers ignore them", V5 [0x10 0x0e 0x00 0x04 0x4d 0x51 0x54 0x54 0x05 0x22 0x00 0x3c 0x00 0x00 0x01 0x63];
    BOTH only_there!(ErrorKind::PropertyValue(PropertyId::MaximumPacketSize, 0)) => "3.1.2.11.4 and 3.2.2.3.6: 0 is a Protocol Error; the peers take it", V5 [0x20 0x08 0x00 0x00 0x05 0x27 0x00 0x00 0x00 0x00];
    PROTO only_there!(ErrorKind::PropertyValue(PropertyId::ReceiveMaximum | PropertyId::TopicAlias | PropertyId::SubscriptionIdentifier, 0)) => "3.1.2.11.3, 3.2.2.3.3, 3.3.2.3.4, 3.8.2.1.2: 0 is a Protocol Error; the peer takes it", V5 [0x30 0x07 0x00 0x01 0x61 0x03 0x23 0x00 0x00];
    RMQTT only_there!(ErrorKind::PropertyValue(PropertyId::MaximumQoS, _)) => "3.2.2.3.4: 0 or 1; the peer takes 2", V5 [0x20 0x05 0x00 0x00 0x02 0x24 0x02];
    PROTO only_there!(ErrorKind::Topic(TopicError::Empty)) => "MQTT-4.7.3-1: a topic has a character; the peer allows none", V311 [0x30 0x02 0x00 0x00];
    PROTO only_there!(ErrorKind::Topic(TopicError::Plus)) => "MQTT-4.7.1-2 (5.0), -3 (3.1.1): `+` is a whole level; the peer sees only what stands before it", V5 [0x82 0x08 0x00 0x01 0x00 0x00 0x02 0x2b 0x61 0x00];
    RMQTT only_there!(ErrorKind::Topic(_)) => "section 4.7: the peer does not check topics", V311 [0x30 0x05 0x00 0x03 0x61 0x2f 0x23];
    RMQTT only_there!(ErrorKind::ProtocolLevel(_)) => "X31-04, MQTT-3.1.2-2: level 3 is that of `MQIsdp` and 4 that of `MQTT`; the peer takes both for both", V311 [0x10 0x0e 0x00 0x04 0x4d 0x51 0x54 0x54 0x03 0x02 0x00 0x3c 0x00 0x00 0x01 0x63];
    RMQTT Finding::OnlyThere(DecodeError { kind: ErrorKind::ReasonCode(6..), field: "Connect Reason Code", .. }) => "MQTT-3.2.2-6 of 3.1.1: codes above 5 are reserved; the peer takes 6", V311 [0x20 0x02 0x00 0x06];
    RMQTT only_there!(ErrorKind::ReservedBits(_)) => "MQTT-3.8.3-4 of 3.1.1: the upper six bits are 0; the peer does not look", V311 [0x82 0x06 0x00 0x01 0x00 0x01 0x61 0x80];
    BOTH Finding::OnlyHere(Packet::Publish(publish), _) if publish.properties.payload_format_indicator() > Some(1) => "X5: no sentence makes a value above 1 an error; the peers make one", V5 [0x30 0x06 0x00 0x01 0x74 0x02 0x01 0x02];
    PROTO Finding::OnlyHere(Packet::Publish(publish), _) if publish.properties.subscription_identifiers().count() > 1 => "3.3.2.3.8: one for each matching subscription; the peer takes one only", V5 [0x30 0x0d 0x00 0x01 0x61 0x09 0x0b 0x01 0x0b 0xff 0xff 0xff 0x7f 0x0b 0x01];
    PROTO Finding::OnlyHere(Packet::Disconnect(disconnect), _) if disconnect.reason == ReasonCode::BAD_AUTHENTICATION_METHOD => "table 2-6 lists 0x8C for DISCONNECT (4.12.1); the peer knows the table of 3.14 only", V5 [0xe0 0x01 0x8c];
    PROTO Finding::OnlyHere(Packet::Subscribe(subscribe), _) if subscribe.subscriptions.iter().any(|one| one.filter.starts_with("$share/")) => "3.1.1 has no shared subscriptions, there `$share` is an ordinary level; the peer reads the filter as 5.0 does", V311 [0x82 0x0d 0x00 0x01 0x00 0x08 0x24 0x73 0x68 0x61 0x72 0x65 0x2f 0x67 0x00];
    RMQTT Finding::OnlyHere(Packet::Connect(connect), _) if connect.client_id.is_empty() && !connect.clean_start => "MQTT-3.1.3-8 of 3.1.1 is answered with return code 2: the packet is well-formed, the Server refuses it", V311 [0x10 0x0c 0x00 0x04 0x4d 0x51 0x54 0x54 0x04 0x00 0x00 0x3c 0x00 0x00];
    BOTH Finding::OnlyHere(Packet::Connect(Connect { will: Some(will), .. }), _) if will.properties.payload_format_indicator() > Some(1) => "as for PUBLISH", V5 [0x10 0x20 0x00 0x04 0x4d 0x51 0x54 0x54 0x05 0x36 0x18 0x6e 0x00 0x00 0x09 0x24 0x73 0x68 0x61 0x72 0x65 0x2f 0x2f 0x61 0x02 0x01 0x1b 0x00 0x03 0x07 0x02 0x06 0x00 0x00];
    PROTO Finding::OnlyHere(Packet::Publish(publish), _) if publish.properties.payload_format_indicator() == Some(1) && !is_utf8(&publish.payload) => "3.3.2.3.2: a receiver MAY check the payload, and what does not pass is no malformed packet (0x99)", V5 [0x30 0x0a 0x00 0x01 0x61 0x02 0x01 0x01 0x04 0xc5 0x00 0xeb];
    PROTO Finding::OnlyHere(Packet::Connect(Connect { will: Some(will), .. }), _) if will.properties.payload_format_indicator() == Some(1) && !is_utf8(&will.payload) => "as for PUBLISH (3.1.3.2.3)", V5 [0x10 0x1e 0x00 0x04 0x4d 0x51 0x54 0x54 0x05 0x2e 0x06 0xac 0x00 0x00 0x00 0x02 0x01 0x01 0x00 0x06 0x05 0x03 0x04 0x01 0x01 0x06 0x00 0x04 0x02 0x98 0x07 0x07];
    PROTO Finding::OnlyHere(Packet::Unsubscribe(unsubscribe), _) if unsubscribe.filters.iter().any(|filter| filter.starts_with("$share/")) => "as for SUBSCRIBE", V311 [0xa2 0x0d 0x50 0x8b 0x00 0x09 0x24 0x73 0x68 0x61 0x72 0x65 0x2f 0x2f 0x61];
    PROTO Finding::OnlyHere(Packet::Auth(auth), _) if auth.reason == ReasonCode::SUCCESS && auth.properties.is_empty() => "3.15.2.1 lets reason code and Property Length be left out, and does not say that one of them may not", V5 [0xf0 0x01 0x00];
    RMQTT Finding::OnlyHere(Packet::Publish(publish), _) if publish.properties.message_expiry_interval() == Some(0) => "3.3.2.3.3 does not forbid a Message Expiry Interval of 0; the peer does", V5 [0x3d 0x0e 0x00 0x02 0x06 0x57 0x01 0x66 0x05 0x02 0x00 0x00 0x00 0x00 0x93 0x02];
    RMQTT Finding::OnlyHere(Packet::Connect(Connect { will: Some(will), .. }), _) if will.properties.message_expiry_interval() == Some(0) => "as for PUBLISH (3.1.3.2.4)", V5 [0x10 0x1e 0x00 0x04 0x4d 0x51 0x54 0x54 0x05 0x26 0x00 0x6f 0x00 0x00 0x04 0x68 0xda 0x8d 0x0e 0x05 0x02 0x00 0x00 0x00 0x00 0x00 0x03 0x02 0x40 0x07 0x00 0x00];
    PROTO Finding::Differs(Packet::SubAck(suback), Err(_)) if suback.reasons.contains(&ReasonCode(0x80)) => "the peer writes 3 for the Failure code 0x80 of 3.1.1 that it has read", V311 [0x90 0x03 0x00 0x01 0x80];
}

impl Difference {
    /// Whether each of the peers still differs so on the example: what does not is no longer excused.
    pub fn holds(&self) -> bool {
        let (version, packet) = self.example;
        let mut found = self.peers.iter().map(|peer| compare(packet, version, *peer));
        found.all(|finding| finding.is_some_and(|finding| (self.is)(&finding)))
    }
}

/// Checks the examples of the list.
///
/// # Panics
///
/// Where a difference is none any more: its row has to go.
pub fn still_there() {
    for difference in ALL {
        assert!(difference.holds(), "no difference any more: {}", difference.why);
    }
}

/// Compares one packet; gives the difference if it is not listed.
pub fn unexplained(bytes: &[u8], version: Version, peer: Peer) -> Option<Finding> {
    // The peers do not tell 3.1 from 3.1.1, and what is not one whole frame they leave to the stream.
    if version == Version::V31 || Frame::new(bytes).is_err() {
        return None;
    }
    let listed = |finding: &Finding| {
        ALL.iter().any(|difference| difference.peers.contains(&peer) && (difference.is)(finding))
    };
    // CONNECT names its own version, which the peers must be told.
    let other = |finding: &Finding| match finding {
        Finding::OnlyHere(Packet::Connect(connect), _)
        | Finding::Differs(Packet::Connect(connect), _) => connect.version != version,
        _ => false,
    };
    compare(bytes, version, peer).filter(|finding| !other(finding) && !listed(finding))
}

/// Compares one packet.
pub fn compare(bytes: &[u8], version: Version, peer: Peer) -> Option<Finding> {
    let here = decode(bytes, version);
    match (here, peer.rewritten(bytes, version)) {
        (Err(_), Err(Refusal::Unread(_))) => None,
        (Err(error), _) => Some(Finding::OnlyThere(error)),
        (Ok(packet), Err(refusal)) => Some(Finding::OnlyHere(packet, refusal)),
        (Ok(packet), Ok(written)) => match decode(&written, version) {
            Ok(again) if normal(again.clone()) == normal(packet.clone()) => None,
            again => Some(Finding::Differs(packet, again)),
        },
    }
}

fn is_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

fn decode(bytes: &[u8], version: Version) -> Result<Packet<'static>, DecodeError> {
    Packet::decode(Frame::new(bytes)?, version).map(Packet::into_owned)
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyThere(error) => write!(f, "only there: {error}"),
            Self::OnlyHere(packet, refusal) => write!(f, "only here: {packet:?} {refusal:?}"),
            Self::Differs(here, there) => write!(f, "here {here:?}\nthere {there:?}"),
        }
    }
}
