//! Reason codes (5.0 section 2.4) and the return codes of 3.x.

use super::{PacketType, Version};

/// A reason code of 5.0, or a return code of CONNACK or SUBACK in 3.x, as it stands on the wire.
/// Unknown values survive.
///
/// ```
/// use pushspec_wire::mqtt::{PacketType, ReasonCode};
///
/// let code = ReasonCode(0x00);
/// assert_eq!(code.name(PacketType::Disconnect), Some("Normal disconnection"));
/// assert_eq!(code.name(PacketType::SubAck), Some("Granted QoS 0"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReasonCode(pub u8);

/// Who may send something.
///
/// ```
/// use pushspec_wire::mqtt::{PacketType, ReasonCode, Sender};
///
/// let code = ReasonCode::SESSION_TAKEN_OVER;
/// assert_eq!(code.sender(PacketType::Disconnect), Some(Sender::Server));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sender {
    /// Only a Client.
    Client,
    /// Only a Server.
    Server,
    /// Either.
    Both,
}

/// One row per code of table 2-6: value, constant, name, and the packets it may stand in with who may
/// send it there. A code that is called differently in some packet is named there.
macro_rules! reason_codes {
    ($($value:literal $constant:ident $name:literal: $($packet:ident $sender:ident $(= $other:literal)?),+;)+) => {
        impl ReasonCode {
            $(
                #[doc = concat!("`", stringify!($value), "` ", $name)]
                pub const $constant: Self = Self($value);
            )+

            /// The code's name in this packet (5.0), if it may stand in it.
            pub const fn name(self, packet: PacketType) -> Option<&'static str> {
                match (self.0, packet) {
                    $($(($value, PacketType::$packet) => Some(reason_codes!(@name $name $($other)?)),)+)+
                    _ => None,
                }
            }

            /// Who may send the code in this packet (5.0), if it may stand in it.
            pub const fn sender(self, packet: PacketType) -> Option<Sender> {
                match (self.0, packet) {
                    $($(($value, PacketType::$packet) => Some(Sender::$sender),)+)+
                    _ => None,
                }
            }
        }
    };
    (@name $name:literal) => { $name };
    (@name $name:literal $other:literal) => { $other };
}

