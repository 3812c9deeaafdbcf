//! Our part of one contest, over and over, for a profiler: `ours PART PASSES`.

fn main() {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().unwrap_or_default();
    let passes = arguments.next().and_then(|passes| passes.parse().ok()).unwrap_or(10);
    for mut contest in pushspec_bench::contests() {
        if contest.name.contains(&part) {
            for _ in 0..passes {
                contest.contestants[0].pass(contest.count);
            }
        }
    }
}
