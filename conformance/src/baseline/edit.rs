//! Writing baselines: a first one, and changes in place that leave comments and order as they are.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, ArrayOfTables, Date, DocumentMut, Item, Table, value};

use super::{Baseline, BaselineError, Disposition, signature};
use crate::event::{CaseReport, RunReport};
use crate::requirement::Protocol;
use crate::toml_file::TomlError;

const HEAD: &str = "\
# What is known of the target, for `pushspec test --baseline`. A departure that is not listed fails, and so does one
# that is listed and looks different; an entry whose departure is gone has to be removed (`pushspec baseline update`).
#
# disposition: bug, wont-fix, spec-ambiguous or suite-bug. Optional: issue (a link), expires (a date from which on the
# entry excuses nothing), endpoint (a scheme such as ws, or a URL), target (a name in pushspec.toml), when (capabilities
# that the target has to offer for the entry to hold, e.g. { \"maximum qos\" = \"1\" }).
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
    let judgement = baseline.judge(report, today);
    let entries = document.entry("known").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(tables) = entries.as_array_of_tables_mut() else {
        let message = "known: expected [[known]] tables".to_owned();
        return Err(TomlError { line: 1, message }.into());
    };
    let place = |line| baseline.known.iter().position(|entry| entry.line == line);

    let mut looks: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for changed in &judgement.changed {
        let entry = changed.entry;
        let listed = entry.signatures.iter().filter(|listed| {
            judgement
                .known
                .iter()
                .any(|known| known.entry.line == entry.line && **listed == signature(&known.case))
        });
        let looks = looks.entry(entry.line).or_insert_with(|| listed.cloned().collect());
        looks.insert(signature(&changed.case));
    }
    for (line, looks) in looks {
        if let Some(table) = place(line).and_then(|at| tables.get_mut(at)) {
            table["signature"] = written(looks);
        }
    }

    let stale: BTreeSet<usize> =
        judgement.stale.iter().filter_map(|stale| place(stale.entry.line)).collect();
    let mut at = 0;
    tables.retain(|_| {
        at += 1;
        !stale.contains(&(at - 1))
    });

    let mut unlisted: BTreeMap<(Protocol, &str), Vec<&CaseReport>> = BTreeMap::new();
    for case in &judgement.unlisted {
        unlisted.entry((case.protocol, &case.id)).or_default().push(case);
    }
    for ((protocol, id), cases) in unlisted {
        for table in added(report, protocol, id, &cases) {
            tables.push(table);
        }
    }
    Ok(document.to_string())
}

/// The entries for a case: one if it departs at all endpoints, otherwise one for each at which it does.
fn added(report: &RunReport, protocol: Protocol, id: &str, cases: &[&CaseReport]) -> Vec<Table> {
    let everywhere =
        report.cases.iter().filter(|case| case.id == id && case.protocol == protocol).count();
    if cases.len() >= everywhere {
        let looks = cases.iter().map(|case| signature(case)).collect();
        return vec![entry(id, protocol, None, looks)];
    }
    cases
        .iter()
        .map(|case| {
            let scheme = |url: &str| url.split(':').next().unwrap_or_default().to_owned();
            let same = report
                .target
                .endpoints
                .iter()
                .filter(|endpoint| scheme(&endpoint.url) == scheme(&case.endpoint));
            let at = if same.count() > 1 { case.endpoint.clone() } else { scheme(&case.endpoint) };
            entry(id, protocol, Some(at), BTreeSet::from([signature(case)]))
        })
        .collect()
}

fn entry(id: &str, protocol: Protocol, endpoint: Option<String>, looks: BTreeSet<String>) -> Table {
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
