//! Findings in the Static Analysis Results Interchange Format 2.1.0, for tools that gather findings of
//! many kinds.
//!
//! A rule is a requirement, a result a case that breaks it. A network has no source lines: the place
//! of a result is its case, as a logical location, and the endpoint's URL as the artifact. What the
//! baseline bears is suppressed.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use crate::event::RunReport;
use crate::requirement::{Catalogue, Level, Protocol};

use super::rows::{Counts, Row, plain, rows};

/// Writes the report.
pub fn write(report: &RunReport, mut out: impl io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, &sarif(report))?;
    out.write_all(b"\n")?;
    out.flush()
}

fn sarif(report: &RunReport) -> Value {
    let rows = rows(report);
    let findings: Vec<&Row<'_>> =
        rows.iter().filter(|row| matches!(row.verdict, "fail" | "warn" | "stale")).collect();
    let mut rules: BTreeMap<String, Value> = BTreeMap::new();
    let results: Vec<Value> = findings.iter().map(|row| result(row, &mut rules)).collect();
    let unknown: Vec<Value> = rows
        .iter()
        .filter(|row| row.counts == Counts::Unknown)
        .map(|row| {
            json!({
                "level": "error",
                "message": { "text": format!("{} {}: {}", row.name, row.verdict, row.message) },
            })
        })
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pushspec",
                "version": report.tool.version,
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            } },
            "invocations": [{
                // Said of the tool, not of the target: every case has its verdict.
                "executionSuccessful": unknown.is_empty(),
                "toolExecutionNotifications": unknown,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(row: &Row<'_>, rules: &mut BTreeMap<String, Value>) -> Value {
    let id = row.requirements.first().copied().unwrap_or("none");
    let rule = rule_id(row.protocol, id);
    rules.entry(rule.clone()).or_insert_with(|| described(&rule, row.protocol, id));
    let grave = matches!(row.verdict, "fail" | "stale") || row.counts == Counts::Failed;
    let mut result = json!({
        "ruleId": rule,
        "level": if grave { "error" } else { "warning" },
        "message": { "text": format!("{}: {}\n\n{}", row.name, row.message, row.account) },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": uri(&row.endpoint) } },
            "logicalLocations": [{ "fullyQualifiedName": row.name, "kind": "member" }],
        }],
        "partialFingerprints": { "case/v1": format!("{} {}", row.suite(), row.name) },
    });
    if let (Counts::Known, Some(remark)) = (row.counts, &row.remark) {
        result["suppressions"] =
            json!([{ "kind": "external", "status": "accepted", "justification": remark }]);
    }
    result
}

/// Ids repeat between versions with different meanings.
fn rule_id(protocol: Option<Protocol>, id: &str) -> String {
    protocol.map_or_else(|| plain(id), |protocol| plain(&format!("{}/{id}", protocol.name())))
}

fn described(rule: &str, protocol: Option<Protocol>, id: &str) -> Value {
    let requirement = protocol.and_then(|protocol| Catalogue::embedded().get(protocol, id));
    let Some(requirement) = requirement else { return json!({ "id": rule }) };
    let level = if requirement.level.level() == Level::Must { "error" } else { "warning" };
    json!({
        "id": rule,
        "shortDescription": { "text": requirement.text },
        "fullDescription": { "text": format!("{} ({})", requirement.text, requirement.place()) },
        "helpUri": requirement.link(),
        "defaultConfiguration": { "level": level },
    })
}

/// The URL without what no URI may hold.
fn uri(url: &str) -> String {
    url.chars()
        .flat_map(|character| {
            let allowed =
                character.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(character);
            if allowed {
                vec![character]
            } else {
                let mut bytes = [0; 4];
                character
                    .encode_utf8(&mut bytes)
                    .bytes()
                    .flat_map(|byte| format!("%{byte:02X}").chars().collect::<Vec<_>>())
                    .collect()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::listed::Standing;
    use crate::report::sample;

    #[test]
    fn reads_well() {
        let mut bytes = Vec::new();
        write(&sample::report(), &mut bytes).unwrap();
        insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
    }

    #[test]
    fn what_the_baseline_bears_is_suppressed() {
        let report = sample::listed();
        let sarif = sarif(&report);
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let suppressed = results.iter().filter(|result| !result["suppressions"].is_null());
        assert_eq!(suppressed.count(), report.standing(Standing::Known));
    }

    #[test]
    fn only_findings_are_results_and_gaps_are_told() {
        let report = sample::report();
        let sarif = sarif(&report);
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(
            results.len(),
            report.totals.fail + report.totals.warn + report.violations.len()
        );
        let invocation = &sarif["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        let gaps = report.totals.error + report.totals.inconclusive;
        assert_eq!(invocation["toolExecutionNotifications"].as_array().unwrap().len(), gaps);
    }

    #[test]
    fn every_url_becomes_a_uri() {
        assert_eq!(uri("unix:/a b|é"), "unix:/a%20b%7C%C3%A9");
        assert_eq!(uri("mqtt://[::1]:1883"), "mqtt://[::1]:1883");
    }
}
