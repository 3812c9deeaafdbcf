//! The core: history, subscribers, order. No I/O; the clock is passed in as the time since the start.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use pushspec_wire::sse::{Event, encode_comment};

use super::frame::frame;
use super::{Config, Fault, Publication, Refused};

/// When a fault cuts streams off.
const CUT: Duration = Duration::from_secs(30);
/// So many waiting bytes of one subscriber make a fault stall the others.
const STALL: usize = 512 << 10;

/// Names a subscriber.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SubscriberId(u64);

/// What a subscriber's connection has to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Send these bytes.
    Send(Bytes),
    /// Wait for news, but no longer than until then.
    Wait(Duration),
    /// End the response.
    End,
    /// Drop the connection in the middle of the response.
    Break,
}

/// Holds the history and feeds every subscriber the same events in the same order.
#[derive(Debug)]
pub struct Hub {
    config: Config,
    published: u64,
    history: VecDeque<Stored>,
    history_bytes: usize,
    subscribers: BTreeMap<SubscriberId, Queue>,
    subscribed: u64,
    ended: bool,
    /// Held back by a fault.
    held: Option<Bytes>,
    /// The id from which a fault makes everyone resume.
    cursor: Option<String>,
}

#[derive(Clone, Debug)]
struct Stored {
    id: String,
    publication: Publication,
    frame: Bytes,
}

#[derive(Debug)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    heartbeat: Duration,
    ending: bool,
    live_from: Duration,
    held: Option<Bytes>,
    /// When the subscriber came.
    since: Duration,
    /// Faults of delivery: nothing leaves before this.
    ready: Duration,
    /// It has carried an event.
    spoke: bool,
}

impl Queue {
    fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }
}

