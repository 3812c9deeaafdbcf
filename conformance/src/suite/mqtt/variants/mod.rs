//! Every way to make every packet of a Client malformed, generated from its fields: one case for each
//! packet and kind of error, which names the variants that were not refused.

mod judge;
mod kind;
mod packet;

use pushspec_wire::mqtt::PacketType;

use self::kind::Kind;
use super::cx::Cx;
use crate::case::{Case, Need};
use crate::requirement::{v5, v311};

/// One case. The general rule on malformed packets is always among the requirements.
macro_rules! case {
    ($id:literal, $packet:ident, $kind:ident, $expects:literal $(, needs $need:ident)? ;
        $([$($v311:literal),*])? / $([$($v5:literal),*])?) => {
        Case {
            id: concat!("mqtt/malformed/", $id),
            requires: &[
                $(v311("MQTT-4.8.0-1"), $(v311($v311),)*)?
                $(v5("MQTT-4.13.1-1"), $(v5($v5),)*)?
            ],
            needs: &[$(Need::$need)?],
            expects: $expects,
            accepts: "Closing with or without DISCONNECT, or, for CONNECT, a CONNACK that refuses.",
            run: |cx| Box::pin(judge::every_variant_is_refused(cx, PacketType::$packet, Kind::$kind)),
            ..Case::BASE
        }
    };
}

/// The cases on CONNECT.
pub(super) const CONNECT: &[Case<Cx>] = &[
    case!("connect/flags", Connect, Flags, "a CONNECT with fixed header flags ends the connection, whichever is set";
        ["MQTT-2.2.2-2", "MQTT-3.1.4-1"] / ["MQTT-2.1.3-1", "MQTT-3.1.4-1"]),
    case!("connect/truncated", Connect, Truncated, "a CONNECT cut within or between any of its fields ends the connection";
        ["MQTT-3.1.4-1", "X311-N03"] / ["MQTT-3.1.4-1", "MQTT-3.1.2-9", "MQTT-3.1.2-17", "MQTT-3.1.2-19", "X5-S08", "X5-S35"]),
    case!("connect/trailing-bytes", Connect, Trailing, "a CONNECT with bytes behind its last field ends the connection";
        ["MQTT-3.1.4-1", "X311-N03"] / ["MQTT-3.1.4-1", "X5-N35"]),
    case!("connect/lengths", Connect, Lengths, "a CONNECT in which a length is not that of its field ends the connection";
        ["MQTT-3.1.4-1", "X311-N03"] / ["MQTT-3.1.4-1", "X5-N06"]),
    case!("connect/values", Connect, Values, "a CONNECT whose Connect Flags contradict themselves or its payload ends the connection";
        ["MQTT-3.1.4-1", "MQTT-3.1.2-3", "MQTT-3.1.2-14", "MQTT-3.1.2-22"] / ["MQTT-3.1.4-1", "MQTT-3.1.2-3", "MQTT-3.1.2-12", "X5-S08", "X5-S35"]),
    case!("connect/strings", Connect, Strings, "a CONNECT with a string that is not UTF-8, or contains U+0000, ends the connection, whichever string it is";
        ["MQTT-1.5.3-1", "MQTT-1.5.3-2", "MQTT-3.1.3-4", "MQTT-3.1.3-10", "MQTT-3.1.3-11"] / ["MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-1.5.7-1", "X5-N31", "MQTT-3.1.3-4", "MQTT-3.1.3-11", "MQTT-3.1.3-12"]),
    case!("connect/unknown-properties", Connect, UnknownProperties, "a CONNECT with a property that does not exist ends the connection, in the Will Properties too";
        / ["MQTT-3.1.4-1", "X5-N04"]),
    case!("connect/misplaced-properties", Connect, MisplacedProperties, "a CONNECT with a property that may not stand there ends the connection, in the Will Properties too";
        / ["MQTT-3.1.4-1", "X5-N05"]),
    case!("connect/repeated-properties", Connect, RepeatedProperties, "a CONNECT in which a property stands twice that may stand once ends the connection, in the Will Properties too";
        / ["MQTT-3.1.4-1", "X5-N07", "X5-N08", "X5-N09", "X5-N10", "X5-N11", "X5-N12", "X5-N13", "X5-N14", "X5-N15"]),
    case!("connect/property-values", Connect, PropertyValues, "a CONNECT with a property that has a value which it may not have ends the connection";
        / ["MQTT-3.1.4-1", "X5-N08", "X5-N09", "X5-N11", "X5-N12", "X5-N14"]),
];

