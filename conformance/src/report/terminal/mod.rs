//! The terminal report: what happens while a run goes on, and its result at the end.
//!
//! On a terminal a bar shows the progress; in a log there is one line for each case that does not
//! simply pass, and a line of counts now and then. At the end: what has no verdict, warnings,
//! failures in full, and the summary last.

mod baseline;
mod detail;
mod summary;
mod trace;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::event::{CaseReport, Endpoint, Event, ProcessEnd, RunReport, Totals, Verdict};
use crate::requirement::Protocol;

use super::exit::{ExitStatus, plural};
use super::text::{Look, Paint};

pub(super) use detail::{explain_command, rerun_command};
pub(super) use summary::holds;
pub(super) use trace::{trace_lines, trace_text};

/// So many of the last lines of a target that ended are shown.
const LAST_WORDS: usize = 8;
/// Between two lines of counts in a log.
const COUNTS_EVERY: Duration = Duration::from_secs(10);
/// A case that runs for longer than this is named beside the bar.
const SLOW: Duration = Duration::from_secs(2);

/// A file that a run has written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Artefact {
    /// Its format, such as `json`.
    pub format: String,
    /// Where it is.
    pub path: String,
}

/// Renders a run for people.
#[derive(Debug)]
pub struct Terminal<W> {
    out: W,
    look: Look,
    bar: Option<ProgressBar>,
    planned: usize,
    totals: Totals,
    known: usize,
    elapsed: Duration,
    counted: Duration,
    running: BTreeMap<(String, Protocol, String), Duration>,
}

impl<W: Write> Terminal<W> {
    /// Plain lines, for logs.
    pub fn new(out: W, look: Look) -> Self {
        Self {
            out,
            look,
            bar: None,
            planned: 0,
            totals: Totals::default(),
            known: 0,
            elapsed: Duration::ZERO,
            counted: Duration::ZERO,
            running: BTreeMap::new(),
        }
    }

    /// With a bar, drawn there.
    pub fn with_bar(mut self, target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        // The template is ours; the bar without it would do as well.
        if let Ok(style) = ProgressStyle::with_template(" {bar:24} {pos}/{len}  {msg}") {
            bar.set_style(style.progress_chars(self.look.pick("█▌░", "#>-")));
        }
        self.bar = Some(bar);
        self
    }

