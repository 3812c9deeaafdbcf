//! Servers of event streams: what they offer, and their jobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::detect::Undetected;
use super::schedule::{Alive, Work};
use super::{Access, Attempt, EndpointPlan, Job, Plan};
use crate::case::{Case, Need};
use crate::event::Endpoint;
use crate::launch::{Ending, Launched};
use crate::probe::sse::{HeadComes, Http, Request, survey};
use crate::requirement::Protocol;
use crate::suite::sse::{CASES, Cx, Restarter, Setting};
use crate::trace::Recorder;

/// The case that judges a response that does not begin before there are events.
const HEADERS_AT_ONCE: &str = "sse/delivery/headers-at-once";

/// Probes an event stream and makes its jobs.
pub(super) async fn work(
    endpoint: &EndpointPlan,
    run: &str,
    plan: &Plan,
    launched: Option<&Launched>,
) -> Result<Work, Undetected> {
    let url = endpoint.connector.url().to_string();
    let Access::Sse { stimulus, closer, via, replay, persistent, idle } = &endpoint.access else {
        return Ok(Work::none(url));
    };
    let http = Http {
        connector: endpoint.connector.clone(),
        trace: Recorder::new(),
        timeout: plan.timeout,
    };
    let wanted: Vec<&Case<Cx>> = CASES
        .iter()
        .copied()
        .flatten()
        .filter(|case| plan.selection.wants(&case.about(), Protocol::Sse))
        .collect();
    if wanted.is_empty() {
        return Ok(Work::none(url));
    }
    let token = format!("ps-{run}-survey");
    let capabilities = survey(&http, stimulus.as_deref(), &token).await?;
    let setting = Setting {
        connector: endpoint.connector.clone(),
        stimulus: stimulus.as_deref().cloned().filter(|_| capabilities.stimulus),
        closer: closer.as_deref().cloned(),
        via: via.as_deref().cloned(),
        replay: *replay,
        idle: *idle,
        capabilities: Arc::new(capabilities),
        timeout: plan.timeout,
        run: run.to_owned(),
        floor: Arc::default(),
        persistent: *persistent,
        restarter: launched.map(restarter),
    };
    let described = setting.capabilities.described();
    Ok(Work {
        endpoint: Endpoint {
            configuration: None,
            url: url.clone(),
            protocols: vec![Protocol::Sse],
            capabilities: BTreeMap::from([(Protocol::Sse.to_string(), described)]),
            unreachable: None,
            left: None,
        },
        jobs: wanted.into_iter().map(|case| job(case, &setting, &url)).collect(),
        alive: alive(http),
        left: None,
    })
}

fn job(case: &'static Case<Cx>, setting: &Setting, url: &str) -> Job {
    let setting = setting.clone();
    let mut about = case.about();
    if case.needs.contains(&Need::Idle) {
        about.lasts = setting.idle.unwrap_or_default();
    }
    Job {
        about,
        protocol: Protocol::Sse,
        endpoint: url.to_owned(),
        out_of_reach: out_of_reach(case, &setting),
        counts_as: None,
        not_applicable: case.needs.iter().find_map(|need| setting.lacks(*need)),
        alone: alone(case, &setting),
        attempt: Arc::new(move |evidence, name| {
            let cx = Cx::new(setting.clone(), evidence, name);
            let generated = cx.generated();
            // Nothing stays in a server of event streams but the events that it keeps for replay.
            let clean_up = Box::pin(std::future::ready(()));
            Attempt { running: (case.run)(cx), clean_up, generated }
        }),
    }
}

/// Whether a case has to run when no other one does.
fn alone(case: &Case<Cx>, setting: &Setting) -> bool {
    let ends_streams = setting.closer.is_some() || case.needs.contains(&Need::Restart);
    case.disturbs && ends_streams || case.disturbed && setting.stimulus.is_some()
}

/// Why a case cannot reach its point, if that is known beforehand.
fn out_of_reach(case: &Case<Cx>, setting: &Setting) -> Option<String> {
    if setting.capabilities.head == HeadComes::Late && case.id != HEADERS_AT_ONCE {
        return Some(format!(
            "the response is held back until there is more of it or it ends, see {HEADERS_AT_ONCE} (a proxy that buffers? with nginx, `proxy_buffering off` or the header field `X-Accel-Buffering: no` helps)"
        ));
    }
    let trouble = setting.capabilities.stimulus_trouble.as_ref();
    trouble
        .filter(|_| case.needs.contains(&Need::Stimulus))
        .map(|trouble| format!("no event can be caused: {trouble}"))
}

fn restarter(launched: &Launched) -> Restarter {
    let launched = launched.clone();
    Restarter::new(move || {
        let launched = launched.clone();
        async move { launched.restart(Ending::Stop).await.map_err(|error| error.to_string()) }
    })
}

fn alive(http: Http) -> Alive {
    Arc::new(move || {
        let http = Http { trace: Recorder::new(), ..http.clone() };
        Box::pin(async move {
            let Ok(pending) = http.begin(&Request::event_source()).await else { return false };
            // A server may send its headers with the first event only.
            pending.try_head(http.timeout).await.is_ok()
        })
    })
}
