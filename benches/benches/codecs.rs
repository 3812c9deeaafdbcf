//! The contests for criterion: `cargo bench` in this directory, or `cargo bench -- 'SSE token'`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn codecs(criterion: &mut Criterion) {
    for contest in pushspec_bench::contests() {
        let mut group = criterion.benchmark_group(&contest.name);
        group.throughput(Throughput::Elements(contest.count as u64));
        for mut contestant in contest.contestants.into_iter().chain(contest.floors) {
            group.bench_function(BenchmarkId::from_parameter(contestant.name), |bencher| {
                bencher.iter_custom(|passes| {
                    (0..passes).map(|_| contestant.pass(contest.count)).sum()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, codecs);
criterion_main!(benches);
