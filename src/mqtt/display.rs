//! Packets on one line, for traces.

use core::fmt::{self, Display, Formatter, Write as _};

use super::{
    Connect, Delivery, Packet, PacketType, Properties, Property, Publish, ReasonCode,
    RetainHandling, SubscriptionOptions, Version,
};

/// The most characters of a string and bytes of a payload that are shown.
const SHOWN: usize = 40;
/// The most properties, filters or codes that are shown.
const LISTED: usize = 6;
/// The most characters of a line; what a peer sends does not make it longer.
const LONGEST: usize = 400;

/// A line that is cut where it gets too long.
struct Line<'a, 'b> {
    f: &'a mut Formatter<'b>,
    left: usize,
}

impl fmt::Write for Line<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.left == 0 {
            return Ok(());
        }
        let kept = text.char_indices().nth(self.left).map_or(text, |(end, _)| &text[..end]);
        self.left -= kept.chars().count();
        self.f.write_str(kept)?;
        if self.left == 0 { self.f.write_char('…') } else { Ok(()) }
    }
}

impl Display for Packet<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.line(&mut Line { f, left: LONGEST })
    }
}

impl Packet<'_> {
    fn line(&self, f: &mut dyn fmt::Write) -> fmt::Result {
        let packet_type = self.packet_type();
        f.write_str(packet_type.name())?;
        match self {
            Self::Connect(packet) => connect(f, packet),
            Self::ConnAck(packet) => {
                write!(
                    f,
                    " {:#04x} session-present={}",
                    packet.reason.0,
                    u8::from(packet.session_present)
                )?;
                properties(f, &packet.properties)
            }
            Self::Publish(packet) => publish(f, packet),
            Self::PubAck(packet) => {
                write!(f, " id={}", packet.packet_id)?;
                reason(f, packet.reason, packet_type)?;
                properties(f, &packet.properties)
            }
            Self::PubRec(packet) => {
                write!(f, " id={}", packet.packet_id)?;
                reason(f, packet.reason, packet_type)?;
                properties(f, &packet.properties)
            }
            Self::PubRel(packet) => {
                write!(f, " id={}", packet.packet_id)?;
                reason(f, packet.reason, packet_type)?;
                properties(f, &packet.properties)
            }
            Self::PubComp(packet) => {
                write!(f, " id={}", packet.packet_id)?;
                reason(f, packet.reason, packet_type)?;
                properties(f, &packet.properties)
            }
            Self::Subscribe(packet) => {
                write!(f, " id={}", packet.packet_id)?;
                list(
                    f,
                    packet.subscriptions.iter().map(|subscription| {
                        (Quoted(&subscription.filter), Options(subscription.options))
                    }),
                )?;
                properties(f, &packet.properties)
            }
            Self::SubAck(packet) => {
                write!(f, " id={}", packet.packet_id)?;
                codes(f, &packet.reasons, packet_type)?;
                properties(f, &packet.properties)
            }
            Self::Unsubscribe(packet) => {
                write!(f, " id={}", packet.packet_id)?;
                list(f, packet.filters.iter().map(|filter| (Quoted(filter), "")))?;
                properties(f, &packet.properties)
            }
            Self::UnsubAck(packet) => {
                write!(f, " id={}", packet.packet_id)?;
                codes(f, &packet.reasons, packet_type)?;
                properties(f, &packet.properties)
            }
            Self::PingReq(_) | Self::PingResp(_) => Ok(()),
            Self::Disconnect(packet) => {
                reason(f, packet.reason, packet_type)?;
                properties(f, &packet.properties)
            }
            Self::Auth(packet) => {
                reason(f, packet.reason, packet_type)?;
                properties(f, &packet.properties)
            }
        }
    }
}

fn connect(f: &mut dyn fmt::Write, packet: &Connect<'_>) -> fmt::Result {
    let clean = if packet.version == Version::V5 { "clean-start" } else { "clean-session" };
    write!(
        f,
        " {} client-id={} {clean}={} keep-alive={}",
        packet.version,
        Quoted(&packet.client_id),
        u8::from(packet.clean_start),
        packet.keep_alive
    )?;
    if let Some(name) = &packet.user_name {
        write!(f, " user-name={}", Quoted(name))?;
    }
    if packet.password.is_some() {
        // Never shown: traces go into reports.
        f.write_str(" password=…")?;
    }
    properties(f, &packet.properties)?;
    if let Some(will) = &packet.will {
        write!(
            f,
            " will={{topic={} qos={} retain={} payload={}",
            Quoted(&will.topic),
            will.qos.bits(),
            u8::from(will.retain),
            Bytes(&will.payload)
        )?;
        properties(f, &will.properties)?;
        f.write_char('}')?;
    }
    Ok(())
}

fn publish(f: &mut dyn fmt::Write, packet: &Publish<'_>) -> fmt::Result {
    write!(f, " qos={}", packet.delivery.qos().bits())?;
    match packet.delivery {
        Delivery::AtMostOnce => {}
        Delivery::AtLeastOnce { id, dup } | Delivery::ExactlyOnce { id, dup } => {
            write!(f, " id={id} dup={}", u8::from(dup))?;
        }
    }
    write!(
        f,
        " retain={} topic={} payload={}",
        u8::from(packet.retain),
        Quoted(&packet.topic),
        Bytes(&packet.payload)
    )?;
    properties(f, &packet.properties)
}

