//! One piece of work and those who do it.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;

/// A piece of work, done by us, by peers, and as far as possible by a floor.
pub struct Contest {
    /// What is done.
    pub name: String,
    /// How many packets or events one pass has.
    pub count: usize,
    /// Us first, then the peers.
    pub contestants: Vec<Contestant>,
    /// The least that the work takes: touching its bytes.
    pub floors: Vec<Contestant>,
    /// What we want to reach.
    pub goal: Option<Goal>,
}

/// The most that our time may be of the fastest of these.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// Peers by name.
    pub of: &'static [&'static str],
    /// Our time by theirs.
    pub ratio: f64,
}

/// Somebody who does the work.
pub struct Contestant {
    /// The crate.
    pub name: &'static str,
    pass: Box<dyn FnMut() -> (Duration, usize)>,
}

impl Contestant {
    /// One who gets an input that is made outside of the time that counts, and who says how much was
    /// done with it.
    pub fn new<I: 'static>(
        name: &'static str,
        mut input: impl FnMut() -> I + 'static,
        mut work: impl FnMut(&mut I) -> usize + 'static,
    ) -> Self {
        let pass = Box::new(move || {
            let mut input = input();
            let start = ThreadTime::now();
            let done = black_box(work(black_box(&mut input)));
            (start.elapsed(), done)
        });
        Self { name, pass }
    }

    /// Does all of the work once and gives the processor's time for it.
    ///
    /// # Panics
    ///
    /// If not all of the work was done: then there is nothing to compare.
    pub fn pass(&mut self, count: usize) -> Duration {
        let (time, done) = (self.pass)();
        assert_eq!(done, count, "{} has not done all of the work", self.name);
        time
    }
}
