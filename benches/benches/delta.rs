//! How long it takes to find what differs between two trees.
//!
//! `diff` is the tree's own, which gives paths; `delta` is the plan of an execution, which also decides what is to be
//! done about each path. `shared` trees have a common past, as a snapshot and what became of it; `unshared` ones were
//! built apart and only their digests tell that they agree.

#![allow(missing_docs)] // criterion makes public functions

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use datasync::rules::Documented;
use datasync::transfer::{TreeListing, delta};
use datasync::tree::Tree;
use datasync_benches::{Change, edited, pair, tree};

const SIZES: [(&str, u64); 3] = [("10k", 10_000), ("100k", 100_000), ("1M", 1_000_000)];

fn compare(criterion: &mut Criterion, of: &str, source: &Tree, destination: &Tree) {
    let mut group = criterion.benchmark_group("delta");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.bench_function(BenchmarkId::new("diff", of), |bencher| {
        bencher.iter_batched(|| (), |()| black_box(source.diff(destination)), BatchSize::PerIteration);
    });
    let pair = pair();
    group.bench_function(BenchmarkId::new("delta", of), |bencher| {
        let (source, destination) = (TreeListing::trusting(source), TreeListing::trusting(destination));
        let plan = || black_box(delta(&Documented, &source, &destination, &pair));
        bencher.iter_batched(|| (), |()| plan(), BatchSize::PerIteration);
    });
    group.finish();
}

fn all(criterion: &mut Criterion) {
    for (name, files) in SIZES {
        let destination = tree(files, Change::None);
        for change in Change::ALL {
            let shared = edited(&destination, files, change);
            compare(criterion, &format!("{name}/{}/shared", change.name()), &shared, &destination);
            drop(shared);
            let unshared = tree(files, change);
            compare(criterion, &format!("{name}/{}/unshared", change.name()), &unshared, &destination);
        }
    }
}

criterion_group!(delta_of_trees, all);
criterion_main!(delta_of_trees);
