//! How long it takes to be sure: that cached digests are right, that two trees are equal, that bytes are.

#![allow(missing_docs)] // criterion makes public functions

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use datasync::tree::{Contents, EntryHash, Kind, RelPath, Tree, Xxh3};
use datasync_benches::{Change, FILE_BYTES, tree};

const SIZES: [(&str, u64); 3] = [("10k", 10_000), ("100k", 100_000), ("1M", 1_000_000)];
/// Files whose bytes are generated and digested: 40 MiB.
const FILES_READ: u64 = 10_000;
/// One large file: 64 MiB.
const LARGE_BYTES: u64 = 64 << 20;

/// Makes the digest of every entry anew and holds each directory's sum against the cached one.
fn recomputed(tree: &Tree) -> bool {
    let directory_is_right = |path: &RelPath, cached: u128| {
        let entries = tree.list(path).expect("a directory of the tree itself");
        entries.fold(0, |sum: u128, view| sum.wrapping_add(Xxh3.entry(&view))) == cached
    };
    let below = |path: RelPath, view: datasync::tree::EntryView<'_>| {
        view.below.is_none_or(|below| directory_is_right(&path, below.digest))
    };
    below(RelPath::root(), tree.root()) && tree.walk().all(|(path, view)| below(path, view))
}

fn digests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for (name, files) in SIZES {
        let (one, two) = (tree(files, Change::None), tree(files, Change::None));
        assert!(recomputed(&one), "the cached digests are those of the entries");
        group.throughput(Throughput::Elements(one.entries()));
        group.bench_function(BenchmarkId::new("recompute", name), |bencher| {
            bencher.iter(|| black_box(recomputed(&one)));
        });
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("compare-roots", name), |bencher| {
            bencher.iter(|| black_box(black_box(&one).digest() == black_box(&two).digest()));
        });
    }
    group.finish();
}

fn contents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify-contents");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    let tree = tree(FILES_READ, Change::None);
    group.throughput(Throughput::Bytes(FILES_READ * FILE_BYTES));
    group.bench_function("10k-files-of-4-KiB", |bencher| {
        bencher.iter(|| {
            let files = tree.walk().filter(|(_, view)| view.kind == Kind::File);
            files.filter_map(|(_, view)| view.contents.as_ref().map(Contents::blake3)).for_each(|hash| {
                black_box(hash);
            });
        });
    });
    let large = Contents::generated(7, 0, LARGE_BYTES);
    group.throughput(Throughput::Bytes(LARGE_BYTES));
    group.bench_function("one-file-of-64-MiB", |bencher| bencher.iter(|| black_box(large.blake3())));
    group.finish();
}

criterion_group!(verify, digests, contents);
criterion_main!(verify);
