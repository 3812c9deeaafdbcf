//! The diff as one page for a browser: everything is in it, and nothing runs in it.

use askama::Template;

use super::{Change, Class, Diff, text};

#[derive(Template)]
#[template(path = "diff.html")]
struct Page<'a> {
    diff: &'a Diff,
    result: String,
    groups: Vec<Group<'a>>,
}

struct Group<'a> {
    class: Class,
    changes: Vec<&'a Change>,
}

/// Writes the page.
pub fn write(diff: &Diff) -> askama::Result<String> {
    let of = |class| diff.changes.iter().filter(move |change| change.class == class).collect();
    let groups = Class::ALL
        .into_iter()
        .map(|class| Group { class, changes: of(class) })
        .filter(|group: &Group<'_>| !group.changes.is_empty())
        .collect();
    Page { diff, result: text::result(diff), groups }.render()
}

/// What there was, or that there was nothing.
fn value(of: Option<&String>) -> &str {
    of.map_or("(nothing)", String::as_str)
}
