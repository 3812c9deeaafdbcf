//! What the reference Server can do wrong.

use std::collections::BTreeSet;

use crate::reference::faults::faults;

faults! {
    // CONNECT and CONNACK.
    ConnackRefuses "connack-refuses" "Every CONNECT is answered with an error code, and the connection goes on."
    PacketBeforeConnack "packet-before-connack" "PINGRESP is sent before CONNACK."
    AcceptsSecondConnect "accepts-second-connect" "A second CONNECT is answered by a second CONNACK."
    IgnoresSecondConnect "ignores-second-connect" "A second CONNECT is ignored."
    AnswersPingreqBeforeConnect "answers-pingreq-before-connect" "PINGREQ is answered before CONNECT."
    PublishesBeforeConnect "publishes-before-connect" "A PUBLISH before CONNECT is published."
    AcceptsWrongProtocolName "accepts-wrong-protocol-name" "The Protocol Name is not looked at."
    AcceptsUnsupportedLevel "accepts-unsupported-level" "An unknown Protocol Level is taken for 3.1.1, or for 5.0 if it is above."
    UnsupportedLevelNoConnack "unsupported-level-no-connack" "An unknown Protocol Level is closed without CONNACK."
    AcceptsReservedConnectFlag "accepts-reserved-connect-flag" "The reserved Connect Flag is not looked at."
    AcceptsWillQos3 "accepts-will-qos-3" "Will QoS 3 is taken for 2."
    AcceptsMissingWill "accepts-missing-will" "A Will Flag without Will fields is taken for no Will."
    AcceptsPasswordWithoutUserName "accepts-password-without-user-name" "A Password without a User Name is accepted in 3.x."
    RejectsLongClientIds "rejects-long-client-ids" "Client Identifiers of more than 20 bytes are refused."
    EmptyClientIdsCollide "empty-client-ids-collide" "All zero-length Client Identifiers are given the same one."
    AssignedClientIdMissing "assigned-client-id-missing" "CONNACK does not tell the Assigned Client Identifier."
    AcceptsEmptyIdWithoutCleanSession "accepts-empty-id-without-clean-session" "A zero-length Client Identifier is accepted with Clean Session 0."
    ConnackOnMalformedConnect "connack-on-malformed-connect" "A malformed CONNECT of 3.1.1 is answered with CONNACK 0x02."
    NoTakeover "no-takeover" "Two connections with one Client Identifier both stay."
    TakeoverRefusesNew "takeover-refuses-new" "A Client Identifier in use is refused to the new connection."
    TakeoverSaysNothing "takeover-says-nothing" "No DISCONNECT 0x8E precedes the closure at takeover."
    ProcessesAfterRefusal "processes-after-refusal" "What follows a refused CONNECT in the same read is published."
    AcceptsIllFormedUtf8 "accepts-ill-formed-utf-8" "Ill-formed UTF-8 is replaced."
    AcceptsNul "accepts-nul" "U+0000 in strings is accepted."
    StripsByteOrderMark "strips-byte-order-mark" "U+FEFF at the start of a level is removed."

    // Sessions.
    CleanStartKeepsSession "clean-start-keeps-session" "Clean Start 1 resumes the Session."
    SessionSurvivesCleanSession "session-survives-clean-session" "The Session of a Clean Session 1 connection is kept (3.x)."
    NeverResumes "never-resumes" "A kept Session is thrown away at reconnect."
    SessionPresentAlways0 "session-present-always-0" "Session Present is always 0."
    SessionPresentAlways1 "session-present-always-1" "Session Present is always 1."
    DropsOfflineQos1 "drops-offline-qos-1" "QoS 1 messages do not wait for absent Clients."
    DropsOfflineQos2 "drops-offline-qos-2" "QoS 2 messages do not wait for absent Clients."
    SessionsShared "sessions-shared" "Absent Clients get each other's messages."
    SessionNeverExpires "session-never-expires" "The Session Expiry Interval is ignored."
    AbsentExpiryIsForever "absent-expiry-is-forever" "Without a Session Expiry Interval the Session is kept."
    SessionExpiresWhileConnected "session-expires-while-connected" "The Session Expiry Interval begins with the connection."
    IgnoresDisconnectExpiry "ignores-disconnect-expiry" "The Session Expiry Interval of DISCONNECT is ignored."
    AcceptsExpiryRaisedFrom0 "accepts-expiry-raised-from-0" "DISCONNECT may raise the Session Expiry Interval from 0."

    // Keep Alive.
    KeepAliveNever "keep-alive-never" "Silent Clients are never disconnected."
    KeepAliveIgnoresPingreq "keep-alive-ignores-pingreq" "PINGREQ does not count for Keep Alive."
    KeepAliveZeroTimesOut "keep-alive-zero-times-out" "Keep Alive 0 is taken for 2 s."

    // PUBLISH from the Client.
    NoPuback "no-puback" "QoS 1 is not acknowledged."
    PubackTwice "puback-twice" "QoS 1 is acknowledged twice."
    PubackWrongId "puback-wrong-id" "PUBACK has the identifier above."
    NoPubrec "no-pubrec" "QoS 2 is not acknowledged."
    NoPubcomp "no-pubcomp" "PUBREL is not answered."
    PubcompWrongId "pubcomp-wrong-id" "PUBCOMP has the identifier above."
    Qos2DeliversDuplicates "qos-2-delivers-duplicates" "A repeated QoS 2 PUBLISH is published again."
    RepeatedQos2Unanswered "repeated-qos-2-unanswered" "A repeated QoS 2 PUBLISH gets no PUBREC."
    PubackIdStaysUsed "puback-id-stays-used" "After PUBACK the identifier counts as in use: the next message with it is lost."
    PubcompIdStaysUsed "pubcomp-id-stays-used" "After PUBCOMP the identifier counts as in use: the next message with it is lost."
    PassesOnDup "passes-on-dup" "DUP is forwarded."
    DeliversAtPublishedQos "delivers-at-published-qos" "Messages are delivered at the QoS they were published with."
    DeliversAtGrantedQos "delivers-at-granted-qos" "Messages are delivered at the QoS granted."
    AcceptsQos3 "accepts-qos-3" "QoS 3 is taken for 2."
    AcceptsWildcardTopic "accepts-wildcard-topic" "Wildcards in Topic Names are accepted."
    AcceptsPacketId0 "accepts-packet-id-0" "Packet Identifier 0 is accepted."
    AcceptsEmptyTopic "accepts-empty-topic" "An empty Topic Name is accepted."
    ReordersMessages "reorders-messages" "Every second message of a topic is delivered after the next one."
    PubrelUnknownUnanswered "pubrel-unknown-unanswered" "PUBREL for an unknown identifier is ignored."
    PubcompWithoutReason "pubcomp-without-reason" "PUBCOMP for an unknown identifier says 0x00."

    // PUBLISH to the Client.
    RedeliveryWithoutDup "redelivery-without-dup" "Redelivered messages have DUP 0."
    RedeliveryNewId "redelivery-new-id" "Redelivered messages have a new identifier."
    NeverRedelivers "never-redelivers" "Unacknowledged messages are forgotten at reconnect."
    RedeliversAcknowledged "redelivers-acknowledged" "Acknowledged messages come again at reconnect."
    RepublishesInsteadOfPubrel "republishes-instead-of-pubrel" "At reconnect the PUBLISH comes again where PUBREL is due."
    RepublishesWithPubrel "republishes-with-pubrel" "At reconnect the PUBLISH comes again beside PUBREL."
    NoPubrel "no-pubrel" "PUBREC is not answered."
    ReusesIdsInFlight "reuses-ids-in-flight" "All messages in flight have the identifier 1."

    // Flow and weight.
    PubrecFreesWindow "pubrec-frees-window" "PUBREC lets the next message through as PUBCOMP does."
    PubrecErrorKeepsWindow "pubrec-error-keeps-window" "PUBREC with an error code does not let the next message through."
    IgnoresOwnReceiveMaximum "ignores-own-receive-maximum" "More messages in flight than its Receive Maximum are taken."
    ForgetsOldSubscriptions "forgets-old-subscriptions" "A Client has a hundred subscriptions at most: others go, and are granted all the same."
    SendsFewRetained "sends-few-retained" "A new subscription gets thirty retained messages at most."
    CutsLargePayloads "cuts-large-payloads" "Payloads are cut at 65,535 bytes."
    LosesLongTopics "loses-long-topics" "Messages on topics of more than 1,000 bytes are acknowledged and lost."
    NeedsWholePackets "needs-whole-packets" "A packet that does not arrive in one piece ends the connection."
    OnePacketPerRead "one-packet-per-read" "Of packets that arrive at once only the first is handled."

    // Messages of 5.0.
    IgnoresReceiveMaximum "ignores-receive-maximum" "The Client's Receive Maximum is ignored."
    WindowNeverReopens "window-never-reopens" "Acknowledgements do not let further messages through."
    WindowBlocksAnswers "window-blocks-answers" "With Receive Maximum messages in flight nothing else is sent."
    RejectsTopicAlias "rejects-topic-alias" "Topic Aliases are announced, and a message that uses one is lost."
    TopicAliasSurvives "topic-alias-survives" "Topic Aliases outlive their connection."
    AcceptsTopicAlias0 "accepts-topic-alias-0" "Topic Alias 0 is accepted."
    DropsUserProperties "drops-user-properties" "User Properties are not forwarded."
    SortsUserProperties "sorts-user-properties" "User Properties are forwarded in the order of their names."
    DropsContentType "drops-content-type" "The Content Type is not forwarded."
    DropsResponseTopic "drops-response-topic" "The Response Topic is not forwarded."
    CutsCorrelationData "cuts-correlation-data" "Correlation Data is cut at its first zero byte."
    DropsPayloadFormat "drops-payload-format" "The Payload Format Indicator is not forwarded."
    ExpiryNotCounted "expiry-not-counted" "The Message Expiry Interval is forwarded as it came."
    ExpiryDropped "expiry-dropped" "The Message Expiry Interval is not forwarded."
    ExpiryIgnored "expiry-ignored" "Expired messages are delivered."
    DropsSubscriptionIds "drops-subscription-ids" "Subscription Identifiers are not sent."
    IgnoresMaximumPacketSize "ignores-maximum-packet-size" "The Client's Maximum Packet Size is ignored."
    OversizeBlocks "oversize-blocks" "A message above the Client's Maximum Packet Size holds up what follows."

    QueueDropsProperties "queue-drops-properties" "Messages that wait for an absent Client lose their properties."
    SharedDropsProperties "shared-drops-properties" "Shared subscriptions deliver messages without their properties."
    VersionsApart "versions-apart" "Messages are not delivered to Clients of another version than the publisher's."

    // Retained messages.
    RetainedDropsProperties "retained-drops-properties" "Retained messages lose their properties."
    RetainedNotSent "retained-not-sent" "No retained message is ever sent."
    RetainedFlag0 "retained-flag-0" "Retained messages are sent with RETAIN 0."
    RetainedKeepsFirst "retained-keeps-first" "The first retained message of a topic stays."
    RetainedKeepsAll "retained-keeps-all" "A topic keeps all its retained messages."
    RetainedNotCleared "retained-not-cleared" "An empty retained message does not remove the one before."
    EmptyRetainedNotDelivered "empty-retained-not-delivered" "An empty retained message is not delivered."
    StoresEmptyRetained "stores-empty-retained" "Empty messages are retained."
    RetainsEverything "retains-everything" "Messages with RETAIN 0 are retained as well."
    LiveRetainFlag "live-retain-flag" "RETAIN is forwarded to established subscriptions."
    RetainHandlingIgnored "retain-handling-ignored" "Retain Handling is taken for 0."
    RetainHandling1AlwaysSends "retain-handling-1-always-sends" "Retain Handling 1 is taken for 0."
    RetainAsPublishedIgnored "retain-as-published-ignored" "Retain As Published is taken for 0."
    RetainedLostWithSession "retained-lost-with-session" "Retained messages go with the Session of their publisher."
    ResubscribeNoRetained "resubscribe-no-retained" "Retained messages are not sent when the subscription exists."

    // Will Messages.
    WillNever "will-never" "Will Messages are never published."
    WillOnDisconnect "will-on-disconnect" "DISCONNECT publishes the Will Message."
    WillNotRetained "will-not-retained" "Will Retain is ignored."
    WillAlwaysRetained "will-always-retained" "Will Messages are always retained."
    WillNotOnKeepAlive "will-not-on-keep-alive" "A Keep Alive timeout does not publish the Will Message."
    WillNotOnError "will-not-on-error" "A protocol violation does not publish the Will Message."
    WillNotOnTakeover "will-not-on-takeover" "Takeover does not publish the Will Message."
    WillIgnoresDelay "will-ignores-delay" "The Will Delay Interval is ignored."
    WillNotCancelled "will-not-cancelled" "A return within the Will Delay Interval does not cancel the Will Message."
    WillWaitsBeyondSession "will-waits-beyond-session" "The end of the Session does not cut the Will Delay Interval short."
    WillNotOnDisconnect04 "will-not-on-disconnect-04" "DISCONNECT 0x04 discards the Will Message."
    WillRepeated "will-repeated" "The Will Message stays with the Session and is published again."
    WillWrongPayload "will-wrong-payload" "The Will Message is published without its payload."
    WillWithoutProperties "will-without-properties" "The Will Message is published without its properties."

    // SUBSCRIBE and UNSUBSCRIBE.
    SubackWrongId "suback-wrong-id" "SUBACK has the identifier above."
    SubackOneCode "suback-one-code" "SUBACK has one code for many filters."
    SubackReversed "suback-reversed" "The codes of SUBACK are in the reverse order."
    AcceptsInvalidFilter "accepts-invalid-filter" "Filters with misplaced wildcards are granted."
    AcceptsEmptySubscribe "accepts-empty-subscribe" "SUBSCRIBE without filters is answered."
    AcceptsSubscribeQos3 "accepts-subscribe-qos-3" "QoS 3 in SUBSCRIBE is taken for 2."
    AcceptsReservedOptions "accepts-reserved-options" "Reserved bits beside the QoS in SUBSCRIBE are ignored."
    AcceptsSubscribeFlags "accepts-subscribe-flags" "The fixed header flags of SUBSCRIBE are not looked at."
    AcceptsUnsubscribeFlags "accepts-unsubscribe-flags" "The fixed header flags of UNSUBSCRIBE are not looked at."
    ResubscribeAdds "resubscribe-adds" "A second SUBSCRIBE to a filter adds a subscription."
    ResubscribeKeepsQos "resubscribe-keeps-qos" "A second SUBSCRIBE to a filter leaves the QoS as it was."
    OverlapLowestQos "overlap-lowest-qos" "Overlapping subscriptions are served at the lowest QoS."
    NoLocalIgnored "no-local-ignored" "No Local is ignored."
    NoLocalOnShared "no-local-on-shared" "No Local on a shared subscription is granted."
    SharedDeliversToAll "shared-delivers-to-all" "Shared subscriptions deliver to every member."
    NoUnsubackForUnknown "no-unsuback-for-unknown" "UNSUBSCRIBE of an unknown filter is not answered."
    UnsubackWrongId "unsuback-wrong-id" "UNSUBACK has the identifier above."
    UnsubackOneCode "unsuback-one-code" "UNSUBACK has one code for many filters."
    UnsubackReversed "unsuback-reversed" "The codes of UNSUBACK are in the reverse order."
    UnsubackAllSuccess "unsuback-all-success" "UNSUBACK says success for unknown filters."
    UnsubscribeDoesNothing "unsubscribe-does-nothing" "UNSUBSCRIBE is answered and the subscription stays."
    UnsubscribeRemovesMatching "unsubscribe-removes-matching" "UNSUBSCRIBE removes all filters that match the one given."
    AcceptsEmptyUnsubscribe "accepts-empty-unsubscribe" "UNSUBSCRIBE without filters is answered."

    // Topics.
    PlusMatchesManyLevels "plus-matches-many-levels" "`+` matches several levels."
    PlusNeedsCharacters "plus-needs-characters" "`+` does not match an empty level."
    HashMissesParent "hash-misses-parent" "`a/#` does not match `a`."
    WildcardsMatchDollar "wildcards-match-dollar" "Leading wildcards match topics that begin with `$`."
    IgnoresCase "ignores-case" "Topics are compared without regard to case."
    NormalisesSlashes "normalises-slashes" "Empty levels of topics are removed."

    // Everything else.
    NoPingresp "no-pingresp" "PINGREQ is not answered once a second one arrives."
    AcceptsServerPackets "accepts-server-packets" "Packets that only Servers send are ignored."
    AcceptsPacketType0 "accepts-packet-type-0" "Packets of type 0 are ignored."
    AcceptsLongRemainingLength "accepts-long-remaining-length" "A Remaining Length of five bytes is ignored, with what follows."
    AcceptsPingreqFlags "accepts-pingreq-flags" "The fixed header flags of PINGREQ are not looked at."
    AcceptsDisconnectFlags "accepts-disconnect-flags" "The fixed header flags of DISCONNECT are not looked at."
    AcceptsPubrelFlags "accepts-pubrel-flags" "The fixed header flags of PUBREL are not looked at."
    AcceptsTrailingBytes "accepts-trailing-bytes" "PINGREQ may have a payload."
    AcceptsUnknownProperty "accepts-unknown-property" "Unknown properties are ignored."
    AcceptsMisplacedProperty "accepts-misplaced-property" "Misplaced properties are ignored."
    AcceptsDuplicateProperty "accepts-duplicate-property" "Of a repeated property the first counts."
    PassesOverMalformed "passes-over-malformed" "Malformed packets behind CONNECT are ignored."
    TakesMalformedConnect "takes-malformed-connect" "A malformed CONNECT is answered with CONNACK 0x00."
    StaysAfterDisconnect "stays-after-disconnect" "The connection stays open after the Client's DISCONNECT."
    ErrorClosesEveryone "error-closes-everyone" "An error on one connection closes all."
    CrashesOnError "crashes-on-error" "After the first error no connection is accepted any more."
    SilentAfterError "silent-after-error" "A connection with an error is left open and not read any more."

    // Packets of the Server that break what holds of every packet.
    SetsReservedFlags "sets-reserved-flags" "PINGRESP has a reserved flag set."
    LongRemainingLengths "long-remaining-lengths" "The Remaining Length of PINGRESP takes two bytes."
    SetsConnackFlags "sets-connack-flags" "CONNACK has a reserved bit set."
    SessionPresentWithRefusal "session-present-with-refusal" "A CONNACK that refuses has Session Present 1."
    AuthenticationUnasked "authentication-unasked" "CONNACK has an Authentication Method that nobody asked for."
    ResponseInformationUnasked "response-information-unasked" "CONNACK has Response Information that nobody asked for."
    SendsBehindRefusal "sends-behind-refusal" "PINGRESP follows a CONNACK that refuses."
    ConnackTwice "connack-twice" "CONNACK is sent twice."
    DisconnectBeforeConnack "disconnect-before-connack" "DISCONNECT is sent before CONNACK."
    DupAtQos0 "dup-at-qos-0" "PUBLISH at QoS 0 has DUP 1."
    DupFirst "dup-first" "PUBLISH at QoS 1 and 2 has DUP 1 the first time."
    TopicAliasUnasked "topic-alias-unasked" "PUBLISH has the Topic Alias 500, whatever the Client takes."
    UnknownSubscriptionIds "unknown-subscription-ids" "PUBLISH has the Subscription Identifier 99."
    NoPropertyLength "no-property-length" "The Property Length of PUBLISH is left out."
    RepeatsAtOnce "repeats-at-once" "PUBLISH at QoS 1 and 2 is sent twice."
    PublishesUnasked "publishes-unasked" "A message to a topic that nobody subscribed to precedes each message."
    ReleasesUnasked "releases-unasked" "A PUBREL for a message that was never sent precedes each message at QoS 2."
    UnlistedReasonCodes "unlisted-reason-codes" "PUBACK and PUBCOMP have the reason code 0xA0."
    SubackTwice "suback-twice" "SUBACK is sent twice."
    DisconnectWithExpiry "disconnect-with-expiry" "DISCONNECT has a Session Expiry Interval."
    DisconnectOfClients "disconnect-of-clients" "DISCONNECT has the reason code 0x04."
    SendsBehindDisconnect "sends-behind-disconnect" "PINGRESP follows DISCONNECT."
    // WebSocket.
    WebSocketSelectsNothing "websocket-selects-nothing" "No WebSocket subprotocol is selected."
    WebSocketTakesText "websocket-takes-text" "Text frames are taken like binary ones."
    WebSocketSendsText "websocket-sends-text" "Packets are sent in text frames."

    // The whole Server.
    ClosesOnAnything "closes-on-anything" "The connection is closed at the first packet behind CONNECT."
    NeverAnswers "never-answers" "Nothing is ever sent."
    Garbage "garbage" "CONNECT is answered with bytes that are not MQTT."
    Flood "flood" "CONNACK is followed by PUBLISH packets without end."
}

/// The faults that a Server has; none, if it is the reference.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FaultSet(BTreeSet<Fault>);

impl FaultSet {
    /// Whether this fault is among them.
    pub fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }
}

impl FromIterator<Fault> for FaultSet {
    fn from_iter<T: IntoIterator<Item = Fault>>(faults: T) -> Self {
        Self(faults.into_iter().collect())
    }
}
