//! MQTT endpoints: what they offer, their jobs, and cleaning up after those.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pushspec_wire::mqtt::{Property, Version};

use super::detect::{Undetected, accepted};
use super::left::{clean_up, left_behind};
use super::schedule::{Alive, Work};
use super::{Attempt, EndpointPlan, Job, MqttAccess, Plan};
use crate::case::Case;
use crate::event::Endpoint;
use crate::evidence::Evidence;
use crate::launch::{Launched, Life};
use crate::probe::mqtt::{Capabilities, Residue, Wants};
use crate::requirement::Protocol;
use crate::suite::mqtt::{CASES, Cx, Extent, Setting};

const PROTOCOLS: [Protocol; 3] = [Protocol::Mqtt31, Protocol::Mqtt311, Protocol::Mqtt5];

/// Keep Alive in seconds for Servers that refuse to do without: longer than any case is silent.
const KEEP_ALIVE: u16 = 60;

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
    let noted = Residue::default();
    let jobs = wanted
        .into_iter()
        .map(|(protocol, case)| match settings.get(&protocol) {
            Some(setting) => Job {
                not_applicable: case.needs.iter().find_map(|need| setting.lacks(*need)),
                ..job(case, setting, &url, protocol, &noted)
            },
            None => Job {
                not_applicable: Some(format!(
                    "the Server does not speak MQTT {protocol}: {}",
                    undetected_in.get(&protocol).map(ToString::to_string).unwrap_or_default()
                )),
                ..job(case, spoken, &url, protocol, &noted)
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
            left: None,
        },
        jobs,
        alive: alive(spoken.clone()),
        left: Some(Box::pin(left_behind(spoken.clone(), noted))),
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
    let nothing = Wants::default();
    let answer = match contact(setting.clone(), nothing, "z0").await {
        // A target that has just started may refuse for a moment.
        Err(Undetected::Unreachable(_) | Undetected::Refused(_)) => {
            contact(setting.clone(), nothing, "z1").await
        }
        answer => answer,
    };
    let Err(refused @ Undetected::Refused(_)) = answer else { return answer };
    let method = setting.declared.scram && setting.version == Version::V5;
    for (wants, name) in [
        // Some want to know when a Client is gone, and some who it is.
        (Some(Wants { keep_alive: KEEP_ALIVE, ..nothing }), "z2"),
        (method.then_some(Wants { method, ..nothing }), "z3"),
    ] {
        if let Some(wants) = wants
            && let Ok(setting) = contact(setting.clone(), wants, name).await
        {
            return Ok(setting);
        }
    }
    Err(refused)
}

async fn contact(mut setting: Setting, wants: Wants, name: &str) -> Result<Setting, Undetected> {
    let (version, timeout) = (setting.version, setting.timeout);
    let evidence = Evidence::new();
    let residue = Residue::default();
    let assumed = Capabilities::assumed(version).wanting(wants);
    setting.capabilities = Arc::new(assumed);
    let cx = Cx::new(setting.clone(), evidence.clone(), residue.clone(), name.to_owned());
    // Asked for, so that a Server that keeps no Sessions says so.
    let answered = cx.opening().with(Property::SessionExpiryInterval(300)).answered().await;
    let accepted = accepted(version, answered, &evidence.trace, timeout)?;
    let announced = Capabilities::announced(version, &accepted.connack, &setting.declared);
    setting.capabilities = Arc::new(announced.wanting(wants));
    accepted.client.disconnect().await;
    clean_up(setting.clone(), residue.take(), name.to_owned()).await;
    Ok(setting)
}

fn job(
    case: &'static Case<Cx>,
    setting: &Setting,
    url: &str,
    protocol: Protocol,
    noted: &Residue,
) -> Job {
    let (setting, noted) = (setting.clone(), noted.clone());
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
                clean_up: {
                    let (setting, noted) = (setting.clone(), noted.clone());
                    Box::pin(async move {
                        let left = residue.take();
                        noted.note(&left);
                        clean_up(setting, left, format!("{name}z")).await;
                    })
                },
                generated,
            }
        }),
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
