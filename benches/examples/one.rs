//! One contestant of one contest, over and over, for a profiler: `one PART PASSES [CONTESTANT]`; without
//! a name it is us. The instructions of two counts of passes, subtracted, are those of the work alone.

fn main() {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().unwrap_or_default();
    let passes = arguments.next().and_then(|passes| passes.parse().ok()).unwrap_or(10);
    let name = arguments.next().unwrap_or_else(|| "pushspec-wire".into());
    for mut contest in pushspec_bench::contests() {
        if !contest.name.contains(&part) {
            continue;
        }
        for contestant in contest.contestants.iter_mut().filter(|who| who.name == name) {
            for _ in 0..passes {
                contestant.pass(contest.count);
            }
        }
    }
}