/// The cases on PUBLISH.
pub(super) const PUBLISH: &[Case<Cx>] = &[
    case!("publish/qos-3", Publish, Flags, "a PUBLISH with both QoS bits set ends the connection, whatever DUP and RETAIN are", needs QoS1;
        ["MQTT-3.3.1-4"] / ["MQTT-3.3.1-4", "X5-N32"]),
    case!("publish/truncated", Publish, Truncated, "a PUBLISH cut within or between its fields ends the connection", needs QoS1;
        ["X311-N03"] / ["X5-N06"]),
    case!("publish/lengths", Publish, Lengths, "a PUBLISH in which a length reaches beyond its end ends the connection", needs QoS1;
        ["X311-N03"] / ["X5-N06"]),
    case!("publish/strings", Publish, Strings, "a PUBLISH with a string that is not UTF-8, or contains U+0000, ends the connection, whichever string it is", needs QoS1;
        ["MQTT-1.5.3-1", "MQTT-1.5.3-2", "MQTT-3.3.2-1"] / ["MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-1.5.7-1", "X5-N31", "MQTT-3.3.2-1", "MQTT-3.3.2-13", "MQTT-3.3.2-19"]),
    case!("publish/unknown-properties", Publish, UnknownProperties, "a PUBLISH with a property that does not exist ends the connection", needs QoS1;
        / ["X5-N04"]),
    case!("publish/misplaced-properties", Publish, MisplacedProperties, "a PUBLISH with a property that may not stand there ends the connection", needs QoS1;
        / ["X5-N05"]),
    case!("publish/repeated-properties", Publish, RepeatedProperties, "a PUBLISH in which a property stands twice that may stand once ends the connection", needs QoS1;
        / ["X5-N16"]),
];

/// The cases on acknowledgements.
pub(super) const ACKNOWLEDGEMENTS: &[Case<Cx>] = &[
    case!("puback/flags", PubAck, Flags, "a PUBACK with fixed header flags ends the connection, whichever is set", needs QoS1;
        ["MQTT-2.2.2-2"] / ["MQTT-2.1.3-1"]),
    case!("puback/truncated", PubAck, Truncated, "a PUBACK cut within its fields ends the connection", needs QoS1;
        ["X311-N03"] / ["X5-N06"]),
    case!("puback/trailing-bytes", PubAck, Trailing, "a PUBACK with bytes behind its last field ends the connection", needs QoS1;
        ["X311-N03"] / ["X5-N35"]),
    case!("puback/strings", PubAck, Strings, "a PUBACK with a string that is not UTF-8, or contains U+0000, ends the connection", needs QoS1;
        / ["MQTT-1.5.4-1", "MQTT-1.5.4-2", "X5-N31"]),
    case!("puback/misplaced-properties", PubAck, MisplacedProperties, "a PUBACK with a property that may not stand there ends the connection", needs QoS1;
        / ["X5-N05"]),
    case!("puback/repeated-properties", PubAck, RepeatedProperties, "a PUBACK with two Reason Strings ends the connection", needs QoS1;
        / ["X5-N28"]),
    case!("pubrec/flags", PubRec, Flags, "a PUBREC with fixed header flags ends the connection, whichever is set", needs QoS2;
        ["MQTT-2.2.2-2"] / ["MQTT-2.1.3-1"]),
    case!("pubrec/truncated", PubRec, Truncated, "a PUBREC cut within its fields ends the connection", needs QoS2;
        ["X311-N03"] / ["X5-N06"]),
    case!("pubrec/misplaced-properties", PubRec, MisplacedProperties, "a PUBREC with a property that may not stand there ends the connection", needs QoS2;
        / ["X5-N05"]),
    case!("pubrec/repeated-properties", PubRec, RepeatedProperties, "a PUBREC with two Reason Strings ends the connection", needs QoS2;
        / ["X5-N28"]),
    case!("pubrel/flags", PubRel, Flags, "a PUBREL whose fixed header flags are not 0010 ends the connection, whatever they are", needs QoS2;
        ["MQTT-3.6.1-1"] / ["MQTT-3.6.1-1"]),
    case!("pubrel/truncated", PubRel, Truncated, "a PUBREL cut within its fields ends the connection", needs QoS2;
        ["X311-N03"] / ["X5-N06"]),
    case!("pubrel/misplaced-properties", PubRel, MisplacedProperties, "a PUBREL with a property that may not stand there ends the connection", needs QoS2;
        / ["X5-N05"]),
    case!("pubrel/repeated-properties", PubRel, RepeatedProperties, "a PUBREL with two Reason Strings ends the connection", needs QoS2;
        / ["X5-N28"]),
    case!("pubcomp/flags", PubComp, Flags, "a PUBCOMP with fixed header flags ends the connection, whichever is set", needs QoS2;
        ["MQTT-2.2.2-2"] / ["MQTT-2.1.3-1"]),
    case!("pubcomp/truncated", PubComp, Truncated, "a PUBCOMP cut within its fields ends the connection", needs QoS2;
        ["X311-N03"] / ["X5-N06"]),
    case!("pubcomp/misplaced-properties", PubComp, MisplacedProperties, "a PUBCOMP with a property that may not stand there ends the connection", needs QoS2;
        / ["X5-N05"]),
    case!("pubcomp/repeated-properties", PubComp, RepeatedProperties, "a PUBCOMP with two Reason Strings ends the connection", needs QoS2;
        / ["X5-N28"]),
];

