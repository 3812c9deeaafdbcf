//! The catalogue: one row per normative statement, per spec version, embedded from
//! `requirements/*.tsv`.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::LazyLock;

use serde::{Serialize, Serializer};

use super::{Level, Protocol};

/// The data files, in the order of the catalogue.
const FILES: [&str; 5] = [
    include_str!("../../requirements/mqtt31.tsv"),
    include_str!("../../requirements/mqtt311.tsv"),
    include_str!("../../requirements/mqtt5.tsv"),
    include_str!("../../requirements/mqtt-extra.tsv"),
    include_str!("../../requirements/sse.tsv"),
];
const SECTIONS: &str = include_str!("../../requirements/sections.tsv");

/// One normative statement of one specification.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Requirement {
    /// Whose requirement.
    pub protocol: Protocol,
    /// Its id: the specification's own where it numbers its statements.
    pub id: &'static str,
    /// The number of its section; `-` where the text has none.
    pub section: &'static str,
    /// The title of that section.
    pub section_title: &'static str,
    /// How strongly it binds, in the specification's own words.
    pub level: Strength,
    /// Who is bound: client, server, sender, receiver or both.
    pub bound: &'static str,
    /// The main way to test it: server, client, codec, both, or untestable.
    pub testability: &'static str,
    /// Further ways to test it.
    pub also: Vec<&'static str>,
    /// What a test of it needs: a capability, a configuration, a wait.
    pub needs: Vec<&'static str>,
    /// The statement, in our words.
    pub text: &'static str,
    /// How it can be tested; empty where it cannot.
    pub probe: &'static str,
    /// Doubts, errata, and what to mind when judging.
    pub note: &'static str,
    link: String,
}

impl Requirement {
    /// A link to the section that says it.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// Whether it can be tested by watching a server.
    pub fn testable_at_a_server(&self) -> bool {
        let at_a_server = |way: &str| matches!(way, "server" | "both");
        at_a_server(self.testability) || self.also.iter().copied().any(at_a_server)
    }

    /// The section as a reader cites it: `MQTT 5.0 §3.3.1.3 RETAIN`.
    pub fn place(&self) -> String {
        let spec = self.protocol.specification();
        let Self { section, section_title, .. } = self;
        if section.starts_with(|c: char| c.is_ascii_digit()) {
            format!("{spec} §{section} {section_title}")
        } else if section.len() == 1 && *section != "-" {
            format!("{spec} appendix {section} {section_title}")
        } else if *section == "-" {
            format!("{spec}: {}", section_title.to_lowercase())
        } else if *section == "IANA" {
            format!("{spec}: {section_title}")
        } else {
            format!("{section} {section_title}")
        }
    }
}

/// How strongly a statement binds, as its specification words it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Strength {
    /// An obligation.
    Must,
    /// A prohibition.
    MustNot,
    /// Follows from obligations of the text.
    Derived,
    /// A recommendation.
    Should,
    /// A recommendation against.
    ShouldNot,
    /// A note or registration text, weaker than a recommendation of RFC 2119.
    Note,
    /// Advice to authors.
    Advice,
    /// A permission, or something left open.
    May,
    /// A fact that a test has to know.
    Fact,
}

