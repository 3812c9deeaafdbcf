//! The JSON report: the model as it stands. Its schema is `schema/report-1.schema.json`.

use std::io;

use schemars::Schema;

use crate::event::RunReport;
use crate::schema_file;

/// Writes the report.
pub fn write(report: &RunReport, mut out: impl io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, report)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The schema of the report.
pub fn schema() -> Schema {
    schema_file::named(schemars::schema_for!(RunReport), "pushspec report", "report")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;
    use crate::event::SCHEMA;
    use crate::report::sample;

    fn written(report: &RunReport) -> Value {
        let mut bytes = Vec::new();
        write(report, &mut bytes).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    fn problems(report: &Value) -> Vec<String> {
        schema_file::tests::problems(&schema(), report)
    }

    #[test]
    fn the_schema_in_the_tree_is_current() {
        schema_file::tests::the_tree_has("report-1.schema.json", &schema());
    }

    #[test]
    fn reports_follow_the_schema() {
        for report in
            [sample::report(), sample::hostile(), sample::broken_off(), RunReport::default()]
        {
            assert_eq!(problems(&written(&report)), Vec::<String>::new());
        }
    }

    #[test]
    fn the_schema_rejects_what_is_no_report() {
        let mut report = written(&sample::report());
        report["cases"][0]["verdict"] = json!("fine");
        assert_eq!(problems(&report).len(), 1);
        let mut report = written(&sample::report());
        report.as_object_mut().unwrap().remove("totals");
        assert_eq!(problems(&report).len(), 1);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let report = sample::report();
        let read: RunReport = serde_json::from_value(written(&report)).unwrap();
        assert_eq!(read, report);
    }

    #[test]
    fn the_top_level_is_as_documented() {
        let report = written(&sample::report());
        assert_eq!(report["schema"], SCHEMA);
        for key in ["tool", "target", "cases", "requirements", "violations", "totals"] {
            assert!(!report[key].is_null(), "{key}");
        }
        let documented = include_str!("../../schema/README.md");
        for key in report.as_object().unwrap().keys() {
            assert!(documented.contains(&format!("`{key}`")), "{key} is not documented");
        }
        for key in report["cases"][0].as_object().unwrap().keys() {
            assert!(documented.contains(&format!("`{key}`")), "{key} is not documented");
        }
    }
}
