#![allow(clippy::unwrap_used)]

use super::*;
use crate::report::sample;

fn page(report: &RunReport) -> String {
    let mut bytes = Vec::new();
    write(report, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn matrix(reports: &[Named]) -> String {
    let mut bytes = Vec::new();
    write_matrix(reports, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn named(name: &str, report: RunReport) -> Named {
    Named { name: name.to_owned(), report }
}

/// The page without its style, its script and its catalogue of requirements.
fn content(page: &str) -> String {
    page.replace(STYLE, "…").replace(SCRIPT, "…")
}

#[test]
fn a_page_shows_every_case() {
    let report = sample::report();
    let page = page(&report);
    for case in &report.cases {
        assert!(page.contains(&format!(">{}</span>", case.id)), "{}", case.id);
    }
    assert_eq!(page.matches("<details class=\"case ").count(), report.cases.len());
    insta::assert_snapshot!(content(&page).split("<section id=\"requirements\"").next().unwrap());
}

#[test]
fn nothing_is_loaded() {
    for page in [page(&sample::report()), matrix(&[named("a", sample::report())])] {
        for attribute in [" src=", "@import", "url(", "<iframe", "<object", "<img"] {
            assert!(!page.contains(attribute), "{attribute}");
        }
        assert!(page.contains("content=\"default-src &#39;none&#39;; "));
        // The only link elements and the only links: the icon, requirements, places in the page.
        assert_eq!(
            page.matches("<link ").count(),
            page.matches("<link rel=\"icon\" href=\"data:,\">").count()
        );
    }
}

#[test]
fn what_a_target_says_never_becomes_markup() {
    let nasty = "</script><script>alert(1)</script><!--<script>\"'><img src=x onerror=alert(1)>&#60;\u{202e}\0";
    let mut report = sample::hostile();
    for case in &mut report.cases {
        nasty.clone_into(&mut case.expected);
        case.found = Some(nasty.to_owned());
        nasty.clone_into(&mut case.endpoint);
        nasty.clone_into(&mut case.id);
        case.requirements = vec![nasty.to_owned()];
        case.observations.insert(nasty.to_owned(), nasty.to_owned());
        nasty.clone_into(&mut case.trace[0].summary);
        nasty.clone_into(&mut case.trace[0].marks[0].note);
    }
    nasty.clone_into(&mut report.target.endpoints[0].url);
    nasty.clone_into(&mut report.tool.version);
    report.target.endpoints[0].unreachable = Some(nasty.to_owned());
    for page in [page(&report), matrix(&[named(nasty, report.clone()), named("b", report.clone())])]
    {
        let content = content(&page);
        assert!(!content.contains("alert(1)</script>"));
        assert!(!content.contains("<img"));
        assert!(!content.contains("<!--"));
        assert!(!page.contains('\0') && !page.contains('\u{202e}'));
        let scripts = content.matches("<script").count();
        let traces = content.matches("<script type=\"application/json\">").count();
        assert_eq!(scripts, traces + 1, "only ours");
        assert_eq!(scripts, content.matches("</script>").count());
    }
}

#[test]
fn traces_are_json() {
    let page = page(&sample::report());
    let mut blocks = page.split("<script type=\"application/json\">").skip(1);
    let mut entries = 0;
    blocks.by_ref().for_each(|block| {
        let json: serde_json::Value =
            serde_json::from_str(block.split("</script>").next().unwrap()).unwrap();
        entries += json.as_array().unwrap().len();
    });
    let recorded: usize = sample::report().cases.iter().map(|case| case.trace.len()).sum();
    assert_eq!(entries, recorded);
}

#[test]
fn a_matrix_says_where_targets_differ() {
    let before = sample::report();
    let mut after = before.clone();
    after.cases.retain(|case| case.id != "sse/stream/quiet");
    let page = matrix(&[named("before", before.clone()), named("after", after)]);
    assert_eq!(page.matches(" data-differs>").count(), 1);
    assert!(page.contains("title=\"after: not run\""));
    assert_eq!(page.matches("<details class=\"case row\"").count(), before.cases.len());
    let alike = matrix(&[named("a", before.clone()), named("b", before)]);
    assert_eq!(alike.matches(" data-differs>").count(), 0);
}

#[test]
fn what_the_baseline_bears_is_known_in_a_matrix() {
    let listed = sample::listed();
    let known = listed.cases.iter().filter(|case| case.is_known()).count();
    assert!(known > 0);
    let page = matrix(&[named("listed", listed), named("raw", sample::report())]);
    assert_eq!(page.matches("title=\"listed: KNOWN\"").count(), known);
    assert!(!page.contains("title=\"raw: KNOWN\""));
    assert!(page.contains("<dt>baseline</dt><dd>known (bug"), "and why");
}

#[test]
fn every_requirement_of_a_tested_protocol_has_its_cell() {
    let page = page(&sample::report());
    let tested = sample::report().cases.iter().map(|case| case.protocol).collect::<Vec<_>>();
    for requirement in crate::requirement::Catalogue::embedded() {
        let cell =
            format!("data-id=\"{}\" data-protocol=\"{}\"", requirement.id, requirement.protocol);
        assert_eq!(page.contains(&cell), tested.contains(&requirement.protocol), "{cell}");
    }
}
