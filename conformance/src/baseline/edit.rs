//! Writing baselines: a first one, and changes in place that leave comments and order as they are.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, ArrayOfTables, Date, DocumentMut, Item, Table, value};

use super::judge::as_case;
use super::{Baseline, BaselineError, signature};
use crate::event::{CaseReport, RunReport};
use crate::listed::{Disposition, Standing};
use crate::requirement::Protocol;
use crate::toml_file::TomlError;

const HEAD: &str = "\
# What is known of the target, for `pushspec test --baseline`. A departure that is not listed fails, and so does one
# that is listed and looks different; an entry whose departure is gone has to be removed (`pushspec baseline update`).
#
# disposition: bug, wont-fix, spec-ambiguous or suite-bug. Optional: issue (a link), expires (a date from which on the
# entry excuses nothing), endpoint (a scheme such as ws, or a URL), target (a name in pushspec.toml), when (capabilities
# that the target has to offer for the entry to hold, e.g. { \"maximum qos\" = \"1\" }), also (verdicts that the case may
# come to as well, where the target does not behave the same each time, e.g. [\"inconclusive\", \"pass\"]).
";

/// A first baseline: everything that departs in a report. With `strict` also warnings and cases without
/// a verdict, which then have to be listed from now on.
pub fn init(report: &RunReport, strict: bool, today: Date) -> Result<String, BaselineError> {
    let text = if strict { format!("{HEAD}\nstrict = true\n") } else { HEAD.to_owned() };
    update(&text, report, today)
}

/// The baseline with what the report shows: new departures are added, signatures that have changed are
/// corrected, entries of departures that are gone are removed.
pub fn update(text: &str, report: &RunReport, today: Date) -> Result<String, BaselineError> {
    let baseline: Baseline = text.parse()?;
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        TomlError { line: 1, message: error.message().to_owned() }
    })?;
    let mut report = report.clone();
    baseline.judge(&mut report, "", today);
    let entries = document.entry("known").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(tables) = entries.as_array_of_tables_mut() else {
        let message = "known: expected [[known]] tables".to_owned();
        return Err(TomlError { line: 1, message }.into());
    };
    let place = |line| baseline.known.iter().position(|entry| entry.line == line);

    for (line, looks) in new_looks(&report) {
        if let Some(table) = place(line).and_then(|at| tables.get_mut(at)) {
            table["signature"] = written(looks);
        }
    }

    let stale = report.baseline.iter().flat_map(|judged| &judged.stale);
    let stale: BTreeSet<usize> = stale.filter_map(|remark| place(remark.line)).collect();
    let mut at = 0;
    tables.retain(|_| {
        at += 1;
        !stale.contains(&(at - 1))
    });

    let violations: Vec<CaseReport> = report
        .violations
        .iter()
        .map(|seen| CaseReport { baseline: seen.baseline.clone(), ..as_case(seen) })
        .collect();
    let mut unlisted: BTreeMap<(Protocol, &str), Vec<&CaseReport>> = BTreeMap::new();
    for case in report.cases.iter().chain(&violations) {
        if standing(case) == Some(Standing::Unlisted) {
            unlisted.entry((case.protocol, &case.id)).or_default().push(case);
        }
    }
    for ((protocol, id), cases) in unlisted {
        for table in added(&report, protocol, id, &cases) {
            tables.push(table);
        }
    }
    Ok(document.to_string())
}

fn standing(case: &CaseReport) -> Option<Standing> {
    case.baseline.as_ref().map(|listed| listed.standing)
}

/// What departures look like that look different now, by the line of their entry: together with those
/// looks of it that are still seen.
fn new_looks(report: &RunReport) -> BTreeMap<usize, BTreeSet<String>> {
    let mut looks: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let of = |wanted: Standing| {
        report.listed().filter(move |listed| listed.standing == wanted).filter_map(|listed| {
            Some((
                listed.entry.as_ref()?.line,
                &listed.entry.as_ref()?.signatures,
                &listed.signature,
            ))
        })
    };
    for (line, _, signature) in of(Standing::Changed) {
        looks.entry(line).or_default().insert(signature.clone());
    }
    for (line, listed, signature) in of(Standing::Known) {
        // What is borne by its verdict alone need not be listed.
        if let (Some(looks), true) = (looks.get_mut(&line), listed.contains(signature)) {
            looks.insert(signature.clone());
        }
    }
    looks
}

/// The entries for a case: one if it departs at all endpoints that speak the protocol, otherwise one for
/// each at which it does.
fn added(report: &RunReport, protocol: Protocol, id: &str, cases: &[&CaseReport]) -> Vec<Table> {
    let speaks = |url: &str| {
        let mut endpoints = report.target.endpoints.iter();
        endpoints.any(|endpoint| endpoint.url == url && endpoint.protocols.contains(&protocol))
    };
    let run = report.cases.iter().filter(|case| case.id == id && case.protocol == protocol);
    let everywhere = run.filter(|case| speaks(&case.endpoint)).count();
    if everywhere == 0 {
        return added_as_seen(report, protocol, id, cases);
    }
    if cases.len() >= everywhere {
        let looks = cases.iter().map(|case| signature(case)).collect();
        return vec![entry(id, protocol, None, looks)];
    }
    cases
        .iter()
        .map(|case| {
            let scheme = scheme(&case.endpoint);
            let same = report
                .target
                .endpoints
                .iter()
                .filter(|endpoint| self::scheme(&endpoint.url) == scheme);
            let at = if same.count() > 1 { &case.endpoint } else { scheme };
            entry(id, protocol, Some(at), BTreeSet::from([signature(case)]))
        })
        .collect()
}

/// The entries for what the monitor saw, which is no case: one if it saw it over everything that the
/// protocol is spoken over, otherwise one for each scheme over which it did.
fn added_as_seen(
    report: &RunReport,
    protocol: Protocol,
    id: &str,
    seen: &[&CaseReport],
) -> Vec<Table> {
    let looks: BTreeSet<String> = seen.iter().map(|case| signature(case)).collect();
    let over: BTreeSet<&str> = seen.iter().map(|case| scheme(&case.endpoint)).collect();
    let watched = report.target.endpoints.iter().filter(|endpoint| {
        endpoint.unreachable.is_none() && endpoint.protocols.contains(&protocol)
    });
    let watched: BTreeSet<&str> = watched.map(|endpoint| scheme(&endpoint.url)).collect();
    if watched.is_subset(&over) {
        return vec![entry(id, protocol, None, looks)];
    }
    over.into_iter().map(|at| entry(id, protocol, Some(at), looks.clone())).collect()
}

fn scheme(url: &str) -> &str {
    url.split(':').next().unwrap_or_default()
}

fn entry(id: &str, protocol: Protocol, endpoint: Option<&str>, looks: BTreeSet<String>) -> Table {
    let mut table = Table::new();
    table["case"] = value(id);
    table["protocol"] = value(protocol.name());
    if let Some(endpoint) = endpoint {
        table["endpoint"] = value(endpoint);
    }
    table["signature"] = written(looks);
    table["disposition"] = value(Disposition::Bug.name());
    table["why"] = value("");
    table.decor_mut().set_prefix("\n");
    table
}

fn written(looks: BTreeSet<String>) -> Item {
    let mut looks = looks.into_iter();
    match (looks.next(), looks.next()) {
        (Some(only), None) => value(only),
        (first, second) => value(first.into_iter().chain(second).chain(looks).collect::<Array>()),
    }
}
