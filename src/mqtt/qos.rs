//! Quality of Service levels (5.0 section 4.3).

/// A Quality of Service level.
///
/// ```
/// use pushspec_wire::mqtt::QoS;
///
/// assert_eq!(QoS::from_bits(2), Some(QoS::ExactlyOnce));
/// assert_eq!(QoS::from_bits(3), None);
/// assert!(QoS::AtMostOnce < QoS::AtLeastOnce);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum QoS {
    /// QoS 0.
    AtMostOnce = 0,
    /// QoS 1.
    AtLeastOnce = 1,
    /// QoS 2.
    ExactlyOnce = 2,
}

impl QoS {
    /// All levels, lowest first.
    pub const ALL: [Self; 3] = [Self::AtMostOnce, Self::AtLeastOnce, Self::ExactlyOnce];

    /// The level with this number; 3 and above are not levels.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }

    /// The level's number on the wire.
    pub const fn bits(self) -> u8 {
        self as u8
    }
}
