//! Packets of Clients as their fields, so that each field can be made illegal by itself.

use pushspec_wire::mqtt::lawless::Fields;
use pushspec_wire::mqtt::{
    Frame, Packet, PacketType, Place, Properties, Property, PropertyId, Sender, Version,
};

/// A field with its name in the spec's words.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub name: &'static str,
    pub value: Value,
}

/// What a field is, and what it holds.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A byte of flags or options.
    Bits(u8),
    /// A Packet Identifier.
    Id(u16),
    /// UTF-8 with its length.
    String(Vec<u8>),
    /// Bytes with their length.
    Binary(Vec<u8>),
    /// Properties with their length.
    Properties(Place, Vec<Property<'static>>),
    /// Anything else, as it stands on the wire; also what makes a variant.
    Raw(Vec<u8>),
}

/// A packet as its fields.
#[derive(Clone, Debug)]
pub(super) struct Specimen {
    pub first_byte: u8,
    pub fields: Vec<Field>,
}

impl Value {
    fn append_to(&self, fields: Fields) -> Fields {
        match self {
            Self::Bits(bits) => fields.byte(*bits),
            Self::Id(id) => fields.two_bytes(*id),
            Self::String(bytes) | Self::Binary(bytes) => fields.string(bytes),
            Self::Properties(_, list) => {
                let wire = encoded(list);
                fields.varint(wire.len() as u32).raw(&wire)
            }
            Self::Raw(bytes) => fields.raw(bytes),
        }
    }

    /// The bytes of the field.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.append_to(Fields::new()).into_bytes()
    }
}

/// Properties one behind the other, without their length.
pub(super) fn encoded(list: &[Property<'_>]) -> Vec<u8> {
    let mut properties = Properties::new();
    for property in list {
        properties.push(*property);
    }
    properties.wire().to_vec()
}

impl Specimen {
    /// The packet's bytes, with its true Remaining Length.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let fields =
            self.fields.iter().fold(Fields::new(), |fields, field| field.value.append_to(fields));
        fields.packet(self.first_byte)
    }

    /// The packet with another value in one of its fields.
    pub(super) fn with(&self, index: usize, value: Value) -> Vec<u8> {
        let mut changed = self.clone();
        if let Some(field) = changed.fields.get_mut(index) {
            field.value = value;
        }
        changed.bytes()
    }

    /// A legal packet of this type. Its topics begin with `prefix`, so that it reaches nobody. None for
    /// what Clients do not send.
    pub(super) fn legal(packet: PacketType, version: Version, prefix: &str) -> Option<Self> {
        let list = |place| {
            (version == Version::V5).then(|| Value::Properties(place, ordinary(place))).map(
                |value| Field {
                    name: if place == Place::Will { "Will Properties" } else { "Properties" },
                    value,
                },
            )
        };
        let properties = list(Place::Packet(packet));
        let field = |name, value| Some(Field { name, value });
        let string = |name, text: &str| field(name, Value::String(text.as_bytes().to_vec()));
        let id = field("Packet Identifier", Value::Id(1));
        let reason = (version == Version::V5)
            .then_some(Field { name: "Reason Code", value: Value::Raw(vec![0]) });
        let topic = format!("{prefix}/malformed");
        let (first_byte, fields) = match packet {
            PacketType::Connect => {
                let start = [version.protocol_name().len() as u8];
                let start =
                    [&[0], &start[..], version.protocol_name().as_bytes(), &[version.level()]];
                let fields = vec![
                    field("Protocol Name and Level", Value::Raw(start.concat())),
                    // Clean Start, a Will at QoS 0, User Name and Password.
                    field("Connect Flags", Value::Bits(0b1100_0110)),
                    // Long enough for any variant; there are Servers that refuse to do without.
                    field("Keep Alive", Value::Raw(vec![0, 60])),
                    properties,
                    string("Client Identifier", ""),
                    list(Place::Will),
                    string("Will Topic", &topic),
                    field("Will Payload", Value::Binary(b"will".to_vec())),
                    string("User Name", "pushspec"),
                    field("Password", Value::Binary(b"pushspec".to_vec())),
                ];
                (0x10, fields)
            }
            PacketType::Publish => {
                let payload = field("Payload", Value::Raw(b"x".to_vec()));
                (0x32, vec![string("Topic Name", &topic), id, properties, payload])
            }
            PacketType::PubAck => (0x40, vec![id, reason, properties]),
            PacketType::PubRec => (0x50, vec![id, reason, properties]),
            PacketType::PubRel => (0x62, vec![id, reason, properties]),
            PacketType::PubComp => (0x70, vec![id, reason, properties]),
            PacketType::Subscribe => {
                let options = field("Subscription Options", Value::Bits(0));
                (0x82, vec![id, properties, string("Topic Filter", &topic), options])
            }
            PacketType::Unsubscribe => (0xA2, vec![id, properties, string("Topic Filter", &topic)]),
            PacketType::PingReq => (0xC0, Vec::new()),
            PacketType::Disconnect => (0xE0, vec![reason, properties]),
            PacketType::Auth => {
                let reason = field("Reason Code", Value::Raw(vec![0x18]));
                let mut list = vec![legal_value(PropertyId::AuthenticationMethod)];
                list.extend(ordinary(Place::Packet(packet)));
                let properties = Value::Properties(Place::Packet(packet), list);
                (0xF0, vec![reason, field("Properties", properties)])
            }
            _ => return None,
        };
        Some(Self { first_byte, fields: fields.into_iter().flatten().collect() })
    }

    /// What the Client Identifier, the User Name or the Password is.
    pub(super) fn set(&mut self, name: &str, bytes: &[u8]) {
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            match &mut field.value {
                Value::String(value) | Value::Binary(value) => *value = bytes.to_vec(),
                _ => {}
            }
        }
    }

    /// A CONNECT without User Name and Password.
    pub(super) fn remove_credentials(&mut self) {
        self.fields.retain(|field| !matches!(field.name, "User Name" | "Password"));
        for field in &mut self.fields {
            if let Value::Bits(bits) = &mut field.value {
                *bits &= 0b0011_1111;
            }
        }
    }

    /// Whether the codec takes the bytes for a packet of this version.
    #[cfg(test)]
    pub(super) fn is_legal(&self, version: Version) -> bool {
        why_illegal(&self.bytes(), version).is_none()
    }
}

