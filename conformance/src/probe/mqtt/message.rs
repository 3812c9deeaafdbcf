//! Application Messages as cases write them.

use pushspec_wire::mqtt::{Delivery, Properties, Property, Publish, QoS};

/// An Application Message to be published.
#[derive(Clone, Debug)]
pub struct Message {
    pub(super) topic: String,
    pub(super) payload: Vec<u8>,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    pub(super) properties: Properties<'static>,
}

impl Message {
    /// A message at QoS 0 that is not retained.
    pub fn new(topic: impl Into<String>, payload: impl AsRef<[u8]>) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.as_ref().to_vec(),
            qos: QoS::AtMostOnce,
            retain: false,
            properties: Properties::new(),
        }
    }

    /// At this QoS.
    pub const fn qos(mut self, qos: QoS) -> Self {
        self.qos = qos;
        self
    }

    /// With RETAIN = 1.
    pub const fn retained(mut self) -> Self {
        self.retain = true;
        self
    }

    /// With one more property.
    pub fn with(mut self, property: Property<'_>) -> Self {
        self.properties.push(property);
        self
    }

    /// The PUBLISH that carries it.
    pub fn publish(&self, delivery: Delivery) -> Publish<'static> {
        Publish {
            delivery,
            retain: self.retain,
            topic: self.topic.clone().into(),
            properties: self.properties.clone(),
            payload: self.payload.clone().into(),
        }
    }
}