    /// Tells what an event says.
    pub fn handle(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { tool, .. } => self.line(&format!("{} {}", tool.name, tool.version)),
            Event::EndpointPlanned { endpoint, cases } => {
                self.planned += cases;
                if let Some(bar) = &self.bar {
                    bar.set_length(self.planned as u64);
                }
                self.endpoint(endpoint, *cases)
            }
            Event::EndpointUnreachable { url, reason } => {
                let word = self.look.paint(Paint::Bad, "UNREACHABLE");
                let text = format!("{word}  {}  {}", self.shown(url), self.shown(reason));
                self.line(&text)
            }
            Event::CaseStarted { endpoint, case, protocol } => {
                let key = (endpoint.clone(), *protocol, case.clone());
                self.running.insert(key, self.elapsed);
                Ok(())
            }
            // Shown once the run is over, each kind once.
            Event::ViolationSeen(_) | Event::CleanedUp { .. } | Event::BaselineJudged(_) => Ok(()),
            Event::CaseFinished(case) => self.finished(case),
            Event::TargetEnded(end) => self.target_ended(end),
            Event::RunFinished { interrupted, .. } => match interrupted {
                Some(why) => {
                    let word = self.look.paint(Paint::Doubtful, "ENDED EARLY");
                    let text = format!("{word}  {}", self.shown(why));
                    self.line(&text)
                }
                None => Ok(()),
            },
        }
    }

    /// Tells that time goes by: call it about once a second with the time since the run began.
    pub fn tick(&mut self, elapsed: Duration) -> io::Result<()> {
        self.elapsed = elapsed;
        if self.bar.is_some() {
            self.draw();
            Ok(())
        } else if elapsed >= self.counted + COUNTS_EVERY {
            self.counted = elapsed;
            let text = format!(
                "{:>5} s  {} of {} cases: {}",
                elapsed.as_secs(),
                self.done(),
                self.planned,
                self.counts()
            );
            self.line(&text)
        } else {
            Ok(())
        }
    }

    /// Tells the result. The last thing that is printed.
    pub fn finish(self, report: &RunReport, artefacts: &[Artefact]) -> io::Result<()> {
        let status = ExitStatus::of(report);
        self.end(report, artefacts, "", status, &status.reason(report))
    }

    /// Tells the result of a run that was compared with another, of which this text tells, and which
    /// therefore ends otherwise. The last thing that is printed.
    pub fn finish_compared(
        self,
        report: &RunReport,
        artefacts: &[Artefact],
        (comparison, status, reason): (&str, ExitStatus, &str),
    ) -> io::Result<()> {
        self.end(report, artefacts, comparison, status, reason)
    }

    fn end(
        mut self,
        report: &RunReport,
        artefacts: &[Artefact],
        comparison: &str,
        status: ExitStatus,
        reason: &str,
    ) -> io::Result<()> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let mut text = String::new();
        detail::write(&mut text, report, self.look);
        if !comparison.is_empty() {
            text.push('\n');
            text.push_str(comparison);
        }
        summary::write(&mut text, report, artefacts, self.look);
        summary::exit(&mut text, status, reason, self.look);
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn endpoint(&mut self, endpoint: &Endpoint, cases: usize) -> io::Result<()> {
        let protocols: Vec<&str> =
            endpoint.protocols.iter().map(|protocol| protocol.title()).collect();
        let url = self.shown(&endpoint.title());
        let text = format!(
            "{}  {}  {}",
            self.look.paint(Paint::Strong, url),
            protocols.join(", "),
            plural(cases, "case"),
        );
        self.line(&text)
    }

    fn finished(&mut self, case: &CaseReport) -> io::Result<()> {
        let key = (case.endpoint.clone(), case.protocol, case.id.clone());
        self.running.remove(&key);
        if case.is_known() {
            self.known += 1;
        } else {
            self.totals.add(case.verdict);
        }
        if !matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable) {
            let (word, paint) = word_of(case);
            let found = case.found.as_deref().unwrap_or_default();
            let rest = format!("{:<5}  {}  {}", case.protocol.name(), case.id, found);
            let room = self.look.width.saturating_sub(14);
            let rest = self.look.clip(&self.look.visible(&rest), room);
            let text = format!("{:<12}  {rest}", self.look.paint(paint, word));
            self.line(&text)?;
        }
        self.draw();
        Ok(())
    }

    fn target_ended(&mut self, end: &ProcessEnd) -> io::Result<()> {
        let word = self.look.paint(Paint::Bad, "TARGET ENDED");
        let during = match end.during.as_slice() {
            [] => String::new(),
            cases => format!(" while {} ran", cases.join(", ")),
        };
        let text = format!("{word}  {}{}", self.shown(&end.how), self.shown(&during));
        self.line(&text)?;
        let output = if end.stderr.is_empty() { &end.stdout } else { &end.stderr };
        for line in &output[output.len().saturating_sub(LAST_WORDS)..] {
            let text = format!("              | {}", self.shown(line));
            self.line(&text)?;
        }
        Ok(())
    }

    fn draw(&self) {
        let Some(bar) = &self.bar else { return };
        let slow = self
            .running
            .iter()
            .filter_map(|((_, _, id), since)| Some((self.elapsed.checked_sub(*since)?, id)))
            .max_by_key(|(lasts, _)| *lasts)
            .filter(|(lasts, _)| *lasts >= SLOW);
        let mut message = self.counts();
        if let Some((lasts, id)) = slow {
            message = format!("{message}  {id} ({} s)", lasts.as_secs());
        }
        let room = self.look.width.saturating_sub(38);
        bar.set_position(self.done() as u64);
        bar.set_message(self.look.clip(&self.look.visible(&message), room));
    }

    const fn done(&self) -> usize {
        self.totals.all() + self.known
    }

    /// `309 pass  6 fail  1 warn  3 known`
    fn counts(&self) -> String {
        let parts: Vec<String> = [
            (self.totals.pass, "pass"),
            (self.totals.fail, "fail"),
            (self.totals.warn, "warn"),
            (self.totals.inconclusive, "inconclusive"),
            (self.totals.error, "error"),
            (self.known, "known"),
            (self.totals.not_applicable, "not applicable"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
        if parts.is_empty() { "no verdict yet".to_owned() } else { parts.join("  ") }
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        let Self { out, bar, .. } = self;
        let write = || writeln!(out, "{text}").and_then(|()| out.flush());
        if let Some(bar) = bar {
            bar.suspend(write)
        } else {
            let mut write = write;
            write()
        }
    }

    fn shown(&self, text: &str) -> String {
        self.look.visible(text)
    }
}

/// What a baseline says of a run, where there was one, and how it ends.
pub fn baseline(report: &RunReport, look: Look) -> String {
    let mut out = baseline::baseline(report, look);
    let status = ExitStatus::of(report);
    summary::exit(&mut out, status, &status.reason(report), look);
    out
}

/// The word for a case, and its colour: a known departure is no news.
fn word_of(case: &CaseReport) -> (&'static str, Paint) {
    if case.is_known() {
        ("KNOWN", Paint::Faint)
    } else {
        (word(case.verdict), paint(case.verdict))
    }
}

/// The verdict as a word to look for.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "FAIL",
        Verdict::Error => "ERROR",
        Verdict::Inconclusive => "INCONCLUSIVE",
        Verdict::Warn => "WARN",
        Verdict::Pass => "PASS",
        Verdict::NotApplicable => "N/A",
    }
}

