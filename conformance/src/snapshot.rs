//! A report as plain text in which nothing differs from run to run: kept under version control, its
//! differences can be reviewed.

use std::fmt::Write as _;

use crate::baseline::{as_case, signature, steady};
use crate::event::{CaseReport, Endpoint, RunReport};
use crate::requirement::Protocol;

/// Writes the snapshot.
pub fn write(report: &RunReport) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# pushspec snapshot 1");
    let _ = writeln!(out, "suite {}", report.tool.version);
    let _ = writeln!(out, "selection {}", report.scope);
    if let Some(why) = &report.interrupted {
        let _ = writeln!(out, "ended early: {}", steady(why));
    }
    for end in &report.target.ended {
        let _ = writeln!(out, "the target ended: {}", end.how);
    }
    for (at, endpoint) in report.target.endpoints.iter().enumerate() {
        let _ = writeln!(out, "\n== endpoint {}: {}", at + 1, steady(&endpoint.title()));
        if let Some(reason) = &endpoint.unreachable {
            let _ = writeln!(out, "not tested: {}", steady(reason));
        }
        for &protocol in &endpoint.protocols {
            of_protocol(&mut out, report, endpoint, protocol);
        }
        // Protocols that the endpoint does not speak are reported as not applicable.
        for protocol in Protocol::ALL.into_iter().filter(|p| !endpoint.protocols.contains(p)) {
            cases(&mut out, report, endpoint, protocol);
        }
    }
    let totals = &report.totals;
    let _ = writeln!(
        out,
        "\npass {}, fail {}, warn {}, not-applicable {}, inconclusive {}, error {}",
        totals.pass,
        totals.fail,
        totals.warn,
        totals.not_applicable,
        totals.inconclusive,
        totals.error
    );
    out
}

fn of_protocol(out: &mut String, report: &RunReport, endpoint: &Endpoint, protocol: Protocol) {
    let _ = writeln!(out, "\n-- {}", protocol.title());
    for (name, value) in endpoint.capabilities.get(protocol.name()).into_iter().flatten() {
        let _ = writeln!(out, "offers {name}: {}", steady(value));
    }
    cases(out, report, endpoint, protocol);
}

fn cases(out: &mut String, report: &RunReport, endpoint: &Endpoint, protocol: Protocol) {
    let seen: Vec<CaseReport> = report.violations.iter().map(as_case).collect();
    let here = |case: &&CaseReport| case.endpoint == endpoint.url && case.protocol == protocol;
    for case in report.cases.iter().chain(&seen).filter(here) {
        let _ = writeln!(out, "{:<14}  {}", case.verdict.name(), case.id);
        if case.found.is_some() || !case.advice.is_empty() {
            let _ = writeln!(out, "    {}", signature(case));
        }
        for (what, value) in &case.observations {
            let _ = writeln!(out, "    {what}: {}", steady(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn it_reads_well() {
        insta::assert_snapshot!(write(&sample::report()));
    }

    #[test]
    fn times_ports_and_order_of_endpoints_in_time_do_not_show() {
        let report = sample::report();
        let mut later = report.clone();
        later.duration_ms += 1;
        later.cases.iter_mut().for_each(|case| case.duration_ms += 7);
        assert_eq!(write(&later), write(&report));
    }
}
