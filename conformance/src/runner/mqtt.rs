//! MQTT endpoints: what they offer, their jobs, and cleaning up after those.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pushspec_wire::mqtt::{Property, QoS};

use super::detect::{Answer, Undetected, answer};
use super::schedule::{Alive, Work};
use super::{Attempt, EndpointPlan, Job, Plan, protocols};
use crate::case::Case;
use crate::event::Endpoint;
use crate::evidence::Evidence;
use crate::probe::mqtt::{Capabilities, Message, Residue};
use crate::requirement::Protocol;
use crate::suite::mqtt::{CASES, Cx, Setting};

const PROTOCOLS: [Protocol; 3] = [Protocol::Mqtt31, Protocol::Mqtt311, Protocol::Mqtt5];

/// How often a first CONNECT is tried: a target that has just started may refuse for a moment.
const TRIES: u32 = 2;

/// Probes an MQTT endpoint and makes its jobs.
pub(super) async fn work(endpoint: &EndpointPlan, plan: &Plan) -> Result<Work, Undetected> {
    let url = endpoint.connector.url().to_string();
    let mut settings = BTreeMap::new();
    let mut refusals = Vec::new();
    let mut capabilities = BTreeMap::new();
    for protocol in protocols(plan, &PROTOCOLS) {
        match first_contact(endpoint, plan, protocol).await? {
            Ok(setting) => {
                capabilities.insert(protocol.to_string(), setting.capabilities.described());
                settings.insert(protocol, setting);
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    let Some(last) = settings.values().next_back().cloned() else {
        return Err(if refusals.is_empty() {
            Undetected::NothingAsked
        } else {
            Undetected::Refused(refusals.join("; "))
        });
    };
    let mut jobs = Vec::new();
    for protocol in protocols(plan, &PROTOCOLS) {
        for case in CASES.iter().copied().flatten() {
            if !plan.selection.wants(&case.about(), protocol) {
                continue;
            }
            jobs.push(match settings.get(&protocol) {
                Some(setting) => job(case, setting, &url),
                None => Job {
                    not_applicable: Some(format!(
                        "the Server does not speak it: {}",
                        refusals
                            .iter()
                            .find(|refusal| refusal.starts_with(&format!("MQTT {protocol}:")))
                            .map_or("", String::as_str)
                    )),
                    ..job_in(case, &last, &url, protocol)
                },
            });
        }
    }
    Ok(Work {
        endpoint: Endpoint {
            url,
            protocols: settings.keys().copied().collect(),
            capabilities,
            unreachable: None,
        },
        jobs,
        alive: alive(last),
    })
}

/// Finds out whether the Server speaks a version, and what it offers there.
async fn first_contact(
    endpoint: &EndpointPlan,
    plan: &Plan,
    protocol: Protocol,
) -> Result<Result<Setting, String>, Undetected> {
    let Some(version) = protocol.mqtt() else { return Err(Undetected::NothingAsked) };
    let mut setting = Setting {
        connector: endpoint.connector.clone(),
        version,
        capabilities: Arc::new(Capabilities::assumed(version)),
        timeout: plan.timeout,
        user_name: endpoint.user_name.clone(),
        password: endpoint.password.clone(),
        run: plan.run.clone(),
    };
    let mut last = Err(Undetected::NothingAsked);
    for attempt in 0..TRIES {
        let evidence = Evidence::new();
        let residue = Residue::default();
        let cx = Cx::new(setting.clone(), evidence.clone(), residue.clone(), format!("z{attempt}"));
        // Asked for, so that a Server that keeps no Sessions says so.
        let answered = cx.opening().with(Property::SessionExpiryInterval(300)).answered().await;
        match answer(version, answered, &evidence.trace, plan.timeout) {
            Answer::Accepted(accepted) => {
                setting.capabilities =
                    Arc::new(Capabilities::announced(version, &accepted.connack));
                accepted.client.disconnect().await;
                clean_up(setting.clone(), residue, format!("z{attempt}")).await;
                return Ok(Ok(setting));
            }
            Answer::Refused(reason) => last = Ok(Err(reason)),
            Answer::Undetected(undetected) => last = Err(undetected),
        }
    }
    last
}

fn job(case: &'static Case<Cx>, setting: &Setting, url: &str) -> Job {
    let job = job_in(case, setting, url, setting.version.into());
    let lacking = case.needs.iter().find_map(|need| setting.capabilities.lacks(*need));
    Job { not_applicable: lacking, ..job }
}

fn job_in(case: &'static Case<Cx>, setting: &Setting, url: &str, protocol: Protocol) -> Job {
    let setting = setting.clone();
    Job {
        about: case.about(),
        protocol,
        endpoint: url.to_owned(),
        not_applicable: None,
        attempt: Arc::new(move |evidence, name| {
            let residue = Residue::default();
            let cx = Cx::new(setting.clone(), evidence, residue.clone(), name.clone());
            let generated = vec![
                (format!("{}/", cx.topic_prefix()), "~/".to_owned()),
                (format!("ps{}{name}", setting.run), "client-".to_owned()),
            ];
            Attempt {
                running: (case.run)(cx),
                clean_up: Box::pin(clean_up(setting.clone(), residue, format!("{name}z"))),
                generated,
            }
        }),
    }
}

/// Removes retained messages and Sessions. What cannot be removed is left: the target may be dead.
async fn clean_up(setting: Setting, residue: Residue, name: String) {
    let left = residue.take();
    let cx = Cx::new(setting, Evidence::new(), Residue::default(), name);
    for id in left.sessions {
        if let Ok(client) = cx.opening().id(id).open().await {
            client.disconnect().await;
        }
    }
    if left.retained.is_empty() {
        return;
    }
    if let Ok(mut client) = cx.connected().await {
        for topic in left.retained {
            // QoS 0, so that a Server with odd handshakes does not hold up the rest.
            let _ = client.publish(&Message::new(topic, "").qos(QoS::AtMostOnce).retained()).await;
        }
        let _ = client.ping().await;
        client.disconnect().await;
    }
}

fn alive(setting: Setting) -> Alive {
    Arc::new(move || {
        let timeout = setting.timeout.max(Duration::from_secs(1));
        let setting = Setting { timeout, ..setting.clone() };
        Box::pin(async move {
            let cx = Cx::new(setting, Evidence::new(), Residue::default(), "zl".to_owned());
            let Ok(mut client) = cx.connected().await else { return false };
            let answers = client.ping().await.is_ok();
            client.disconnect().await;
            answers
        })
    })
}
