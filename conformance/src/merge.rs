//! Joining reports: of the shards of one run, and of the endpoints of one target.

use crate::event::{RunReport, Shard};

/// Why reports cannot be joined.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MergeError {
    /// A report of a whole run.
    #[error("{0} is no shard: it was made without --shard")]
    NoShard(String),
    /// They belong to different runs.
    #[error("{name} is of another run than {first}: {what}")]
    Foreign {
        /// The first report.
        first: String,
        /// The one that does not fit.
        name: String,
        /// What is not the same.
        what: String,
    },
    /// One shard comes twice.
    #[error("{first} and {second} are both shard {shard}")]
    Twice {
        /// The first report.
        first: String,
        /// The second report.
        second: String,
        /// Their shard.
        shard: Shard,
    },
    /// There is nothing to join.
    #[error("there is no report to merge")]
    Nothing,
}

/// Joins the reports of shards, each with a name. When one is missing, the report says that it is not
/// whole.
pub fn merge(reports: Vec<(String, RunReport)>) -> Result<RunReport, MergeError> {
    let mut shards: Vec<(Shard, String, RunReport)> = Vec::new();
    for (name, report) in reports {
        let shard = report.scope.shard.ok_or_else(|| MergeError::NoShard(name.clone()))?;
        if let Some((_, first, other)) = shards.first()
            && let Some(what) = unlike(other, &report)
        {
            return Err(MergeError::Foreign { first: first.clone(), name, what });
        }
        if let Some((_, first, _)) = shards.iter().find(|(known, ..)| *known == shard) {
            return Err(MergeError::Twice { first: first.clone(), second: name, shard });
        }
        shards.push((shard, name, report));
    }
    shards.sort_by_key(|(shard, ..)| shard.index);
    let missing = missing(&shards);
    let mut shards = shards.into_iter().map(|(_, _, report)| report);
    let mut whole = shards.next().ok_or(MergeError::Nothing)?;
    for shard in shards {
        add(&mut whole, shard);
    }
    whole.scope.shard = None;
    // What a baseline says of a part does not hold of the whole.
    whole.baseline = None;
    if let Some(missing) = missing {
        whole.interrupted = Some(match whole.interrupted {
            Some(why) => format!("{missing}; {why}"),
            None => missing,
        });
    }
    whole.settle();
    Ok(whole)
}

/// The reports of several endpoints of one target as one.
pub fn gather(reports: impl IntoIterator<Item = RunReport>) -> RunReport {
    let mut reports = reports.into_iter();
    let mut whole = reports.next().unwrap_or_default();
    for report in reports {
        if whole.target.reach != report.target.reach {
            whole.target.reach = None;
        }
        whole.target.endpoints.extend(report.target.endpoints);
        whole.target.ended.extend(report.target.ended);
        whole.cases.extend(report.cases);
        whole.violations.extend(report.violations);
        whole.planned += report.planned;
        whole.duration_ms += report.duration_ms;
        whole.interrupted = whole.interrupted.or(report.interrupted);
        // What one of them left out was not done for all of them.
        if !report.scope.is_whole() {
            whole.scope = report.scope;
        }
    }
    whole.settle();
    whole
}

/// What keeps two shards from being of one run, if anything does.
fn unlike(a: &RunReport, b: &RunReport) -> Option<String> {
    let of = |report: &RunReport| report.scope.shard.map(|shard| shard.of);
    if of(a) != of(b) {
        return Some("it is split into another number of shards".to_owned());
    }
    if a.tool != b.tool {
        return Some(format!("pushspec {} against {}", a.tool.version, b.tool.version));
    }
    let plan = |report: &RunReport| {
        let mut scope = report.scope.clone();
        scope.shard = None;
        scope
    };
    if plan(a) != plan(b) {
        return Some(format!("selection {} against {}", plan(a), plan(b)));
    }
    if a.target.name != b.target.name || a.target.endpoints.len() != b.target.endpoints.len() {
        return Some("it is about another target".to_owned());
    }
    let scheme = |url: &str| url.split(':').next().map(str::to_owned);
    let mut endpoints = a.target.endpoints.iter().zip(&b.target.endpoints);
    endpoints
        .find(|(a, b)| scheme(&a.url) != scheme(&b.url))
        .map(|(a, b)| format!("{} against {}", a.url, b.url))
}

fn missing(shards: &[(Shard, String, RunReport)]) -> Option<String> {
    let of = shards.first().map_or(0, |(shard, ..)| shard.of);
    let there = |index: &u32| shards.iter().any(|(shard, ..)| shard.index == *index);
    let missing: Vec<String> = (1..=of)
        .filter(|index| !there(index))
        .map(|index| Shard { index, of }.to_string())
        .collect();
    match missing.as_slice() {
        [] => None,
        [one] => Some(format!("shard {one} is missing")),
        several => Some(format!("shards {} are missing", several.join(", "))),
    }
}

