//! What a case on a server of event streams works with.

use std::fmt::{self, Display};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{OnceCell, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard};
use tokio::time::Instant;

use crate::case::{Need, Outcome, Stop};
use crate::evidence::Evidence;
use crate::probe::sse::{
    Capabilities, EventStream, Head, HeadComes, Http, Payload, Pending, Published, Received,
    Redirects, Remark, Replay, Request, Response, Stimulus, Trouble,
};
use crate::transport::Connector;

/// How long a server is waited for that is known to send its header fields with the first event.
const KNOWN_LATE: Duration = Duration::from_millis(200);
/// As many of the server's own events are enough to judge by.
const HEARD: usize = 5;

/// Ends a server and starts it again, or says why that failed.
#[derive(Clone)]
pub struct Restarter(Arc<dyn Fn() -> Restarting + Send + Sync>);

/// A server that is being restarted.
type Restarting = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

impl Restarter {
    /// One that does it in this way.
    pub fn new<F>(restart: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(restart())))
    }
}

impl fmt::Debug for Restarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Restarter")
    }
}

/// One endpoint, with what all its cases share.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Opens connections; its URL is that of the stream.
    pub connector: Connector,
    /// How to cause events.
    pub stimulus: Option<Stimulus>,
    /// POST to it ends all streams.
    pub closer: Option<Connector>,
    /// Opens connections to the same stream behind a proxy.
    pub via: Option<Connector>,
    /// What the user declares of the server's replay. The spec itself does not demand one, so without
    /// a promise a broken replay is a warning.
    pub replay: Replay,
    /// For how long a stream should stay open, whatever happens on it.
    pub idle: Option<Duration>,
    /// What the server offers.
    pub capabilities: Arc<Capabilities>,
    /// How long anything may take.
    pub timeout: Duration,
    /// Distinguishes this run's payloads from all others: letters and digits.
    pub run: String,
    /// Held for writing by cases during which no other one may cause events.
    pub floor: Arc<RwLock<()>>,
    /// Whether the user declares that events outlive the server's process.
    pub persistent: bool,
    /// Ends the server and starts it again, where pushspec started it.
    pub restarter: Option<Restarter>,
}

impl Setting {
    /// Why a need is not met, if that is so. What is unknown may be met.
    pub fn lacks(&self, need: Need) -> Option<String> {
        let given = match need {
            Need::Proxy => self.via.is_some(),
            Need::Idle => self.idle.is_some(),
            Need::Closer => self.closer.is_some(),
            Need::Restart => self.restarter.is_some(),
            _ => return self.capabilities.lacks(need),
        };
        (!given).then(|| format!("not given: {need}"))
    }
}

/// What a case on a server of event streams works with. Judging and observing are those of
/// [`Evidence`].
#[derive(Clone, Debug)]
pub struct Cx {
    setting: Setting,
    evidence: Evidence,
    name: String,
    tokens: Arc<AtomicU32>,
    alone: Arc<OnceCell<OwnedRwLockWriteGuard<()>>>,
}

impl Deref for Cx {
    type Target = Evidence;

    fn deref(&self) -> &Evidence {
        &self.evidence
    }
}

impl Cx {
    /// The context of one attempt at a case. `name` is unique in the run: letters and digits.
    pub fn new(setting: Setting, evidence: Evidence, name: String) -> Self {
        Self { setting, evidence, name, tokens: Arc::default(), alone: Arc::default() }
    }

    /// How long anything may take.
    pub const fn timeout(&self) -> Duration {
        self.setting.timeout
    }

    /// The endpoint and what its cases share.
    pub const fn setting(&self) -> &Setting {
        &self.setting
    }

    // ===== Names =====

    /// What all payloads of this case contain.
    pub fn prefix(&self) -> String {
        format!("ps-{}-{}-", self.setting.run, self.name)
    }

    /// What names this attempt in payloads, and what reports show in its place.
    pub fn generated(&self) -> Vec<(String, String)> {
        vec![
            (self.prefix(), "ps-".to_owned()),
            (format!("aside-{}-{}-", self.setting.run, self.name), "aside-".to_owned()),
        ]
    }

    /// Whether an event was caused by a case of this run.
    pub fn is_ours(&self, event: &Received) -> bool {
        let run = &self.setting.run;
        event.contains(&format!("ps-{run}-")) || event.contains(&format!("aside-{run}-"))
    }