fn reason(f: &mut dyn fmt::Write, reason: ReasonCode, packet: PacketType) -> fmt::Result {
    if reason.0 == 0 {
        return Ok(());
    }
    write!(f, " {:#04x} ({})", reason.0, reason.name(packet).unwrap_or("unlisted"))
}

fn codes(f: &mut dyn fmt::Write, codes: &[ReasonCode], packet: PacketType) -> fmt::Result {
    for code in codes.iter().take(LISTED) {
        write!(f, " {:#04x}", code.0)?;
        if code.is_error() || packet == PacketType::UnsubAck {
            write!(f, " ({})", code.name(packet).unwrap_or("unlisted"))?;
        }
    }
    rest(f, codes.len())
}

fn list<A: Display, B: Display>(
    f: &mut dyn fmt::Write,
    items: impl ExactSizeIterator<Item = (A, B)>,
) -> fmt::Result {
    let count = items.len();
    for (item, more) in items.take(LISTED) {
        write!(f, " {item}{more}")?;
    }
    rest(f, count)
}

fn rest(f: &mut dyn fmt::Write, count: usize) -> fmt::Result {
    if count > LISTED { write!(f, " and {} more", count - LISTED) } else { Ok(()) }
}

fn properties(f: &mut dyn fmt::Write, properties: &Properties<'_>) -> fmt::Result {
    for property in properties.iter().take(LISTED) {
        write!(f, " {property}")?;
    }
    rest(f, properties.iter().count())
}

impl Display for Property<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // `receive-maximum`
        for character in self.id().name().chars() {
            f.write_char(if character == ' ' { '-' } else { character.to_ascii_lowercase() })?;
        }
        match *self {
            Self::ContentType(text)
            | Self::ResponseTopic(text)
            | Self::AssignedClientIdentifier(text)
            | Self::AuthenticationMethod(text)
            | Self::ResponseInformation(text)
            | Self::ServerReference(text)
            | Self::ReasonString(text) => write!(f, "={}", Quoted(text)),
            Self::CorrelationData(data) => write!(f, "={}", Bytes(data)),
            // A secret.
            Self::AuthenticationData(_) => f.write_str("=…"),
            Self::UserProperty(name, value) => write!(f, "={}:{}", Quoted(name), Quoted(value)),
            Self::PayloadFormatIndicator(value)
            | Self::RequestProblemInformation(value)
            | Self::RequestResponseInformation(value)
            | Self::MaximumQoS(value)
            | Self::RetainAvailable(value)
            | Self::WildcardSubscriptionAvailable(value)
            | Self::SubscriptionIdentifierAvailable(value)
            | Self::SharedSubscriptionAvailable(value) => write!(f, "={value}"),
            Self::ServerKeepAlive(value)
            | Self::ReceiveMaximum(value)
            | Self::TopicAliasMaximum(value)
            | Self::TopicAlias(value) => write!(f, "={value}"),
            Self::MessageExpiryInterval(value)
            | Self::SubscriptionIdentifier(value)
            | Self::SessionExpiryInterval(value)
            | Self::WillDelayInterval(value)
            | Self::MaximumPacketSize(value) => write!(f, "={value}"),
        }
    }
}

/// What of the Subscription Options differs from none.
pub(super) struct Options(pub(super) SubscriptionOptions);

impl Display for Options {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, " qos={}", self.0.qos.bits())?;
        if self.0.no_local {
            f.write_str(" no-local")?;
        }
        if self.0.retain_as_published {
            f.write_str(" retain-as-published")?;
        }
        match self.0.retain_handling {
            RetainHandling::Send => Ok(()),
            other => write!(f, " retain-handling={}", other as u8),
        }
    }
}

/// A string in quotes, its control characters escaped, cut if long.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars().take(SHOWN) {
            if character.is_control() || character == '"' {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        f.write_str(if self.0.chars().nth(SHOWN).is_some() { "…\"" } else { "\"" })
    }
}

/// Bytes as a string if they are short printable ASCII, else their number.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Display for Bytes<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let printable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        match core::str::from_utf8(self.0) {
            Ok(text) if self.0.len() <= SHOWN && self.0.iter().all(printable) => {
                Quoted(text).fmt(f)
            }
            _ => write!(f, "{} B", self.0.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::mqtt::ConnAck;

    #[test]
    fn one_line_in_the_words_of_the_spec() {
        let packet = Packet::ConnAck(ConnAck {
            session_present: true,
            reason: ReasonCode::SUCCESS,
            properties: Properties::new()
                .with(Property::ReceiveMaximum(20))
                .with(Property::MaximumQoS(1))
                .with(Property::UserProperty("a", "1\n")),
        });
        assert_eq!(
            packet.to_string(),
            r#"CONNACK 0x00 session-present=1 receive-maximum=20 maximum-qos=1 user-property="a":"1\n""#
        );
    }
    #[test]
    #[cfg_attr(miri, ignore = "strings of 60,000 characters take Miri too long")]
    fn no_peer_makes_a_line_long() {
        let long = "\u{1F}".repeat(60_000);
        let properties = (0..50)
            .fold(Properties::new(), |all, _| all.with(Property::UserProperty(&long, &long)));
        let packet = Packet::Publish(Publish {
            delivery: Delivery::AtMostOnce,
            retain: false,
            topic: long.as_str().into(),
            properties,
            payload: long.as_bytes().into(),
        });
        let line = packet.to_string();
        assert_eq!(line.chars().count(), LONGEST + 1);
        assert!(line.ends_with('…'));
    }
}
