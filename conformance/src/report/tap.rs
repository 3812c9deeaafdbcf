//! The report in the Test Anything Protocol, version 14.
//!
//! What has no verdict is `not ok`; what does not apply is `ok … # SKIP` with its reason; a departure
//! that the baseline bears is `not ok … # TODO`, which fails nothing. Expected,
//! found and the trace are in the YAML block below.

use std::io;

use crate::event::RunReport;

use super::rows::{Counts, Row, rows};

/// Writes the report.
pub fn write(report: &RunReport, mut out: impl io::Write) -> io::Result<()> {
    let rows = rows(report);
    writeln!(out, "TAP version 14\n1..{}", rows.len())?;
    for (at, row) in rows.iter().enumerate() {
        test_point(at + 1, row, &mut out)?;
    }
    out.flush()
}

fn test_point(number: usize, row: &Row<'_>, out: &mut impl io::Write) -> io::Result<()> {
    let ok = match row.counts {
        Counts::Passed | Counts::Skipped => "ok",
        Counts::Failed | Counts::Unknown | Counts::Known => "not ok",
    };
    write!(out, "{ok} {number} - {} ({})", escaped(&row.name), escaped(&row.suite()))?;
    if row.counts == Counts::Skipped {
        write!(out, " # SKIP {}", escaped(&row.message))?;
    }
    if row.counts == Counts::Known {
        write!(out, " # TODO {}", escaped(row.remark.as_deref().unwrap_or_default()))?;
    }
    writeln!(out)?;
    if row.account.is_empty() {
        return Ok(());
    }
    writeln!(out, "  ---")?;
    yaml(out, "verdict", row.verdict)?;
    if let Some(level) = row.level {
        yaml(out, "level", &level.to_string())?;
    }
    if !row.requirements.is_empty() {
        yaml(out, "requirements", &row.requirements.join(" "))?;
    }
    if let Some(case) = row.case {
        yaml(out, "expected", &case.expected)?;
    }
    yaml(out, "found", &row.message)?;
    if let Some(remark) = &row.remark {
        yaml(out, "baseline", remark)?;
    }
    writeln!(out, "  account: |2")?;
    for line in row.account.lines() {
        writeln!(out, "{}", format!("    {line}").trim_end())?;
    }
    writeln!(out, "  ...")
}

/// A string of YAML 1.2 in double quotes, which a string of JSON is too.
fn yaml(out: &mut impl io::Write, key: &str, text: &str) -> io::Result<()> {
    writeln!(out, "  {key}: {}", serde_json::to_string(&super::rows::plain(text))?)
}

/// `#` would begin a directive.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('#', r"\#").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::listed::Standing;
    use crate::report::sample;

    fn written(report: &RunReport) -> String {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn reads_well() {
        insta::assert_snapshot!(written(&sample::report()));
    }

    #[test]
    fn what_the_baseline_bears_is_to_do() {
        let tap = written(&sample::listed());
        let todo = r"# TODO known (bug, https://example.org/2211): it is \#known & <borne>";
        let known = sample::listed().standing(Standing::Known);
        let borne = |line: &&str| line.starts_with("not ok ") && line.ends_with(todo);
        assert_eq!(tap.lines().filter(borne).count(), known);
    }

    #[test]
    fn what_has_no_verdict_is_not_ok() {
        let tap = written(&sample::broken_off());
        assert_eq!(tap.lines().filter(|line| line.starts_with("not ok")).count(), 3, "{tap}");
        let report = sample::report();
        let bad = report.totals.fail + report.totals.error + report.totals.inconclusive;
        let tap = written(&report);
        let told = tap.lines().filter(|line| line.starts_with("not ok")).count();
        assert_eq!(told, bad + report.violations.len());
    }

    #[test]
    fn a_hostile_target_adds_no_line_of_its_own() {
        let report = sample::hostile();
        let tap = written(&report);
        let points =
            tap.lines().filter(|line| line.starts_with("ok") || line.starts_with("not ok"));
        assert_eq!(points.count(), report.cases.len() + 1);
    }
}
