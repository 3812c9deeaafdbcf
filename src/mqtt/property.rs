//! Properties (5.0 section 2.2.2).

use alloc::borrow::Cow;

/// A validated list of properties in their wire order. Decoding borrows the wire bytes; nothing is
/// built until it is asked for.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Properties<'a> {
    /// The encoded properties, without the Property Length.
    wire: Cow<'a, [u8]>,
}

/// The identifier of a property.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum PropertyId {
    PayloadFormatIndicator = 0x01,
    MessageExpiryInterval = 0x02,
    ContentType = 0x03,
    ResponseTopic = 0x08,
    CorrelationData = 0x09,
    SubscriptionIdentifier = 0x0B,
    SessionExpiryInterval = 0x11,
    AssignedClientIdentifier = 0x12,
    ServerKeepAlive = 0x13,
    AuthenticationMethod = 0x15,
    AuthenticationData = 0x16,
    RequestProblemInformation = 0x17,
    WillDelayInterval = 0x18,
    RequestResponseInformation = 0x19,
    ResponseInformation = 0x1A,
    ServerReference = 0x1C,
    ReasonString = 0x1F,
    ReceiveMaximum = 0x21,
    TopicAliasMaximum = 0x22,
    TopicAlias = 0x23,
    MaximumQoS = 0x24,
    RetainAvailable = 0x25,
    UserProperty = 0x26,
    MaximumPacketSize = 0x27,
    WildcardSubscriptionAvailable = 0x28,
    SubscriptionIdentifierAvailable = 0x29,
    SharedSubscriptionAvailable = 0x2A,
}

/// One property with its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Property<'a> {
    PayloadFormatIndicator(u8),
    MessageExpiryInterval(u32),
    ContentType(&'a str),
    ResponseTopic(&'a str),
    CorrelationData(&'a [u8]),
    SubscriptionIdentifier(u32),
    SessionExpiryInterval(u32),
    AssignedClientIdentifier(&'a str),
    ServerKeepAlive(u16),
    AuthenticationMethod(&'a str),
    AuthenticationData(&'a [u8]),
    RequestProblemInformation(u8),
    WillDelayInterval(u32),
    RequestResponseInformation(u8),
    ResponseInformation(&'a str),
    ServerReference(&'a str),
    ReasonString(&'a str),
    ReceiveMaximum(u16),
    TopicAliasMaximum(u16),
    TopicAlias(u16),
    MaximumQoS(u8),
    RetainAvailable(u8),
    UserProperty(&'a str, &'a str),
    MaximumPacketSize(u32),
    WildcardSubscriptionAvailable(u8),
    SubscriptionIdentifierAvailable(u8),
    SharedSubscriptionAvailable(u8),
}

impl<'a> Properties<'a> {
    /// No properties.
    pub const fn new() -> Self {
        Self { wire: Cow::Borrowed(&[]) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.wire.is_empty()
    }

    /// The encoded properties, without the Property Length.
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// All of them, in wire order.
    pub fn iter(&self) -> impl Iterator<Item = Property<'_>> {
        core::iter::empty() // to be written
    }

    /// The first with this identifier.
    pub fn get(&self, id: PropertyId) -> Option<Property<'_>> {
        let _ = id;
        todo!()
    }

    /// Appends one.
    pub fn push(&mut self, property: Property<'_>) {
        let _ = property;
        todo!()
    }

    /// With one more at the end.
    pub fn with(mut self, property: Property<'_>) -> Self {
        self.push(property);
        self
    }

    /// Without the borrow.
    pub fn into_owned(self) -> Properties<'static> {
        Properties { wire: Cow::Owned(self.wire.into_owned()) }
    }

    // One getter per property follows, named after it: `receive_maximum() -> Option<u16>`,
    // `user_properties() -> impl Iterator<Item = (&str, &str)>`,
    // `subscription_identifiers() -> impl Iterator<Item = u32>` and so on.
}

impl core::fmt::Debug for Properties<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