/// The cases on SUBSCRIBE and UNSUBSCRIBE.
pub(super) const SUBSCRIBE: &[Case<Cx>] = &[
    case!("subscribe/flags", Subscribe, Flags, "a SUBSCRIBE whose fixed header flags are not 0010 ends the connection, whatever they are";
        ["MQTT-3.8.1-1"] / ["MQTT-3.8.1-1"]),
    case!("subscribe/truncated", Subscribe, Truncated, "a SUBSCRIBE cut within or between its fields ends the connection";
        ["X311-N03", "MQTT-3.8.3-3"] / ["X5-N06", "X5-N22"]),
    case!("subscribe/trailing-bytes", Subscribe, Trailing, "a SUBSCRIBE with bytes behind its last field ends the connection";
        ["X311-N03"] / ["X5-N35"]),
    case!("subscribe/lengths", Subscribe, Lengths, "a SUBSCRIBE in which a length is not that of its field ends the connection";
        ["X311-N03"] / ["X5-N06"]),
    case!("subscribe/values", Subscribe, Values, "a SUBSCRIBE with Packet Identifier 0, or with options that may not be, ends the connection";
        ["MQTT-3.8.3-4"] / ["X5-N34", "MQTT-2.2.1-3", "X5-N23", "X5-N24", "MQTT-3.8.3-5"]),
    case!("subscribe/strings", Subscribe, Strings, "a SUBSCRIBE with a string that is not UTF-8, or contains U+0000, ends the connection";
        ["MQTT-1.5.3-1", "MQTT-1.5.3-2", "MQTT-3.8.3-1"] / ["MQTT-1.5.4-1", "MQTT-1.5.4-2", "X5-N31", "MQTT-3.8.3-1"]),
    case!("subscribe/unknown-properties", Subscribe, UnknownProperties, "a SUBSCRIBE with a property that does not exist ends the connection";
        / ["X5-N04"]),
    case!("subscribe/misplaced-properties", Subscribe, MisplacedProperties, "a SUBSCRIBE with a property that may not stand there ends the connection";
        / ["X5-N05"]),
    case!("subscribe/repeated-properties", Subscribe, RepeatedProperties, "a SUBSCRIBE with two Subscription Identifiers ends the connection", needs SubscriptionIdentifiers;
        / ["X5-N21"]),
    case!("subscribe/property-values", Subscribe, PropertyValues, "a SUBSCRIBE with a Subscription Identifier of 0 or of five bytes ends the connection", needs SubscriptionIdentifiers;
        / ["X5-N20"]),
    case!("unsubscribe/flags", Unsubscribe, Flags, "an UNSUBSCRIBE whose fixed header flags are not 0010 ends the connection, whatever they are";
        ["MQTT-3.10.1-1"] / ["MQTT-3.10.1-1"]),
    case!("unsubscribe/truncated", Unsubscribe, Truncated, "an UNSUBSCRIBE cut within or between its fields ends the connection";
        ["X311-N03", "MQTT-3.10.3-2"] / ["X5-N06", "X5-N25"]),
    case!("unsubscribe/trailing-bytes", Unsubscribe, Trailing, "an UNSUBSCRIBE with bytes behind its last field ends the connection";
        ["X311-N03"] / ["X5-N35"]),
    case!("unsubscribe/lengths", Unsubscribe, Lengths, "an UNSUBSCRIBE in which a length is not that of its field ends the connection";
        ["X311-N03"] / ["X5-N06"]),
    case!("unsubscribe/values", Unsubscribe, Values, "an UNSUBSCRIBE with Packet Identifier 0 ends the connection";
        / ["X5-N34", "MQTT-2.2.1-3"]),
    case!("unsubscribe/strings", Unsubscribe, Strings, "an UNSUBSCRIBE with a string that is not UTF-8, or contains U+0000, ends the connection";
        ["MQTT-1.5.3-1", "MQTT-1.5.3-2", "MQTT-3.10.3-1"] / ["MQTT-1.5.4-1", "MQTT-1.5.4-2", "X5-N31", "MQTT-3.10.3-1"]),
    case!("unsubscribe/misplaced-properties", Unsubscribe, MisplacedProperties, "an UNSUBSCRIBE with a property that may not stand there ends the connection";
        / ["X5-N05"]),
];

