//! Finding what differs between two trees of a million files.
//!
//! `lineage`: one tree is an edited snapshot of the other. `foreign`: they were built apart, so only digests tell that they
//! agree. `cold`: no digest is trusted. All count what differs, the peers by comparing exactly; `ours paths` gives the sorted
//! paths, `ours plan` the plan of an execution, which also says what is to be done about each path.

#![allow(missing_docs)] // criterion makes public functions

use std::hint::black_box;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use datasync::Settings;
use datasync::api::Options;
use datasync::rules::{Documented, Pair, PairContext};
use datasync::transfer::{TreeListing, delta};
use datasync::tree::Tree;
use datasync::volume::StorageKind;
use datasync_benches::measured::{ThreadTime, begin, by_thread_time};
use datasync_benches::peers::{
    btree, btree_diff, flat, merge_join, persistent, persistent_diff, persistent_edited,
};
use datasync_benches::trees::{Change, counted, counted_exactly, edited, listing, tree};

/// What the program itself allocates with, for the peers as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FILES: u64 = 1_000_000;

fn plan(source: &Tree, destination: &Tree) -> u64 {
    let pair = PairContext {
        pair: Pair { source: StorageKind::Nfs, destination: StorageKind::Efs },
        options: Options::default(),
        settings: Settings::default(),
    };
    let (source, destination) = (TreeListing::trusting(source), TreeListing::trusting(destination));
    black_box(delta(&Documented, &source, &destination, &pair));
    0
}

fn lineage(criterion: &mut Criterion<ThreadTime>, name: &str, change: Change) {
    let mut group = begin(criterion, name);
    let before = tree(FILES, Change::None);
    let after = edited(&before, FILES, change);
    group.bench_function("ours", |bencher| bencher.iter(|| black_box(counted(&before, &after))));
    group.bench_function("ours paths", |bencher| bencher.iter_with_large_drop(|| before.diff(&after)));
    group.bench_function("ours plan", |bencher| bencher.iter(|| plan(&after, &before)));
    drop((before, after));
    peers(&mut group, change);
    group.finish();
}

fn peers(group: &mut BenchmarkGroup<'_, ThreadTime>, change: Change) {
    let (before, after) = (flat(&listing(FILES, Change::None)), flat(&listing(FILES, change)));
    group.bench_function("merge-join", |bencher| bencher.iter(|| black_box(merge_join(&before, &after))));
    let (old, new) = (btree(&before), btree(&after));
    group.bench_function("BTreeMap", |bencher| bencher.iter(|| black_box(btree_diff(&old, &new))));
    drop((old, new));
    let old = persistent(&before);
    let new = persistent_edited(&old, &after);
    assert_eq!(persistent_diff(&old, &new), merge_join(&before, &after), "the peers agree");
    group.bench_function("imbl", |bencher| bencher.iter(|| black_box(persistent_diff(&old, &new))));
}

fn scattered(criterion: &mut Criterion<ThreadTime>) {
    lineage(criterion, "delta/lineage_1m_1pct_scattered", Change::Scattered(100));
}

fn clustered(criterion: &mut Criterion<ThreadTime>) {
    lineage(criterion, "delta/lineage_1m_1pct_clustered", Change::Clustered(100));
}

/// Of every hundredth file: changed, removed, renamed, turned into a symlink, one made beside it.
fn mixed(criterion: &mut Criterion<ThreadTime>) {
    lineage(criterion, "delta/lineage_1m_1pct_mixed", Change::Mixed(100));
}

fn foreign(criterion: &mut Criterion<ThreadTime>) {
    let (one, two) = (tree(FILES, Change::None), tree(FILES, Change::Scattered(100)));
    let (sorted, other) =
        (flat(&listing(FILES, Change::None)), flat(&listing(FILES, Change::Scattered(100))));
    let mut group = begin(criterion, "delta/foreign_1m_1pct");
    group.bench_function("ours", |bencher| bencher.iter(|| black_box(counted(&one, &two))));
    group.bench_function("ours paths", |bencher| bencher.iter_with_large_drop(|| one.diff(&two)));
    group.bench_function("ours plan", |bencher| bencher.iter(|| plan(&two, &one)));
    group.bench_function("merge-join", |bencher| bencher.iter(|| black_box(merge_join(&sorted, &other))));
    group.finish();
    let mut group = begin(criterion, "delta/cold_1m");
    group.throughput(Throughput::Elements(one.entries()));
    group.bench_function("ours", |bencher| bencher.iter(|| black_box(counted_exactly(&one, &two))));
    group.bench_function("merge-join", |bencher| bencher.iter(|| black_box(merge_join(&sorted, &other))));
    let (old, new) = (btree(&sorted), btree(&other));
    group.bench_function("BTreeMap", |bencher| bencher.iter(|| black_box(btree_diff(&old, &new))));
    group.finish();
}

fn equal(criterion: &mut Criterion<ThreadTime>) {
    let (one, two) = (tree(FILES, Change::None), tree(FILES, Change::None));
    let sorted = flat(&listing(FILES, Change::None));
    let mut group = begin(criterion, "delta/equal");
    group.bench_function("ours", |bencher| bencher.iter(|| assert_eq!(black_box(counted(&one, &two)), 0)));
    group.bench_function("ours plan", |bencher| bencher.iter(|| plan(&two, &one)));
    group.bench_function("merge-join", |bencher| bencher.iter(|| black_box(merge_join(&sorted, &sorted))));
    group.finish();
}

criterion_group!(name = delta_benches; config = by_thread_time(); targets = scattered, clustered, mixed, foreign, equal);
criterion_main!(delta_benches);