impl Hub {
    /// A hub without history and subscribers.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            published: 0,
            history: VecDeque::new(),
            history_bytes: 0,
            subscribers: BTreeMap::new(),
            subscribed: 0,
            ended: false,
            held: None,
            cursor: None,
        }
    }

    /// How it behaves.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Adds a subscriber. Its first bytes are the reconnection time and what the last event ID calls
    /// for.
    pub fn subscribe(&mut self, now: Duration, last_event_id: Option<&str>) -> SubscriberId {
        self.subscribed += 1;
        let id = SubscriberId(self.subscribed);
        let mut queue = Queue {
            frames: VecDeque::new(),
            bytes: 0,
            heartbeat: now + self.config.heartbeat,
            ending: false,
            live_from: Duration::ZERO,
            held: None,
            since: now,
            ready: Duration::ZERO,
            spoke: false,
        };
        if let Some(preamble) = self.preamble() {
            queue.push(preamble);
        }
        if let Some(last_event_id) = last_event_id.filter(|id| !id.is_empty()) {
            let from = if self.config.has(Fault::OneCursor) {
                self.cursor.get_or_insert_with(|| last_event_id.to_owned()).clone()
            } else {
                last_event_id.to_owned()
            };
            for frame in self.replay(&from) {
                queue.push(frame);
            }
            if self.config.has(Fault::GapBetweenReplayAndLive) {
                queue.live_from = now + Duration::from_millis(20);
            }
        }
        self.subscribers.insert(id, queue);
        id
    }

    /// Forgets a subscriber whose connection is gone.
    pub fn unsubscribe(&mut self, id: SubscriberId) {
        self.subscribers.remove(&id);
    }

    /// How many subscribers there are.
    pub fn subscribers(&self) -> usize {
        self.subscribers.len()
    }

    /// How many subscribers there ever were.
    pub(super) fn subscribed(&self) -> u64 {
        self.subscribed
    }

    /// Whether streams were ended by [`end_streams`](Self::end_streams).
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether the id is that of an event in the history.
    pub fn knows(&self, id: &str) -> bool {
        self.history.iter().any(|stored| stored.id == id)
    }

    /// The id of the event before this one.
    pub(super) fn before(&self, id: &str) -> Option<String> {
        let at = self.history.iter().position(|stored| stored.id == id)?;
        self.history.get(at.checked_sub(1)?).map(|stored| stored.id.clone())
    }

    /// Sends an event to every subscriber and returns its id.
    pub fn publish(&mut self, now: Duration, publication: Publication) -> Result<String, Refused> {
        let (size, limit) = (publication.data.len(), self.config.payload_bytes);
        if size > limit {
            return Err(Refused::TooLarge { size, limit });
        }
        let id = publication.id.clone().unwrap_or_else(|| (self.published + 1).to_string());
        let frame = frame(&publication, &id, &self.config)?;
        self.published += 1;
        if self.config.has(Fault::DropsEmptyPayload) && publication.data.is_empty() {
            return Ok(id);
        }
        let stored = Stored { id: id.clone(), publication, frame };

        if !(self.config.has(Fault::HistoryNeedsSubscribers) && self.subscribers.is_empty()) {
            self.keep(stored.clone());
        }
        for frame in self.leaving(stored.frame.clone()) {
            self.send(now, &stored, &frame);
        }
        Ok(id)
    }

    /// Ends every stream, after what is still waiting in its queue.
    pub fn end_streams(&mut self) {
        self.ended = true;
        let farewell = self.config.has(Fault::UnterminatedLastBlock);
        for queue in self.subscribers.values_mut() {
            queue.ending = true;
            if self.config.has(Fault::EndDropsQueue) {
                queue.frames.clear();
            }
            if farewell {
                queue.push(Bytes::from_static(b"event: end\ndata: bye\n"));
            }
        }
    }

    /// What is left of it after a restart: its events, and no subscriber.
    pub fn restart(&mut self) {
        self.subscribers.clear();
        if self.config.has(Fault::RestartForgets) {
            self.history.clear();
            self.history_bytes = 0;
            self.published = 0;
        }
    }

    /// What a subscriber's connection has to do now.
    pub fn step(&mut self, id: SubscriberId, now: Duration) -> Step {
        let Some(queue) = self.subscribers.get_mut(&id) else {
            return Step::End;
        };
        if !queue.frames.is_empty() && now < queue.ready {
            return Step::Wait(queue.ready);
        }
        if let Some(frame) = queue.frames.pop_front() {
            queue.bytes -= frame.len();
            queue.heartbeat = now + self.config.heartbeat;
            return Step::Send(frame);
        }
        if queue.ending {
            self.subscribers.remove(&id);
            let breaks = self.config.has(Fault::NoLastChunk);
            return if breaks { Step::Break } else { Step::End };
        }
        if self.config.has(Fault::CutAfter30Seconds) && now >= queue.since + CUT {
            return Step::Break;
        }
        let mute = self.config.has(Fault::NoHeartbeat)
            || self.config.has(Fault::HeartbeatEndsWithEvent) && queue.spoke;
        if now < queue.heartbeat || mute {
            return Step::Wait(queue.heartbeat.max(now + Duration::from_secs(1)));
        }
        queue.heartbeat = now + self.config.heartbeat;
        let mut comment = Vec::new();
        encode_comment("", &mut comment);
        Step::Send(self.config.line_end.apply(comment))
    }

    fn preamble(&self) -> Option<Bytes> {
        let millis = self.config.retry.as_millis();
        let text = match self.config.fault {
            Some(Fault::NoRetry) => return None,
            Some(Fault::RetryHuge) => "retry: 99999999999999999999\n\n".to_owned(),
            Some(Fault::RetryZero) => "retry: 0\n\n".to_owned(),
            Some(Fault::RetryWithUnit) => format!("retry: {millis}ms\n\n"),
            Some(Fault::EventWithoutData) => format!("retry: {millis}\n\nevent: open\n\n"),
            _ => {
                let retry = u64::try_from(millis).unwrap_or(u64::MAX);
                let mut out = Vec::new();
                // A block without an id or an event type has nothing that could be refused.
                return match Event::default().retry(retry).encode(&mut out) {
                    Ok(()) => Some(self.config.line_end.apply(out)),
                    Err(_) => None,
                };
            }
        };
        Some(text.into())
    }

    fn replay(&self, last_event_id: &str) -> Vec<Bytes> {
        let known = self.history.iter().position(|stored| stored.id == last_event_id);
        let given = last_event_id.parse().is_ok_and(|id: u64| id <= self.published);
        let newest = known.is_some_and(|at| at + 1 == self.history.len());
        let mut start = known.map_or(0, |at| at + 1);
        match (self.config.fault, known) {
            (Some(Fault::UnknownIdIsLive), None) if !given => return Vec::new(),
            (Some(Fault::ExpiredIdIsLive), None) if given => return Vec::new(),
            (Some(Fault::OldestIdUnknown), Some(0)) => start = 0,
            (Some(Fault::ReplaysNothing), Some(_)) => return Vec::new(),
            (Some(Fault::ReplayIncludesKnown), Some(at)) if !newest => start = at,
            (Some(Fault::ReplaySkipsOne), Some(_)) => start += 1,
            (Some(Fault::NewestIdReplaysAll), _) if newest => start = 0,
            _ => {}
        }
        let stored = self.history.iter().skip(start);
        match self.config.fault {
            Some(Fault::ReplayReversed) => {
                stored.rev().map(|stored| stored.frame.clone()).collect()
            }
            Some(Fault::ReplayRenumbered) => stored
                .map(|stored| {
                    let id = format!("replay-{}", stored.id);
                    frame(&stored.publication, &id, &self.config)
                        .unwrap_or_else(|_| stored.frame.clone())
                })
                .collect(),
            _ => stored.map(|stored| stored.frame.clone()).collect(),
        }
    }

    fn keep(&mut self, stored: Stored) {
        self.history_bytes += stored.frame.len();
        self.history.push_back(stored);
        while self.history.len() > self.config.history_events
            || self.history_bytes > self.config.history_bytes
        {
            let Some(oldest) = self.history.pop_front() else { break };
            self.history_bytes -= oldest.frame.len();
        }
    }

    /// The frames that leave because of this one: itself, unless a fault meddles.
    fn leaving(&mut self, frame: Bytes) -> Vec<Bytes> {
        match self.config.fault {
            Some(Fault::OneBehind) => self.held.replace(frame).into_iter().collect(),
            Some(Fault::BlankLineLate) => {
                let mut late = Vec::new();
                if self.held.replace(Bytes::from_static(b"\n")).is_some() {
                    late.push(b'\n');
                }
                late.extend_from_slice(&frame[..frame.len() - 1]);
                vec![late.into()]
            }
            Some(Fault::DropsInBurst) if self.published.is_multiple_of(16) => Vec::new(),
            Some(Fault::SwapsNeighbours) if self.published.is_multiple_of(10) => {
                self.held = Some(frame);
                Vec::new()
            }
            Some(Fault::SwapsNeighbours) => [frame].into_iter().chain(self.held.take()).collect(),
            _ => vec![frame],
        }
    }

    fn send(&mut self, now: Duration, stored: &Stored, frame: &Bytes) {
        let limit = self.config.queue_bytes;
        let config = &self.config;
        let stalled = config.has(Fault::SlowReaderStallsAll)
            && self.subscribers.values().any(|queue| queue.bytes > STALL);
        self.subscribers.retain(|id, queue| {
            if queue.ending || now < queue.live_from || stalled {
                return true;
            }
            queue.spoke = true;
            if config.has(Fault::FlushesEveryTwoSeconds) {
                queue.ready = Duration::from_secs((now.as_secs() / 2 + 1) * 2);
            }
            match config.fault {
                Some(Fault::IdsPerSubscriber) => {
                    let own = format!("{}-{}", id.0, stored.id);
                    queue.push(
                        super::frame::frame(&stored.publication, &own, config)
                            .unwrap_or_else(|_| frame.clone()),
                    );
                }
                Some(Fault::OrderPerSubscriber) if id.0.is_multiple_of(2) => {
                    match queue.held.take() {
                        None => queue.held = Some(frame.clone()),
                        Some(held) => {
                            queue.push(frame.clone());
                            queue.push(held);
                        }
                    }
                }
                _ => queue.push(frame.clone()),
            }
            // Whoever cannot keep up is dropped, so that one slow reader costs nobody else memory.
            queue.bytes <= limit
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const START: Duration = Duration::ZERO;

    fn publish(hub: &mut Hub, data: &str) -> String {
        let publication = Publication { data: data.to_owned(), ..Publication::default() };
        hub.publish(START, publication).unwrap()
    }

    /// Everything that waits for a subscriber.
    fn drain(hub: &mut Hub, id: SubscriberId, now: Duration) -> String {
        let mut text = String::new();
        while let Step::Send(bytes) = hub.step(id, now) {
            text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        text
    }

    #[test]
    fn a_subscriber_gets_retry_first_and_then_live_events() {
        let mut hub = Hub::new(Config::default());
        publish(&mut hub, "before");
        let id = hub.subscribe(START, None);
        publish(&mut hub, "x");
        assert_eq!(drain(&mut hub, id, START), "retry: 3000\n\nid: 2\ndata: x\n\n");
    }

    #[test]
    fn a_known_id_brings_what_is_newer() {
        let mut hub = Hub::new(Config { fault: Some(Fault::NoRetry), ..Config::default() });
        for data in ["a", "b", "c"] {
            publish(&mut hub, data);
        }
        let id = hub.subscribe(START, Some("1"));
        publish(&mut hub, "d");
        assert_eq!(
            drain(&mut hub, id, START),
            "id: 2\ndata: b\n\nid: 3\ndata: c\n\nid: 4\ndata: d\n\n"
        );
        let newest = hub.subscribe(START, Some("4"));
        assert_eq!(drain(&mut hub, newest, START), "");
    }

    #[test]
    fn an_unknown_id_brings_the_whole_history_and_an_empty_one_nothing() {
        let mut hub = Hub::new(Config { fault: Some(Fault::NoRetry), ..Config::default() });
        publish(&mut hub, "a");
        let unknown = hub.subscribe(START, Some("nonsense"));
        assert_eq!(drain(&mut hub, unknown, START), "id: 1\ndata: a\n\n");
        let empty = hub.subscribe(START, Some(""));
        assert_eq!(drain(&mut hub, empty, START), "");
    }

    #[test]
    fn history_is_bounded_by_count_and_by_bytes() {
        let mut hub = Hub::new(Config { history_events: 2, ..Config::default() });
        for data in ["a", "b", "c"] {
            publish(&mut hub, data);
        }
        assert!(!hub.knows("1") && hub.knows("2") && hub.knows("3"));

        let mut hub = Hub::new(Config { history_bytes: 40, ..Config::default() });
        for _ in 0..3 {
            publish(&mut hub, "0123456789");
        }
        assert!(!hub.knows("2") && hub.knows("3"));
    }

    #[test]
    fn a_quiet_stream_gets_a_comment_every_15_seconds() {
        let mut hub = Hub::new(Config::default());
        let id = hub.subscribe(START, None);
        drain(&mut hub, id, Duration::from_secs(1));
        assert_eq!(hub.step(id, Duration::from_secs(2)), Step::Wait(Duration::from_secs(16)));
        assert_eq!(drain(&mut hub, id, Duration::from_secs(16)), ":\n");
        assert_eq!(hub.step(id, Duration::from_secs(16)), Step::Wait(Duration::from_secs(31)));
    }

    #[test]
    fn a_slow_subscriber_is_dropped_and_the_others_are_not() {
        let mut hub = Hub::new(Config { queue_bytes: 50, ..Config::default() });
        let slow = hub.subscribe(START, None);
        let quick = hub.subscribe(START, None);
        for _ in 0..5 {
            publish(&mut hub, "0123456789");
            assert_ne!(drain(&mut hub, quick, START), "");
        }
        assert_eq!(hub.step(slow, START), Step::End);
        assert_eq!(hub.subscribers(), 1);
    }

    #[test]
    fn the_end_comes_after_what_is_waiting() {
        let mut hub = Hub::new(Config { fault: Some(Fault::NoRetry), ..Config::default() });
        let id = hub.subscribe(START, None);
        publish(&mut hub, "last");
        hub.end_streams();
        publish(&mut hub, "too late");
        assert_eq!(drain(&mut hub, id, START), "id: 1\ndata: last\n\n");
        assert_eq!(hub.step(id, START), Step::End);
    }

    #[test]
    fn publications_that_cannot_be_written_are_refused() {
        let mut hub = Hub::new(Config { payload_bytes: 3, ..Config::default() });
        let mut refused = |publication| hub.publish(START, publication).unwrap_err();
        let id = Publication { id: Some("a\nb".to_owned()), ..Publication::default() };
        assert!(matches!(refused(id), Refused::Unwritable(_)));
        let large = Publication { data: "0123".to_owned(), ..Publication::default() };
        assert_eq!(refused(large), Refused::TooLarge { size: 4, limit: 3 });
    }
}
