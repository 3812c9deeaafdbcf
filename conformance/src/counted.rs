//! How the end of a scenario is counted.

use crate::case::{Finding, Outcome, Stop};
use crate::event::Verdict;
use crate::evidence::Gathered;
use crate::requirement::Level;

/// What a scenario came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    /// The verdict.
    pub verdict: Verdict,
    /// The level that was broken; otherwise the case's.
    pub level: Level,
    /// What was expected, where it is said more exactly than by the case.
    pub expected: Option<String>,
    /// What was found instead, or why there is no verdict on the target.
    pub found: Option<String>,
    /// How the target departs from what the specification leaves open: only observed.
    pub departs: Option<String>,
}

impl Counted {
    /// Counts the end of a scenario whose case has this level.
    pub fn new(level: Level, outcome: Outcome, gathered: &Gathered) -> Self {
        let plain = |verdict, found| Self { verdict, level, expected: None, found, departs: None };
        let broken = |verdict, finding: Finding| Self {
            expected: Some(finding.expected),
            ..plain(verdict, Some(finding.found))
        };
        match outcome {
            Ok(()) => match gathered.advice.first() {
                Some(advice) => broken(Verdict::Warn, advice.clone()),
                None => plain(Verdict::Pass, None),
            },
            Err(Stop::Broken(finding)) => match level {
                Level::Must => broken(Verdict::Fail, finding),
                Level::Should | Level::Advice => broken(Verdict::Warn, finding),
                Level::May => Self { departs: Some(finding.found), ..plain(Verdict::Pass, None) },
            },
            Err(Stop::PromiseBroken(finding)) => {
                Self { level: Level::Must, ..broken(Verdict::Fail, finding) }
            }
            Err(Stop::Inconclusive(reason)) => plain(Verdict::Inconclusive, Some(reason)),
            Err(Stop::NotApplicable(reason)) => plain(Verdict::NotApplicable, Some(reason)),
            Err(Stop::Error(reason)) => plain(Verdict::Error, Some(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        Finding { expected: "this".to_owned(), found: "that".to_owned() }
    }

    fn verdict(level: Level, outcome: Outcome, gathered: &Gathered) -> Verdict {
        Counted::new(level, outcome, gathered).verdict
    }

    #[test]
    fn a_breach_counts_by_its_level() {
        let broken = || Err(Stop::Broken(finding()));
        let nothing = Gathered::default();
        assert_eq!(verdict(Level::Must, broken(), &nothing), Verdict::Fail);
        assert_eq!(verdict(Level::Should, broken(), &nothing), Verdict::Warn);
        assert_eq!(verdict(Level::Advice, broken(), &nothing), Verdict::Warn);
        let observed = Counted::new(Level::May, broken(), &nothing);
        assert_eq!((observed.verdict, observed.departs.as_deref()), (Verdict::Pass, Some("that")));
    }

    #[test]
    fn a_broken_promise_fails_whatever_the_level() {
        let counted =
            Counted::new(Level::Should, Err(Stop::PromiseBroken(finding())), &Gathered::default());
        assert_eq!((counted.verdict, counted.level), (Verdict::Fail, Level::Must));
    }

    #[test]
    fn advice_warns_where_all_else_holds() {
        let gathered = Gathered { advice: vec![finding()], ..Gathered::default() };
        assert_eq!(verdict(Level::Must, Ok(()), &gathered), Verdict::Warn);
        assert_eq!(verdict(Level::Must, Ok(()), &Gathered::default()), Verdict::Pass);
        let reached = Err(Stop::Inconclusive(String::new()));
        assert_eq!(verdict(Level::Must, reached, &gathered), Verdict::Inconclusive);
    }
}
