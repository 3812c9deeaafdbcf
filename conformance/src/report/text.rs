//! Text for people: colours, wrapping, clipping, and making what a target said harmless to print.

use std::fmt;

use anstyle::{AnsiColor, Style};

/// What the output can show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Columns.
    pub width: usize,
    /// ANSI colours.
    pub colour: bool,
    /// Characters beyond ASCII.
    pub unicode: bool,
}

impl Default for Look {
    /// What any output can show.
    fn default() -> Self {
        Self { width: 80, colour: false, unicode: false }
    }
}

impl Look {
    /// The look for an output, given whether it is a terminal and the environment.
    pub fn detect(is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let forced =
            variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
        let dumb = variable("TERM").as_deref() == Some("dumb");
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .filter_map(&variable)
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_ascii_lowercase();
        let width = variable("COLUMNS").and_then(|columns| columns.parse().ok());
        Self {
            width: width.unwrap_or(if is_terminal { 80 } else { 100 }).clamp(60, 200),
            colour: !set("NO_COLOR") && ((is_terminal && !dumb) || forced),
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
        }
    }

    /// The text in a style, if there are colours.
    pub fn paint<T: fmt::Display>(self, paint: Paint, text: T) -> Painted<T> {
        Painted { style: self.colour.then(|| paint.style()), text }
    }

    /// The one that can be shown.
    pub const fn pick(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// A line across.
    pub fn rule(self) -> String {
        self.pick("─", "-").repeat(self.width)
    }

    /// The text with everything made visible that could do something to a terminal: controls and
    /// characters that turn the direction of text; all beyond ASCII where it cannot be shown.
    pub fn visible(self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                ' '..='~' => shown.push(character),
                '\n' => shown.push_str("\\n"),
                '\r' => shown.push_str("\\r"),
                '\t' => shown.push_str("\\t"),
                _ if character.is_control() || turns(character) || !self.unicode => {
                    shown.extend(character.escape_unicode());
                }
                _ => shown.push(character),
            }
        }
        shown
    }

    /// The text cut to `width` columns.
    pub fn clip(self, text: &str, width: usize) -> String {
        if text.chars().count() <= width {
            return text.to_owned();
        }
        let mark = self.pick("…", "...");
        let kept = width.saturating_sub(mark.chars().count());
        let mut clipped: String = text.chars().take(kept).collect();
        clipped.push_str(mark);
        clipped
    }
}

/// Characters that reorder or hide what surrounds them, and those that XML cannot hold.
const fn turns(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// What a colour stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paint {
    /// Broken obligations.
    Bad,
    /// Recommendations not followed, cases without verdict.
    Doubtful,
    /// What holds.
    Good,
    /// Names.
    Strong,
    /// What can be passed over.
    Faint,
}

impl Paint {
    const fn style(self) -> Style {
        match self {
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Doubtful => AnsiColor::Yellow.on_default().bold(),
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

/// Text with or without a style. Width and alignment apply to the text alone.
#[derive(Debug)]
pub struct Painted<T> {
    style: Option<Style>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            None => self.text.fmt(f),
            Some(style) => {
                write!(f, "{style}")?;
                self.text.fmt(f)?;
                write!(f, "{style:#}")
            }
        }
    }
}

/// The words of the text in lines of at most `width` columns; longer words are cut.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + word.len() > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        while word.len() > width {
            lines.push(word.drain(..width).collect());
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        used += word.len();
        line.extend(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The text wrapped behind a label, so that all its lines stand in one column.
pub fn hang(out: &mut String, label: &str, text: &str, width: usize) {
    let margin = label.chars().count();
    for (at, line) in wrap(text, width.saturating_sub(margin)).into_iter().enumerate() {
        if at == 0 {
            out.push_str(label);
        } else {
            out.extend(std::iter::repeat_n(' ', margin));
        }
        out.push_str(&line);
        // A label without a text leaves no blanks behind.
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Look = Look { width: 80, colour: false, unicode: true };

    #[test]
    fn what_a_target_says_cannot_steer_the_terminal() {
        assert_eq!(PLAIN.visible("a\x1b[2Jb\r\n\0"), "a\\u{1b}[2Jb\\r\\n\\u{0}");
        assert_eq!(PLAIN.visible("abc\u{202e}def"), "abc\\u{202e}def");
        assert_eq!(PLAIN.visible("Grüße"), "Grüße");
        assert_eq!(Look::default().visible("Grüße"), "Gr\\u{fc}\\u{df}e");
    }

    #[test]
    fn the_environment_decides_on_the_look() {
        let with = |is_terminal, variables: &[(&str, &str)]| {
            Look::detect(is_terminal, |name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(true, &[]).colour);
        assert!(!with(false, &[]).colour);
        assert!(!with(true, &[("NO_COLOR", "1")]).colour);
        assert!(with(true, &[("NO_COLOR", "")]).colour);
        assert!(!with(true, &[("TERM", "dumb")]).colour);
        assert!(with(false, &[("CLICOLOR_FORCE", "1")]).colour);
        assert!(!with(false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).colour);
        assert!(with(false, &[("LANG", "de_DE.UTF-8")]).unicode);
        assert!(!with(false, &[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]).unicode);
        assert_eq!(with(true, &[("COLUMNS", "132")]).width, 132);
        assert_eq!(with(true, &[("COLUMNS", "7")]).width, 60);
    }

    #[test]
    fn styles_do_not_count_as_width() {
        let look = Look { colour: true, ..PLAIN };
        assert_eq!(format!("{:<6}|", PLAIN.paint(Paint::Bad, "FAIL")), "FAIL  |");
        assert!(format!("{:<6}|", look.paint(Paint::Bad, "FAIL")).contains("FAIL  "));
    }

    #[test]
    fn labels_hang() {
        let mut out = String::new();
        hang(&mut out, "  found  ", "one two three four", 18);
        assert_eq!(out, "  found  one two\n         three\n         four\n");
    }

    proptest! {
        #[test]
        fn lines_fit_and_no_word_is_lost(text in "[a-z ]{0,200}", width in 8_usize..40) {
            let lines = wrap(&text, width);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= width));
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn visible_text_has_no_controls(text in any::<String>(), unicode in any::<bool>()) {
            let shown = Look { unicode, ..PLAIN }.visible(&text);
            prop_assert!(!shown.chars().any(|c| c.is_control() || turns(c)));
            prop_assert!(unicode || shown.is_ascii());
        }
    }
}