    /// A text that no other payload contains.
    pub fn token(&self) -> String {
        format!("{}{}.", self.prefix(), self.number())
    }

    /// The same for payloads that are not what a case is about.
    fn aside(&self) -> String {
        format!("aside-{}-{}-{}.", self.setting.run, self.name, self.number())
    }

    fn number(&self) -> u32 {
        self.tokens.fetch_add(1, Ordering::Relaxed)
    }

    // ===== Requests =====

    /// Makes exchanges with the stream's URL.
    pub fn http(&self) -> Http {
        Http {
            connector: self.setting.connector.clone(),
            trace: self.evidence.trace.clone(),
            timeout: self.setting.timeout,
        }
    }

    /// Sends a request and waits for the head of the response. A server that sends its headers only
    /// with the first event is given one, where that is possible: cases on anything else should not
    /// suffer from it.
    pub async fn open(&self, request: &Request) -> Result<Response, Trouble> {
        self.open_by(&self.http(), request).await
    }

    /// The same by other means.
    pub async fn open_by(&self, http: &Http, request: &Request) -> Result<Response, Trouble> {
        Ok(self.redirected(http, request).await?.1)
    }

    /// The same, with the responses that redirected on the way.
    pub async fn redirected(
        &self,
        http: &Http,
        request: &Request,
    ) -> Result<(Vec<Head>, Response), Trouble> {
        let mut redirects = Redirects::new(http.clone(), request);
        loop {
            let response = self.answered(redirects.begin().await?).await?;
            if !redirects.follow(&response.head)? {
                return Ok((redirects.passed().to_vec(), response));
            }
        }
    }

    async fn answered(&self, pending: Pending) -> Result<Response, Trouble> {
        let late = self.setting.capabilities.head == HeadComes::WithEvent
            && self.setting.stimulus.is_some();
        let patience = if late { self.timeout().min(KNOWN_LATE) } else { self.timeout() };
        match pending.try_head(patience).await? {
            Ok(response) => Ok(response),
            Err(pending) => {
                if let Some(stimulus) = &self.setting.stimulus {
                    let _floor = self.floor().await;
                    let nudge = Payload::data(self.aside());
                    stimulus.publish(&nudge, &self.trace, self.timeout()).await?;
                }
                pending.head(self.timeout()).await
            }
        }
    }

    /// The head of the response to what an `EventSource` asks.
    pub async fn head(&self) -> Result<Head, Trouble> {
        Ok(self.open(&Request::event_source()).await?.head)
    }

    /// A stream as an `EventSource` opens it. What it is labelled as is for other cases to judge.
    pub async fn subscribe(&self) -> Result<EventStream, Trouble> {
        self.subscribe_with(&Request::event_source()).await
    }

    /// A stream in answer to this request.
    pub async fn subscribe_with(&self, request: &Request) -> Result<EventStream, Trouble> {
        let response = self.open(request).await?;
        if response.head.status / 100 == 2 && response.head.status != 204 {
            Ok(EventStream::over(response))
        } else {
            Err(Trouble::Status(response.head.status_text()))
        }
    }

    // ===== Events =====

    /// Causes an event. That it is refused makes the case inconclusive.
    pub async fn publish(&self, data: &str) -> Outcome {
        match self.try_publish(&Payload::data(data)).await? {
            Published::Accepted => Ok(()),
            Published::Refused(how) => {
                Err(Stop::Inconclusive(format!("the publication was answered {how}")))
            }
        }
    }

    /// Causes an event, or is refused.
    pub async fn try_publish(&self, payload: &Payload) -> Result<Published, Stop> {
        let Some(stimulus) = &self.setting.stimulus else {
            return Err(Stop::NotApplicable(
                "there is no way to cause an event (name one with --publish-url or --trigger)"
                    .to_owned(),
            ));
        };
        let _floor = self.floor().await;
        Ok(stimulus.publish(payload, &self.trace, self.timeout()).await?)
    }