/// What the codec has against the bytes of one packet.
pub(super) fn why_illegal(
    bytes: &[u8],
    version: Version,
) -> Option<pushspec_wire::mqtt::DecodeError> {
    Packet::decode(Frame::new(bytes).ok()?, version).err()
}

/// Properties that a Client may always send in this place, whatever the Server offers.
fn ordinary(place: Place) -> Vec<Property<'static>> {
    let asks_for_something = |id: &PropertyId| {
        matches!(
            id,
            PropertyId::AuthenticationMethod
                | PropertyId::AuthenticationData
                | PropertyId::TopicAlias
                | PropertyId::SubscriptionIdentifier
                | PropertyId::SessionExpiryInterval
        )
    };
    from_clients(place).filter(|id| !asks_for_something(id)).map(legal_value).collect()
}

/// The properties that a Client may send in this place.
pub(super) fn from_clients(place: Place) -> impl Iterator<Item = PropertyId> {
    PropertyId::ALL
        .into_iter()
        .filter(move |id| matches!(id.sent_by(place), Some(Sender::Client | Sender::Both)))
}

/// A property with a value that it may have everywhere, and that makes no difference.
pub(super) const fn legal_value(id: PropertyId) -> Property<'static> {
    match id {
        PropertyId::PayloadFormatIndicator => Property::PayloadFormatIndicator(0),
        PropertyId::MessageExpiryInterval => Property::MessageExpiryInterval(60),
        PropertyId::ContentType => Property::ContentType("text/plain"),
        PropertyId::ResponseTopic => Property::ResponseTopic("pushspec/answer"),
        PropertyId::CorrelationData => Property::CorrelationData(b"c"),
        PropertyId::SubscriptionIdentifier => Property::SubscriptionIdentifier(1),
        PropertyId::SessionExpiryInterval => Property::SessionExpiryInterval(0),
        PropertyId::AssignedClientIdentifier => Property::AssignedClientIdentifier("a"),
        PropertyId::ServerKeepAlive => Property::ServerKeepAlive(60),
        PropertyId::AuthenticationMethod => Property::AuthenticationMethod("m"),
        PropertyId::AuthenticationData => Property::AuthenticationData(b"d"),
        PropertyId::RequestProblemInformation => Property::RequestProblemInformation(1),
        PropertyId::WillDelayInterval => Property::WillDelayInterval(0),
        PropertyId::RequestResponseInformation => Property::RequestResponseInformation(0),
        PropertyId::ResponseInformation => Property::ResponseInformation("r"),
        PropertyId::ServerReference => Property::ServerReference("s"),
        PropertyId::ReasonString => Property::ReasonString("why"),
        PropertyId::ReceiveMaximum => Property::ReceiveMaximum(10),
        PropertyId::TopicAliasMaximum => Property::TopicAliasMaximum(0),
        PropertyId::TopicAlias => Property::TopicAlias(1),
        PropertyId::MaximumQoS => Property::MaximumQoS(1),
        PropertyId::RetainAvailable => Property::RetainAvailable(1),
        PropertyId::MaximumPacketSize => Property::MaximumPacketSize(65_535),
        PropertyId::WildcardSubscriptionAvailable => Property::WildcardSubscriptionAvailable(1),
        PropertyId::SubscriptionIdentifierAvailable => Property::SubscriptionIdentifierAvailable(1),
        PropertyId::SharedSubscriptionAvailable => Property::SharedSubscriptionAvailable(1),
        PropertyId::UserProperty => Property::UserProperty("a", "b"),
    }
}