impl Strength {
    const WORDS: [(&'static str, Self); 9] = [
        ("MUST", Self::Must),
        ("MUST NOT", Self::MustNot),
        ("DER", Self::Derived),
        ("SHOULD", Self::Should),
        ("SHOULD NOT", Self::ShouldNot),
        ("NOTE", Self::Note),
        ("ADVICE", Self::Advice),
        ("MAY", Self::May),
        ("FACT", Self::Fact),
    ];

    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, strength)| strength)
    }

    /// The gravest level at which a breach can be counted.
    pub const fn level(self) -> Level {
        match self {
            Self::Must | Self::MustNot | Self::Derived => Level::Must,
            Self::Should | Self::ShouldNot | Self::Note => Level::Should,
            Self::Advice => Level::Advice,
            Self::May | Self::Fact => Level::May,
        }
    }

    /// The word for a reader.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Derived => "MUST (derived)",
            Self::Should => "SHOULD",
            Self::ShouldNot => "SHOULD NOT",
            Self::Note => "NOTE",
            Self::Advice => "ADVICE",
            Self::May => "MAY",
            Self::Fact => "FACT",
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Strength {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// All requirements, in the order of protocols and sections.
#[derive(Debug)]
pub struct Catalogue {
    rows: Vec<Requirement>,
    index: HashMap<(Protocol, &'static str), usize>,
}

impl Catalogue {
    /// The catalogue that is built in.
    pub fn embedded() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
            // That every row parses is tested below; a run should not end over one that does not.
            let mut rows: Vec<_> = rows().filter_map(Result::ok).collect();
            rows.sort_by_key(|row| row.protocol);
            let index =
                rows.iter().enumerate().map(|(at, row)| ((row.protocol, row.id), at)).collect();
            Catalogue { rows, index }
        });
        &CATALOGUE
    }

    /// The requirement of that protocol and id, as the catalogue writes it.
    pub fn get(&self, protocol: Protocol, id: &str) -> Option<&Requirement> {
        self.index.get(&(protocol, id)).map(|&at| &self.rows[at])
    }

    /// The requirements of that id in all protocols, whatever its case; ids repeat between versions
    /// with different meanings.
    pub fn find(&self, id: &str) -> Vec<&Requirement> {
        let id = id.trim().trim_start_matches('[').trim_end_matches(']');
        self.iter().filter(|row| row.id.eq_ignore_ascii_case(id)).collect()
    }

    /// The gravest level at which a breach of these requirements can be counted: a case that judges
    /// a MUST of one version may cite no more than a SHOULD in another. `None` where none of them is
    /// in the catalogue.
    pub fn gravest<'a>(
        &self,
        protocol: Protocol,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Option<Level> {
        ids.into_iter().filter_map(|id| self.get(protocol, id)).map(|row| row.level.level()).min()
    }

    /// All requirements.
    pub fn iter(&self) -> std::slice::Iter<'_, Requirement> {
        self.rows.iter()
    }
}

