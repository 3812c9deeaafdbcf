//! Comparing the reports of two runs.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::{as_case, signature, steady};
use crate::event::{CaseReport, Endpoint, RunReport, Verdict};
use crate::requirement::{Level, Protocol};

use super::trace::Kept;
use super::{Change, Class, Diff, Observation, SCHEMA, Side, State, trace};

/// Why two reports cannot be compared.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Incomparable {
    /// They are about different things.
    #[error("the reports have no endpoint in common: {base} in the first, {head} in the second")]
    NoCommonEndpoint {
        /// The endpoints of the first.
        base: String,
        /// The endpoints of the second.
        head: String,
    },
}

type Key<'a> = (usize, Protocol, &'a str);

/// Compares two reports, each with the name that the user has for it.
pub fn compare(
    (base_name, base): (&str, &RunReport),
    (head_name, head): (&str, &RunReport),
) -> Result<Diff, Incomparable> {
    let pairs = Pairs::of(base, head)?;
    let (old, new) = (gathered(base), gathered(head));
    let (before, after) =
        (keyed(&old, |url| pairs.of_base(url)), keyed(&new, |url| pairs.of_head(url)));
    let mut conditions = conditions(base, head);
    conditions.extend(pairs.conditions());
    // Where not the same was asked for, that a case is missing says nothing about the target.
    let same_plan = base.scope == head.scope && base.tool.version == head.tool.version;
    let mut diff = Diff {
        schema: SCHEMA.to_owned(),
        base: Side::of(base_name, base),
        head: Side::of(head_name, head),
        conditions,
        changes: pairs.capabilities(),
        unchanged: 0,
        not_compared: 0,
    };
    let keys: BTreeSet<&Key<'_>> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let (old, new) = (before.get(key).copied(), after.get(key).copied());
        let monitored = key.2.starts_with("monitor/");
        if (old.is_none() || new.is_none()) && !(same_plan || monitored) {
            diff.not_compared += 1;
            continue;
        }
        match class(old, new, monitored) {
            Some(class) => diff.changes.push(change(class, pairs.name(key.0), *key, old, new)),
            None => diff.unchanged += 1,
        }
    }
    diff.changes.sort_by(|a, b| {
        let place = |change: &Change| (change.class, change.endpoint.clone(), change.protocol);
        place(a).cmp(&place(b)).then_with(|| a.case.cmp(&b.case))
    });
    Ok(diff)
}

/// What the cases found, and what the monitor saw beside them.
fn gathered(report: &RunReport) -> Vec<CaseReport> {
    report.cases.iter().cloned().chain(report.violations.iter().map(as_case)).collect()
}

fn keyed(
    cases: &[CaseReport],
    pair: impl Fn(&str) -> Option<usize>,
) -> BTreeMap<Key<'_>, &CaseReport> {
    cases
        .iter()
        .filter_map(|case| Some(((pair(&case.endpoint)?, case.protocol, case.id.as_str()), case)))
        .collect()
}

/// How a case differs, if it does. What the monitor sees is there only when it departs.
fn class(
    before: Option<&CaseReport>,
    after: Option<&CaseReport>,
    monitored: bool,
) -> Option<Class> {
    use Verdict::{Error, Fail, Inconclusive, NotApplicable, Pass, Warn};
    let verdict = |case: Option<&CaseReport>| match case {
        Some(case) => Some(case.verdict),
        None if monitored => Some(Pass),
        None => None,
    };
    match (verdict(before), verdict(after)) {
        (Some(NotApplicable), Some(NotApplicable))
        | (Some(Inconclusive | Error), Some(Inconclusive | Error))
        | (None, None) => None,
        (Some(Fail), Some(Fail)) => differently(before, after).then_some(Class::Regressed),
        (Some(Warn), Some(Warn)) => differently(before, after).then_some(Class::Behaviour),
        (Some(Pass), Some(Pass)) => observations(before, after).next().map(|_| Class::Behaviour),
        (Some(Pass | NotApplicable), Some(Fail | Warn)) | (Some(Warn), Some(Fail)) => {
            Some(Class::Regressed)
        }
        (Some(Fail), Some(Pass | Warn)) | (Some(Warn), Some(Pass)) => Some(Class::Fixed),
        (Some(_), None)
        | (Some(Pass | Fail | Warn | NotApplicable), Some(Inconclusive | Error))
        | (Some(Pass | Fail | Warn), Some(NotApplicable)) => Some(Class::Lost),
        (Some(NotApplicable), Some(Pass)) | (Some(Inconclusive | Error) | None, Some(_)) => {
            Some(Class::New)
        }
    }
}

/// Whether two departures look different.
fn differently(before: Option<&CaseReport>, after: Option<&CaseReport>) -> bool {
    before.map(signature) != after.map(signature) || observations(before, after).next().is_some()
}

fn observations(
    before: Option<&CaseReport>,
    after: Option<&CaseReport>,
) -> impl Iterator<Item = Observation> {
    let of = |case: Option<&CaseReport>| case.map(|case| case.observations.clone());
    different(&of(before).unwrap_or_default(), &of(after).unwrap_or_default()).into_iter()
}

