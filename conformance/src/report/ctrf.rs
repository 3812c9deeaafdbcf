//! The report in the Common Test Report Format, which a number of CI tools read.
//!
//! What has no verdict is `other`, never `passed`; a departure that the baseline bears is `skipped`. Times are counted from the beginning of the run.

use std::io;

use serde_json::{Value, json};

use crate::event::RunReport;

use super::rows::{Counts, Row, chapter, rows};

/// The version of the format.
const SPEC: &str = "1.0.0";

/// Writes the report.
pub fn write(report: &RunReport, mut out: impl io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, &ctrf(report))?;
    out.write_all(b"\n")?;
    out.flush()
}

fn ctrf(report: &RunReport) -> Value {
    let rows = rows(report);
    let count = |wanted| rows.iter().filter(|row| row.counts == wanted).count();
    json!({
        "reportFormat": "CTRF",
        "specVersion": SPEC,
        "generatedBy": "pushspec",
        "results": {
            "tool": { "name": "pushspec", "version": report.tool.version },
            "summary": {
                "tests": rows.len(),
                "passed": count(Counts::Passed),
                "failed": count(Counts::Failed),
                "skipped": count(Counts::Skipped) + count(Counts::Known),
                "pending": 0,
                "other": count(Counts::Unknown),
                "start": 0,
                "stop": report.duration_ms,
            },
            "tests": rows.iter().map(test).collect::<Vec<_>>(),
        },
    })
}

fn test(row: &Row<'_>) -> Value {
    let mut test = json!({
        "name": row.name,
        "testId": format!("{} {}", row.suite(), row.name),
        "status": match row.counts {
            Counts::Passed => "passed",
            Counts::Failed => "failed",
            Counts::Skipped | Counts::Known => "skipped",
            Counts::Unknown => "other",
        },
        "rawStatus": row.verdict,
        "duration": row.duration_ms,
        "suite": [row.suite(), chapter(&row.name)],
    });
    if !row.message.is_empty() {
        test["message"] = row.message.as_str().into();
    }
    if let Some(remark) = &row.remark {
        test["extra"] = json!({ "baseline": remark });
    }
    if !row.account.is_empty() {
        test["trace"] = row.account.as_str().into();
    }
    if !row.requirements.is_empty() {
        test["labels"] = json!({ "requirement": row.requirements });
    }
    if let Some(level) = row.level {
        test["tags"] = json!([level.to_string()]);
    }
    test
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
    fn what_the_baseline_bears_is_skipped() {
        let report = sample::listed();
        let (with, without) = (ctrf(&report), ctrf(&sample::report()));
        let count = |of: &Value, what: &str| of["results"]["summary"][what].as_u64().unwrap();
        let known = report.standing(Standing::Known) as u64;
        assert_eq!(count(&with, "skipped"), count(&without, "skipped") + known);
        let remark = with["results"]["tests"].as_array().unwrap().iter().find_map(|test| {
            (test["status"] == "skipped").then(|| test["extra"]["baseline"].as_str()).flatten()
        });
        assert!(remark.unwrap().starts_with("known (bug"), "{remark:?}");
    }

    #[test]
    fn nothing_without_a_verdict_passes() {
        for report in [sample::report(), sample::hostile(), sample::broken_off()] {
            let ctrf = ctrf(&report);
            let tests = ctrf["results"]["tests"].as_array().unwrap();
            for test in tests {
                let passes = test["status"] == "passed";
                assert_eq!(passes, matches!(test["rawStatus"].as_str(), Some("pass" | "warn")));
            }
            let summary = &ctrf["results"]["summary"];
            let sum: u64 = ["passed", "failed", "skipped", "other"]
                .iter()
                .map(|name| summary[name].as_u64().unwrap())
                .sum();
            assert_eq!(sum, tests.len() as u64);
        }
    }
}