impl<'a> IntoIterator for &'a Catalogue {
    type Item = &'a Requirement;
    type IntoIter = std::slice::Iter<'a, Requirement>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A row of the data files is not as it should be.
#[derive(Debug, thiserror::Error)]
enum BadRow {
    #[error("expected {expected} columns: {line}")]
    Columns { expected: usize, line: &'static str },
    #[error(transparent)]
    Protocol(#[from] super::UnknownProtocol),
    #[error("no level: {0}")]
    Level(&'static str),
    #[error("{id}: section {section} of {protocol} is not in sections.tsv")]
    Section { id: &'static str, section: &'static str, protocol: Protocol },
}

struct Section {
    title: &'static str,
    link: &'static str,
}

fn sections() -> BTreeMap<(&'static str, &'static str), Section> {
    SECTIONS
        .lines()
        .skip(1)
        .filter_map(columns::<4>)
        .map(|[protocol, section, title, link]| ((protocol, section), Section { title, link }))
        .collect()
}

fn rows() -> impl Iterator<Item = Result<Requirement, BadRow>> {
    let sections = sections();
    FILES.into_iter().flat_map(|file| file.lines().skip(1)).map(move |line| {
        let [protocol_name, id, section, level, bound, testability, also, needs, text, probe, note] =
            columns(line).ok_or(BadRow::Columns { expected: 11, line })?;
        let protocol: Protocol = protocol_name.parse()?;
        let place = sections
            .get(&(protocol_name, section))
            .ok_or(BadRow::Section { id, section, protocol })?;
        Ok(Requirement {
            protocol,
            id,
            section,
            section_title: place.title,
            level: Strength::from_word(level).ok_or(BadRow::Level(line))?,
            bound,
            testability,
            also: list(also),
            needs: list(needs),
            text,
            probe,
            note,
            link: link(protocol, place.link),
        })
    })
}

fn columns<const N: usize>(line: &'static str) -> Option<[&'static str; N]> {
    line.split('\t').collect::<Vec<_>>().try_into().ok()
}

fn list(text: &'static str) -> Vec<&'static str> {
    text.split(',').filter(|item| !item.is_empty()).collect()
}

fn link(protocol: Protocol, part: &str) -> String {
    if part.starts_with("https:") {
        return part.to_owned();
    }
    let document = match protocol {
        Protocol::Mqtt31 => {
            "https://public.dhe.ibm.com/software/dw/webservices/ws-mqtt/mqtt-v3r1.html"
        }
        Protocol::Mqtt311 => "https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html",
        Protocol::Mqtt5 => "https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html",
        Protocol::Sse => "https://html.spec.whatwg.org/multipage/server-sent-events.html",
    };
    format!("{document}{part}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    fn count(belongs: impl Fn(&Requirement) -> bool) -> usize {
        Catalogue::embedded().iter().filter(|row| belongs(row)).count()
    }

    #[test]
    fn every_row_parses() {
        let bad: Vec<String> =
            rows().filter_map(Result::err).map(|error| error.to_string()).collect();
        assert_eq!(bad, Vec::<String>::new());
        let lines: usize = FILES.iter().map(|file| file.lines().count() - 1).sum();
        assert_eq!(Catalogue::embedded().iter().count(), lines);
    }

    #[test]
    fn all_statements_of_the_specifications_are_there() {
        let numbered = |row: &Requirement| row.id.starts_with("MQTT-");
        assert_eq!(count(|row| row.protocol == Protocol::Mqtt5 && numbered(row)), 251);
        assert_eq!(count(|row| row.protocol == Protocol::Mqtt311 && numbered(row)), 141);
        // 114 of the HTML standard, 7 of the layers below, 5 traps of its letter.
        let beside = |row: &Requirement| row.id.starts_with("SSE-Q") || row.id.starts_with("SSE-R");
        assert_eq!(count(|row| row.protocol == Protocol::Sse && !beside(row)), 114);
        assert_eq!(count(|row| row.protocol == Protocol::Sse && beside(row)), 12);
        assert_eq!(count(|row| row.id.starts_with("RC")), 98);
        assert_eq!(count(|row| row.id.starts_with("X5-")), 39 + 26 + 41);
        assert_eq!(count(|row| row.id.starts_with("X311-")), 18 + 4 + 3);
    }

    #[test]
    fn mqtt_31_is_numbered_without_gaps() {
        let ids: Vec<&str> = Catalogue::embedded()
            .iter()
            .filter(|row| row.protocol == Protocol::Mqtt31)
            .map(|row| row.id)
            .collect();
        let expected: Vec<String> = (1..=ids.len()).map(|n| format!("X31-{n:02}")).collect();
        assert_eq!(ids, expected);
        assert!(ids.len() >= 38);
    }

    #[test]
    fn ids_are_unique_within_a_protocol() {
        let mut seen = BTreeSet::new();
        for row in Catalogue::embedded() {
            assert!(
                seen.insert((row.protocol, row.id)),
                "{} {} is there twice",
                row.protocol,
                row.id
            );
        }
    }

    #[test]
    fn fields_are_filled() {
        for row in Catalogue::embedded() {
            let id = row.id;
            assert!(!row.section.is_empty() && !row.section_title.is_empty(), "{id}: section");
            assert!(row.text.ends_with('.') && row.text.len() > 15, "{id}: {}", row.text);
            assert!(
                row.probe.ends_with('.')
                    || (row.probe.is_empty() && row.testability == "untestable"),
                "{id}: probe"
            );
            assert!(row.note.is_empty() || row.note.ends_with('.'), "{id}: {}", row.note);
            assert!(
                ["client", "server", "sender", "receiver", "both"].contains(&row.bound),
                "{id}: {}",
                row.bound
            );
            let ways = ["server", "client", "codec", "both", "untestable"];
            assert!(ways.contains(&row.testability), "{id}: {}", row.testability);
            assert!(row.also.iter().all(|way| ways.contains(way)), "{id}: {:?}", row.also);
            assert!(row.link().starts_with("https://"), "{id}: {}", row.link());
        }
    }

    #[test]
    fn every_section_is_used() {
        let used: BTreeSet<(&str, &str)> =
            Catalogue::embedded().iter().map(|row| (row.protocol.name(), row.section)).collect();
        let unused: Vec<_> =
            sections().into_keys().filter(|section| !used.contains(section)).collect();
        assert_eq!(unused, Vec::<(&str, &str)>::new());
    }

    #[test]
    fn an_id_means_something_else_in_each_version() {
        let found = Catalogue::embedded().find("[mqtt-3.3.1-8]");
        let protocols: Vec<_> = found.iter().map(|row| row.protocol).collect();
        assert_eq!(protocols, [Protocol::Mqtt311, Protocol::Mqtt5]);
        assert_ne!(found[0].text, found[1].text);
        assert_eq!(Catalogue::embedded().get(Protocol::Mqtt31, "MQTT-3.3.1-8"), None);
    }

    #[test]
    fn a_breach_weighs_as_much_as_the_version_says() {
        let gravest =
            |protocol, ids: &[&str]| Catalogue::embedded().gravest(protocol, ids.iter().copied());
        assert_eq!(gravest(Protocol::Mqtt5, &["MQTT-3.3.1-1"]), Some(Level::Must));
        assert_eq!(gravest(Protocol::Mqtt31, &["X31-27"]), Some(Level::Should));
        assert_eq!(gravest(Protocol::Mqtt31, &["X31-27", "X31-21"]), Some(Level::Must));
        assert_eq!(gravest(Protocol::Mqtt31, &["MQTT-3.3.1-1"]), None);
    }

    #[test]
    fn links_point_at_the_section() {
        let link = |protocol, id| Catalogue::embedded().get(protocol, id).unwrap().link();
        assert_eq!(
            link(Protocol::Mqtt5, "MQTT-4.7.2-1"),
            "https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901246"
        );
        assert_eq!(
            link(Protocol::Mqtt311, "MQTT-4.4.0-1"),
            "https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html#_Toc398718103"
        );
        assert_eq!(
            link(Protocol::Sse, "SSE-C3"),
            "https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation"
        );
        assert_eq!(
            link(Protocol::Mqtt31, "X31-21"),
            "https://public.dhe.ibm.com/software/dw/webservices/ws-mqtt/mqtt-v3r1.html#connect"
        );
    }

    #[test]
    fn places_read_well() {
        let place = |protocol, id| Catalogue::embedded().get(protocol, id).unwrap().place();
        assert_eq!(place(Protocol::Mqtt311, "MQTT-3.3.1-8"), "MQTT 3.1.1 §3.3.1 Fixed header");
        assert_eq!(place(Protocol::Mqtt31, "X31-32"), "MQTT 3.1 appendix A Topic wildcards");
        assert_eq!(place(Protocol::Mqtt31, "X31-20"), "MQTT 3.1: not in the text");
        assert_eq!(place(Protocol::Sse, "SSE-C3"), "HTML §9.2.6 Interpreting an event stream");
        assert_eq!(place(Protocol::Sse, "SSE-P2"), "HTML: Registration of text/event-stream");
        assert_eq!(place(Protocol::Sse, "SSE-Q1"), "RFC 9112 6 HTTP/1.1: message body");
    }
}