/// The entries of two tables that are not the same.
fn different(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<Observation> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| {
            let value =
                |of: &BTreeMap<String, String>| of.get(*name).map(|text| steady(text).into_owned());
            value(before) != value(after)
        })
        .map(|name| Observation {
            what: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}

fn change(
    class: Class,
    endpoint: String,
    (_, protocol, case): Key<'_>,
    before: Option<&CaseReport>,
    after: Option<&CaseReport>,
) -> Change {
    let state = |case: &CaseReport| State { verdict: case.verdict, found: case.found.clone() };
    let known = after.or(before);
    let entries =
        |case: Option<&CaseReport>| case.map(|case| case.trace.clone()).unwrap_or_default();
    let (traces, trace) = trace::compare(&entries(before), &entries(after));
    let both_ran = before.is_some() && after.is_some();
    Change {
        class,
        endpoint,
        protocol,
        case: case.to_owned(),
        level: known.map_or(Level::May, |case| case.level),
        requirements: known.map(|case| case.requirements.clone()).unwrap_or_default(),
        before: before.map(state),
        after: after.map(state),
        observations: if both_ran { observations(before, after).collect() } else { Vec::new() },
        traces,
        trace,
    }
}

/// What was not the same about the runs.
fn conditions(base: &RunReport, head: &RunReport) -> Vec<String> {
    let mut told = Vec::new();
    if base.tool.version != head.tool.version {
        told.push(format!("suite: pushspec {} against {}", base.tool.version, head.tool.version));
    }
    if base.scope != head.scope {
        told.push(format!("selection: {} against {}", base.scope, head.scope));
    }
    for (which, report) in [("base", base), ("head", head)] {
        if let Some(why) = &report.interrupted {
            told.push(format!("the {which} run was ended early: {why}"));
        }
    }
    told
}

impl Side {
    fn of(name: &str, report: &RunReport) -> Self {
        Self {
            name: name.to_owned(),
            version: report.tool.version.clone(),
            cases: report.cases.len(),
        }
    }
}

/// Which endpoint of one run is which of the other: ports may differ.
struct Pairs<'a> {
    pairs: Vec<(&'a Endpoint, &'a Endpoint)>,
    alone: Vec<String>,
}

impl<'a> Pairs<'a> {
    fn of(base: &'a RunReport, head: &'a RunReport) -> Result<Self, Incomparable> {
        let mut left: Vec<&Endpoint> = base.target.endpoints.iter().collect();
        let mut pairs = Vec::new();
        let mut alone = Vec::new();
        for endpoint in &head.target.endpoints {
            let same = |old: &Endpoint| old.configuration == endpoint.configuration;
            let same_url = left.iter().position(|old| same(old) && old.url == endpoint.url);
            let same_kind =
                || left.iter().position(|old| same(old) && scheme(old) == scheme(endpoint));
            match same_url.or_else(same_kind) {
                Some(at) => pairs.push((left.remove(at), endpoint)),
                None => alone.push(format!("{} is in the second run only", endpoint.url)),
            }
        }
        alone.extend(left.iter().map(|old| format!("{} is in the first run only", old.url)));
        if pairs.is_empty() {
            let all = |report: &RunReport| {
                let urls = report.target.endpoints.iter().map(|endpoint| endpoint.url.as_str());
                urls.collect::<Vec<_>>().join(", ")
            };
            return Err(Incomparable::NoCommonEndpoint { base: all(base), head: all(head) });
        }
        Ok(Self { pairs, alone })
    }

    fn of_base(&self, url: &str) -> Option<usize> {
        self.pairs.iter().position(|(base, _)| base.url == url)
    }

    fn of_head(&self, url: &str) -> Option<usize> {
        self.pairs.iter().position(|(_, head)| head.url == url)
    }

    /// The URL if it is the same in both runs; otherwise what stays of it without the port.
    fn name(&self, at: usize) -> String {
        let Some((base, head)) = self.pairs.get(at) else { return String::new() };
        if base.url == head.url {
            return head.url.clone();
        }
        let same = self.pairs[..at].iter().filter(|(_, other)| scheme(other) == scheme(head));
        match same.count() {
            0 => scheme(head).to_owned(),
            before => format!("{} {}", scheme(head), before + 1),
        }
    }

    fn conditions(&self) -> Vec<String> {
        let mut told = self.alone.clone();
        for (at, (base, head)) in self.pairs.iter().enumerate() {
            for (which, endpoint) in [("first", base), ("second", head)] {
                if let Some(why) = &endpoint.unreachable {
                    told.push(format!(
                        "{} could not be tested in the {which} run: {why}",
                        endpoint.url
                    ));
                }
            }
            if base.protocols != head.protocols {
                let names = |endpoint: &Endpoint| {
                    let names = endpoint.protocols.iter().map(|protocol| protocol.name());
                    names.collect::<Vec<_>>().join(", ")
                };
                told.push(format!(
                    "protocols at {}: {} against {}",
                    self.name(at),
                    names(base),
                    names(head)
                ));
            }
        }
        told
    }

    /// What the target offers is permitted variation as well.
    fn capabilities(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (at, (base, head)) in self.pairs.iter().enumerate() {
            for protocol in base.protocols.iter().filter(|&known| head.protocols.contains(known)) {
                let of = |endpoint: &Endpoint| {
                    endpoint.capabilities.get(protocol.name()).cloned().unwrap_or_default()
                };
                changes.extend(different(&of(base), &of(head)).into_iter().map(|observation| {
                    Change {
                        class: Class::Behaviour,
                        endpoint: self.name(at),
                        protocol: *protocol,
                        case: format!("capability/{}", observation.what.replace(' ', "-")),
                        level: Level::May,
                        requirements: Vec::new(),
                        before: None,
                        after: None,
                        observations: vec![observation],
                        traces: Kept::Neither,
                        trace: Vec::new(),
                    }
                }));
            }
        }
        changes
    }
}

fn scheme(endpoint: &Endpoint) -> &str {
    endpoint.url.split(':').next().unwrap_or_default()
}