/// Adds what another shard found. Its endpoints are those of the whole, though their ports may differ.
fn add(whole: &mut RunReport, mut shard: RunReport) {
    let urls: Vec<(String, String)> = whole
        .target
        .endpoints
        .iter_mut()
        .zip(&shard.target.endpoints)
        .map(|(known, same)| {
            for (protocol, offers) in &same.capabilities {
                known.capabilities.entry(protocol.clone()).or_insert_with(|| offers.clone());
            }
            for protocol in &same.protocols {
                if !known.protocols.contains(protocol) {
                    known.protocols.push(*protocol);
                }
            }
            known.protocols.sort();
            if known.unreachable.is_none() {
                known.unreachable.clone_from(&same.unreachable);
            }
            (same.url.clone(), known.url.clone())
        })
        .collect();
    let rename = |url: &mut String| {
        if let Some((_, known)) = urls.iter().find(|(same, _)| same == url) {
            url.clone_from(known);
        }
    };
    shard.cases.iter_mut().for_each(|case| rename(&mut case.endpoint));
    shard.violations.iter_mut().for_each(|violation| rename(&mut violation.endpoint));
    whole.cases.extend(shard.cases);
    for violation in shard.violations {
        let known = whole.violations.iter().any(|seen| {
            (&seen.requirement, seen.protocol, &seen.endpoint)
                == (&violation.requirement, violation.protocol, &violation.endpoint)
        });
        if !known {
            whole.violations.push(violation);
        }
    }
    for (known, other) in whole.target.endpoints.iter_mut().zip(shard.target.endpoints) {
        known.left = match (known.left.take(), other.left) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        };
    }
    whole.target.ended.extend(shard.target.ended);
    whole.planned += shard.planned;
    whole.duration_ms = whole.duration_ms.max(shard.duration_ms);
    whole.interrupted = match (whole.interrupted.take(), shard.interrupted) {
        (Some(one), Some(other)) if one != other => Some(format!("{one}; {other}")),
        (one, other) => one.or(other),
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::report::{ExitStatus, sample};

    /// The sample's whole run, dealt to so many shards, each at ports of its own.
    fn dealt(of: u32) -> (RunReport, Vec<(String, RunReport)>) {
        let mut whole = sample::report();
        whole.violations.clear();
        whole.settle();
        let part = |index| {
            let shard = Shard { index, of };
            let mut part = whole.clone();
            part.scope.shard = Some(shard);
            let mut n = 0;
            part.cases.retain(|_| {
                n += 1;
                shard.has(n - 1)
            });
            part.planned = part.cases.len();
            for endpoint in &mut part.target.endpoints {
                let url = format!("{}{index}", endpoint.url);
                let here = part.cases.iter_mut().filter(|case| case.endpoint == endpoint.url);
                here.for_each(|case| case.endpoint.clone_from(&url));
                endpoint.url = url;
            }
            part.settle();
            (format!("{index}.json"), part)
        };
        let parts = (1..=of).map(part).collect();
        (whole, parts)
    }

    #[test]
    fn shards_in_any_order_make_the_whole() {
        let (whole, mut parts) = dealt(3);
        parts.reverse();
        let merged = merge(parts).unwrap();
        assert_eq!(merged.totals, whole.totals);
        assert_eq!(merged.requirements, whole.requirements);
        let ids = |report: &RunReport| {
            report.cases.iter().map(|case| (case.protocol, case.id.clone())).collect::<Vec<_>>()
        };
        assert_eq!(ids(&merged), ids(&whole));
        assert_eq!(merged.planned, whole.cases.len());
        assert!(merged.scope.is_whole() && merged.interrupted.is_none());
    }

    #[test]
    fn a_missing_shard_makes_it_incomplete() {
        let (_, mut parts) = dealt(3);
        parts.remove(1);
        for (_, part) in &mut parts {
            part.cases.retain(|case| case.verdict == crate::event::Verdict::Pass);
            part.planned = part.cases.len();
        }
        let merged = merge(parts).unwrap();
        assert_eq!(merged.interrupted.as_deref(), Some("shard 2/3 is missing"));
        assert_eq!(ExitStatus::of(&merged), ExitStatus::Incomplete);
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let problem = |parts| merge(parts).unwrap_err().to_string();
        let (whole, parts) = dealt(2);
        assert_eq!(problem(Vec::new()), "there is no report to merge");
        let no_shard = vec![("a.json".to_owned(), whole)];
        assert_eq!(problem(no_shard), "a.json is no shard: it was made without --shard");
        let twice = vec![parts[0].clone(), ("b.json".to_owned(), parts[0].1.clone())];
        assert_eq!(problem(twice), "1.json and b.json are both shard 1/2");
        let mut other = parts.clone();
        other[1].1.scope.cases = vec!["mqtt/**".to_owned()];
        assert!(problem(other).contains("selection everything against case mqtt/**"));
        let mut other = parts.clone();
        other[1].1.tool.version = "9.9.9".to_owned();
        assert!(problem(other).contains("against 9.9.9"));
        let (_, three) = dealt(3);
        let mixed = vec![parts[0].clone(), three[1].clone()];
        assert!(problem(mixed).contains("another number of shards"));
    }
}