const fn paint(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Fail | Verdict::Error => Paint::Bad,
        Verdict::Inconclusive | Verdict::Warn => Paint::Doubtful,
        Verdict::Pass => Paint::Good,
        Verdict::NotApplicable => Paint::Faint,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;
    use crate::report::sample;

    const LOOK: Look = Look { width: 80, colour: false, unicode: true };

    fn artefacts() -> Vec<Artefact> {
        [("json", "out/report.json"), ("junit", "out/junit.xml")]
            .map(|(format, path)| Artefact { format: format.to_owned(), path: path.to_owned() })
            .to_vec()
    }

    fn live(events: &[Event], look: Look) -> String {
        let mut out = Vec::new();
        let mut terminal = Terminal::new(&mut out, look);
        for (second, event) in events.iter().enumerate() {
            terminal.handle(event).unwrap();
            terminal.tick(Duration::from_secs(second as u64)).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    fn result(report: &RunReport, look: Look) -> String {
        let mut out = Vec::new();
        Terminal::new(&mut out, look).finish(report, &artefacts()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_log_has_a_line_for_each_case_that_does_not_pass() {
        insta::assert_snapshot!(live(&sample::events(), LOOK));
    }

    #[test]
    fn the_result_reads_well() {
        insta::assert_snapshot!(result(&sample::report(), LOOK));
    }

    #[test]
    fn the_result_reads_well_on_a_wide_terminal() {
        insta::assert_snapshot!(result(&sample::report(), Look { width: 120, ..LOOK }));
    }

    #[test]
    fn the_result_reads_well_in_ascii() {
        let text = result(&sample::report(), Look { unicode: false, ..LOOK });
        assert!(text.is_ascii());
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_result_has_colours_if_wanted() {
        let coloured = result(&sample::report(), Look { colour: true, ..LOOK });
        insta::assert_snapshot!(coloured.replace('\x1b', "␛"));
        // Nothing is told by colours alone.
        let plain = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(plain, result(&sample::report(), LOOK));
    }

    #[test]
    fn what_the_baseline_says_is_told() {
        insta::assert_snapshot!(result(&sample::listed(), LOOK));
    }

    #[test]
    fn a_run_that_holds_is_short() {
        insta::assert_snapshot!(result(&sample::conformant(), LOOK));
    }

    #[test]
    fn a_run_that_broke_off_says_so() {
        insta::assert_snapshot!(result(&sample::broken_off(), LOOK));
    }

    #[test]
    fn what_a_hostile_target_says_is_harmless() {
        let text = result(&sample::hostile(), LOOK);
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        assert!(!text.contains('\u{202e}'));
    }

    #[test]
    fn lines_fit_the_terminal() {
        for width in [60, 80, 120] {
            let text = result(&sample::report(), Look { width, ..LOOK });
            // Commands stand on one line each, to be copied.
            let command = |line: &&str| line.contains(" pushspec ");
            for line in text.lines().filter(|line| !command(line)) {
                assert!(line.chars().count() <= width, "{line}");
            }
        }
    }

    #[test]
    fn a_terminal_has_a_bar_with_counts_and_slow_cases() {
        let screen = Screen::default();
        let mut out = Vec::new();
        let mut terminal = Terminal::new(&mut out, LOOK)
            .with_bar(ProgressDrawTarget::term_like(Box::new(screen.clone())));
        for event in &sample::events()[..6] {
            terminal.handle(event).unwrap();
        }
        terminal
            .handle(&Event::CaseStarted {
                endpoint: "mqtt://127.0.0.1:1883".to_owned(),
                case: "mqtt/will/delay".to_owned(),
                protocol: Protocol::Mqtt5,
            })
            .unwrap();
        terminal.tick(Duration::from_secs(3)).unwrap();
        let drawn = screen.0.lock().unwrap().clone();
        assert!(drawn.contains("2/9  2 pass"), "{drawn}");
        assert!(drawn.contains("mqtt/will/delay (3 s)"), "{drawn}");
        terminal.finish(&sample::report(), &[]).unwrap();
        assert!(String::from_utf8(out).unwrap().contains("NOT CONFORMANT"));
    }

    /// Keeps all that was ever drawn.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(line)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }
}
