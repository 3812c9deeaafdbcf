//! Rows of bytes on the left and what they are on the right.

use std::iter::repeat_n;

use crate::report::text::{Look, Paint, wrap};

/// Columns of the offset in front.
const OFFSET: usize = 7;
/// Between bytes and words.
const GAP: usize = 2;

/// Writes rows for one output.
#[derive(Debug)]
pub(super) struct Rows {
    look: Look,
    out: String,
}

impl Rows {
    pub(super) const fn new(look: Look) -> Self {
        Self { look, out: String::new() }
    }

    pub(super) const fn look(&self) -> Look {
        self.look
    }

    /// Columns for the bytes: as many as leave the words the larger part.
    pub(super) const fn bytes_width(&self) -> usize {
        if self.look.width >= 100 { 35 } else { 23 }
    }

    const fn margin(&self) -> usize {
        OFFSET + GAP + self.bytes_width() + GAP
    }

    /// A line over the whole width.
    pub(super) fn title(&mut self, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.line(Paint::Strong, text);
    }

    /// Lines over the whole width.
    pub(super) fn line(&mut self, paint: Paint, text: &str) {
        for line in wrap(text, self.look.width) {
            self.out += &self.look.paint(paint, line).to_string();
            self.out.push('\n');
        }
    }

    /// The bytes in as many lines as they need, beside them the words. What both come from has to be
    /// visible text already.
    pub(super) fn row(
        &mut self,
        offset: usize,
        bytes: &[String],
        words: &str,
        paint: Option<Paint>,
    ) {
        let room = self.look.width.saturating_sub(self.margin());
        let words = fold(words, room);
        for at in 0..bytes.len().max(words.len()) {
            let place = if at == 0 { offset.to_string() } else { String::new() };
            let bytes = bytes.get(at).map_or("", String::as_str);
            let words = words.get(at).map_or("", String::as_str);
            let width = self.bytes_width();
            let left = format!("{place:>OFFSET$}  {bytes:<width$}");
            let line = match paint {
                Some(paint) => {
                    format!("{}  {}", self.look.paint(paint, left), self.look.paint(paint, words))
                }
                None => format!("{left}  {words}"),
            };
            self.out += line.trim_end();
            self.out.push('\n');
        }
    }

    /// Words that belong to the row before.
    pub(super) fn below(&mut self, paint: Paint, words: &str) {
        let margin = self.margin();
        for line in wrap(words, self.look.width.saturating_sub(margin)) {
            self.out.extend(repeat_n(' ', margin));
            self.out += &self.look.paint(paint, line).to_string();
            self.out.push('\n');
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// The text in lines of at most `width` columns, cut at blanks where there are some. Unlike prose it
/// keeps its blanks: they may be what a field holds.
fn fold(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest: Vec<char> = text.chars().collect();
    while rest.len() > width {
        let blank = rest[..=width].iter().rposition(|character| *character == ' ');
        let end = blank.filter(|blank| *blank > width / 2).unwrap_or(width);
        lines.push(rest.drain(..end).collect());
        if rest.first() == Some(&' ') {
            rest.remove(0);
        }
    }
    lines.push(rest.into_iter().collect());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_blanks() {
        assert_eq!(fold("  a  b", 10), ["  a  b"]);
        assert_eq!(fold("one two three", 8), ["one two", "three"]);
        assert_eq!(fold("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(fold("", 4), [""]);
    }
}
