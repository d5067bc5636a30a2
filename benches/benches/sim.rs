//! The simulation: events of its queue, whole executions, a year of them, and histories with every invariant on.

#![allow(missing_docs)] // criterion makes public functions

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use datasync_benches::executions::Rig;
use datasync_benches::histories::{live, scenarios};
use datasync_benches::measured::{ThreadTime, begin, by_thread_time};
use datasync_benches::timers::{EVENTS_EACH, PENDING, fired, latency_ms};

/// What the program itself allocates with, for the peers as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HOURS_A_WEEK: u64 = 168;

/// A thousand timers, each set again when it fires: the harness's queue with a drawn latency, a drawn priority and the
/// digest over every event, beside tokio's timers under a paused clock.
fn events(criterion: &mut Criterion<ThreadTime>) {
    let mut group = begin(criterion, "sim/events");
    group.throughput(Throughput::Elements(PENDING * EVENTS_EACH));
    group.bench_function("ours", |bencher| bencher.iter(|| black_box(fired())));
    let tokio = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime without input and output").block_on(async {
            let tasks: Vec<_> = (0..PENDING)
                .map(|task| {
                    tokio::spawn(async move {
                        for n in 0..EVENTS_EACH {
                            tokio::time::sleep(Duration::from_millis(latency_ms(task, n))).await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("timers do not panic");
            }
        });
    };
    group.bench_function("tokio paused", |bencher| bencher.iter(tokio));
    group.finish();
}

/// Executions of all phases: `ours` takes subtrees that both sides attest as equal, `ours walked` lists everything.
fn executions(criterion: &mut Criterion<ThreadTime>) {
    for (name, files) in [("sim/exec_10", 10), ("sim/exec_100", 100), ("sim/exec_1000", 1_000)] {
        let mut group = begin(criterion, name);
        for (function, trust) in [("ours", true), ("ours walked", false)] {
            let mut rig = Rig::new(files, trust);
            group.bench_function(function, |bencher| bencher.iter(|| rig.hour()));
        }
        group.finish();
    }
}

/// An hourly task over 1,000 files, a week at a time: virtual seconds are its elements.
fn speedup(criterion: &mut Criterion<ThreadTime>) {
    let mut group = begin(criterion, "sim/speedup");
    let mut rig = Rig::new(1_000, true);
    group.throughput(Throughput::Elements(HOURS_A_WEEK * 3_600));
    group.bench_function("ours", |bencher| bencher.iter(|| (0..HOURS_A_WEEK).for_each(|_| rig.hour())));
    group.finish();
}

/// Histories of `fuzz`, every invariant on: each with its generation, and their events alone.
fn histories(criterion: &mut Criterion<ThreadTime>) {
    const SEEDS: u64 = 40;
    let generated = scenarios(0..SEEDS);
    let events = live(&generated);
    let mut group = begin(criterion, "sim/histories");
    group.measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(SEEDS));
    group.bench_function("generated", |bencher| bencher.iter(|| black_box(scenarios(0..SEEDS))));
    group.bench_function("ours", |bencher| bencher.iter(|| live(&scenarios(0..SEEDS))));
    group.throughput(Throughput::Elements(events));
    group.bench_function("ours, each event", |bencher| bencher.iter(|| live(&generated)));
    group.finish();
}

criterion_group!(name = sim_benches; config = by_thread_time(); targets = events, executions, speedup, histories);
criterion_main!(sim_benches);
