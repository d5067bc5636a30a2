//! How many histories, and how many events of them, one thread lives through in a second, all invariants checked.

#![allow(missing_docs)] // criterion makes public functions

use std::hint::black_box;
use std::ops::Range;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use datasync_benches::scenarios;
use datasync_sim::run::{RunOptions, run};
use datasync_sim::scenario::Scenario;

const SEEDS: Range<u64> = 0..100;

fn live(scenarios: &[Scenario]) -> u64 {
    scenarios.iter().map(|scenario| black_box(run(scenario, RunOptions::default())).tally.events).sum()
}

fn histories(criterion: &mut Criterion) {
    let generated = scenarios(SEEDS);
    let events = live(&generated);
    let mut group = criterion.benchmark_group("world");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(10));
    group.throughput(Throughput::Elements(SEEDS.end - SEEDS.start));
    group.bench_function("generate", |bencher| bencher.iter(|| black_box(scenarios(SEEDS))));
    group.bench_function("histories", |bencher| bencher.iter(|| live(&scenarios(SEEDS))));
    group.throughput(Throughput::Elements(events));
    group.bench_function("events", |bencher| bencher.iter(|| live(&generated)));
    group.finish();
}

criterion_group!(world, histories);
criterion_main!(world);