reason_codes! {
    0x00 SUCCESS "Success": ConnAck Server, PubAck Both, PubRec Both, PubRel Both, PubComp Both, SubAck Server = "Granted QoS 0", UnsubAck Server, Disconnect Both = "Normal disconnection", Auth Server;
    0x01 GRANTED_QOS_1 "Granted QoS 1": SubAck Server;
    0x02 GRANTED_QOS_2 "Granted QoS 2": SubAck Server;
    0x04 DISCONNECT_WITH_WILL_MESSAGE "Disconnect with Will Message": Disconnect Client;
    0x10 NO_MATCHING_SUBSCRIBERS "No matching subscribers": PubAck Server, PubRec Server;
    0x11 NO_SUBSCRIPTION_EXISTED "No subscription existed": UnsubAck Server;
    0x18 CONTINUE_AUTHENTICATION "Continue authentication": Auth Both;
    0x19 RE_AUTHENTICATE "Re-authenticate": Auth Client;
    0x80 UNSPECIFIED_ERROR "Unspecified error": ConnAck Server, PubAck Both, PubRec Both, SubAck Server, UnsubAck Server, Disconnect Both;
    0x81 MALFORMED_PACKET "Malformed Packet": ConnAck Server, Disconnect Both;
    0x82 PROTOCOL_ERROR "Protocol Error": ConnAck Server, Disconnect Both;
    0x83 IMPLEMENTATION_SPECIFIC_ERROR "Implementation specific error": ConnAck Server, PubAck Both, PubRec Both, SubAck Server, UnsubAck Server, Disconnect Both;
    0x84 UNSUPPORTED_PROTOCOL_VERSION "Unsupported Protocol Version": ConnAck Server;
    0x85 CLIENT_IDENTIFIER_NOT_VALID "Client Identifier not valid": ConnAck Server;
    0x86 BAD_USER_NAME_OR_PASSWORD "Bad User Name or Password": ConnAck Server;
    0x87 NOT_AUTHORIZED "Not authorized": ConnAck Server, PubAck Both, PubRec Both, SubAck Server, UnsubAck Server, Disconnect Server;
    0x88 SERVER_UNAVAILABLE "Server unavailable": ConnAck Server;
    0x89 SERVER_BUSY "Server busy": ConnAck Server, Disconnect Server;
    0x8A BANNED "Banned": ConnAck Server;
    0x8B SERVER_SHUTTING_DOWN "Server shutting down": Disconnect Server;
    0x8C BAD_AUTHENTICATION_METHOD "Bad authentication method": ConnAck Server, Disconnect Server;
    0x8D KEEP_ALIVE_TIMEOUT "Keep Alive timeout": Disconnect Server;
    0x8E SESSION_TAKEN_OVER "Session taken over": Disconnect Server;
    0x8F TOPIC_FILTER_INVALID "Topic Filter invalid": SubAck Server, UnsubAck Server, Disconnect Server;
    0x90 TOPIC_NAME_INVALID "Topic Name invalid": ConnAck Server, PubAck Both, PubRec Both, Disconnect Both;
    0x91 PACKET_IDENTIFIER_IN_USE "Packet Identifier in use": PubAck Both, PubRec Both, SubAck Server, UnsubAck Server;
    0x92 PACKET_IDENTIFIER_NOT_FOUND "Packet Identifier not found": PubRel Both, PubComp Both;
    0x93 RECEIVE_MAXIMUM_EXCEEDED "Receive Maximum exceeded": Disconnect Both;
    0x94 TOPIC_ALIAS_INVALID "Topic Alias invalid": Disconnect Both;
    0x95 PACKET_TOO_LARGE "Packet too large": ConnAck Server, Disconnect Both;
    0x96 MESSAGE_RATE_TOO_HIGH "Message rate too high": Disconnect Both;
    0x97 QUOTA_EXCEEDED "Quota exceeded": ConnAck Server, PubAck Both, PubRec Both, SubAck Server, Disconnect Both;
    0x98 ADMINISTRATIVE_ACTION "Administrative action": Disconnect Both;
    0x99 PAYLOAD_FORMAT_INVALID "Payload format invalid": ConnAck Server, PubAck Both, PubRec Both, Disconnect Both;
    0x9A RETAIN_NOT_SUPPORTED "Retain not supported": ConnAck Server, Disconnect Server;
    0x9B QOS_NOT_SUPPORTED "QoS not supported": ConnAck Server, Disconnect Server;
    0x9C USE_ANOTHER_SERVER "Use another server": ConnAck Server, Disconnect Server;
    0x9D SERVER_MOVED "Server moved": ConnAck Server, Disconnect Server;
    0x9E SHARED_SUBSCRIPTIONS_NOT_SUPPORTED "Shared Subscriptions not supported": SubAck Server, Disconnect Server;
    0x9F CONNECTION_RATE_EXCEEDED "Connection rate exceeded": ConnAck Server, Disconnect Server;
    0xA0 MAXIMUM_CONNECT_TIME "Maximum connect time": Disconnect Server;
    0xA1 SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED "Subscription Identifiers not supported": SubAck Server, Disconnect Server;
    0xA2 WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED "Wildcard Subscriptions not supported": SubAck Server, Disconnect Server;
}

/// For each code the packets that it may stand in (5.0), a bit for each type: quicker to look up than
/// the name.
static LISTED: [u16; 256] = {
    let mut listed = [0; 256];
    let mut code = 0;
    while code < listed.len() {
        let mut index = 0;
        while index < PacketType::ALL.len() {
            let packet = PacketType::ALL[index];
            if ReasonCode(code as u8).name(packet).is_some() {
                listed[code] |= 1 << packet as u8;
            }
            index += 1;
        }
        code += 1;
    }
    listed
};

impl ReasonCode {
    /// Whether the code says that something failed.
    pub const fn is_error(self) -> bool {
        self.0 >= 0x80
    }

    /// The name of a CONNACK code in this version.
    pub fn connack_name(self, version: Version) -> &'static str {
        if version == Version::V5 {
            return self.name(PacketType::ConnAck).unwrap_or("unlisted reason code");
        }
        match self.0 {
            0 => "Connection Accepted",
            1 => "unacceptable protocol version",
            2 => "identifier rejected",
            3 => "Server unavailable",
            4 => "bad user name or password",
            5 => "not authorized",
            _ => "reserved return code",
        }
    }

    /// Whether the code may stand in this packet in this version.
    #[inline]
    pub fn is_listed(self, packet: PacketType, version: Version) -> bool {
        match (version, packet) {
            (Version::V5, _) => LISTED[usize::from(self.0)] & (1 << packet as u8) != 0,
            (_, PacketType::ConnAck) => self.0 <= 5,
            // 3.1 has no failure code, but Servers send that of 3.1.1 there too.
            (_, PacketType::SubAck) => matches!(self.0, 0..=2 | 0x80),
            _ => self.0 == 0,
        }
    }
}
