//! Cases: what is tested, against which requirements, and how a scenario ends.

use std::collections::BTreeSet;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use crate::requirement::{Catalogue, Level, Protocol, RequirementRef};

/// A scenario on its way.
pub type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// How a scenario ends: everything it judges held, or it stopped.
pub type Outcome = Result<(), Stop>;

/// One case: reads like the paragraph of the spec that it comes from. `Cx` is what the scenario
/// works with: [`crate::suite::mqtt::Cx`] or [`crate::suite::sse::Cx`].
pub struct Case<Cx: 'static> {
    /// A path such as `mqtt/publish/qos-3-is-malformed`; never renumbered.
    pub id: &'static str,
    /// How a breach is counted at most; see [`About::level_in`].
    pub level: Level,
    /// The requirements judged. The protocols named here are those in which the case runs.
    pub requires: &'static [RequirementRef],
    /// What the target has to offer for the case to apply.
    pub needs: &'static [Need],
    /// Completes "expected that …".
    pub expects: &'static str,
    /// What else is conformant and why it is accepted; empty where nothing needs saying.
    pub accepts: &'static str,
    /// How long the spec itself makes the scenario wait. Longer cases start first.
    pub lasts: Duration,
    /// How many replies of the target may take as long as one may at most. A scenario with more of them that
    /// does not come to its end has no verdict.
    pub replies: u32,
    /// Where the target lends itself to it, the scenario does something that other cases would
    /// notice: it then runs when no other one does.
    pub disturbs: bool,
    /// What others cause meanwhile would hide what it judges, such as an event that waits for company:
    /// where anything can be caused, it runs when no other one does.
    pub disturbed: bool,
    /// Arrange, act, judge.
    pub run: fn(Cx) -> Running,
}

impl<Cx> Case<Cx> {
    /// What most cases have in common, to be completed: everything that a case has to name itself is
    /// empty.
    pub const BASE: Self = Self {
        id: "",
        level: Level::Must,
        requires: &[],
        needs: &[],
        expects: "",
        accepts: "",
        lasts: Duration::ZERO,
        replies: 8,
        disturbs: false,
        disturbed: false,
        run: |_| Box::pin(async { Err(Stop::Error("the case has no scenario".to_owned())) }),
    };

    /// What is known of the case without running it.
    pub const fn about(&self) -> About {
        About {
            id: self.id,
            level: self.level,
            requires: self.requires,
            needs: self.needs,
            expects: self.expects,
            accepts: self.accepts,
            lasts: self.lasts,
            replies: self.replies,
            disturbs: self.disturbs,
            disturbed: self.disturbed,
        }
    }
}

/// What is known of a case without running it. The fields are those of [`Case`].
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct About {
    pub id: &'static str,
    pub level: Level,
    pub requires: &'static [RequirementRef],
    pub needs: &'static [Need],
    pub expects: &'static str,
    pub accepts: &'static str,
    pub lasts: Duration,
    pub replies: u32,
    pub disturbs: bool,
    pub disturbed: bool,
}

impl About {
    /// How long the scenario may take, where one reply may take this long. Long enough for every reply to
    /// come at the last moment would be no limit at all; this much shows that it will never end.
    pub fn limit(&self, reply: Duration) -> Duration {
        self.lasts * 2 + reply * self.replies
    }

    /// How a breach is counted in one protocol: one version may recommend what another one demands.
    pub fn level_in(&self, protocol: Protocol) -> Level {
        let gravest = Catalogue::embedded().gravest(protocol, self.requirements(protocol));
        gravest.map_or(self.level, |gravest| gravest.max(self.level))
    }

    /// The protocols in which the case runs.
    pub fn protocols(&self) -> BTreeSet<Protocol> {
        self.requires.iter().map(|requirement| requirement.protocol).collect()
    }

    /// The ids of the requirements that the case judges in one protocol.
    pub fn requirements(&self, protocol: Protocol) -> Vec<&'static str> {
        self.requires
            .iter()
            .filter(|requirement| requirement.protocol == protocol)
            .map(|requirement| requirement.id)
            .collect()
    }
}