/// The cases on PINGREQ, DISCONNECT and AUTH.
pub(super) const OTHERS: &[Case<Cx>] = &[
    case!("pingreq/flags", PingReq, Flags, "a PINGREQ with fixed header flags ends the connection, whichever is set";
        ["MQTT-2.2.2-2"] / ["MQTT-2.1.3-1"]),
    case!("pingreq/trailing-bytes", PingReq, Trailing, "a PINGREQ with a payload ends the connection";
        ["X311-N03"] / ["X5-N35"]),
    case!("disconnect/flags", Disconnect, Flags, "a DISCONNECT with fixed header flags ends the connection, whichever is set; the Will Message is published, since it was none";
        ["MQTT-3.14.1-1"] / ["MQTT-3.14.1-1"]),
    case!("disconnect/lengths", Disconnect, Lengths, "a DISCONNECT in which a length is not that of its field ends the connection; the Will Message is published, since it was none";
        / ["X5-N06"]),
    case!("disconnect/trailing-bytes", Disconnect, Trailing, "a DISCONNECT with bytes behind its last field ends the connection; the Will Message is published, since it was none";
        ["X311-N03"] / ["X5-N35"]),
    case!("disconnect/strings", Disconnect, Strings, "a DISCONNECT with a string that is not UTF-8, or contains U+0000, ends the connection; the Will Message is published, since it was none";
        / ["MQTT-1.5.4-1", "MQTT-1.5.4-2", "X5-N31"]),
    case!("disconnect/misplaced-properties", Disconnect, MisplacedProperties, "a DISCONNECT with a property that may not stand there ends the connection; the Will Message is published, since it was none";
        / ["X5-N05"]),
    case!("disconnect/repeated-properties", Disconnect, RepeatedProperties, "a DISCONNECT in which a property stands twice that may stand once ends the connection; the Will Message is published, since it was none";
        / ["X5-N27"]),
    case!("auth/flags", Auth, Flags, "an AUTH with fixed header flags ends the connection, whichever is set";
        / ["MQTT-3.15.1-1"]),
    case!("auth/truncated", Auth, Truncated, "an AUTH cut within or between its fields ends the connection";
        / ["X5-N06"]),
    case!("auth/trailing-bytes", Auth, Trailing, "an AUTH with bytes behind its last field ends the connection";
        / ["X5-N35"]),
    case!("auth/lengths", Auth, Lengths, "an AUTH in which a length is not that of its field ends the connection";
        / ["X5-N06"]),
    case!("auth/strings", Auth, Strings, "an AUTH with a string that is not UTF-8, or contains U+0000, ends the connection";
        / ["MQTT-1.5.4-1", "MQTT-1.5.4-2", "X5-N31"]),
    case!("auth/unknown-properties", Auth, UnknownProperties, "an AUTH with a property that does not exist ends the connection";
        / ["X5-N04"]),
    case!("auth/misplaced-properties", Auth, MisplacedProperties, "an AUTH with a property that may not stand there ends the connection";
        / ["X5-N05"]),
    case!("auth/repeated-properties", Auth, RepeatedProperties, "an AUTH in which a property stands twice that may stand once ends the connection";
        / ["X5-N29"]),
];
