//! The page that shows several reports side by side: cases down, targets across.

use std::collections::BTreeMap;

use askama::Template;

use crate::event::{CaseReport, RunReport, Verdict};
use crate::report::exit::{ExitStatus, plural};
use crate::report::rows::{chapter, plain};
use crate::requirement::Protocol;

use super::case::{CaseView, RequirementView, anchor, requirements, shown};
use super::{Frame, KNOWN, Tile, distinct, tiles, tone};

/// A report with the name of what it is about.
#[derive(Clone, Debug)]
pub struct Named {
    /// What it is called, such as the name of its file.
    pub name: String,
    /// The report.
    pub report: RunReport,
}

#[derive(Template)]
#[template(path = "matrix.html")]
pub(super) struct Page {
    frame: Frame,
    tiles: Vec<Tile>,
    protocols: Vec<(&'static str, &'static str)>,
    chapters: Vec<String>,
    targets: Vec<TargetView>,
    differing: usize,
    groups: Vec<Group>,
}

struct TargetView {
    letter: String,
    name: String,
    about: String,
    tone: &'static str,
    verdict: &'static str,
    counts: [usize; 7],
}

struct Group {
    title: &'static str,
    rows: Vec<Row>,
}

/// One case in one protocol.
struct Row {
    anchor: String,
    id: String,
    protocol: &'static str,
    title: &'static str,
    chapter: String,
    level: String,
    /// Names of the verdicts that it came to, for the filter.
    verdicts: String,
    differs: bool,
    requirements: Vec<RequirementView>,
    expected: String,
    cells: Vec<Cell>,
    cases: Vec<OfTarget>,
}

struct Cell {
    letter: String,
    target: String,
    verdict: &'static str,
    word: &'static str,
}

/// A case at one target. Derefs to what all pages show of a case.
struct OfTarget {
    letter: String,
    target: String,
    view: CaseView,
}

impl std::ops::Deref for OfTarget {
    type Target = CaseView;

    fn deref(&self) -> &CaseView {
        &self.view
    }
}

/// The reports' cases by protocol and id, each with the number of its report.
type Rows<'a> = BTreeMap<(Protocol, &'a str), Vec<(usize, &'a CaseReport)>>;

impl Page {
    pub(super) fn new(reports: &[Named]) -> Self {
        let mut rows = Rows::new();
        for (at, named) in reports.iter().enumerate() {
            for case in &named.report.cases {
                rows.entry((case.protocol, &case.id)).or_default().push((at, case));
            }
        }
        let rows: Vec<(Protocol, Row)> = rows
            .into_iter()
            .map(|((protocol, id), cases)| (protocol, row(reports, protocol, id, &cases)))
            .collect();
        let with = |name: &str| {
            rows.iter().filter(|(_, row)| row.verdicts.split(' ').any(|one| one == name)).count()
        };
        let tiles = tiles(|verdict| with(verdict.name()), with(KNOWN.0));
        let differing = rows.iter().filter(|(_, row)| row.differs).count();
        let cases = rows.len();
        let chapters = distinct(rows.iter().map(|(_, row)| row.chapter.clone()));
        let protocols = distinct(rows.iter().map(|(_, row)| (row.protocol, row.title)));
        let mut groups: Vec<Group> = Vec::new();
        for (protocol, row) in rows {
            match groups.last_mut() {
                Some(group) if group.title == protocol.title() => group.rows.push(row),
                _ => groups.push(Group { title: protocol.title(), rows: vec![row] }),
            }
        }
        Self {
            frame: Frame::new(
                &plural(reports.len(), "target"),
                format!("{} side by side, {differing} in which they differ", plural(cases, "case")),
                "",
                concat!("pushspec ", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
            tiles,
            protocols,
            chapters,
            targets: reports.iter().enumerate().map(|(at, named)| target(at, named)).collect(),
            differing,
            groups,
        }
    }
}

fn target(at: usize, named: &Named) -> TargetView {
    let Named { name, report } = named;
    let status = ExitStatus::of(report);
    let mut about: Vec<String> =
        report.target.endpoints.iter().map(|endpoint| plain(&endpoint.url)).collect();
    about.push(plain(&status.reason(report)));
    let known = report.cases.iter().filter(|case| case.is_known()).count();
    let [pass, fail, warn, inconclusive, error, not_applicable] = [
        Verdict::Pass,
        Verdict::Fail,
        Verdict::Warn,
        Verdict::Inconclusive,
        Verdict::Error,
        Verdict::NotApplicable,
    ]
    .map(|verdict| report.open(verdict));
    TargetView {
        letter: letter(at),
        name: plain(name),
        about: about.join(" · "),
        tone: tone(report),
        verdict: status.verdict(report),
        counts: [pass, fail, warn, inconclusive, error, known, not_applicable],
    }
}

fn row(reports: &[Named], protocol: Protocol, id: &str, cases: &[(usize, &CaseReport)]) -> Row {
    // Of several endpoints of one target the gravest counts.
    let of = |at: usize| {
        let here = cases.iter().filter(|(of, _)| *of == at).map(|(_, case)| *case);
        here.min_by_key(|case| case.gravity()).map(shown)
    };
    let all: Vec<Option<(&str, &str)>> = (0..reports.len()).map(of).collect();
    let first = cases.first().map(|(_, case)| *case);
    let names = distinct(all.iter().flatten().map(|(name, _)| *name));
    Row {
        anchor: anchor(protocol, id),
        id: plain(id),
        protocol: protocol.name(),
        title: protocol.title(),
        chapter: plain(chapter(id)),
        level: first.map(|case| case.level.to_string()).unwrap_or_default(),
        verdicts: names.join(" "),
        differs: all.windows(2).any(|pair| pair[0] != pair[1]),
        requirements: first.map(requirements).unwrap_or_default(),
        expected: first.map(|case| plain(&case.expected)).unwrap_or_default(),
        cells: all
            .iter()
            .enumerate()
            .map(|(at, shown)| {
                let (verdict, word) = shown.unwrap_or(("absent", "not run"));
                Cell { letter: letter(at), target: plain(&reports[at].name), verdict, word }
            })
            .collect(),
        cases: cases
            .iter()
            .map(|(at, case)| OfTarget {
                letter: letter(*at),
                target: plain(&format!("{} ({})", reports[*at].name, case.endpoint)),
                view: CaseView::new(&reports[*at].report.target, case, String::new(), None),
            })
            .collect(),
    }
}

/// A, B, … Z, 27, 28, …
fn letter(at: usize) -> String {
    match u8::try_from(at) {
        Ok(at @ 0..26) => char::from(b'A' + at).to_string(),
        _ => (at + 1).to_string(),
    }
}