    /// The right to cause an event, which is waited for while another case has it alone.
    async fn floor(&self) -> Option<RwLockReadGuard<'_, ()>> {
        match self.alone.get() {
            Some(_) => None,
            None => Some(self.setting.floor.read().await),
        }
    }

    /// Keeps other cases from causing events until this one is over.
    pub async fn alone(&self) {
        let floor = Arc::clone(&self.setting.floor);
        self.alone.get_or_init(|| floor.write_owned()).await;
    }

    /// Publishes a fence and collects until it arrives: what was published before has arrived by then,
    /// or never will. A server that holds each event until the next is given a second one.
    pub async fn fenced(&self, stream: &mut EventStream) -> Result<Vec<Received>, Stop> {
        Ok(self.fenced_verbatim(stream).await?.0)
    }

    /// The same; and says whether the fence's payload came as it was published. A server that, say,
    /// wraps payloads in JSON is within its rights.
    pub async fn fenced_verbatim(
        &self,
        stream: &mut EventStream,
    ) -> Result<(Vec<Received>, bool), Stop> {
        let fences = [self.aside(), self.aside()];
        let is_fence = |event: &Received| fences.iter().any(|fence| event.contains(fence));
        self.publish(&fences[0]).await?;
        let awaited = "the fence, an event behind those looked for";
        let mut events = match stream.until(self.timeout(), awaited, is_fence).await {
            Err(trouble) if trouble.is_silence() => {
                self.publish(&fences[1]).await?;
                stream.until(self.timeout(), awaited, is_fence).await?
            }
            collected => collected?,
        };
        let verbatim =
            events.pop().is_some_and(|fence| fences.contains(&fence.event.data.to_string()));
        Ok((events, verbatim))
    }

    /// Makes the stream speak: causes events, or waits for the server's own.
    pub async fn heard(&self, stream: &mut EventStream) -> Result<Vec<Received>, Stop> {
        if self.setting.stimulus.is_some() {
            self.publish(&format!("{} gr\u{fc}\u{df}e \u{20ac} \u{1f600}", self.aside())).await?;
            return self.fenced(stream).await;
        }
        let deadline = Instant::now() + self.timeout();
        let first = match stream.next_event(self.timeout()).await {
            Err(trouble) if trouble.is_silence() => {
                return Err(self.unheard(stream, "no event"));
            }
            event => event?,
        };
        let mut events = vec![first];
        while events.len() < HEARD {
            match stream.next_event(deadline - Instant::now()).await {
                Ok(event) => events.push(event),
                Err(Trouble::Silent { .. } | Trouble::Ended { .. } | Trouble::Broken { .. }) => {
                    break;
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Ok(events)
    }

    /// Why a stream that says too little by itself cannot be judged, and what would help.
    pub fn unheard(&self, stream: &EventStream, what: &str) -> Stop {
        let waited = self.timeout().as_secs_f32();
        Stop::Inconclusive(if stream.is_within_line() {
            format!("{what} came within {waited} s, but the beginning of a line that does not end")
        } else {
            format!("{what} came within {waited} s (cause some with --publish-url or --trigger)")
        })
    }

    /// Ends the server and starts it again; it is ready then.
    pub async fn restart(&self) -> Outcome {
        let Some(Restarter(restart)) = &self.setting.restarter else {
            return Err(Stop::NotApplicable("pushspec did not start the target".to_owned()));
        };
        self.trace.note("the target is ended and started again");
        restart().await.map_err(Stop::Inconclusive)
    }

    // ===== Judging =====

    /// Judges that there is nothing of this kind to remark, and points at the line where there is. The
    /// line itself is shown in the trace only: which one is met first may differ from run to run.
    pub fn judge_unremarked(&self, stream: &EventStream, remark: Remark) -> Outcome {
        let Some(sample) = stream.notes().remarked(remark) else { return Ok(()) };
        self.trace.note(format!("seen: {}", sample.text));
        self.judge_at(
            sample.entry,
            sample.range.clone(),
            false,
            remark.expected(),
            remark.found(sample),
        )
    }

    /// Judges a header field of a response, and points at it.
    pub fn judge_header(
        &self,
        head: &Head,
        name: &str,
        holds: bool,
        expected: impl Display,
    ) -> Outcome {
        let found = match head.header(name) {
            Some(value) => format!("{name}: {value}"),
            None => format!("no {name}"),
        };
        self.judge_at(head.entry, head.position(name), holds, expected, found)
    }

    /// Judges what is a contract only if the user says so: broken then, advice otherwise.
    pub fn contract(&self, holds: bool, expected: &str, found: impl Display) -> Outcome {
        self.judge(holds, expected, found).map_err(|stop| match self.setting.replay {
            Replay::Undeclared => stop,
            _ => stop.promised(),
        })
    }
}