/// What a target has to offer for a case to apply.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Need {
    /// QoS 1 is supported.
    QoS1,
    /// QoS 2 is supported.
    QoS2,
    /// Retained messages are supported.
    Retain,
    /// Wildcard subscriptions are supported.
    Wildcards,
    /// Shared subscriptions are supported.
    SharedSubscriptions,
    /// Subscription Identifiers are supported.
    SubscriptionIdentifiers,
    /// The Server accepts Topic Aliases.
    TopicAlias,
    /// A Session survives its connection.
    KeptSession,
    /// A zero-length Client Identifier is accepted.
    EmptyClientId,
    /// Maximum QoS is below 2.
    LimitedQos,
    /// Retained messages are not supported.
    NoRetain,
    /// Wildcard subscriptions are not supported.
    NoWildcards,
    /// Shared subscriptions are not supported.
    NoSharedSubscriptions,
    /// Subscription Identifiers are not supported.
    NoSubscriptionIdentifiers,
    /// The Server imposes a Keep Alive.
    ServerKeepAlive,
    /// Nobody gets in without the right User Name and Password.
    Users,
    /// There is a topic to which the user may not publish.
    DeniedPublish,
    /// There is a filter to which the user may not subscribe.
    DeniedSubscribe,
    /// There is a Client Identifier that is refused.
    RefusedClientId,
    /// A method of enhanced authentication is offered.
    EnhancedAuthentication,
    /// What it has to keep outlives an end that it was asked for.
    Persistence,
    /// What it has to keep outlives being killed.
    PersistenceWhenKilled,
    /// The Server is reached by WebSocket.
    WebSocket,
    /// The user said how to cause an event (`--publish-url` or `--trigger`).
    Stimulus,
    /// The stream carries event ids.
    EventIds,
    /// The stream is served over HTTP/2.
    Http2,
    /// The URL redirects to the stream.
    Redirect,
    /// pushspec started the target and can start it again (`--exec`).
    Restart,
    /// The user named the same stream behind a proxy (`--via`).
    Proxy,
    /// The user said how long streams should stay open (`--idle`).
    Idle,
    /// There is a way to end all streams (`--close-url`).
    Closer,
}

impl Need {
    /// Whether it is a feature, which a target may be declared to lack.
    pub const fn is_feature(self) -> bool {
        matches!(
            self,
            Self::QoS1
                | Self::QoS2
                | Self::Retain
                | Self::Wildcards
                | Self::SharedSubscriptions
                | Self::SubscriptionIdentifiers
                | Self::TopicAlias
                | Self::KeptSession
                | Self::EmptyClientId
                | Self::Stimulus
                | Self::EventIds
                | Self::Http2
                | Self::Proxy
                | Self::Idle
                | Self::Closer
        )
    }

    /// Its name on the command line and in `pushspec.toml`, such as `shared-subscriptions`.
    pub fn name(self) -> String {
        let text = self.to_string();
        let short = text.split(" (").next().unwrap_or_default();
        short.to_lowercase().replace(' ', "-")
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QoS1 => "QoS 1",
            Self::QoS2 => "QoS 2",
            Self::Retain => "retained messages",
            Self::Wildcards => "wildcard subscriptions",
            Self::SharedSubscriptions => "shared subscriptions",
            Self::SubscriptionIdentifiers => "subscription identifiers",
            Self::TopicAlias => "topic aliases from the client",
            Self::KeptSession => "sessions that outlive a connection",
            Self::EmptyClientId => "zero-length client identifiers",
            Self::LimitedQos => "Maximum QoS below 2",
            Self::NoRetain => "lack of retained messages",
            Self::NoWildcards => "lack of wildcard subscriptions",
            Self::NoSharedSubscriptions => "lack of shared subscriptions",
            Self::NoSubscriptionIdentifiers => "lack of subscription identifiers",
            Self::ServerKeepAlive => "Server Keep Alive of at most 12 s",
            Self::Users => "users that alone are let in",
            Self::DeniedPublish => "topic that may not be published to",
            Self::DeniedSubscribe => "filter that may not be subscribed to",
            Self::RefusedClientId => "client identifier that is refused",
            Self::EnhancedAuthentication => "enhanced authentication",
            Self::Persistence => "state that outlives a restart",
            Self::PersistenceWhenKilled => "state that outlives being killed",
            Self::WebSocket => "WebSocket (a URL that begins with ws:// or wss://)",
            Self::Stimulus => "a way to cause an event (--publish-url or --trigger)",
            Self::EventIds => "event ids in the stream",
            Self::Http2 => "HTTP/2",
            Self::Restart => "a target that pushspec starts (--exec)",
            Self::Redirect => "a redirect to the stream",
            Self::Proxy => "the stream behind a proxy (--via)",
            Self::Idle => "how long streams should stay open (--idle)",
            Self::Closer => "a way to end all streams (--close-url)",
        })
    }
}

/// Why a scenario stopped before its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// What the case judges does not hold: `fail` or `warn`, by the case's level.
    Broken(Finding),
    /// What the user declared that the target promises does not hold: `fail`, whatever the
    /// specification says of it.
    PromiseBroken(Finding),
    /// The case could not reach its point: a precondition did not come about.
    Inconclusive(String),
    /// The target has shown that the case does not concern it.
    NotApplicable(String),
    /// The tool's own fault.
    Error(String),
}

impl Stop {
    /// A breach of what the user declared: it fails, whatever the specification says of it.
    pub fn promised(self) -> Self {
        match self {
            Self::Broken(finding) => Self::PromiseBroken(finding),
            other => other,
        }
    }
}

/// What was expected and what was found instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What the spec wants.
    pub expected: String,
    /// What the target did.
    pub found: String,
}
