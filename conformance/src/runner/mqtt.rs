//! MQTT endpoints: what they offer, their jobs, and cleaning up after those.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pushspec_wire::mqtt::{Property, QoS};

use super::detect::{Undetected, accepted};
use super::schedule::{Alive, Work};
use super::{Attempt, EndpointPlan, Job, MqttAccess, Plan};
use crate::case::Case;
use crate::event::Endpoint;
use crate::evidence::Evidence;
use crate::launch::{Launched, Life};
use crate::probe::mqtt::{Capabilities, Message, Residue};
use crate::requirement::Protocol;
use crate::suite::mqtt::{CASES, Cx, Extent, Setting};

const PROTOCOLS: [Protocol; 3] = [Protocol::Mqtt31, Protocol::Mqtt311, Protocol::Mqtt5];

/// Probes an MQTT endpoint and makes its jobs.
pub(super) async fn work(
    endpoint: &EndpointPlan,
    access: &MqttAccess,
    run: &str,
    plan: &Plan,
    launched: Option<&Launched>,
) -> Result<Work, Undetected> {
    let url = endpoint.connector.url().to_string();
    let wanted: Vec<(Protocol, &Case<Cx>)> = PROTOCOLS
        .into_iter()
        .flat_map(|protocol| CASES.iter().copied().flatten().map(move |case| (protocol, case)))
        .filter(|(protocol, case)| plan.selection.wants(&case.about(), *protocol))
        .collect();
    let protocols: BTreeSet<Protocol> = wanted.iter().map(|(protocol, _)| *protocol).collect();
    let declared = Arc::new(access.declared.clone());
    let mut settings = BTreeMap::new();
    let mut undetected_in = BTreeMap::new();
    for protocol in protocols {
        let Some(version) = protocol.mqtt() else { continue };
        let setting = Setting {
            connector: endpoint.connector.clone(),
            version,
            capabilities: Arc::new(Capabilities::assumed(version)),
            timeout: plan.timeout,
            user_name: access.user_name.clone(),
            password: access.password.clone(),
            run: run.to_owned(),
            declared: Arc::clone(&declared),
            life: launched.cloned().map(Life::from).or_else(|| access.life.clone()),
            extent: Extent::Whole,
        };
        match first_contact(setting).await {
            Ok(setting) => drop(settings.insert(protocol, setting)),
            Err(unreachable @ Undetected::Unreachable(_)) => return Err(unreachable),
            Err(undetected) => drop(undetected_in.insert(protocol, undetected)),
        }
    }
    let Some(spoken) = settings.values().next_back() else {
        return undetected_in.into_values().reduce(graver).map_or(Ok(Work::none(url)), Err);
    };
    let jobs = wanted
        .into_iter()
        .map(|(protocol, case)| match settings.get(&protocol) {
            Some(setting) => Job {
                not_applicable: case.needs.iter().find_map(|need| setting.lacks(*need)),
                ..job(case, setting, &url, protocol)
            },
            None => Job {
                not_applicable: Some(format!(
                    "the Server does not speak MQTT {protocol}: {}",
                    undetected_in.get(&protocol).map(ToString::to_string).unwrap_or_default()
                )),
                ..job(case, spoken, &url, protocol)
            },
        })
        .collect();
    Ok(Work {
        endpoint: Endpoint {
            protocols: settings.keys().copied().collect(),
            capabilities: settings
                .iter()
                .map(|(protocol, setting)| (protocol.to_string(), setting.capabilities.described()))
                .collect(),
            url: url.clone(),
            configuration: None,
            unreachable: None,
        },
        jobs,
        alive: alive(spoken.clone()),
    })
}

/// What to say of an endpoint that could be tested in no version: what is surest.
fn graver(a: Undetected, b: Undetected) -> Undetected {
    match (a, b) {
        (Undetected::Refused(a), Undetected::Refused(b)) => {
            Undetected::Refused(format!("{a}; {b}"))
        }
        (Undetected::Silent(_), b) => b,
        (a, Undetected::Silent(_) | Undetected::Refused(_)) => a,
        (_, b) => b,
    }
}

/// Finds out whether the Server speaks a version, and what it offers there.
async fn first_contact(setting: Setting) -> Result<Setting, Undetected> {
    match contact(setting.clone(), "z0").await {
        // A target that has just started may refuse for a moment.
        Err(Undetected::Unreachable(_) | Undetected::Refused(_)) => contact(setting, "z1").await,
        answer => answer,
    }
}

async fn contact(mut setting: Setting, name: &str) -> Result<Setting, Undetected> {
    let (version, timeout) = (setting.version, setting.timeout);
    let evidence = Evidence::new();
    let residue = Residue::default();
    let cx = Cx::new(setting.clone(), evidence.clone(), residue.clone(), name.to_owned());
    // Asked for, so that a Server that keeps no Sessions says so.
    let answered = cx.opening().with(Property::SessionExpiryInterval(300)).answered().await;
    let accepted = accepted(version, answered, &evidence.trace, timeout)?;
    setting.capabilities =
        Arc::new(Capabilities::announced(version, &accepted.connack, &setting.declared));
    accepted.client.disconnect().await;
    clean_up(setting.clone(), residue, name.to_owned()).await;
    Ok(setting)
}

fn job(case: &'static Case<Cx>, setting: &Setting, url: &str, protocol: Protocol) -> Job {
    let setting = setting.clone();
    Job {
        about: case.about(),
        protocol,
        endpoint: url.to_owned(),
        not_applicable: None,
        out_of_reach: None,
        counts_as: None,
        alone: case.disturbs,
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
    // Several may ask at the same time: with one Client Identifier they would take each other over.
    let asked = AtomicU32::new(0);
    Arc::new(move || {
        let timeout = setting.timeout.max(Duration::from_secs(1));
        let setting = Setting { timeout, ..setting.clone() };
        let name = format!("zl{}", asked.fetch_add(1, Ordering::Relaxed));
        Box::pin(async move {
            let cx = Cx::new(setting, Evidence::new(), Residue::default(), name);
            let Ok(mut client) = cx.connected().await else { return false };
            let answers = client.ping().await.is_ok();
            client.disconnect().await;
            answers
        })
    })
}
