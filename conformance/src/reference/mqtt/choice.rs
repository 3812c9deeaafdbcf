//! Where the specs leave a choice, the other way to be right.

macro_rules! choices {
    ($($variant:ident $about:literal)*) => {
        /// One way to be right that differs from the reference's own.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Choice {
            $(#[doc = $about] $variant,)*
        }

        impl Choice {
            /// Every choice.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
        }
    };
}

choices! {
    SaysNothingOnErrors "Errors of 5.0 end the connection without DISCONNECT or CONNACK (section 4.13.1)."
    OneInFlight "One message above QoS 0 is in flight to a Client at a time (section 4.9)."
    CopyForEachSubscription "Overlapping subscriptions each get a copy (5.0 section 3.3.4, 3.1.1 section 3.3.5)."
    ForgetsRetainedQos0 "Retained messages of QoS 0 are not kept (section 3.3.1.3)."
    PublishesAtPubrel "QoS 2 messages are published when PUBREL arrives (section 4.3.3)."
    KeepsQos0 "QoS 0 messages wait for absent Clients too (5.0 section 4.1, 3.1.1 section 3.1.2.4)."
    RefusesEmptyClientIds "Zero-length Client Identifiers are refused (section 3.1.3.1)."
    RetainsLate "What is retained changes a moment after the PUBLISH was acknowledged."
    RetainedBeforeSuback "Retained messages are sent before SUBACK (5.0 and 3.1.1 section 3.8.4)."
    LateTimers "Keep Alive, Will Messages and the ends of Sessions come a second late."
    KeepsNoSessions "Sessions of 5.0 end with their connection, whatever is asked for (section 3.2.2.3.2)."
    ClosesOnDenied "A PUBLISH that is not authorised ends the connection (3.1.1 section 3.3.5, 5.0 section 4.13)."
    GrantsDenied "A subscription that is not authorised is granted and has no effect (5.0 section 3.9.3 leaves the code to the Server)."
    ResendsLate "What was in flight is sent again some seconds after the Session was resumed (section 4.4 names no time)."
    NoWildcards "5.0 Clients cannot use wildcards (section 3.2.2.3.11)."
    NoSubscriptionIdentifiers "Subscription Identifiers cannot be used (section 3.2.2.3.12)."
    RepeatsKeepAlive "The Keep Alive that a Client asks for is its Server Keep Alive too (section 3.2.2.3.14)."
    NoSharedSubscriptions "Shared subscriptions cannot be used (section 3.2.2.3.13)."
}
